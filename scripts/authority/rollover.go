package authority

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// The files of a CA that rolls over, beside those of the CA.
const (
	oldKey   = "ca-old.key"   // the one before, sealed, with its certificate
	crossCrt = "ca-cross.crt" // the new one's, as the old one signs it
)

// BeginRollover makes another CA. From then on it signs everything, also the servers'
// certificate, for the hosts that it was for, and those of the programs; the old one
// vouches for it, so that boxes which know only the old one go on without knowing.
// Servers take certificates of both until FinishRollover. What a failure left undone is
// done when it is begun again.
func (a *Authority) BeginRollover(programs ...string) error {
	on, err := a.rolling()
	if err != nil {
		return err
	}
	if !on {
		if err := a.switchCA(); err != nil {
			return err
		}
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	old, err := a.oldCA()
	if err != nil {
		return err
	}
	cross, err := old.Cross(ca)
	if err != nil {
		return err
	}
	if err := errors.Join(durable.Write(a.tlsFile(crossCrt), cross), durable.Write(a.tlsFile("ca.crt"), append(ca.CertPEM(), old.CertPEM()...))); err != nil {
		return fail("keep-key", err, caName)
	}
	if err := a.NewIssuer(0); err != nil {
		return err
	}
	hosts, err := a.serverHosts()
	if err != nil {
		return err
	}
	if _, _, err := a.IssueServer(hosts); err != nil {
		return err
	}
	for _, name := range programs {
		if err := a.IssueClient(name); err != nil {
			return err
		}
	}
	return nil
}

// switchCA puts a new CA in the place of the old one, which is kept. The last file that
// it writes is the step from one to the other.
func (a *Authority) switchCA() error {
	ca, err := a.ca()
	if err != nil {
		return err
	}
	sealed, err := os.ReadFile(a.tlsFile("ca.key"))
	if err != nil {
		return fail("key", err, caName)
	}
	next, err := pki.NewCA("Loa CA "+a.Name()+" "+a.o.Now().Format("2006-01-02"), a.o.Now())
	if err != nil {
		return err
	}
	if _, err := ca.Cross(next); errors.Is(err, pki.ErrFlat) {
		return fail("ca-flat", nil)
	}
	data, err := a.sealCA(next)
	if err != nil {
		return err
	}
	if err := errors.Join(durable.Write(a.tlsFile(oldKey), sealed), durable.Write(a.tlsFile("ca.key"), data)); err != nil {
		return fail("keep-key", err, caName)
	}
	return nil
}

// rolling reports whether there is a CA before the one that signs.
func (a *Authority) rolling() (bool, error) {
	old, err := os.ReadFile(a.tlsFile(oldKey))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	now, err2 := os.ReadFile(a.tlsFile("ca.key"))
	if err := errors.Join(err, err2); err != nil {
		return false, fail("key", err, caName)
	}
	return !bytes.Equal(old, now), nil
}

// serverHosts are those that the servers' certificate is for.
func (a *Authority) serverHosts() (hosts []string, err error) {
	data, err := os.ReadFile(a.tlsFile("server.crt"))
	if err != nil {
		return nil, fail("certificate", err, "server")
	}
	cert := first(data)
	hosts = cert.DNSNames
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts, nil
}

// FinishRollover lets servers take certificates of the old CA no more. Boxes that have
// none of the new one are locked out by it: unless forced it is refused while there are
// any. What the servers show still leads to the old one, too.
func (a *Authority) FinishRollover(force bool) error {
	left, err := a.OfOldCA()
	if err != nil {
		return err
	}
	if len(left) > 0 && !force {
		return fail("rollover-left", nil, len(left), left[0])
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	if err := durable.Write(a.tlsFile("ca.crt"), ca.CertPEM()); err != nil {
		return fail("keep-key", err, caName)
	}
	if err := os.Remove(a.tlsFile(oldKey)); err != nil {
		return fail("keep-key", err, caName)
	}
	return a.WriteRevocations()
}

// OfOldCA are the boxes in service that have no certificate of the new CA yet, by name.
func (a *Authority) OfOldCA() ([]string, error) {
	if on, err := a.rolling(); err != nil {
		return nil, err
	} else if !on {
		return nil, fail("rollover-off", nil)
	}
	var left []string
	for device := range a.Boxes() {
		_, held := a.held(device, a.certificateFile(device))
		if held == nil || !a.ofThisCA(held) {
			left = append(left, device)
		}
	}
	slices.Sort(left)
	return left, nil
}

func (a *Authority) certificateFile(device string) string {
	return filepath.Join(a.dir, "enrol", "certificates", device+".pem")
}

// oldCA is the CA before, while it rolls over; else nil.
func (a *Authority) oldCA() (*pki.CA, error) {
	if on, err := a.rolling(); err != nil || !on {
		return nil, err
	}
	return a.unsealCA(oldKey)
}

// crossed is a chain followed by what leads from this CA to the one before it.
func (a *Authority) crossed(chain []byte) ([]byte, error) {
	cross, err := os.ReadFile(a.tlsFile(crossCrt))
	if errors.Is(err, fs.ErrNotExist) {
		return chain, nil
	}
	if err != nil {
		return nil, fail("certificate", err, caName)
	}
	return append(chain, cross...), nil
}

// nextCA is what tells boxes of this CA that know the one before it.
func (a *Authority) nextCA() []byte {
	cross, err1 := os.ReadFile(a.tlsFile(crossCrt))
	ca, err2 := a.CACert()
	if err1 != nil || err2 != nil {
		return nil
	}
	block, _ := pem.Decode(ca) // the first
	return append(pem.EncodeToMemory(block), cross...)
}

// ofThisCA reports whether a box's certificate is of an issuer of the CA that signs now.
func (a *Authority) ofThisCA(leaf *x509.Certificate) bool {
	data, err := a.CACert()
	if err != nil {
		return true
	}
	files, err := filepath.Glob(a.tlsFile(issuerName + "*.crt"))
	if err != nil {
		return true
	}
	ca := first(data)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if issuer := first(data); bytes.Equal(issuer.SubjectKeyId, leaf.AuthorityKeyId) {
			return issuer.CheckSignatureFrom(ca) == nil
		}
	}
	return false
}
