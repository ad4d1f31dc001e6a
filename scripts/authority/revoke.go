package authority

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"

	"loa/scripts/authority/pki"
)

// RevocationFile is what mosquitto reads: the certificates that count no more.
func (a *Authority) RevocationFile() string { return a.tlsFile("ca.crl") }

// RevokeBox ends a box's certificate for ever, and why is kept: it was stolen, burnt or
// taken down. Its name is not given again. To revoke it twice changes nothing.
func (a *Authority) RevokeBox(device, why string) error {
	err := a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		if b.Serial == "" { // taken in before serials were written down
			cert, err := os.ReadFile(filepath.Join(a.BoxDir(device), "etc", "loa", "box.pem"))
			if err != nil {
				return fail("no-serial", err, device)
			}
			serial, err := pki.Serial(cert)
			if err != nil {
				return fail("no-serial", err, device)
			}
			b.Serial = serial.Text(16)
		}
		if b.Revoked.IsZero() {
			b.Revoked, b.RevokedWhy = a.o.Now().UTC(), why
		}
		s.Boxes[device] = b
		return nil
	})
	if err != nil {
		return err
	}
	return a.WriteRevocations()
}

// WriteRevocations writes RevocationFile anew, as the CA.
func (a *Authority) WriteRevocations() error {
	ca, err := a.ca()
	if err != nil {
		return err
	}
	canary, err := a.canary()
	if err != nil {
		return err
	}
	list := []pki.Revoked{{Serial: canary, At: a.o.Now()}}
	for _, b := range a.read().Boxes {
		if serial, ok := new(big.Int).SetString(b.Serial, 16); ok && !b.Revoked.IsZero() {
			list = append(list, pki.Revoked{Serial: serial, At: b.Revoked})
		}
	}
	crl, err := ca.Revocations(list, a.o.Now())
	if err != nil {
		return err
	}
	return writeFile(a.RevocationFile(), crl)
}

// BoxRevoked reports whether a certificate with this key is a revoked box's.
func (a *Authority) BoxRevoked(key ed25519.PublicKey) bool {
	if conf, err := a.ClientTLS(Canary); err == nil && key.Equal(conf.Certificates[0].Leaf.PublicKey) {
		return true
	}
	text := base64.StdEncoding.EncodeToString(key)
	for _, b := range a.read().Boxes {
		if b.Key == text {
			return !b.Revoked.IsZero()
		}
	}
	return false
}

// Canary is a client's certificate that was revoked as soon as it was made: a broker
// that lets it in does not read the list.
const Canary = "canary"

// canary is its number. It is made when there is none yet.
func (a *Authority) canary() (*big.Int, error) {
	cert, err := os.ReadFile(a.tlsFile(Canary + ".crt"))
	if errors.Is(err, fs.ErrNotExist) {
		if err := a.IssueClient(Canary); err != nil {
			return nil, err
		}
		cert, err = os.ReadFile(a.tlsFile(Canary + ".crt"))
	}
	if err != nil {
		return nil, err
	}
	return pki.Serial(cert)
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
