package message

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"loa/agent/plan"
)

// A document is what comes down the wire: a value that begins with a head and
// knows what makes it valid.
type document interface{ Validate() error }

// decoders has one line for every kind that can come down the wire.
var decoders = map[plan.Kind]func([]byte) (document, error){
	plan.KindRoot:     read[plan.Root],
	plan.KindList:     read[plan.List],
	plan.KindClock:    read[plan.ClockReset],
	plan.KindBulletin: read[plan.Bulletin],
	plan.KindSchedule: read[plan.Schedule],
	plan.KindPolicy:   read[plan.Policy],
	plan.KindAlert:    read[plan.AlertSet],
	plan.KindTrigger:  read[plan.Triggers],
	plan.KindPlay:     read[plan.Act],
	plan.KindStop:     read[plan.Act],
	plan.KindLive:     read[plan.Act],
	plan.KindDrill:    read[plan.Act],
	plan.KindMute:     read[plan.Act],
	plan.KindTest:     read[plan.Act],
	plan.KindIdentify: read[plan.Act],
	plan.KindAsk:      read[plan.Act],
	plan.KindAcked:    read[plan.Act],
	plan.KindTime:     read[plan.TimeAnswer],
	plan.KindWant:     read[plan.Want],
	plan.KindBeat:     read[plan.Beat],
}

func read[T document](payload []byte) (document, error) {
	var doc T
	if err := unmarshal(payload, &doc); err != nil {
		return nil, err
	}
	return doc, doc.Validate()
}

// Formats is the newest format understood of every kind, as have reports it.
func Formats() map[plan.Kind]int {
	f := map[plan.Kind]int{}
	for k := range decoders {
		f[k] = plan.Format
	}
	return f
}

// Decode reads the payload of a document strictly and validates it. It returns
// a document by value, such as [plan.Bulletin]; its errors are [*plan.Error]
// with too-large, malformed, unsupported or lifetime. With lifetime, and only
// then, the document comes too: who signed it is judged before how long it lives.
func Decode(kind plan.Kind, payload []byte) (any, error) {
	if len(payload) > MaxEnvelope {
		return nil, &plan.Error{Code: plan.TooLarge, Msg: fmt.Sprintf("a payload of %d bytes; at most %d", len(payload), MaxEnvelope)}
	}
	decode, ok := decoders[kind]
	if !ok {
		return nil, &plan.Error{Code: plan.Unsupported, Field: "kind", Msg: fmt.Sprintf("%q is no kind of document", clip(string(kind)))}
	}
	doc, err := decode(payload)
	var e *plan.Error
	if err != nil && !(errors.As(err, &e) && e.Code == plan.Lifetime) {
		return nil, err
	}
	if h, _ := HeadOf(doc); h.Kind != kind {
		return nil, malformed("kind", "%q in a payload of type %q", clip(string(h.Kind)), kind)
	}
	return doc, err
}

// Encode is doc, a document by value, as bytes that [Decode] takes; a document
// that a box would refuse is an error here.
func Encode(doc any) ([]byte, error) {
	h, err := HeadOf(doc)
	if err != nil {
		return nil, err
	}
	payload, err := marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("message: cannot encode %s %q: %w", h.Kind, h.ID, err)
	}
	if _, err := Decode(h.Kind, payload); err != nil {
		return nil, err
	}
	return payload, nil
}

// Seal encodes doc and signs it with keys: the whole way from
// a document to what is published.
func Seal(doc any, keys ...ed25519.PrivateKey) ([]byte, error) {
	payload, err := Encode(doc)
	if err != nil {
		return nil, err
	}
	h, err := HeadOf(doc)
	if err != nil {
		return nil, err
	}
	return Sign(PayloadType(h.Kind, h.Format), payload, keys...).Encode(), nil
}

// HeadOf is the head of doc, a document by value.
func HeadOf(doc any) (plan.Head, error) {
	if d, ok := doc.(interface{ Header() plan.Head }); ok {
		return d.Header(), nil
	}
	return plan.Head{}, fmt.Errorf("message: %v is no document", reflect.TypeOf(doc))
}

// WithProof is doc with the proof that trust found.
func WithProof(doc any, p plan.Proof) any {
	switch d := doc.(type) {
	case plan.Root:
		d.Proof = p
		return d
	case plan.List:
		d.Proof = p
		return d
	case plan.ClockReset:
		d.Proof = p
		return d
	case plan.Bulletin:
		d.Proof = p
		return d
	case plan.Schedule:
		d.Proof = p
		return d
	case plan.Policy:
		d.Proof = p
		return d
	case plan.AlertSet:
		d.Proof = p
		return d
	case plan.Triggers:
		d.Proof = p
		return d
	case plan.Act:
		d.Proof = p
		return d
	case plan.TimeAnswer:
		d.Proof = p
		return d
	case plan.Want:
		d.Proof = p
		return d
	case plan.Beat:
		d.Proof = p
		return d
	}
	return doc
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
