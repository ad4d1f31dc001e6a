package authority

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"

	"loa/scripts/authority/pki"
)

// Canary is a client's certificate that is revoked as soon as it is made: a broker
// that lets it in does not read the list.
const Canary = "canary"

// RevocationFile is what mosquitto reads: the certificates that count no more.
func (a *Authority) RevocationFile() string { return a.tlsFile("ca.crl") }

// Revoked reports whether the certificate with this key counts no more.
func (a *Authority) Revoked(key ed25519.PublicKey) bool {
	_, ok := a.read().Revoked[base64.StdEncoding.EncodeToString(key)]
	return ok
}

// Revocation says when and why a box's certificate was revoked, if it was.
func (a *Authority) Revocation(b Box) (Revocation, bool) {
	r, ok := a.read().Revoked[b.Key]
	return r, ok
}

// RevokeBox ends a box's certificate for ever, and why is kept: it was stolen, burnt or
// taken down. Its name is not given again. To revoke it twice changes nothing.
func (a *Authority) RevokeBox(device, why string) error {
	err := a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		if _, ok := s.Revoked[b.Key]; ok {
			return nil
		}
		if b.Serial == "" { // taken in before numbers were written down
			serial, err := serialIn(filepath.Join(a.BoxDir(device), "etc", "loa", "box.pem"))
			if err != nil {
				return fail("no-serial", err, device)
			}
			b.Serial = serial
		}
		s.Revoked[b.Key] = Revocation{Name: device, Serial: b.Serial, At: a.o.Now().UTC(), Why: why}
		return nil
	})
	if err != nil {
		return err
	}
	return a.WriteRevocations()
}

func serialIn(file string) (string, error) {
	cert, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	serial, err := pki.Serial(cert)
	if err != nil {
		return "", err
	}
	return serial.Text(16), nil
}

// WriteRevocations writes RevocationFile anew, as the CA, with the canary on it.
func (a *Authority) WriteRevocations() error {
	if err := a.hatch(); err != nil {
		return err
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	var list []pki.Revoked
	for _, r := range a.read().Revoked {
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok {
			return fail("no-serial", nil, r.Name)
		}
		list = append(list, pki.Revoked{Serial: serial, At: r.At})
	}
	crl, err := ca.Revocations(list, a.o.Now())
	if err != nil {
		return err
	}
	return writeFile(a.RevocationFile(), crl)
}

// hatch makes the canary, if there is none.
func (a *Authority) hatch() error {
	for _, r := range a.read().Revoked {
		if r.Name == Canary {
			return nil
		}
	}
	if err := a.IssueClient(Canary); err != nil {
		return err
	}
	conf, err := a.ClientTLS(Canary)
	if err != nil {
		return err
	}
	leaf := conf.Certificates[0].Leaf
	key, ok := leaf.PublicKey.(ed25519.PublicKey)
	if !ok {
		return fail("no-serial", nil, Canary)
	}
	return a.change(func(s *state) error {
		s.Revoked[base64.StdEncoding.EncodeToString(key)] = Revocation{Name: Canary, Serial: leaf.SerialNumber.Text(16), At: a.o.Now().UTC()}
		return nil
	})
}

// PassingBox is a certificate for a box of this name, which is registered and kept
// nowhere.
func (a *Authority) PassingBox(name string) (tls.Certificate, error) {
	ca, err := a.ca()
	if err != nil {
		return tls.Certificate{}, err
	}
	pub, priv, err := newKey()
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, key, err := clientPair(ca, name, pub, priv, a)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
