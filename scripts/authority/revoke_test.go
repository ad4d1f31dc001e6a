package authority

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"testing"
	"time"

	"loa/scripts/authority/pki"
)

// A box that was stolen is out of service and stays in the books; brokers have a list
// that the CA has signed, also of authorities that wrote down no numbers.
func TestABoxIsRevoked(t *testing.T) {
	a := sample(t)
	if err := a.AddBox("box-2", "desk", Box{Place: "26734"}); err != nil {
		t.Fatal(err)
	}
	if err := a.change(func(s *state) error { // as it was taken in before
		b := s.Boxes["box-1"]
		b.Serial = ""
		s.Boxes["box-1"] = b
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	key := func(name string) ed25519.PublicKey {
		raw, err := base64.StdEncoding.DecodeString(a.EveryBox()[name].Key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if a.Revoked(key("box-1")) {
		t.Error("revoked before anybody said so")
	}
	for _, why := range []string{"bị mất", "again"} {
		if listed, err := a.RevokeBox("box-1", why); err != nil || !listed {
			t.Fatal(listed, err)
		}
	}
	if !a.Revoked(key("box-1")) || a.Revoked(key("box-2")) {
		t.Error("the wrong box is revoked")
	}
	if _, ok := a.Boxes()["box-1"]; ok || len(a.Boxes()) != 1 || len(a.EveryBox()) != 2 {
		t.Errorf("in service are %v, in the books %v", a.Boxes(), a.EveryBox())
	}
	if r, ok := a.Revocation(a.EveryBox()["box-1"]); !ok || r.Why != "bị mất" {
		t.Errorf("written down is %v", r)
	}
	if err := a.AddBox("box-1", "desk", Box{Place: "26734"}); err == nil {
		t.Error("its name is given again")
	}
	if _, err := a.RevokeBox("box-3", ""); err == nil {
		t.Error("a box that there never was is revoked")
	}
	for _, name := range []string{Canary, "server", "loa-check-victim", BridgePrefix + "74"} {
		var e *Error
		if err := a.AddBox(name, "desk", Box{Place: "26734"}); !errors.As(err, &e) || e.Code != "program-name" {
			t.Errorf("a box may be called %s: %v", name, err)
		}
	}

	data, err := os.ReadFile(a.RevocationFile())
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := a.CACert()
	if err != nil {
		t.Fatal(err)
	}
	block, _ = pem.Decode(ca)
	signer, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(signer); err != nil || !list.NextUpdate.Equal(signer.NotAfter) {
		t.Errorf("the list: %v, until %v", err, list.NextUpdate)
	}
	want := make(map[string]bool)
	for _, file := range []string{a.tlsFile(Canary + ".crt"), a.BoxDir("box-1") + "/etc/loa/box.pem"} {
		cert, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		serial, err := pki.Serial(cert)
		if err != nil {
			t.Fatal(err)
		}
		want[serial.String()] = true
	}
	for _, e := range list.RevokedCertificateEntries {
		if !want[e.SerialNumber.String()] {
			t.Errorf("on the list is %v", e.SerialNumber)
		}
	}
	if len(list.RevokedCertificateEntries) != 2 {
		t.Errorf("%d certificates are on the list", len(list.RevokedCertificateEntries))
	}

	// Of one whose number nobody knows there is the key.
	if err := a.change(func(s *state) error {
		b := s.Boxes["box-2"]
		b.Serial = ""
		s.Boxes["box-2"] = b
		return os.RemoveAll(a.BoxDir("box-2"))
	}); err != nil {
		t.Fatal(err)
	}
	if listed, err := a.RevokeBox("box-2", ""); listed || err != nil || !a.Revoked(key("box-2")) {
		t.Errorf("without a number: %v, %v", listed, err)
	}
}

// What went out between a backup and its restoration has a number that nobody knows.
// Whoever revokes a box to which that may have happened is told.
func TestARestoredAuthorityMayNotKnowANumber(t *testing.T) {
	restored := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		added  time.Duration // before the restoration
		issued []time.Duration
		forgot bool
	}{
		{"a new box", 100 * day, nil, false},
		{"one that is due since yesterday", pki.LeafLife/2 + day, nil, true},
		{"renewed before the backup", 500 * day, []time.Duration{80 * day}, false},
		{"renewed, and due again", 900 * day, []time.Duration{450 * day}, true},
		{"renewed again after the restoration", 500 * day, []time.Duration{-day}, true},
		{"taken in after it", -day, nil, false},
	} {
		b := Box{Added: restored.Add(-c.added)}
		for _, ago := range c.issued {
			b.Issued = append(b.Issued, Numbered{Until: restored.Add(pki.LeafLife - ago)})
		}
		if got := (&state{Floor: restored}).forgot(b); got != c.forgot {
			t.Errorf("%s: %v", c.name, got)
		}
		if (&state{}).forgot(b) {
			t.Errorf("%s: forgotten by an authority that was never restored", c.name)
		}
	}
}
