package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// An Issued is a signed document, ready to be published.
type Issued struct {
	Topic  message.Topic
	Raw    []byte // the envelope
	SHA256 string // of the payload, as references name it
	Doc    any    // by value
}

// Sign stamps and signs a document, given by pointer. Of its head the caller
// sets Place or Device and, where the kind has one, ID. Nothing is kept or sent:
// see Judge and Keep.
func (a *Authority) Sign(doc any, people ...string) (Issued, error) {
	topic, value, err := a.stamped(doc)
	if err != nil {
		return Issued{}, err
	}
	return a.sealed(topic, value, people)
}

// Stamp gives a document, by pointer, all that Sign gives it but a signature: what
// people sign whose keys are elsewhere. No box takes its Raw.
func (a *Authority) Stamp(doc any) (Issued, message.Envelope, error) {
	topic, value, err := a.stamped(doc)
	if err != nil {
		return Issued{}, message.Envelope{}, err
	}
	is, err := a.sealed(topic, value, nil)
	if err != nil {
		return is, message.Envelope{}, err
	}
	head, err := message.HeadOf(value)
	if err != nil {
		return is, message.Envelope{}, err
	}
	payload, err := message.Encode(value)
	if err != nil {
		return is, message.Envelope{}, err
	}
	// What no box would read is told before somebody signs it.
	_, err = message.Decode(head.Kind, payload)
	return is, message.Envelope{PayloadType: message.PayloadType(head.Kind, head.Format), Payload: payload}, err
}

// stamped fills the head of a document, given by pointer, and gives it by value.
func (a *Authority) stamped(doc any) (message.Topic, any, error) {
	if act, ok := doc.(*plan.Act); ok {
		if err := a.numbered(act); err != nil {
			return message.Topic{}, nil, err
		}
	}
	head, value, err := headOf(doc)
	if err != nil {
		return message.Topic{}, nil, err
	}
	head.Format = 1
	topic, err := message.TopicOf(value())
	if err != nil {
		return topic, nil, err
	}
	if head.Issued, err = a.stamp(topic.String()); err != nil {
		return topic, nil, err
	}
	return topic, value(), nil
}

// sealed is a document, given by value and stamped, under people's signatures.
func (a *Authority) sealed(topic message.Topic, doc any, people []string) (Issued, error) {
	head, err := message.HeadOf(doc)
	if err != nil {
		return Issued{}, err
	}
	payload, err := message.Encode(doc)
	if err != nil {
		return Issued{}, err
	}
	e := message.Sign(message.PayloadType(head.Kind, head.Format), payload)
	for _, p := range people {
		k, err := a.key(p)
		if err != nil {
			return Issued{}, err
		}
		e.AddSignature(k)
	}
	return Issued{Topic: topic, Raw: e.Encode(), SHA256: message.Digest(payload), Doc: doc}, nil
}

// Approve adds a person's signature to a signed document: the same bytes, a
// second pair of eyes. Somebody who has no say in it cannot approve it, and nobody can
// approve it twice.
func (a *Authority) Approve(raw []byte, person string) (Issued, error) {
	is, err := Read(raw)
	if err != nil {
		return Issued{}, err
	}
	if slices.Contains(a.Signers(raw), person) {
		return Issued{}, fail("approved", nil, person, is.Topic)
	}
	sig, err := a.Signature(raw, person)
	if err != nil {
		return Issued{}, err
	}
	both, err := a.Join(is, []message.Sig{sig})
	var bad *plan.Error
	if errors.As(err, &bad) {
		return Issued{}, fail("approve", bad, person, is.Topic)
	}
	return both, err
}

// Signature is a person's on what an envelope carries, by itself.
func (a *Authority) Signature(raw []byte, person string) (message.Sig, error) {
	e, err := message.Open(raw)
	if err != nil {
		return message.Sig{}, err
	}
	k, err := a.key(person)
	if err != nil {
		return message.Sig{}, err
	}
	return message.Sign(e.PayloadType, e.Payload, k).Signatures[0], nil
}

// Join gives a document the signatures of another envelope of the same payload. Each
// that is new has to be of somebody who has a say in it.
func (a *Authority) Join(is Issued, sigs []message.Sig) (Issued, error) {
	is, e, err := open1(is.Raw)
	if err != nil {
		return is, err
	}
	for _, s := range sigs {
		if slices.ContainsFunc(e.Signatures, func(o message.Sig) bool { return o.KeyID == s.KeyID }) {
			continue
		}
		if len(e.Signatures) == message.MaxSignatures {
			return is, &plan.Error{Code: plan.Malformed, Field: "signatures", Msg: "there are enough already"}
		}
		alone := is
		alone.Raw = message.Envelope{PayloadType: e.PayloadType, Payload: e.Payload, Signatures: []message.Sig{s}}.Encode()
		v, err := a.Judge(alone)
		if err != nil {
			return is, err
		}
		if v.Code != plan.Accepted && v.Code != plan.Quorum {
			return is, v.Err
		}
		e.Signatures = append(e.Signatures, s)
	}
	is.Raw = e.Encode()
	return is, nil
}

// Read takes a signed document apart. Nothing is verified.
func Read(raw []byte) (Issued, error) {
	is, _, err := open1(raw)
	return is, err
}

func open1(raw []byte) (Issued, message.Envelope, error) {
	e, err := message.Open(raw)
	if err != nil {
		return Issued{}, e, err
	}
	kind, _, err := message.ParsePayloadType(e.PayloadType)
	if err != nil {
		return Issued{}, e, err
	}
	doc, err := message.Decode(kind, e.Payload)
	if err != nil {
		return Issued{}, e, err
	}
	topic, err := message.TopicOf(doc)
	return Issued{Topic: topic, Raw: raw, SHA256: message.Digest(e.Payload), Doc: doc}, e, err
}

// Signers are the people whose keys signed, in the order of their signatures; a
// key that the authority does not know appears by its first 12 digits.
func (a *Authority) Signers(raw []byte) []string {
	e, err := message.Open(raw)
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range e.Signatures {
		name := s.KeyID[:12]
		for n, p := range a.read().People {
			if pub, err := plan.ParseKey(p.Key); err == nil && message.KeyID(pub) == s.KeyID {
				name = n
			}
		}
		names = append(names, name)
	}
	return names
}

// maxAhead is how far a version may be ahead of a box's clock.
const maxAhead = 120 * time.Second

// stamp gives the next version of a topic: now, and always later than the last.
func (a *Authority) stamp(topic string) (time.Time, error) {
	var at time.Time
	err := a.change(func(s *state) (err error) {
		at, err = s.stamp(topic, a.o.Now())
		return err
	})
	return at, err
}

func (s *state) stamp(topic string, now time.Time) (time.Time, error) {
	now = now.Truncate(time.Millisecond)
	at := now
	last := s.Issued[topic]
	if last.Before(s.Floor) {
		last = s.Floor
	}
	if !at.After(last) {
		at = last.Add(time.Millisecond)
	}
	if ahead := at.Sub(now); ahead > maxAhead {
		return at, fail("clock", nil, ahead.Round(time.Second), topic)
	}
	s.Issued[topic] = at
	return at, nil
}

// Seq gives a number that was never given before, for beats and for the ids of acts.
func (a *Authority) Seq() (int64, error) {
	var n int64
	err := a.change(func(s *state) error {
		s.Seq++
		n = s.Seq
		return nil
	})
	return n, err
}

// headOf gives the head of a document to write to, and the document by value.
func headOf(doc any) (*plan.Head, func() any, error) {
	set := func(h *plan.Head, kind plan.Kind, id string) {
		h.Kind = kind
		if id != "" {
			h.ID = id
		}
	}
	switch d := doc.(type) {
	case *plan.Root:
		set(&d.Head, plan.KindRoot, fmt.Sprint(d.Number))
		d.Place = plan.RootPlace
		return &d.Head, func() any { return *d }, nil
	case *plan.List:
		set(&d.Head, plan.KindList, message.LeafList)
		return &d.Head, func() any { return *d }, nil
	case *plan.ClockReset:
		set(&d.Head, plan.KindClock, message.LeafClock)
		d.Place = plan.RootPlace
		return &d.Head, func() any { return *d }, nil
	case *plan.Bulletin:
		set(&d.Head, plan.KindBulletin, "")
		return &d.Head, func() any { return *d }, nil
	case *plan.Schedule:
		set(&d.Head, plan.KindSchedule, "")
		return &d.Head, func() any { return *d }, nil
	case *plan.Policy:
		set(&d.Head, plan.KindPolicy, "")
		return &d.Head, func() any { return *d }, nil
	case *plan.Triggers:
		set(&d.Head, plan.KindTrigger, "")
		return &d.Head, func() any { return *d }, nil
	case *plan.AlertSet:
		set(&d.Head, plan.KindAlert, d.Office)
		return &d.Head, func() any { return *d }, nil
	case *plan.Want:
		set(&d.Head, plan.KindWant, "want")
		return &d.Head, func() any { return *d }, nil
	case *plan.Beat:
		set(&d.Head, plan.KindBeat, message.LeafBeat)
		return &d.Head, func() any { return *d }, nil
	case *plan.TimeAnswer:
		set(&d.Head, plan.KindTime, "time")
		return &d.Head, func() any { return *d }, nil
	case *plan.Act:
		return &d.Head, func() any { return *d }, nil // its kind says what it is
	}
	return nil, nil, fmt.Errorf("authority: %T is no document", doc)
}

func encodeState(s state) ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}
