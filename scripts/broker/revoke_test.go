package broker

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"loa/scripts/authority/pki"
)

// A box that was stolen is let in no more, and is thrown out if it is in; its
// neighbour does not notice.
func TestRevoked(t *testing.T) {
	ca, err := pki.NewCA("test", time.Now())
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
	var stolen atomic.Pointer[ed25519.PublicKey]
	b, err := Start(context.Background(), Opts{
		TLS:     &tls.Config{Certificates: []tls.Certificate{pair(ca.Server([]string{"127.0.0.1"}, time.Now()))}, ClientCAs: ca.Pool()},
		Revoked: func(k ed25519.PublicKey) bool { s := stolen.Load(); return s != nil && k.Equal(*s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()

	keys := make(map[string]ed25519.PublicKey)
	join := func(name string) (mqtt.Client, <-chan error, error) {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = pub
		cert, err := ca.Client(name, pub, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := pki.KeyPEM(priv)
		conf := &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{pair(cert, key, err)}}
		lost := make(chan error, 1)
		o := mqtt.NewClientOptions().AddBroker(b.URL()).SetClientID(name).SetTLSConfig(conf).
			SetAutoReconnect(false).SetConnectTimeout(10 * time.Second).
			SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
		c := mqtt.NewClient(o)
		token := c.Connect()
		token.Wait()
		t.Cleanup(func() { c.Disconnect(0) })
		return c, lost, token.Error()
	}
	first, lost, err := join("box-1")
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := join("box-2")
	if err != nil {
		t.Fatal(err)
	}
	if names := b.Sweep(); len(names) != 0 {
		t.Errorf("%v are thrown out before anybody is revoked", names)
	}
	key := keys["box-1"]
	stolen.Store(&key)
	if names := b.Sweep(); !slices.Equal(names, []string{"box-1"}) {
		t.Errorf("thrown out are %v", names)
	}
	select {
	case <-lost:
	case <-time.After(10 * time.Second):
		t.Error("box-1 stays")
	}
	if token := first.Connect(); token.Wait() && token.Error() == nil {
		t.Error("box-1 is let in again")
	}
	if !second.IsConnectionOpen() || b.Clients() != 1 {
		t.Errorf("box-2 is gone, or somebody else is here: %d clients", b.Clients())
	}
}

// A stolen box that does not read what it is sent can be told nothing, and goes all the
// same; nor does the broker's own end wait for it.
func TestRevokedThatDoesNotRead(t *testing.T) {
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := ca.Server([]string{"127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	var stolen atomic.Bool
	b, err := Start(context.Background(), Opts{
		TLS:     &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: ca.Pool()},
		Revoked: func(ed25519.PublicKey) bool { return stolen.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
	deaf := func(name string) {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := ca.Client(name, pub, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := pki.KeyPEM(priv)
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", b.Addr(), &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{pair}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		const topic = "loa/v1/p/x/act"
		connect := append([]byte{0x10, byte(12 + len(name)), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, byte(len(name))}, name...)
		subscribe := append([]byte{0x82, byte(5 + len(topic)), 0, 1, 0, byte(len(topic))}, topic...)
		for _, packet := range [][]byte{connect, append(subscribe, 0)} {
			if _, err := conn.Write(packet); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, map[byte]int{0x10: 4, 0x82: 5}[packet[0]])); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 { // more than every buffer on the way
			if err := b.Publish(topic, make([]byte, 200<<10), false); err != nil {
				t.Fatal(err)
			}
		}
	}
	within := func(what string, f func()) {
		t.Helper()
		done := make(chan bool)
		go func() { f(); close(done) }() // ends with the test binary if it hangs
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s hangs", what)
		}
	}
	deaf("box-1")
	stolen.Store(true)
	within("Sweep", func() { b.Sweep() })
	if n := b.Clients(); n != 0 {
		t.Errorf("%d clients are in", n)
	}
	stolen.Store(false)
	deaf("box-2")
	within("Close", b.Close)
}
