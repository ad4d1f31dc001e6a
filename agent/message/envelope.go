// Package message says what may be said on the wire, both ways: topics,
// envelopes, strict decoding of documents, encoding of reports. It is pure.
package message

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"loa/agent/plan"
)

// Bounds of an envelope.
const (
	MaxEnvelope   = 64 << 10 // bytes
	MaxSignatures = 8
)

// An Envelope carries a payload and who signed exactly these bytes (DSSE v1).
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Sig
}

// A Sig is one signature and the full SHA-256 of the key that made it.
type Sig struct {
	KeyID string // 64 lower-case hex digits
	Sig   []byte // 64 bytes
}

// The envelope as JSON; the strict decoder takes it apart.
type wireEnvelope struct {
	PayloadType string    `json:"payloadType"`
	Payload     string    `json:"payload"`
	Signatures  []wireSig `json:"signatures"`
}

type wireSig struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// Open takes an envelope apart and verifies nothing. Its errors are
// [*plan.Error] with too-large, malformed or unsigned.
func Open(raw []byte) (Envelope, error) {
	if len(raw) > MaxEnvelope {
		return Envelope{}, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("an envelope of %d bytes; at most %d", len(raw), MaxEnvelope)}
	}
	var w wireEnvelope
	if err := unmarshal(raw, &w); err != nil {
		return Envelope{}, err
	}
	if _, _, err := ParsePayloadType(w.PayloadType); err != nil {
		return Envelope{}, malformed("payloadType", "%v", err)
	}
	payload, err := decodeBase64(w.Payload)
	if err != nil {
		return Envelope{}, malformed("payload", "%v", err)
	}
	if len(w.Signatures) == 0 {
		return Envelope{}, &plan.Error{Code: plan.Unsigned, Field: "signatures", Msg: "nobody signed"}
	}
	if len(w.Signatures) > MaxSignatures {
		return Envelope{}, malformed("signatures", "%d of them; at most %d", len(w.Signatures), MaxSignatures)
	}
	e := Envelope{PayloadType: w.PayloadType, Payload: payload}
	for i, s := range w.Signatures {
		field := fmt.Sprintf("signatures[%d]", i)
		if !isHex(s.KeyID, sha256.Size) {
			return Envelope{}, malformed(field+".keyid", "not the SHA-256 of a key: write 64 lower-case hex digits")
		}
		for _, before := range e.Signatures {
			if before.KeyID == s.KeyID {
				return Envelope{}, malformed(field+".keyid", "the same key twice: one key signs once")
			}
		}
		sig, err := decodeBase64(s.Sig)
		if err != nil {
			return Envelope{}, malformed(field+".sig", "%v", err)
		}
		if len(sig) != ed25519.SignatureSize {
			return Envelope{}, malformed(field+".sig", "%d bytes; an Ed25519 signature has %d", len(sig), ed25519.SignatureSize)
		}
		e.Signatures = append(e.Signatures, Sig{KeyID: s.KeyID, Sig: sig})
	}
	return e, nil
}

// Encode is the envelope as one line of JSON, as it goes out.
func (e Envelope) Encode() []byte {
	w := wireEnvelope{PayloadType: e.PayloadType, Payload: base64.StdEncoding.EncodeToString(e.Payload), Signatures: []wireSig{}}
	for _, s := range e.Signatures {
		w.Signatures = append(w.Signatures, wireSig{KeyID: s.KeyID, Sig: base64.StdEncoding.EncodeToString(s.Sig)})
	}
	b, err := marshal(w)
	if err != nil {
		return nil // cannot be: texts and lists of texts always encode
	}
	return b
}

// Sign puts payload into an envelope signed by keys.
func Sign(payloadType string, payload []byte, keys ...ed25519.PrivateKey) Envelope {
	e := Envelope{PayloadType: payloadType, Payload: payload}
	for _, k := range keys {
		e.AddSignature(k)
	}
	return e
}

// AddSignature signs the same bytes with one more key; a key that has signed
// already replaces its signature.
func (e *Envelope) AddSignature(key ed25519.PrivateKey) {
	s := Sig{KeyID: KeyID(key.Public().(ed25519.PublicKey)), Sig: ed25519.Sign(key, PAE(e.PayloadType, e.Payload))}
	for i := range e.Signatures {
		if e.Signatures[i].KeyID == s.KeyID {
			e.Signatures[i] = s
			return
		}
	}
	e.Signatures = append(e.Signatures, s)
}

// Verify reports whether pub signed the envelope.
func (e Envelope) Verify(pub ed25519.PublicKey) bool {
	id := KeyID(pub)
	for _, s := range e.Signatures {
		if s.KeyID == id {
			return ed25519.Verify(pub, PAE(e.PayloadType, e.Payload), s.Sig)
		}
	}
	return false
}

// PAE is what is signed: type and payload with their lengths, so that neither
// can be taken for a part of the other.
func PAE(payloadType string, payload []byte) []byte {
	b := make([]byte, 0, len("DSSEv1")+len(payloadType)+len(payload)+24)
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// KeyID is the full SHA-256 of a raw public key, in hex.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:])
}

// Digest is the SHA-256 of a payload in hex, as references write it.
func Digest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

const typePrefix, typeMiddle = "application/vnd.loa.", "+json;v="

// PayloadType names a kind and the format of its payload.
func PayloadType(kind plan.Kind, format int) string {
	return typePrefix + string(kind) + typeMiddle + strconv.Itoa(format)
}

// ParsePayloadType is the inverse of [PayloadType].
func ParsePayloadType(s string) (plan.Kind, int, error) {
	rest, ok := strings.CutPrefix(s, typePrefix)
	kind, v, ok2 := strings.Cut(rest, typeMiddle)
	format, err := strconv.Atoi(v)
	if !ok || !ok2 || err != nil || format < 1 || format > 1000 || s != PayloadType(plan.Kind(kind), format) {
		return "", 0, fmt.Errorf("write %s", PayloadType("<kind>", 1))
	}
	return plan.Kind(kind), format, nil
}

// decodeBase64 takes padded standard base64 and nothing else: the library's
// strict mode still skips line ends.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("a line end inside base64: write it on one line")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("not padded standard base64")
	}
	return b, nil
}

func isHex(s string, bytes int) bool {
	if len(s) != 2*bytes {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func malformed(field, format string, args ...any) *plan.Error {
	return &plan.Error{Code: plan.Malformed, Field: field, Msg: fmt.Sprintf(format, args...), VI: plan.InVietnamese(vietnamese, format, args...)}
}
