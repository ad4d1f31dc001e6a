package trust

import (
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// Rejudge judges the documents in force again and gives up those that no longer
// hold: their signer was revoked or holds less, their class turned out higher,
// or they are for places that the box has left. It returns them, to be deleted.
// Call it when a verdict says so.
func (t *Trust) Rejudge() []plan.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, _ := t.o.Now()
	mine := t.mine(now)
	var gone []plan.Key
	for _, topic := range sorted(t.bodies) {
		doc := t.bodies[topic].doc
		h, err := message.HeadOf(doc)
		if err != nil {
			continue
		}
		elsewhere := h.Place != "" && !slices.Contains(mine, h.Place)
		if _, err := t.stillHolds(doc, t.s.Records[topic].Keys, now); err != nil || elsewhere {
			delete(t.bodies, topic)
			gone = append(gone, h.Key())
		}
	}
	t.rejudgeActs(mine)
	return gone
}

// Expire gives up the documents that ended a week ago or more and returns them,
// to be deleted; that they were there is remembered. A box that has the time from
// its battery alone, which may be years ahead, gives up nothing. Call it once a day.
func (t *Trust) Expire() []plan.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, level := t.o.Now()
	if level < clock.Signed {
		return nil
	}
	var gone []plan.Key
	for _, topic := range sorted(t.bodies) {
		if h, err := message.HeadOf(t.bodies[topic].doc); err == nil && over(t.bodies[topic].doc, now, keptOver) {
			t.drop(topic)
			gone = append(gone, h.Key())
		}
	}
	t.forget(now)
	t.endActs(now)
	return gone
}

// keptOver is how long a document is kept after its end: no small correction of
// the clock must miss it.
const keptOver = 7 * 24 * time.Hour

// over reports whether a document ended at least ago before now.
func over(doc any, now time.Time, ago time.Duration) bool {
	switch d := doc.(type) {
	case plan.Bulletin:
		return !now.Before(d.ValidUntil.Add(ago))
	case plan.Schedule:
		return !now.Before(d.ValidUntil.Add(ago))
	case plan.Policy:
		return !now.Before(d.ValidUntil.Add(ago))
	case plan.Triggers:
		return !now.Before(d.ValidUntil.Add(ago))
	}
	return false
}

func (t *Trust) rejudgeActs(mine []string) {
	var acts []plan.Act
	var stored []acted
	for i, a := range t.acts {
		ours := a.Device != "" || slices.Contains(mine, a.Place)
		if ours && !t.revoked(t.s.Acts[i].Keys) {
			acts, stored = append(acts, a), append(stored, t.s.Acts[i])
		}
	}
	t.acts, t.s.Acts = acts, stored
}

// stillHolds asks whether the lists as they are now still let keys say doc. The
// mere end of a grant is no reason against it.
func (t *Trust) stillHolds(doc any, keys []string, now time.Time) (proof, error) {
	c := claim{}
	switch d := doc.(type) {
	case plan.Bulletin:
		c = claim{place: d.Place, kind: plan.KindBulletin, class: d.Class}
	case plan.Schedule:
		class, err := t.scheduled(d)
		if err != nil {
			return proof{}, err
		}
		c = claim{place: d.Place, kind: plan.KindSchedule, class: class}
	case plan.Policy:
		c = claim{place: d.Place, kind: plan.KindPolicy}
	case plan.Triggers:
		c = triggering(d)
	case plan.AlertSet:
		c = claim{place: d.Place, kind: plan.KindAlert, class: plan.Emergency, office: d.Office}
		if len(d.Alerts) == 0 {
			c.least, c.lower = 1, true
		}
	case plan.Want:
		return t.stillAssigned(d, keys, now)
	}
	p, err := t.x.authorise(keys, c, now, time.Time{})
	if err != nil && t.revoked(keys) {
		return p, refuse(plan.Revoked, "signatures", "its signers may no longer say it: %v", err)
	}
	return p, err
}

// stillAssigned keeps a box where it is as long as a list knows the place: a
// box whose assigners have retired must not fall silent.
func (t *Trust) stillAssigned(w plan.Want, keys []string, now time.Time) (proof, error) {
	if _, ok := t.x.above(w.OwnPlace, now); !ok && w.OwnPlace != "" {
		return proof{}, refuse(plan.Revoked, "own_place", "no list registers the place %s any more", w.OwnPlace)
	}
	var p proof
	for _, id := range keys {
		if k := t.x.keys[id]; k != nil {
			p.grants = append(p.grants, k.grants...)
		}
	}
	if _, remembered := t.s.Records[message.DeviceTopic(t.device, message.LeafWant).String()]; remembered || len(p.grants) > 0 {
		return p, nil
	}
	return p, refuse(plan.Revoked, "signatures", "no list names the keys that signed it")
}

func (t *Trust) revoked(keys []string) bool {
	return slices.ContainsFunc(keys, func(id string) bool { return t.x.keys[id] == nil })
}
