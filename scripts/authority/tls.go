package authority

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"

	"loa/agent/plan"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// caName is whose passphrase the CA's key is under.
const caName = "ca"

func (a *Authority) tlsFile(name string) string { return filepath.Join(a.dir, "tls", name) }

func (a *Authority) newCA() error {
	ca, err := pki.NewCA("Loa CA "+a.Name(), a.o.Now())
	if err != nil {
		return err
	}
	data, err := a.sealCA(ca)
	if err != nil {
		return err
	}
	if err := durable.Write(a.tlsFile("ca.key"), data); err != nil {
		return fail("keep-key", err, caName)
	}
	return durable.Write(a.tlsFile("ca.crt"), ca.CertPEM())
}

// sealCA is a CA as its file has it, which holds its certificate as well.
func (a *Authority) sealCA(ca *pki.CA) ([]byte, error) {
	key, err := ca.KeyPEM()
	if err != nil {
		return nil, err
	}
	pass, err := a.secret(caName)
	if err != nil {
		return nil, err
	}
	return seal(caName, ca.CertPEM(), key, pass, a.cost())
}

func (a *Authority) ca() (*pki.CA, error) { return a.unsealCA("ca.key") }

// unsealCA goes by the certificate that is sealed with the key: ca.crt is for others,
// and is written after it.
func (a *Authority) unsealCA(file string) (*pki.CA, error) {
	data, err := os.ReadFile(a.tlsFile(file))
	if err != nil {
		return nil, fail("key", err, caName)
	}
	pass, err := a.secret(caName)
	if err != nil {
		return nil, err
	}
	key, err := unseal(caName, data, pass)
	if err != nil {
		return nil, err
	}
	return pki.LoadCA(publicIn(data), key)
}

// CACert is the certificate by which brokers, media servers and boxes are known. While
// the CA rolls over, that of the one before it follows.
func (a *Authority) CACert() ([]byte, error) {
	cert, err := os.ReadFile(a.tlsFile("ca.crt"))
	if err != nil {
		return nil, fail("certificate", err, caName)
	}
	return cert, nil
}

// IssueServer makes the certificate of a broker or media server reached under
// hosts, and returns the names of the files.
func (a *Authority) IssueServer(hosts []string) (certFile, keyFile string, err error) {
	ca, err := a.ca()
	if err != nil {
		return "", "", err
	}
	cert, key, err := ca.Server(hosts, a.o.Now())
	if err != nil {
		return "", "", err
	}
	if cert, err = a.crossed(cert); err != nil {
		return "", "", err
	}
	certFile, keyFile = a.tlsFile("server.crt"), a.tlsFile("server.key")
	if err := durable.Write(keyFile, key); err != nil {
		return "", "", err
	}
	return certFile, keyFile, durable.Write(certFile, cert)
}

// LocalTLS is the configuration of a server of this program alone, reached under
// hosts: its certificate and key are kept nowhere.
func (a *Authority) LocalTLS(hosts []string) (*tls.Config, error) {
	ca, err := a.ca()
	if err != nil {
		return nil, err
	}
	cert, key, err := ca.Server(hosts, a.o.Now())
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fail("certificate", err, "server")
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// ServerTLS is the configuration of a broker: mutual TLS against the CA.
func (a *Authority) ServerTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(a.tlsFile("server.crt"), a.tlsFile("server.key"))
	if err != nil {
		return nil, fail("certificate", err, "server")
	}
	cert, err := a.CACert()
	if err != nil {
		return nil, err
	}
	pool, err := pki.Pool(cert)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}, nil
}

// IssueClient makes a certificate for a program of the sender's side, which
// connects under that name. Two programs under one name throw each other off.
func (a *Authority) IssueClient(name string) error {
	ca, err := a.ca()
	if err != nil {
		return err
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	cert, key, err := clientPair(ca, name, pub, priv, a)
	if err != nil {
		return err
	}
	if err := durable.Write(a.tlsFile(name+".key"), key); err != nil {
		return err
	}
	return durable.Write(a.tlsFile(name+".crt"), cert)
}

// Client is the name of the program of the sender's side that holds a certificate, if
// IssueClient made it and nobody has revoked it. A box is no such program.
func (a *Authority) Client(cert *x509.Certificate) (name string, ok bool) {
	name = cert.Subject.CommonName
	key, isKey := cert.PublicKey.(ed25519.PublicKey)
	if !isKey || !plan.ValidID(name) || name == Canary || a.Revoked(key) {
		return "", false
	}
	data, err := os.ReadFile(a.tlsFile(name + ".crt"))
	if err != nil {
		return "", false
	}
	block, _ := pem.Decode(data)
	return name, block != nil && bytes.Equal(block.Bytes, cert.Raw)
}

func clientPair(ca *pki.CA, name string, pub ed25519.PublicKey, priv ed25519.PrivateKey, a *Authority) (cert, key []byte, err error) {
	if cert, err = ca.Client(name, pub, a.o.Now()); err != nil {
		return nil, nil, err
	}
	key, err = pki.KeyPEM(priv)
	return cert, key, err
}

// ClientTLS is the configuration of a program that IssueClient made a
// certificate for.
func (a *Authority) ClientTLS(name string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(a.tlsFile(name+".crt"), a.tlsFile(name+".key"))
	if err != nil {
		return nil, fail("certificate", err, name)
	}
	cert, err := a.CACert()
	if err != nil {
		return nil, err
	}
	pool, err := pki.Pool(cert)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func trimLine(b []byte) []byte { return bytes.TrimRight(b, "\r\n") }
