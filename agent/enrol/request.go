package enrol

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"

	"loa/agent/message"
	"loa/agent/plan"
)

// KindEnrol names the payload of a request.
const KindEnrol plan.Kind = "enrol"

// Bounds of what goes through the door, where anybody with a box of the batch stands.
const (
	MaxRequest = 8 << 10  // bytes on the wire
	MaxAnswer  = 16 << 10 // bytes on the wire
	maxText    = 64       // bytes of one text
)

// ClaimPrefix begins the names under which boxes connect that have none. No box has one.
const ClaimPrefix = "claim-"

// A Request asks for a certificate: for the first, or for the next. It is signed by the
// box's key and, when it comes by a claim, by the claim's.
type Request struct {
	CSR     []byte            `json:"csr"`              // DER, of the key
	Device  string            `json:"device,omitempty"` // its name; empty: it has none yet
	Batch   string            `json:"batch,omitempty"`  // of the claim; empty: it comes under its own name
	Board   string            `json:"board,omitempty"`
	Model   string            `json:"model,omitempty"`  // what the kernel calls the hardware
	Serial  string            `json:"serial,omitempty"` // of the hardware
	Version string            `json:"version,omitempty"`
	Formats map[plan.Kind]int `json:"formats,omitempty"`
	At      time.Time         `json:"at,omitzero"` // zero: the box does not know
}

// Seal completes r and signs it with the box's key, and with the claim's if there is one.
func Seal(r Request, key, claim ed25519.PrivateKey) ([]byte, error) {
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: ID(key.Public().(ed25519.PublicKey))}}, key)
	if err != nil {
		return nil, fmt.Errorf("enrol: cannot ask for a certificate: %w", err)
	}
	r.CSR = csr
	keys := []ed25519.PrivateKey{key}
	if claim != nil {
		keys = append(keys, claim)
	}
	return message.Sign(message.PayloadType(KindEnrol, 1), message.EncodeReport(r), keys...).Encode(), nil
}

// Asked is a request that the holder of Key has made.
type Asked struct {
	Request
	Key ed25519.PublicKey
	e   message.Envelope
}

// Read reads a request and verifies that the key it is about has signed all of it. Its
// errors are [*plan.Error].
func Read(raw []byte) (Asked, error) {
	var a Asked
	if len(raw) > MaxRequest {
		return a, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a request of %d bytes; at most %d", len(raw), MaxRequest)}
	}
	e, err := message.Open(raw)
	if err != nil {
		return a, err
	}
	if e.PayloadType != message.PayloadType(KindEnrol, 1) {
		return a, &plan.Error{Code: plan.Malformed, Field: "payloadType", Msg: "this is no request of a box"}
	}
	if a.Request, err = message.DecodeReport[Request](e.Payload); err != nil {
		return a, err
	}
	csr, err := x509.ParseCertificateRequest(a.CSR)
	if err != nil {
		return a, &plan.Error{Code: plan.Malformed, Field: "csr", Msg: "it cannot be read"}
	}
	raw, ok := csr.PublicKey.(ed25519.PublicKey)
	if !ok {
		return a, &plan.Error{Code: plan.Malformed, Field: "csr", Msg: "a box's key is an Ed25519 key"}
	}
	if a.Key, err = plan.ParseKey(base64.StdEncoding.EncodeToString(raw)); err != nil {
		return a, &plan.Error{Code: plan.Malformed, Field: "csr", Msg: "this is no key"}
	}
	if csr.CheckSignature() != nil || !e.Verify(a.Key) {
		return a, &plan.Error{Code: plan.Signature, Field: "csr", Msg: "it is not signed by the key that it is for"}
	}
	for _, text := range []string{a.Board, a.Model, a.Serial, a.Version} {
		if len(text) > maxText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return a, &plan.Error{Code: plan.Malformed, Msg: "a text that is too long, or cannot be printed"}
		}
	}
	if strings.Contains(a.Board, "/") || strings.HasSuffix(a.Board, ".toml") { // the centre would open that file
		return a, &plan.Error{Code: plan.Malformed, Field: "board", Msg: "a kind of box has a name, not a path"}
	}
	for _, name := range []string{a.Device, a.Batch} {
		if name != "" && !plan.ValidID(name) {
			return a, &plan.Error{Code: plan.Malformed, Msg: "a name that none can be"}
		}
	}
	a.e = e
	return a, nil
}

// By reports whether the holder of this claim signed the request, too.
func (a Asked) By(claim ed25519.PublicKey) bool { return a.e.Verify(claim) }
