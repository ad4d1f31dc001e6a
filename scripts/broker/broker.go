// Package broker is an MQTT broker inside a Go program: for tests, for the
// demonstration on one machine, and for a commune that runs everything on one.
//
// It keeps everything in memory. A broker is a cache that may be wiped at any
// moment; what must last is kept by those who signed it. A province runs
// mosquitto with the access list that [ACL] writes.
package broker

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Opts are a broker's settings; the zero value listens on a free port of this
// machine without TLS.
type Opts struct {
	Listen  string      // host:port; empty: 127.0.0.1 and a free port
	TLS     *tls.Config // nil: plain TCP, where a client is who it says it is. With ClientCAs the certificate's CN is the name
	Senders []string    // names that may read and write everything: the dispatcher and the people's tools
	// Revoked says that the holder of a certificate's key is let in no more; nil:
	// everybody is.
	Revoked func(ed25519.PublicKey) bool
	Log     *slog.Logger
}

// A Broker is running from Start until Close.
type Broker struct {
	server *mochi.Server
	gate   *gate
	addr   net.Addr
	secure bool
	end    func() bool // lets go of the context
	once   sync.Once
}

// Start listens and serves until ctx ends or Close is called.
func Start(ctx context.Context, o Opts) (*Broker, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.TLS != nil && o.TLS.ClientCAs != nil && o.TLS.ClientAuth == tls.NoClientCert {
		o.TLS = o.TLS.Clone()
		o.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	l, err := listen(ctx, o.Listen)
	if err != nil {
		return nil, fmt.Errorf("broker: cannot listen on %s: %w", o.Listen, err)
	}
	addr := l.Addr()
	if o.TLS != nil {
		l = tls.NewListener(l, o.TLS)
	}
	caps := mochi.NewDefaultServerCapabilities()
	caps.MaximumMessageExpiryInterval = 0    // the default deletes retained documents after a day
	caps.MaximumSessionExpiryInterval = 3600 // s; orders live for 15 minutes, and what is retained comes by itself
	caps.MaximumClientWritesPending = 4096   // 32 KiB a client; what does not fit on subscribing is lost
	caps.MaximumPacketSize = 256 << 10
	caps.MinimumProtocolVersion = 4
	caps.MaximumQos = 1
	server := mochi.New(&mochi.Options{Capabilities: caps, Logger: o.Log, InlineClient: true})
	g := &gate{senders: o.Senders, mutual: o.TLS != nil && o.TLS.ClientCAs != nil, revoked: o.Revoked}
	g.clients = server.Clients
	if err := server.AddHook(g, nil); err != nil {
		l.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	if err := server.AddListener(listeners.NewNet("mqtt", l)); err != nil {
		l.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	if err := server.Serve(); err != nil {
		server.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	b := &Broker{server: server, gate: g, addr: addr, secure: o.TLS != nil}
	b.end = context.AfterFunc(ctx, b.close)
	return b, nil
}

// listen opens a port without the probes of TCP: one every 15 s costs each box 18 MB of
// mobile data a month, and clients that are gone are found by their pings.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	quiet := net.ListenConfig{KeepAlive: -1}
	return quiet.Listen(ctx, "tcp", addr)
}

// Addr is host:port.
func (b *Broker) Addr() string { return b.addr.String() }

// URL is the address as a client's settings want it.
func (b *Broker) URL() string {
	if b.secure {
		return "tls://" + b.Addr()
	}
	return "tcp://" + b.Addr()
}

// Publish sends a message as the broker itself, past every access rule.
func (b *Broker) Publish(topic string, payload []byte, retain bool) error {
	if err := b.server.Publish(topic, payload, retain, 1); err != nil {
		return fmt.Errorf("broker: cannot publish %s: %w", topic, err)
	}
	return nil
}

// Retained is the message kept for a topic, or nil.
func (b *Broker) Retained(topic string) []byte {
	p, ok := b.server.Topics.Retained.Get(topic)
	if !ok {
		return nil
	}
	return p.Payload
}

// Clients is how many are connected.
func (b *Broker) Clients() int {
	n := 0
	for _, c := range b.server.Clients.GetAll() {
		if !c.Closed() && !c.Net.Inline {
			n++
		}
	}
	return n
}

// Sweep throws out who was let in and has been revoked since, and says who.
func (b *Broker) Sweep() (names []string) {
	for _, c := range b.server.Clients.GetAll() {
		if cert := certificate(c); cert != nil && !c.Closed() && b.gate.bars(cert) {
			c.Stop(packets.ErrNotAuthorized) // without a word: one that does not read could not be told
			names = append(names, c.ID)
		}
	}
	return names
}

// Close ends every connection; whatever was retained is gone.
func (b *Broker) Close() {
	b.end()
	b.close()
}

func (b *Broker) close() {
	b.once.Do(func() {
		// Server.Close looks for its clients under a lock that it takes twice, and stands for
		// ever if one of them leaves in between. Once the listeners are closed it looks no more.
		b.server.Listeners.CloseAll(func(string) {
			for _, c := range b.server.Clients.GetAll() {
				if !c.Net.Inline {
					c.Stop(packets.ErrServerShuttingDown) // the server would say good-bye first, and wait for one that does not read
				}
			}
		})
		b.server.Close()
	})
}
