package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"io"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
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
	claim := g.permissions("claim-lo1")
	if !slices.Equal(claim.Publish.Allow, []string{"loa.v1.enrol.*.csr"}) {
		t.Errorf("a box without a name may say %v", claim.Publish.Allow)
	}
	for _, s := range claim.Subscribe.Allow {
		if strings.HasPrefix(s, "loa.") && s != "loa.v1.enrol.*.crt" {
			t.Errorf("a box without a name may hear %s", s)
		}
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

// Each that signs certificates has a list of its own in the file, and all of them count.
func TestEveryListCounts(t *testing.T) {
	var file []byte
	want := make(map[string]bool)
	for i := range int64(3) {
		ca, err := pki.NewCA("Loa", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		list, err := ca.Revocations([]pki.Revoked{{Serial: big.NewInt(100 + i), At: time.Now()}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		file, want[big.NewInt(100+i).String()] = append(file, list...), true
	}
	name := filepath.Join(t.TempDir(), "ca.crl")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	g := &gate{crl: name}
	if err := g.read(); err != nil || !maps.Equal(g.revoked, want) {
		t.Errorf("%v, %v", g.revoked, err)
	}
}
