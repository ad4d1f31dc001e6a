package authority

import (
	"crypto/ed25519"
	"encoding/base64"
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
	var list []pki.Revoked
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
	text := base64.StdEncoding.EncodeToString(key)
	for _, b := range a.read().Boxes {
		if b.Key == text {
			return !b.Revoked.IsZero()
		}
	}
	return false
}
