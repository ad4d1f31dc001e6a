package broker

import (
	"crypto/tls"
	"strings"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// A gate lets clients in by name and holds them to the access list.
type gate struct {
	mochi.HookBase
	senders []string
	mutual  bool // the name is the certificate's CN
}

func newGate(senders []string, mutual bool) *gate {
	return &gate{senders: senders, mutual: mutual}
}

func (*gate) ID() string { return "gate" }

func (*gate) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

// OnConnectAuthenticate takes the name from the certificate, and demands that
// the client id is the same: otherwise any box could throw another one off by
// connecting with its id.
func (g *gate) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	name := string(cl.Properties.Username)
	if g.mutual {
		conn, ok := cl.Net.Conn.(*tls.Conn)
		if !ok || len(conn.ConnectionState().PeerCertificates) == 0 {
			return false
		}
		name = conn.ConnectionState().PeerCertificates[0].Subject.CommonName
		cl.Properties.Username = []byte(name)
	}
	if name == "" || strings.ContainsAny(name, "/+#%") || cl.ID != name {
		return false
	}
	// The broker publishes a will without asking the access list.
	if pk.Connect.WillFlag && !may(g.senders, name, pk.Connect.WillTopic, true) {
		return false
	}
	return true
}

func (g *gate) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	return may(g.senders, string(cl.Properties.Username), topic, write)
}
