package broker

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// A gate lets clients in by name and holds them to the access list.
type gate struct {
	mochi.HookBase
	senders []string
	mutual  bool // the name is the certificate's CN
	revoked func(ed25519.PublicKey) bool
	clients *mochi.Clients
}

func (*gate) ID() string { return "gate" }

func (*gate) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck || b == mochi.OnPacketRead
}

// OnConnectAuthenticate takes the name from the certificate, and demands that
// the client id is the same: otherwise any box could throw another one off by
// connecting with its id.
func (g *gate) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	name := string(cl.Properties.Username)
	if g.mutual {
		cert := certificate(cl)
		if cert == nil || g.bars(cert) {
			return false
		}
		name = cert.Subject.CommonName
		cl.Properties.Username = []byte(name)
	}
	if name == "" || strings.ContainsAny(name, "/+#%") || cl.ID != name {
		return false
	}
	// The broker publishes a will without asking the access list.
	if pk.Connect.WillFlag && !may(g.senders, name, pk.Connect.WillTopic, true) {
		return false
	}
	return g.vacate(name)
}

// vacate ends the connection before under a name and waits until the library has cleared
// it away. It clears by name: what it does late it does to whoever has come after, who
// then stays connected and hears nothing.
func (g *gate) vacate(name string) bool {
	for end := time.Now().Add(clearTime); ; time.Sleep(time.Millisecond) {
		old, ok := g.clients.Get(name)
		if !ok || !old.Properties.Clean { // a session that is kept is not cleared
			return true
		}
		old.Stop(packets.ErrSessionTakenOver)
		if time.Now().After(end) {
			return false // it will come again
		}
	}
}

// clearTime is how long somebody who comes back waits for that.
const clearTime = 5 * time.Second

// certificate is what a client has shown, or nil.
func certificate(cl *mochi.Client) *x509.Certificate {
	conn, ok := cl.Net.Conn.(*tls.Conn)
	if !ok || len(conn.ConnectionState().PeerCertificates) == 0 {
		return nil
	}
	return conn.ConnectionState().PeerCertificates[0]
}

// bars reports whether a certificate was revoked.
func (g *gate) bars(cert *x509.Certificate) bool {
	key, ok := cert.PublicKey.(ed25519.PublicKey)
	return ok && g.revoked != nil && g.revoked(key)
}

func (g *gate) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	return may(g.senders, string(cl.Properties.Username), topic, write)
}

// OnPacketRead keeps the library from refusing a subscription because its number is also
// that of a message on its way to the client. Each side numbers its own, so a box that
// comes back to messages which it has not acknowledged was refused everything it asked
// for. The message has been sent on this connection and counts as taken.
func (*gate) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if t := pk.FixedHeader.Type; t == packets.Subscribe || t == packets.Unsubscribe {
		if cl.State.Inflight.Delete(pk.PacketID) {
			cl.State.Inflight.IncreaseSendQuota()
		}
	}
	return pk, nil
}
