package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/scripts/authority/pki"
)

// The access list in the server's words: own reports and nothing else is said, and what
// is heard names no other box.
func TestPermissions(t *testing.T) {
	g := &gate{senders: []string{"loactl"}}
	box := g.permissions("box-1")
	for _, s := range box.Publish.Allow {
		if !strings.HasPrefix(s, "loa.v1.d.box-1.") && s != "loa.v1.enrol.box-1.csr" || strings.ContainsAny(s, "*>") {
			t.Errorf("a box may say %s", s)
		}
	}
	for _, s := range []string{"loa.v1.trust", "loa.v1.trust.>", "loa.v1.p.*.alert.*", "loa.v1.d.box-1.cmd"} {
		if !slices.Contains(box.Subscribe.Allow, s) {
			t.Errorf("a box may not hear %s", s)
		}
	}
	for _, s := range box.Subscribe.Allow {
		if strings.HasPrefix(s, "loa.v1.d.") && !strings.HasPrefix(s, "loa.v1.d.box-1.") {
			t.Errorf("a box may hear %s", s)
		}
	}
	if office := g.permissions("loactl"); !slices.Contains(office.Publish.Allow, "loa.v1.>") {
		t.Errorf("a sender may say %v", office.Publish.Allow)
	}
	for _, name := range []string{"", "*", ">", "box.1", "a/b", "box+", "$SYS", "box 1"} {
		if plain(name) {
			t.Errorf("%q would be a name", name)
		}
	}
}

// Only who has a server's certificate of our CA may be a node of the cluster: not a box,
// whose certificate is of the same CA, and not another CA's server.
func TestOnlyNodesAreNodes(t *testing.T) {
	now := time.Now()
	ca, err := pki.NewCA("test", now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := pki.NewCA("other", now)
	if err != nil {
		t.Fatal(err)
	}
	pair := func(cert, key []byte, err error) tls.Certificate {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		p, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.KeyPEM(priv)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Client("box-1", pub, now)
	node := pair(ca.Server([]string{"localhost"}, now))
	for name, c := range map[string]struct {
		pair tls.Certificate
		ok   bool
	}{
		"a node":              {node, true},
		"a box":               {pair(cert, key, err), false},
		"a node of elsewhere": {pair(other.Server([]string{"localhost"}, now)), false},
	} {
		conf := routeTLS(node, ca.Pool())
		theirs := &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{c.pair}, ServerName: "localhost"}
		a, b := net.Pipe()
		go io.Copy(io.Discard, tls.Client(b, theirs)) // shakes hands, and ends with the pipe
		server := tls.Server(a, conf)
		server.SetDeadline(now.Add(10 * time.Second))
		if err := server.Handshake(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		a.Close()
		b.Close()
	}
}
