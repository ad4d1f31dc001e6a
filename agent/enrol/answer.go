package enrol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"loa/agent/message"
	"loa/agent/plan"
)

// An Answer is a certificate for who asked. Nobody signs it as a whole: the certificate
// is signed, and what else it says cannot do harm. Brokers are tried before those that
// the box has, and each must have a certificate of the CA.
type Answer struct {
	Device  string   `json:"device"`
	Key     string   `json:"key_sha256"` // of the raw public key, hexadecimal
	Chain   string   `json:"chain"`      // PEM: the box's certificate, then its issuer's
	Brokers []string `json:"brokers,omitempty"`
	// NextCA is the CA after the box's: its own certificate, then as the box's CA signs it.
	NextCA string `json:"next_ca,omitempty"` // PEM
}

// Encode is the answer as it goes out.
func (a Answer) Encode() []byte { return message.EncodeReport(a) }

// maxChain is how many certificates an answer has at most.
const maxChain = 4

// maxBrokers is how many addresses are kept.
const maxBrokers = 8

// A named is a chain whose first certificate is for a box's own key, and whose last is
// signed by its CA.
type named struct {
	leaf    *x509.Certificate
	chain   [][]byte // DER
	brokers []string
	next    []byte // DER of the CA after the box's; nil: none that it vouches for
}

// judge is whether an answer is for this key and comes from this CA. held is the
// certificate that the box has already, or nil: then only one for the same name that
// ends later is taken. There is no clock in it: a box without one must be enrolled as
// well, and an old answer is not newer than what is held. The codes are malformed,
// too-large, signature (another's), unknown-key (another CA's), conflict (another name)
// and replay.
func judge(raw []byte, pub ed25519.PublicKey, pool *x509.CertPool, held *x509.Certificate) (named, error) {
	var n named
	if len(raw) > MaxAnswer {
		return n, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("an answer of %d bytes; at most %d", len(raw), MaxAnswer)}
	}
	a, err := message.DecodeReport[Answer](raw)
	if err != nil {
		return n, err
	}
	if a.Key != message.KeyID(pub) {
		return n, &plan.Error{Code: plan.Signature, Field: "key_sha256", Msg: "this answer is for another box"}
	}
	certs, err := parseChain([]byte(a.Chain))
	if err != nil {
		return n, err
	}
	leaf := certs[0]
	if own, ok := leaf.PublicKey.(ed25519.PublicKey); !ok || !own.Equal(pub) {
		return n, &plan.Error{Code: plan.Signature, Field: "chain", Msg: "this certificate is for another key"}
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool, Intermediates: between, CurrentTime: leaf.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return n, &plan.Error{Code: plan.UnknownKey, Field: "chain", Msg: fmt.Sprintf("this box's CA has not signed it: %v", err)}
	}
	device := leaf.Subject.CommonName
	if !plan.ValidID(device) || device != a.Device {
		return n, &plan.Error{Code: plan.Malformed, Field: "device", Msg: "the certificate has another name, or one that no box can have"}
	}
	if held != nil {
		if device != held.Subject.CommonName {
			return n, &plan.Error{Code: plan.Conflict, Field: "device", Msg: "this box has a name, and keeps it"}
		}
		if !leaf.NotAfter.After(held.NotAfter) {
			return n, &plan.Error{Code: plan.Replay, Field: "chain", Msg: "this certificate ends no later than the box's own"}
		}
	}
	n.next = nextCA([]byte(a.NextCA), pool)
	n.leaf = leaf
	for _, c := range certs {
		n.chain = append(n.chain, c.Raw)
	}
	n.brokers = a.Brokers[:min(len(a.Brokers), maxBrokers)]
	return n, nil
}

// nextCA is the CA that the box's own vouches for, nil for anything else.
func nextCA(data []byte, pool *x509.CertPool) []byte {
	certs, err := parseChain(data)
	if err != nil || len(certs) != 2 {
		return nil
	}
	next, cross := certs[0], certs[1]
	_, err = cross.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: cross.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || !cross.IsCA || !next.IsCA || next.CheckSignatureFrom(next) != nil ||
		!bytes.Equal(next.RawSubjectPublicKeyInfo, cross.RawSubjectPublicKeyInfo) || !bytes.Equal(next.RawSubject, cross.RawSubject) {
		return nil
	}
	return next.Raw
}

func parseChain(data []byte) (certs []*x509.Certificate, err error) {
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil || b.Type != "CERTIFICATE" || len(certs) == maxChain {
			return nil, &plan.Error{Code: plan.Malformed, Field: "chain", Msg: "this is no chain of certificates"}
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, &plan.Error{Code: plan.Malformed, Field: "chain", Msg: "there is no certificate in it"}
	}
	return certs, nil
}
