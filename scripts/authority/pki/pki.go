// Package pki is the small certificate authority for the connections: a P-256
// CA, certificates for brokers and media servers, and one for each box and each
// tool. It says who is connected, never who may speak: that is what signatures
// on documents are for.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Lives of certificates. They begin in the past, because a box's clock may be
// behind, and end late, because renewing one needs a working connection.
const (
	early  = 30 * 24 * time.Hour
	caLife = 20 * 365 * 24 * time.Hour
	// LeafLife is that of boxes, programs and servers.
	LeafLife = 825 * 24 * time.Hour
	// ClaimLife is long, because a box may lie in a store for years, and because the
	// claim is also how a box whose certificate has ended comes back.
	ClaimLife = 10 * 365 * 24 * time.Hour
	// IssuerLife is how long an issuer may be online with its key unsealed. What it signs
	// ends with it.
	IssuerLife = 3 * 365 * 24 * time.Hour
)

// A CA signs certificates.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// ErrFlat says that a CA was made before there were issuers, and can have none.
var ErrFlat = errors.New("pki: this CA signs no issuers")

// NewCA makes a CA with a new key.
func NewCA(name string, now time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-early),
		NotAfter:              now.Add(caLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            2, // the CA after it, and that one's issuer
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return made(t, t, key, key)
}

// made is a CA whose certificate parent signs with signer.
func made(t, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*CA, error) {
	der, err := sign(t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return &CA{cert: cert, key: key}, nil
}

// Issuer makes a CA below this one, with a new key, that can sign certificates of
// clients alone: who steals its key is nobody's broker. [ErrFlat]: this CA can have none.
func (ca *CA) Issuer(name string, now time.Time) (*CA, error) {
	if ca.cert.MaxPathLen == 0 {
		return nil, ErrFlat
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return made(&x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-early),
		NotAfter:              ca.until(now.Add(IssuerLife)),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca.cert, key, ca.key)
}

// Cross is the certificate of another CA as this one signs it: who knows this one alone
// knows the other by it. [ErrFlat]: this CA can sign for none.
func (ca *CA) Cross(other *CA) ([]byte, error) {
	if ca.cert.MaxPathLen < 2 {
		return nil, ErrFlat
	}
	der, err := sign(&x509.Certificate{
		Subject:               other.cert.Subject,
		NotBefore:             ca.from(other.cert.NotBefore),
		NotAfter:              ca.until(other.cert.NotAfter),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            1,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, ca.cert, other.key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return certPEM(der), nil
}

// until is t, or the end of the CA if that comes first.
func (ca *CA) until(t time.Time) time.Time {
	if t.After(ca.cert.NotAfter) {
		return ca.cert.NotAfter
	}
	return t
}

// from is t, or the beginning of the CA if that comes later: a box looks at a chain as of
// the beginning of its own certificate.
func (ca *CA) from(t time.Time) time.Time {
	if t.Before(ca.cert.NotBefore) {
		return ca.cert.NotBefore
	}
	return t
}

// Ends is when the CA's own certificate ends.
func (ca *CA) Ends() time.Time { return ca.cert.NotAfter }

// LoadCA reads what CertPEM and KeyPEM gave.
func LoadCA(certPEM, keyPEM []byte) (*CA, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("pki: the CA's certificate and key: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("pki: this is no CA with a P-256 key")
	}
	return &CA{cert: pair.Leaf, key: key}, nil
}

// CertPEM is the CA's certificate, which every box carries.
func (ca *CA) CertPEM() []byte { return certPEM(ca.cert.Raw) }

// KeyPEM is the CA's secret.
func (ca *CA) KeyPEM() ([]byte, error) { return KeyPEM(ca.key) }

// Pool is a pool with this CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Server makes a key and a certificate for a broker or a media server that is
// reached under the given host names and addresses.
func (ca *CA) Server(hosts []string, now time.Time) (cert, key []byte, err error) {
	if len(hosts) == 0 {
		return nil, nil, errors.New("pki: a server certificate needs at least one host name or address")
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("pki: %w", err)
	}
	t := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		NotBefore:   now.Add(-early),
		NotAfter:    now.Add(LeafLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := sign(t, ca.cert, k.Public(), ca.key)
	if err != nil {
		return nil, nil, err
	}
	key, err = KeyPEM(k)
	return certPEM(der), key, err
}

// Client makes a certificate for the holder of a public key, who connects under
// the name cn. A box's key is the Ed25519 key that also signs its reports.
func (ca *CA) Client(cn string, pub ed25519.PublicKey, now time.Time) ([]byte, error) {
	return ca.ClientFor(cn, pub, now, LeafLife)
}

// ClientFor is Client for another time; 0 is as long as Client's. A short life begins
// no longer before now than a quarter of it, so that half of it is not over at once. more is what
// the certificate carries besides.
func (ca *CA) ClientFor(cn string, pub ed25519.PublicKey, now time.Time, life time.Duration, more ...pkix.Extension) ([]byte, error) {
	if life == 0 {
		life = LeafLife
	}
	t := &x509.Certificate{
		Subject:     pkix.Name{CommonName: cn},
		NotBefore:   ca.from(now.Add(-min(early, life/4))),
		NotAfter:    ca.until(now.Add(life)),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},

		ExtraExtensions: more,
	}
	der, err := sign(t, ca.cert, pub, ca.key)
	if err != nil {
		return nil, err
	}
	return certPEM(der), nil
}

// A Revoked is a certificate that counts no more.
type Revoked struct {
	Serial *big.Int
	At     time.Time
}

// Revocations lists what counts no more, for brokers, as PEM. The list is good for as
// long as the CA: a broker that is not given a newer one, or whose clock is wrong, goes
// on with what it knows, and does not lock out everybody.
func (ca *CA) Revocations(list []Revoked, now time.Time) ([]byte, error) {
	t := &x509.RevocationList{Number: big.NewInt(now.UnixMilli()), ThisUpdate: ca.cert.NotBefore, NextUpdate: ca.cert.NotAfter}
	for _, r := range list {
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: r.Serial, RevocationTime: r.At})
	}
	der, err := x509.CreateRevocationList(rand.Reader, t, ca.cert, ca.key)
	if err != nil {
		return nil, fmt.Errorf("pki: cannot sign the list of revoked certificates: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}

// Serial is the number by which a certificate, as PEM, is revoked.
func Serial(certificate []byte) (*big.Int, error) {
	b, _ := pem.Decode(certificate)
	if b == nil {
		return nil, errors.New("pki: no certificate in it")
	}
	cert, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return cert.SerialNumber, nil
}

// Pool reads CA certificates.
func Pool(pems []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pems) {
		return nil, errors.New("pki: no certificate in the CA file; it has to be PEM")
	}
	return pool, nil
}

// KeyPEM writes a private key as PKCS #8.
func KeyPEM(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func sign(t, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	t.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("pki: cannot sign the certificate of %s: %w", t.Subject.CommonName, err)
	}
	return der, nil
}
