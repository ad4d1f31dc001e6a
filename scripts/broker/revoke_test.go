package broker

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
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
