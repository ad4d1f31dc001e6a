package trust

import (
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// maxLate is how late a packet of live talk may be and still be played.
const maxLate = 3 * time.Second

// sequence is how far a live session has come.
type sequence struct {
	began time.Time // when it began by the packet that was the quickest to come
	top   uint32    // the highest number that has come
	mask  uint64    // of the 64 numbers up to top which have come, top in the lowest bit
}

// came reports whether a number has come, or is too old to tell.
func (s *sequence) came(seq uint32) bool {
	if seq > s.top {
		return false
	}
	back := s.top - seq
	return back >= 64 || s.mask>>back&1 == 1
}

// with is the sequence after a packet.
func (s sequence) with(seq uint32, began time.Time) *sequence {
	if began.Before(s.began) {
		s.began = began
	}
	if seq > s.top {
		s.mask <<= min(64, seq-s.top)
		s.top = seq
	}
	s.mask |= 1 << (s.top - seq)
	return &s
}

// JudgeLive says whether a packet of live talk may be played, and gives it. The
// session is the id of the act.live that was accepted for the place. Commit
// counts the packet, so that it is played once.
//
// To verify a signature costs a small processor a millisecond. Everything that is
// cheaper is asked before, and then may, which says whether the packet is worth it;
// nil: all are.
func (t *Trust) JudgeLive(topic string, raw []byte, now time.Time, may func() bool) (message.LivePacket, Verdict) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	j := judgement{t: t, raw: raw, now: now}
	j.v.Raw = raw
	p, err := j.live(topic, may)
	return p, j.verdict(err)
}

func (j *judgement) live(topic string, may func() bool) (message.LivePacket, error) {
	var none message.LivePacket
	at, err := message.ParseTopic(topic)
	if err != nil {
		return none, err
	}
	j.v.Topic, j.v.Kind = at, plan.KindLive
	if at.Leaf != message.LeafLive {
		return none, refuse(plan.Malformed, "", "%s carries no live packets", at)
	}
	act, ok := j.t.session(at, j.now)
	if !ok {
		return none, refuse(plan.Unsigned, "session", "no live session %s has been opened for %s", at.Session, at.Place)
	}
	p, err := message.ParseLive(j.raw)
	if err != nil {
		return none, err
	}
	if p.Offset > time.Duration(act.ForS)*time.Second {
		return none, refuse(plan.Lifetime, "offset_ms", "beyond the session's %d s", act.ForS)
	}
	now := sequence{began: j.now.Add(-p.Offset), top: p.Seq}
	if s := j.t.live[topic]; s != nil {
		now = *s
		if s.came(p.Seq) {
			return none, refuse(plan.Replay, "seq", "%d has come before; %d is the last", p.Seq, s.top)
		}
	}
	if now.began.After(act.Until.Add(maxLate)) {
		return none, refuse(plan.Expired, "offset_ms", "the session was to begin before %s", act.Until.Format(time.RFC3339))
	}
	if late := j.now.Sub(now.began.Add(p.Offset)); late > maxLate {
		return none, refuse(plan.Expired, "offset_ms", "%s late", late.Round(time.Millisecond))
	}
	if may != nil && !may() {
		return none, refuse(plan.Signature, "", "not verified: too many packets come")
	}
	key, err := plan.ParseKey(act.SessionKey)
	if err != nil {
		return none, err
	}
	if err := message.VerifyLive(at.Place, at.Session, j.raw, key); err != nil {
		return none, err
	}
	j.v.Verified = true
	began := j.now.Add(-p.Offset)
	j.v.apply = func(t *Trust) { t.live[topic] = now.with(p.Seq, began) }
	return p, nil
}

// session is the open live session of a topic.
func (t *Trust) session(at message.Topic, now time.Time) (plan.Act, bool) {
	for _, a := range t.acts {
		if a.Kind == plan.KindLive && a.ID == at.Session && a.Place == at.Place && now.Before(a.Ends()) {
			return a, true
		}
	}
	return plan.Act{}, false
}
