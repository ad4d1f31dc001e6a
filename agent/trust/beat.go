package trust

import (
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

// beat is the last sign of life of the authority at one place.
type beat struct {
	sha string
	seq int64
	at  time.Time // when it came

	window  time.Duration // over which reconnections should be spread
	rollout *plan.Rollout // how far a release may go; nil: nobody begins
}

// beat takes a sign of life. It deletes nothing and allows nothing: what it can
// do is to make the box more careful.
func (j *judgement) beat(b plan.Beat) error {
	c := claim{place: b.Place, kind: plan.KindBeat}
	if _, err := j.t.x.authorise(j.keys, c, j.now, time.Time{}); err != nil {
		return err
	}
	if err := j.issuedInTime(clock.NTP); err != nil {
		return err
	}
	if _, err := j.t.x.authorise(j.keys, c, j.now, j.now); err != nil {
		return err
	}
	switch age := j.now.Sub(b.Time); {
	case age < -maxAhead:
		return refuse(plan.NotYet, "time", "%s ahead of the box's time", -age.Round(time.Second))
	case age > beatOld && !j.carried, age > carriedOld:
		return refuse(plan.Expired, "time", "%s old", age.Round(time.Second))
	}
	for issuer, epoch := range b.Epochs {
		if time.UnixMilli(epoch).After(j.now.Add(maxAhead)) {
			return refuse(plan.NotYet, "epochs."+issuer, "an epoch ahead of the box's time")
		}
	}
	last := j.t.beats[b.Place]
	if b.Seq < last.seq {
		return refuse(plan.Replay, "seq", "%d; %d is known", b.Seq, last.seq)
	}
	if b.Seq == last.seq {
		return refuse(plan.Conflict, "seq", "%d is known with other content", b.Seq)
	}
	if j.carried {
		return j.broughtAlong(b)
	}
	now, sha, window := j.now, j.v.SHA256, time.Duration(b.ReconnectWindowS)*time.Second
	j.accept(plan.Proof{SHA256: sha}, func(t *Trust) {
		t.beats[b.Place] = beat{sha: sha, seq: b.Seq, at: now, window: window, rollout: b.Rollout}
		t.tellBeat(b, now)
	})
	return nil
}

// broughtAlong takes a sign of life that came by hand. What it says of lists and
// alerts makes the box as careful as if it had come by a broker; but nobody has
// heard the authority by it.
func (j *judgement) broughtAlong(b plan.Beat) error {
	now := j.now
	j.accept(plan.Proof{SHA256: j.v.SHA256}, func(t *Trust) {
		if b.Time.After(t.brought) {
			t.brought, t.along = b.Time, b.Rollout
		}
		t.tellBeat(b, now)
	})
	return nil
}

// tellBeat remembers what a sign of life says that there is.
func (t *Trust) tellBeat(b plan.Beat, now time.Time) {
	t.tell(b.Root, b.Epochs, now)
	mine := t.mine(now)
	for slot, version := range b.Alerts {
		place, _, _ := strings.Cut(slot, "/")
		if (len(t.slots) < maxShown || slices.Contains(mine, place)) && t.slots[slot].n < version {
			t.slots[slot] = shown{version, now}
		}
	}
}

// tell remembers what trust documents there are, as the authority says; beyond a
// measure only of issuers that concern this box: an online key that was stolen
// must not fill its memory.
func (t *Trust) tell(root int64, epochs map[string]int64, now time.Time) {
	t.root = max(t.root, root)
	mine := t.mine(now)
	for issuer, epoch := range epochs {
		_, held := t.s.lists[issuer]
		concerns := held || issuer == plan.RootPlace || slices.Contains(mine, issuer)
		if (len(t.shown) < maxShown || concerns) && t.shown[issuer].n < epoch {
			t.shown[issuer] = shown{epoch, now}
		}
	}
}

// fresh is the state of trust: it refuses with stale what the box may be too
// far behind to judge.
func (j *judgement) fresh(p proof, c claim) error {
	t := j.t
	if j.v.Kind != plan.KindAlert && j.v.Kind != plan.KindAcked && t.unheard(j.now) && !j.vouched() {
		return refuse(plan.Stale, "", "no sign of life from the authority for %s", beatLost)
	}
	issuer := t.behind(j.now)
	if issuer == "" || !slices.ContainsFunc(p.grants, func(h held) bool { return !h.listed }) {
		return nil
	}
	// Enough of those whom the root itself lists may have signed besides.
	var listed []held
	for _, h := range p.grants {
		if h.listed {
			listed = append(listed, h)
		}
	}
	need, _ := t.x.need(c, j.now)
	if enough, _ := quorum(listed, need); enough != nil {
		return nil
	}
	return refuse(plan.Stale, "signatures", "there is a newer list of %s than this box has", issuer)
}

// vouched reports a document that a technician has brought, while the newest sign
// of life that came so is not too old. Acts are for now, and a stick is not.
func (j *judgement) vouched() bool {
	return j.carried && j.v.Topic.Retained() && j.now.Sub(j.t.brought) <= carriedOld
}

// behind is an issuer of whose list the authority has shown a newer epoch than
// the box has, or "". Issuers that have no say over this box do not count.
func (t *Trust) behind(now time.Time) string {
	if t.root > t.s.root.Number {
		return plan.RootPlace
	}
	for _, issuer := range sorted(t.shown) {
		mine, held := t.s.lists[issuer]
		if !held && issuer != plan.RootPlace && !slices.Contains(t.mine(now), issuer) {
			continue
		}
		if !held || t.shown[issuer].n > mine.Epoch() {
			return issuer
		}
	}
	return ""
}

// unheard reports that the authority has given no sign of life for too long.
// Where no list grants anybody a beat for this box's place there is none to miss.
func (t *Trust) unheard(now time.Time) bool {
	if !t.beatGranted(now) {
		return false
	}
	last := t.started
	for _, b := range t.beats {
		if b.at.After(last) {
			last = b.at
		}
	}
	return now.Sub(last) > beatLost
}

func (t *Trust) beatGranted(now time.Time) bool {
	own := t.want().OwnPlace
	for _, k := range t.x.keys {
		for _, h := range k.grants {
			if slices.Contains(h.Kinds, plan.KindBeat) && own != "" && t.x.covers(h.Place, own, now) {
				return true
			}
		}
	}
	return false
}

// Stale says why new documents and acts are refused as stale, or "".
func (t *Trust) Stale(now time.Time) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.unheard(now) {
		return "no sign of life from the authority for " + beatLost.String()
	}
	if issuer := t.behind(now); issuer != "" {
		return "there is a newer list of " + issuer + " than this box has"
	}
	return ""
}

// AuthorityLost reports that this broker keeps something from the box: the
// authority has shown alerts that did not come, or falls silent. The next
// broker should be asked.
func (t *Trust) AuthorityLost(now time.Time) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.unheard(now) {
		return true
	}
	mine := t.mine(now)
	for slot, s := range t.slots {
		place, office, _ := strings.Cut(slot, "/")
		if !slices.Contains(mine, place) || now.Sub(s.at) < alertGrace {
			continue
		}
		if t.s.Records[alertTopic(place, office)].Version < s.n {
			return true
		}
	}
	return false
}

// Stepped tells that the clock was set, so that silence is still measured in
// time that passed.
func (t *Trust) Stepped(by time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started = t.started.Add(by)
	for place, b := range t.beats {
		b.at = b.at.Add(by)
		t.beats[place] = b
	}
	for slot, s := range t.slots {
		s.at = s.at.Add(by)
		t.slots[slot] = s
	}
	for topic, s := range t.live {
		moved := *s
		moved.began = s.began.Add(by)
		t.live[topic] = &moved
	}
}
