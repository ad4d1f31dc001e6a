package trust

import (
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// kept is what documents that stay in force have in common.
type kept struct {
	claim claim
	clock clock.Level
	ends  time.Time // valid_until; zero: it has none
	life  time.Duration
	keys  []string // that vouch for an elder and so for what is left of it
	old   []older
}

func (j *judgement) bulletin(b plan.Bulletin) error {
	return j.keep(kept{
		claim: claim{place: b.Place, kind: plan.KindBulletin, class: b.Class},
		clock: clock.RTC, ends: b.ValidUntil, life: plan.MaxLife,
	})
}

// schedule demands authority for the highest class that the slots play, as far
// as the bulletins are known by now; the rest is judged again when they come.
func (j *judgement) schedule(s plan.Schedule) error {
	class, err := j.t.scheduled(s)
	if err != nil {
		// Told when it is the turn of the class, after keys and scope.
		if _, other := j.t.x.authorise(j.keys, claim{place: s.Place, kind: plan.KindSchedule}, j.now, time.Time{}); other != nil {
			return other
		}
		return err
	}
	return j.keep(kept{
		claim: claim{place: s.Place, kind: plan.KindSchedule, class: class},
		clock: clock.RTC, ends: s.ValidUntil, life: plan.MaxLife,
	})
}

// scheduled is the highest class that a schedule plays. A schedule never plays an
// emergency, which begins by a decision of the day, and a drill only in a slot that says
// so, which then plays nothing else.
func (t *Trust) scheduled(s plan.Schedule) (plan.Class, error) {
	highest := plan.Normal
	for _, slot := range s.Slots {
		for _, item := range slot.Items {
			class := plan.Normal
			switch {
			case item.Relay != nil:
				class = item.Relay.Class
			case item.Ref != nil:
				b, ok := t.bulletin(s.Place, *item.Ref)
				if !ok {
					continue
				}
				class = b.Class
			}
			if class == plan.Emergency || class == plan.Drill && slot.Drill == "" {
				return "", refuse(plan.WrongClass, "slots", "slot %s plays a bulletin of class %s; schedules do not", slot.ID, class)
			}
			if slot.Drill != "" && class != plan.Drill {
				return "", refuse(plan.WrongClass, "slots", "slot %s is a drill and plays a bulletin of class %s", slot.ID, class)
			}
			if class.Rank() > highest.Rank() {
				highest = class
			}
		}
	}
	return highest, nil
}

// bulletin is the bulletin in force that a document of a place refers to by name.
func (t *Trust) bulletin(place string, r plan.Ref) (plan.Bulletin, bool) {
	if r.Place != "" {
		place = r.Place
	}
	b, ok := t.bodies[message.DocTopic(place, plan.KindBulletin, r.ID).String()].doc.(plan.Bulletin)
	return b, ok
}

// keep goes through the rest of the order for a document that stays in force.
func (j *judgement) keep(k kept) error {
	if _, err := j.t.x.authorise(j.keys, k.claim, j.now, time.Time{}); err != nil {
		return err
	}
	if err := j.issuedInTime(k.clock); err != nil {
		return err
	}
	proof, err := j.t.x.authorise(j.keys, k.claim, j.now, j.now)
	if err != nil {
		return err
	}
	if j.late != nil {
		return j.late
	}
	if !k.ends.IsZero() && !j.now.Before(k.ends) {
		return refuse(plan.Expired, "valid_until", "it ended %s ago", j.now.Sub(k.ends).Round(time.Second))
	}
	topic := j.v.Topic.String()
	rec := j.t.s.Records[topic]
	if err := j.newer(rec, plan.Replay); err != nil {
		return err
	}
	if err := j.fresh(proof, k.claim); err != nil {
		return err
	}
	signer, _ := j.t.x.widest(proof, k.claim.place, j.now)
	next := record{
		Version: j.head.Version(), SHA256: j.v.SHA256, At: j.now,
		Keys: union(j.keys, k.keys), Holders: proof.holders(), Signer: signer,
		Forget: j.head.Issued.Add(k.life + time.Hour), Old: k.old,
	}
	if len(k.keys) > 0 {
		next.Holders = union(next.Holders, rec.Holders)
	}
	if rec.SHA256 == next.SHA256 { // only the signers are new
		next.At = rec.At
	}
	if len(next.Holders) >= 2 {
		next.Old = nil // two together may loosen at once
	}
	if err := j.room(topic, next); err != nil {
		return err
	}
	j.keepAs(topic, next)
	return nil
}

func (j *judgement) keepAs(topic string, next record) {
	p := plan.Proof{SHA256: next.SHA256, Holders: next.Holders, Signer: next.Signer}
	doc := message.WithProof(approved(j.doc, next.Holders), p)
	size, kind, now, sure := len(j.e.Payload), j.v.Kind, j.now, j.level >= clock.RTC
	j.doc = doc
	j.v.Persist = true
	j.v.Rejudge = j.v.Kind == plan.KindBulletin || j.v.Kind == plan.KindWant
	j.accept(p, func(t *Trust) {
		if sure {
			t.forget(now)
		}
		t.s.Records[topic] = next
		t.bodies[topic] = body{doc: doc, size: size}
		if withdrawn(doc) && kind != plan.KindPolicy { // withdrawn alone, it lets its elder hold for a day
			t.drop(topic)
		}
	})
}

// approved leaves in a bulletin only those approvers who signed.
func approved(doc any, holders []string) any {
	b, ok := doc.(plan.Bulletin)
	if !ok {
		return doc
	}
	b.ApprovedBy = slices.DeleteFunc(slices.Clone(b.ApprovedBy), func(h string) bool { return !slices.Contains(holders, h) })
	return b
}

func withdrawn(doc any) bool {
	switch d := doc.(type) {
	case plan.Bulletin:
		return d.Withdrawn
	case plan.Schedule:
		return d.Withdrawn
	case plan.Policy:
		return d.Withdrawn
	case plan.Triggers:
		return d.Withdrawn
	}
	return false
}

// room keeps one signer from filling the box. Alarms and the words of alarms have
// room of their own: no number of notices keeps them out.
func (j *judgement) room(topic string, next record) error {
	if len(next.Old) > maxOld {
		return refuse(plan.Storage, "", "%d older policies still hold; wait, or sign with two", maxOld)
	}
	urgent := isUrgent(j.doc)
	records, size := 1, len(j.e.Payload)
	for other, rec := range j.t.s.Records {
		if b := j.t.bodies[other]; other != topic && rec.Signer == next.Signer && j.now.Before(rec.Forget) && isUrgent(b.doc) == urgent {
			records++
			size += b.size
		}
	}
	if records > maxRecords {
		return refuse(plan.Storage, "", "%s has %d documents on this box already", next.Signer, maxRecords)
	}
	if size > maxBytes {
		return refuse(plan.Storage, "", "the documents of %s would take %d bytes; at most %d", next.Signer, size, maxBytes)
	}
	return nil
}

// isUrgent reports an alarm, or words for one.
func isUrgent(doc any) bool {
	switch d := doc.(type) {
	case plan.AlertSet, plan.Triggers:
		return true
	case plan.Bulletin:
		return d.Class == plan.Emergency
	}
	return false
}

// drop gives up a document that is withdrawn or over. What is left is enough to
// know it and its elders when they come again.
func (t *Trust) drop(topic string) {
	delete(t.bodies, topic)
	rec := t.s.Records[topic]
	rec.Keys, rec.Holders, rec.Old = nil, nil, nil
	t.s.Records[topic] = rec
}

// forget drops what no replay can reach any more.
func (t *Trust) forget(now time.Time) {
	for topic, rec := range t.s.Records {
		if _, held := t.bodies[topic]; !held && !now.Before(rec.Forget) {
			delete(t.s.Records, topic)
		}
	}
	for sha, s := range t.s.Seen {
		if !now.Before(s.Until) {
			delete(t.s.Seen, sha)
		}
	}
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
