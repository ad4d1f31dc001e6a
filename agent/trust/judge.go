package trust

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// judgement is one message on its way through the order of acceptance: size,
// decode, type and topic, target, keys known, signatures, scope, kind, class,
// quorum, times, replay and version, state of trust, room. The first that
// refuses gives the code.
type judgement struct {
	t     *Trust
	raw   []byte
	now   time.Time
	level clock.Level

	carried bool // by hand, see JudgeCarried

	e    message.Envelope
	doc  any
	head plan.Head
	late *plan.Error // a lifetime that is too long: told when it is its turn
	keys []string    // known keys whose signatures fit
	v    Verdict
}

func refuse(code plan.Code, field, format string, args ...any) *plan.Error {
	return &plan.Error{Code: code, Field: field, Msg: fmt.Sprintf(format, args...)}
}

func (j *judgement) run(topic string) error {
	if len(j.raw) == 0 {
		return j.emptied(topic)
	}
	if err := j.open(topic); err != nil {
		return err
	}
	if err := j.addressed(); err != nil {
		return err
	}
	if j.known() {
		j.v.Same = true
		j.accept(plan.Proof{SHA256: j.v.SHA256}, nil)
		return nil
	}
	switch doc := j.doc.(type) {
	case plan.Root:
		return j.root(doc)
	case plan.List:
		return j.list(doc)
	case plan.ClockReset:
		return j.clockReset(doc)
	}
	if err := j.signatures(j.t.x.pub); err != nil {
		return err
	}
	if rec := j.t.s.Records[j.v.Topic.String()]; rec.SHA256 == j.v.SHA256 {
		j.keys = union(j.keys, rec.Keys) // they signed these bytes before
	}
	switch doc := j.doc.(type) {
	case plan.Bulletin:
		return j.bulletin(doc)
	case plan.Schedule:
		return j.schedule(doc)
	case plan.Policy:
		return j.policy(doc)
	case plan.AlertSet:
		return j.alerts(doc)
	case plan.Triggers:
		return j.triggers(doc)
	case plan.Act:
		return j.act(doc)
	case plan.Want:
		return j.want(doc)
	case plan.Beat:
		return j.beat(doc)
	case plan.TimeAnswer:
		return j.timeAnswer(doc, j.t.question)
	}
	return refuse(plan.Unsupported, "kind", "a %s is not for a box", j.v.Kind)
}

// emptied passes over a kept topic that somebody has cleared: absence is not
// withdrawal, so it is neither an order nor an attack.
func (j *judgement) emptied(topic string) error {
	at, err := message.ParseTopic(topic)
	if err != nil || !at.Retained() {
		return refuse(plan.Malformed, "", "an empty message")
	}
	j.v.Topic, j.v.Kind, j.v.Same = at, at.Kind, true
	return nil
}

// open goes as far as what the bytes and the topic say by themselves.
func (j *judgement) open(topic string) error {
	var err error
	if j.e, err = message.Open(j.raw); err != nil {
		return err
	}
	j.v.SHA256 = message.Digest(j.e.Payload)
	kind, format, err := message.ParsePayloadType(j.e.PayloadType)
	if err != nil {
		return err
	}
	j.v.Kind = kind
	if format > plan.Format {
		return refuse(plan.Unsupported, "payloadType", "format %d of %s; this box understands %d", format, kind, plan.Format)
	}
	j.doc, err = message.Decode(kind, j.e.Payload)
	if j.doc == nil || err != nil && !errors.As(err, &j.late) {
		return err
	}
	j.head, _ = message.HeadOf(j.doc)
	j.v.Head = j.head
	if j.head.Format != format {
		return refuse(plan.Malformed, "format", "%d in a payload of type v=%d", j.head.Format, format)
	}
	if j.v.Topic, err = message.ParseTopic(topic); err != nil {
		return err
	}
	return j.fits()
}

// fits compares what the topic says with what the document says. A document of
// another place or box is authentic but was carried to the wrong door.
func (j *judgement) fits() error {
	t, h := j.v.Topic, j.head
	if t.Kind != "" && t.Kind != h.Kind {
		return refuse(plan.Malformed, "kind", "a %s on a topic for a %s", h.Kind, t.Kind)
	}
	own, err := message.TopicOf(j.doc)
	if err != nil {
		return err
	}
	switch {
	case t.Place != h.Place || t.Device != h.Device:
		return refuse(plan.NotAddressed, "place", "it belongs on %s", own)
	case own.Leaf != t.Leaf:
		return refuse(plan.Malformed, "kind", "a %s belongs on %s", h.Kind, own)
	case own != t:
		return refuse(plan.Malformed, "id", "it belongs on %s", own)
	}
	return nil
}

// addressed asks whether the message is for this box. What says who may speak is for all.
func (j *judgement) addressed() error {
	if j.v.Topic.Dir == message.DirTrust {
		return nil
	}
	if j.head.Device != "" {
		if j.head.Device != j.t.device {
			return refuse(plan.NotAddressed, "device", "for %s; this box is %s", j.head.Device, j.t.device)
		}
		return nil
	}
	for _, p := range j.t.mine(j.now) {
		if p == j.head.Place {
			return nil
		}
	}
	return refuse(plan.NotAddressed, "place", "%s is neither this box's place nor above it", j.head.Place)
}

// known reports a document that is in force already and that nobody new has
// signed. A broker brings all of them again with every connection.
func (j *judgement) known() bool {
	topic := j.v.Topic.String()
	switch j.v.Kind {
	case plan.KindRoot:
		return j.t.s.Digests[j.v.Topic.Root] == j.v.SHA256
	case plan.KindList:
		l, ok := j.t.s.Lists[j.head.Place]
		return ok && message.Digest(l.Payload) == j.v.SHA256
	case plan.KindClock:
		return j.t.s.Clock.SHA256 == j.v.SHA256
	case plan.KindBeat:
		b, ok := j.t.beats[j.head.Place]
		return ok && b.sha == j.v.SHA256
	}
	if !j.v.Topic.Retained() {
		return false
	}
	rec, ok := j.t.s.Records[topic]
	_, held := j.t.bodies[topic]
	switch {
	case !ok || rec.SHA256 != j.v.SHA256:
		return false
	case !held:
		// Withdrawn or over: no signature brings it back.
		return withdrawn(j.doc) || j.level >= clock.RTC && over(j.doc, j.now, 0)
	}
	for _, s := range j.e.Signatures {
		if !contains(rec.Keys, s.KeyID) && j.t.x.keys[s.KeyID] != nil {
			return false
		}
	}
	return true
}

// signatures verifies those whose keys are known; others count for nothing.
func (j *judgement) signatures(pub func(keyID string) ed25519.PublicKey) error {
	pae := message.PAE(j.e.PayloadType, j.e.Payload)
	found, gone := false, ""
	for i, s := range j.e.Signatures {
		key := pub(s.KeyID)
		if key == nil {
			if _, was := j.t.s.Revoked[s.KeyID]; was {
				gone = s.KeyID
			}
			continue
		}
		found = true
		if !ed25519.Verify(key, pae, s.Sig) {
			return refuse(plan.Signature, fmt.Sprintf("signatures[%d]", i), "it does not fit the payload and the key %.12s…", s.KeyID)
		}
		j.keys = append(j.keys, s.KeyID)
	}
	switch {
	case found:
		j.v.Verified = true
		return nil
	case gone != "":
		return refuse(plan.Revoked, "signatures", "the key %.12s… was revoked", gone)
	}
	return refuse(plan.UnknownKey, "signatures", "no list names the key %.12s…", j.e.Signatures[0].KeyID)
}

func (x *index) pub(keyID string) ed25519.PublicKey {
	if k := x.keys[keyID]; k != nil {
		return k.pub
	}
	return nil
}

// accept makes the verdict a yes. What Commit is to do is given by apply.
func (j *judgement) accept(p plan.Proof, apply func(*Trust)) {
	j.v.Doc = message.WithProof(j.doc, p)
	j.v.apply = apply
}

// issuedInTime is the clock's part: how sure the box must be of the time, and
// that the document was not issued in the future.
func (j *judgement) issuedInTime(need clock.Level) error {
	if j.level < need {
		return refuse(plan.ClockCode, "", "the box's time is trusted as %s; a %s needs %s", j.level, j.v.Kind, need)
	}
	if ahead := j.head.Issued.Sub(j.now); ahead > maxAhead {
		return refuse(plan.NotYet, "issued", "%s ahead of the box's time", ahead.Round(time.Second))
	}
	return nil
}

// newer compares with what was accepted before on the same topic.
func (j *judgement) newer(rec record, lower plan.Code) error {
	switch v := j.head.Version(); {
	case v < rec.Version:
		return refuse(lower, "issued", "version %d; %d is known", v, rec.Version)
	case v == rec.Version && rec.SHA256 != j.v.SHA256:
		return refuse(plan.Conflict, "issued", "version %d is known with other content", v)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
