package enrol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Files is where a box keeps who it is.
type Files struct {
	Key  string // its secret, made by the box
	Cert string // its certificate; that it is there means that the box has a name
	CA   string // by which certificates are judged
}

// next is where the CA after the box's is kept: beside the certificate, because the CA
// itself is of the image.
func (f Files) next() string { return filepath.Join(filepath.Dir(f.Cert), "next-ca.pem") }

// Pool is the CAs that the box knows: that of its image, and the one after it.
func (f Files) Pool() (*x509.CertPool, error) {
	ca, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA of the brokers: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: no certificate in it", f.CA)
	}
	if next, err := os.ReadFile(f.next()); err == nil {
		pool.AppendCertsFromPEM(next)
	}
	return pool, nil
}

// A Keeper keeps a box's identity on the disk. It may be used by any goroutine.
//
// A power cut leaves one of two boxes: one that waits, or one that has a name. The key is
// whole on the disk before anybody hears of it, and the certificate is one file.
type Keeper struct {
	files Files
	key   ed25519.PrivateKey

	mu      sync.Mutex
	pair    *tls.Certificate // nil: no name yet
	brokers []string
}

// Open reads a box's identity. A box without a certificate is given a key if it has
// none, and a new one in place of one that cannot be read: nobody knows it yet.
func Open(f Files) (*Keeper, error) {
	k := &Keeper{files: f}
	chain, err := os.ReadFile(f.Cert)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the box's certificate: %w", err)
	}
	if err == nil {
		if k.key, err = readKey(f.Key); err != nil {
			return nil, err
		}
		return k, k.hold(chain)
	}
	if k.key, err = readKey(f.Key); err == nil {
		return k, nil
	}
	if _, k.key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, fmt.Errorf("cannot make the box's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return nil, fmt.Errorf("cannot make the box's key: %w", err)
	}
	if err := writeWhole(f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, fmt.Errorf("cannot keep the box's key: %w", err)
	}
	return k, nil
}

// Key is the box's secret, which also signs its reports.
func (k *Keeper) Key() ed25519.PrivateKey { return k.key }

// Public is the key that the box is known by.
func (k *Keeper) Public() ed25519.PublicKey { return k.key.Public().(ed25519.PublicKey) }

// Device is the box's name, empty while it has none.
func (k *Keeper) Device() string {
	if leaf := k.Leaf(); leaf != nil {
		return leaf.Subject.CommonName
	}
	return ""
}

// Leaf is the box's certificate, nil while it has none.
func (k *Keeper) Leaf() *x509.Certificate {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pair == nil {
		return nil
	}
	return k.pair.Leaf
}

// Brokers are those that came with the certificate, the preferred one first.
func (k *Keeper) Brokers() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.brokers
}

// Certificate is what the box shows at each new connection, for a [tls.Config].
func (k *Keeper) Certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pair == nil {
		return new(tls.Certificate), nil
	}
	return k.pair, nil
}

// Take judges an answer and keeps the certificate that it brings. What it refuses
// changes nothing; the errors of [judge] are [*plan.Error].
func (k *Keeper) Take(raw []byte) error {
	pool, err := k.files.Pool()
	if err != nil {
		return err
	}
	n, err := judge(raw, k.Public(), pool, k.Leaf())
	if err != nil {
		return err
	}
	if n.next != nil {
		if err := writeWhole(k.files.next(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.next})); err != nil {
			return fmt.Errorf("cannot keep the next CA: %w", err)
		}
	}
	data := encode(n)
	if err := writeWhole(k.files.Cert, data); err != nil {
		return fmt.Errorf("cannot keep the box's certificate: %w", err)
	}
	return k.hold(data)
}

// brokerLine begins the lines before the certificates, which readers of PEM pass over.
const brokerLine = "broker: "

func encode(n named) []byte {
	var b bytes.Buffer
	for _, u := range n.brokers {
		if len(u) <= 256 && !strings.ContainsAny(u, " \r\n") && !strings.Contains(u, "-----") {
			b.WriteString(brokerLine + u + "\n")
		}
	}
	for _, der := range n.chain {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return b.Bytes()
}

// hold shows the certificate that is in data from now on.
func (k *Keeper) hold(data []byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(data, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		return fmt.Errorf("%s: the box's certificate: %w", k.files.Cert, err)
	}
	var brokers []string
	for line := range strings.Lines(string(data)) {
		if u, ok := strings.CutPrefix(line, brokerLine); ok {
			brokers = append(brokers, strings.TrimSpace(u))
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pair, k.brokers = &pair, brokers
	return nil
}

func readKey(path string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the box's key: %w", err)
	}
	return ParseKey(path, data)
}

// ParseKey reads an Ed25519 key from PEM in PKCS #8; path is for its errors.
func ParseKey(path string, data []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: not a PEM file", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: a box's key is an Ed25519 key, this is a %T", path, k)
	}
	return key, nil
}

// writeWhole writes a file whole or not at all, for its owner alone. What a power cut
// leaves of it besides is a file that nobody reads, and that the next attempt removes.
func writeWhole(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh := name + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, name); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
