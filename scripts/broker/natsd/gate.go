package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"loa/scripts/broker"
)

// A gate says who a client is, by its certificate, and what it may say and hear.
type gate struct {
	senders []string
	crl     string // file of the revoked, read again and again
	server  *server.Server

	mu      sync.Mutex
	revoked map[string]bool   // serial numbers
	in      map[uint64]string // of who was let in, by the server's number for the connection
}

// Check is asked by the server once for each connection, after the handshake and CONNECT.
func (g *gate) Check(c server.ClientAuthentication) bool {
	state := c.GetTLSConnectionState()
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	cert := state.PeerCertificates[0]
	name, serial := cert.Subject.CommonName, cert.SerialNumber.String()
	// The client id is the name: otherwise any box could throw another one off.
	if !plain(name) || g.clientID(c.GetID()) != name {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.revoked[serial] {
		return false
	}
	g.in[c.GetID()] = serial
	c.RegisterUser(&server.User{Username: name, Permissions: g.permissions(name)})
	return true
}

// plain reports whether a name is one level of a subject and no wildcard.
func plain(name string) bool { return name != "" && !strings.ContainsAny(name, "/+#%.*> \t$") }

// clientID is what a connection calls itself; the server shows it only here.
func (g *gate) clientID(id uint64) string {
	conns, err := g.server.Connz(&server.ConnzOptions{CID: id})
	if err != nil || len(conns.Conns) != 1 {
		return ""
	}
	return conns.Conns[0].MQTTClient
}

// permissions are the access list in the server's words.
func (g *gate) permissions(name string) *server.Permissions {
	// What comes at QoS 1 is delivered under a subject of the server's own, which no
	// client can name: a filter that begins with $MQTT is refused.
	hear := []string{"$MQTT.sub.>", "$MQTT.deliver.pubrel.>"}
	if slices.Contains(g.senders, name) {
		all := []string{subject("#"), strings.TrimSuffix(subject("#"), ".>")}
		return &server.Permissions{Publish: &server.SubjectPermission{Allow: all}, Subscribe: &server.SubjectPermission{Allow: append(hear, all...)}}
	}
	var say []string
	for _, t := range broker.Reports(name) {
		say = append(say, subject(t))
	}
	for _, t := range broker.Readable(name) {
		hear = append(hear, subject(t))
		if above, ok := strings.CutSuffix(t, "/#"); ok { // in MQTT also without anything below
			hear = append(hear, subject(above))
		}
	}
	return &server.Permissions{Publish: &server.SubjectPermission{Allow: say}, Subscribe: &server.SubjectPermission{Allow: hear}}
}

// subject is what the server calls a topic or filter, given without loa/v1/.
func subject(filter string) string {
	return strings.NewReplacer("/", ".", "+", "*", "#", ">").Replace("loa/v1/" + filter)
}

// sweepEvery is how long a box that was revoked may stay connected after the list says so.
const sweepEvery = 10 * time.Second

// run throws out who has been revoked since, until ctx ends. A list that cannot be
// read changes nothing: it would lock out everybody, or let everybody in.
func (g *gate) run(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := g.read()
		if err != nil && !told {
			log.Printf("natsd: the list before stays good: %v", err)
		}
		told = err != nil
		g.sweep()
	}
}

func (g *gate) sweep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, serial := range g.in {
		switch {
		case g.server.GetClient(id) == nil:
			delete(g.in, id)
		case g.revoked[serial]:
			if err := g.server.DisconnectClientByID(id); err == nil {
				log.Printf("natsd: thrown out: the holder of certificate %s", serial)
			}
		}
	}
}

// read takes over the list of the revoked.
func (g *gate) read() error {
	data, err := os.ReadFile(g.crl)
	if err != nil {
		return fmt.Errorf("the list of the revoked: %w", err)
	}
	b, rest := pem.Decode(data)
	if b == nil {
		return fmt.Errorf("the list of the revoked: %s is no PEM", g.crl)
	}
	revoked := make(map[string]bool)
	for ; b != nil; b, rest = pem.Decode(rest) { // one of each that signs certificates
		list, err := x509.ParseRevocationList(b.Bytes)
		if err != nil {
			return fmt.Errorf("the list of the revoked: %w", err)
		}
		for _, r := range list.RevokedCertificateEntries {
			revoked[r.SerialNumber.String()] = true
		}
	}
	g.mu.Lock()
	g.revoked = revoked
	g.mu.Unlock()
	return nil
}
