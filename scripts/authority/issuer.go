package authority

import (
	"crypto/ed25519"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// issuerName begins the files of issuers: issuer.crt is the one that signs now,
// issuer-SERIAL.crt one that did.
const issuerName = "issuer"

// NewIssuer makes the CA below the CA that is always online and signs what boxes ask
// for: its key is under no passphrase. Those before it sign no more certificates, and go
// on signing the list of what was revoked. Certificates of boxes last for boxLife from now
// on; 0: 825 days, or as it was.
func (a *Authority) NewIssuer(boxLife time.Duration) error {
	ca, err := a.ca()
	if err != nil {
		return err
	}
	issuer, err := ca.Issuer("Loa issuer "+a.Name(), a.o.Now())
	if errors.Is(err, pki.ErrFlat) {
		return fail("ca-flat", nil)
	}
	if err != nil {
		return err
	}
	key, err := issuer.KeyPEM()
	if err != nil {
		return err
	}
	return a.change(func(s *state) error {
		if old, err := os.ReadFile(a.tlsFile(issuerName + ".crt")); err == nil {
			serial, err := pki.Serial(old)
			if err != nil {
				return fail("certificate", err, issuerName)
			}
			past := issuerName + "-" + serial.Text(16)
			for _, ext := range []string{".key", ".crt"} {
				if err := os.Rename(a.tlsFile(issuerName+ext), a.tlsFile(past+ext)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fail("keep-key", err, issuerName)
				}
			}
		}
		if err := errors.Join(durable.Write(a.tlsFile(issuerName+".key"), key), durable.Write(a.tlsFile(issuerName+".crt"), issuer.CertPEM())); err != nil {
			return fail("keep-key", err, issuerName)
		}
		if boxLife > 0 {
			s.BoxLifeS = int64(boxLife / time.Second)
		}
		return a.writeRevocations(s)
	})
}

// issuer is the one that signs now.
func (a *Authority) issuer() (*pki.CA, error) {
	ca, err := a.loadIssuer(issuerName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail("no-issuer", nil)
	}
	return ca, err
}

func (a *Authority) loadIssuer(name string) (*pki.CA, error) {
	cert, err := os.ReadFile(a.tlsFile(name + ".crt"))
	if err != nil {
		return nil, fail("certificate", err, name)
	}
	key, err := os.ReadFile(a.tlsFile(name + ".key"))
	if err != nil {
		return nil, fail("key", err, name)
	}
	return pki.LoadCA(cert, key)
}

// issuers are all whose certificates may still be shown to a broker.
func (a *Authority) issuers() ([]*pki.CA, error) {
	files, err := filepath.Glob(a.tlsFile(issuerName + "*.crt"))
	if err != nil {
		return nil, err
	}
	var all []*pki.CA
	for _, file := range files {
		ca, err := a.loadIssuer(strings.TrimSuffix(filepath.Base(file), ".crt"))
		if err != nil {
			return nil, err
		}
		if a.o.Now().Before(ca.Ends()) {
			all = append(all, ca)
		}
	}
	return all, nil
}

// IssuerEnds is when the issuer that signs now ends; zero: there is none.
func (a *Authority) IssuerEnds() time.Time {
	ca, err := a.issuer()
	if err != nil {
		return time.Time{}
	}
	return ca.Ends()
}

// leaf signs a certificate for a box's key, followed by the issuer's own.
func (a *Authority) leaf(s *state, device string, pub ed25519.PublicKey, code pkix.Extension) ([]byte, error) {
	ca, err := a.issuer()
	if err != nil {
		return nil, err
	}
	cert, err := ca.ClientFor(device, pub, a.o.Now(), time.Duration(s.BoxLifeS)*time.Second, code)
	if err != nil {
		return nil, err
	}
	return a.crossed(append(cert, ca.CertPEM()...))
}
