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
	began time.Time // when its first packet came, less that packet's offset
	next  uint64    // the lowest number that was not heard yet
}

// JudgeLive says whether a packet of live talk may be played, and gives it. The
// session is the id of the act.live that was accepted for the place. Commit
// counts the packet, so that it is played once.
func (t *Trust) JudgeLive(topic string, raw []byte, now time.Time) (message.LivePacket, Verdict) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	j := judgement{t: t, raw: raw, now: now}
	j.v.Raw = raw
	p, err := j.live(topic)
	return p, j.verdict(err)
}

func (j *judgement) live(topic string) (message.LivePacket, error) {
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
	key, err := plan.ParseKey(act.SessionKey)
	if err != nil {
		return none, err
	}
	p, err := message.OpenLive(at.Place, at.Session, j.raw, key)
	if err != nil {
		return none, err
	}
	j.v.Verified = true
	if p.Offset > time.Duration(act.ForS)*time.Second {
		return none, refuse(plan.Lifetime, "offset_ms", "beyond the session's %d s", act.ForS)
	}
	began, next := j.now.Add(-p.Offset), uint64(0)
	if s := j.t.live[topic]; s != nil {
		began, next = s.began, s.next
	}
	if began.After(act.Until.Add(maxLate)) {
		return none, refuse(plan.Expired, "offset_ms", "the session was to begin before %s", act.Until.Format(time.RFC3339))
	}
	if uint64(p.Seq) < next {
		return none, refuse(plan.Replay, "seq", "%d; %d comes next", p.Seq, next)
	}
	if late := j.now.Sub(began.Add(p.Offset)); late > maxLate {
		return none, refuse(plan.Expired, "offset_ms", "%s late", late.Round(time.Millisecond))
	}
	j.v.apply = func(t *Trust) { t.live[topic] = &sequence{began: began, next: uint64(p.Seq) + 1} }
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
