package authority

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"

	"loa/scripts/authority/durable"
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
// taken down. Its name is not given again. To revoke it twice changes nothing. listed is
// false when nobody may know the number of its certificate any more: then mosquitto still
// lets it in, and our own broker, which goes by the key, does not.
func (a *Authority) RevokeBox(device, why string) (listed bool, err error) {
	err = a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		r, ok := s.Revoked[b.Key]
		if !ok {
			r = Revocation{Name: device, Serial: b.Serial, At: a.o.Now().UTC(), Why: why}
			if r.Serial == "" { // taken in before numbers were written down
				r.Serial, _ = serialIn(filepath.Join(a.BoxDir(device), "etc", "loa", "box.pem"))
			}
			for _, c := range b.Issued {
				r.Others = append(r.Others, c.Serial)
			}
			s.Revoked[b.Key] = r
		}
		listed = (r.Serial != "" || b.Batch != "") && !s.forgot(b)
		return a.writeRevocations(s)
	})
	return listed, err
}

// forgot reports whether a certificate may have gone out to b of which a restored
// authority does not know: its last one was renewable before the restoration.
func (s *state) forgot(b Box) bool {
	last := b.Added
	for _, n := range b.Issued {
		if at := n.Until.Add(-pki.LeafLife); at.After(last) && at.Before(s.Floor) {
			last = at
		}
	}
	return last.Add(pki.LeafLife / 2).Before(s.Floor)
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
func (a *Authority) WriteRevocations() error { return a.change(a.writeRevocations) }

// writeRevocations is for change, which lets one program at a time do this. The list is
// written before the books: what failed in between is revoked again.
func (a *Authority) writeRevocations(s *state) error {
	if err := a.hatch(s); err != nil {
		return err
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	issuers, err := a.issuers()
	if err != nil {
		return err
	}
	var list []pki.Revoked
	for _, r := range s.Revoked {
		for _, n := range append([]string{r.Serial}, r.Others...) {
			if serial, ok := new(big.Int).SetString(n, 16); ok {
				list = append(list, pki.Revoked{Serial: serial, At: r.At})
			}
		}
	}
	// A broker wants a list from whoever signed the certificate that it is shown. Numbers
	// are never given twice, so all of them can be on each.
	var all []byte
	if old, err := a.oldCA(); err != nil {
		return err
	} else if old != nil {
		issuers = append(issuers, old)
	}
	for _, signer := range append([]*pki.CA{ca}, issuers...) {
		crl, err := signer.Revocations(list, a.o.Now())
		if err != nil {
			return err
		}
		all = append(all, crl...)
	}
	return durable.Write(a.RevocationFile(), all)
}

// hatch makes the canary, if there is none that is revoked.
func (a *Authority) hatch(s *state) error {
	for _, r := range s.Revoked {
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
	s.Revoked[base64.StdEncoding.EncodeToString(key)] = Revocation{Name: Canary, Serial: leaf.SerialNumber.Text(16), At: a.o.Now().UTC()}
	return nil
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
