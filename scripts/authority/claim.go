package authority

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loa/agent/enrol"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// A Claim is what boxes of one batch carry that make their keys themselves: with it they
// can ask for a name, and nothing else.
type Claim struct {
	Key    string    `json:"key"`    // base64 of the public key
	Serial string    `json:"serial"` // of its certificate, hexadecimal
	Board  string    `json:"board"`
	Made   time.Time `json:"made"`
	Closed time.Time `json:"closed,omitzero"` // no new box comes by it
}

// Claims are those of all batches, also of those that are closed or revoked.
func (a *Authority) Claims() map[string]Claim { return a.read().Claims }

// ClaimDir is what the image of a batch has, laid out as on the box.
func (a *Authority) ClaimDir(batch string) string { return filepath.Join(a.dir, "claims", batch) }

// NewClaim makes a claim and what an image carries. What fails leaves nothing.
func (a *Authority) NewClaim(batch, board string) error {
	if !plan.ValidID(batch) || len(batch) > 32 {
		return fail("bad-name", nil, batch)
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	cert, err := ca.ClientFor(enrol.ClaimPrefix+batch, pub, a.o.Now(), pki.ClaimLife)
	if err != nil {
		return err
	}
	serial, err := pki.Serial(cert)
	if err != nil {
		return err
	}
	key, err := pki.KeyPEM(priv)
	if err != nil {
		return err
	}
	root, err := a.RootFile()
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"agent.toml": claimFile(board, a.read().Brokers),
		"root.json":  root,
		"ca.pem":     ca.CertPEM(),
		"claim.pem":  cert,
		"claim.key":  key,
	}
	return a.change(func(s *state) error {
		if _, ok := s.Claims[batch]; ok {
			return fail("claim-exists", nil, batch)
		}
		for name, data := range files {
			if err := durable.Write(filepath.Join(a.ClaimDir(batch), "etc", "loa", name), data); err != nil {
				return errors.Join(fail("claim-files", err, batch), os.RemoveAll(a.ClaimDir(batch)))
			}
		}
		s.Claims[batch] = Claim{Key: base64.StdEncoding.EncodeToString(pub), Serial: serial.Text(16), Board: board, Made: a.o.Now().UTC()}
		return nil
	})
}

// CloseClaim lets no new box come by a claim; boxes that have a name still do, when
// their certificate has ended. A stolen one is revoked as well, and then nobody does.
func (a *Authority) CloseClaim(batch string, stolen bool) error {
	return a.change(func(s *state) error {
		c, ok := s.Claims[batch]
		if !ok {
			return fail("no-claim", nil, batch)
		}
		if c.Closed.IsZero() {
			c.Closed = a.o.Now().UTC()
			s.Claims[batch] = c
		}
		if !stolen {
			return nil
		}
		if _, ok := s.Revoked[c.Key]; !ok {
			s.Revoked[c.Key] = Revocation{Name: enrol.ClaimPrefix + batch, Serial: c.Serial, At: a.o.Now().UTC()}
		}
		return a.writeRevocations(s)
	})
}

// claimed says why a request does not come by a claim that counts. Only a box that has
// a name already comes by one that is closed.
func (s *state) claimed(r enrol.Asked, known bool) error {
	c, ok := s.Claims[r.Batch]
	if !ok {
		return fail("no-claim", nil, r.Batch)
	}
	pub, err := plan.ParseKey(c.Key)
	if err != nil || !r.By(pub) {
		return fail("claim-unsigned", nil, r.Batch)
	}
	if _, revoked := s.Revoked[c.Key]; revoked || !c.Closed.IsZero() && !known {
		return fail("claim-closed", nil, r.Batch)
	}
	return nil
}

// Caller is the box that asks by the claim of its batch; empty: one that nobody has named
// yet. An error says that no such claim has signed the request.
func (a *Authority) Caller(r enrol.Asked) (device string, err error) {
	s := a.read()
	device, known := s.named(r.Key)
	return device, s.claimed(r, known)
}

// named is the box that has this key.
func (s *state) named(pub ed25519.PublicKey) (device string, ok bool) {
	key := base64.StdEncoding.EncodeToString(pub)
	for device, b := range s.Boxes {
		if b.Key == key {
			return device, true
		}
	}
	return "", false
}

// claimFile is the settings of every box of a batch. What a box makes itself lies where
// it can write, also when the rest of its system cannot be written.
func claimFile(board string, brokers []string) []byte {
	quoted := make([]string, len(brokers))
	for i, u := range brokers {
		quoted[i] = fmt.Sprintf("%q", u)
	}
	return fmt.Appendf(nil, `# The settings of every box of this batch. Its name is in the certificate that it gets.
board = %q
report_key = "/var/lib/loa/identity/box.key" # the box makes it

[broker]
urls = [%s]
cert = "/var/lib/loa/identity/box.pem"
key = "/var/lib/loa/identity/box.key"
claim = "/etc/loa/claim.pem"     # with it a box without a name asks for one
claim_key = "/etc/loa/claim.key"
`, board, strings.Join(quoted, ", "))
}
