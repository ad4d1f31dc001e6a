package trust

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// Plan is everything that holds for this box at now or will hold later. What
// has ended is not in it.
func (t *Trust) Plan(now time.Time) plan.Plan {
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := t.want()
	above, _ := t.x.above(w.OwnPlace, now)
	p := plan.Plan{
		Device: t.device, Place: w.OwnPlace, Groups: w.Groups, Above: above, Want: w,
		Bulletins: map[plan.Key]plan.Bulletin{}, Schedules: map[plan.Key]plan.Schedule{},
		Policies: map[plan.Key]plan.Policy{}, Alerts: map[plan.Key]plan.AlertSet{},
	}
	mine := t.mine(now)
	for topic, b := range t.bodies {
		if h, _ := message.HeadOf(b.doc); !slices.Contains(mine, h.Place) {
			continue
		}
		switch d := b.doc.(type) {
		case plan.Bulletin:
			if now.Before(d.ValidUntil) {
				p.Bulletins[d.Key()] = d
			}
		case plan.Schedule:
			if now.Before(d.ValidUntil) {
				p.Schedules[d.Key()] = d
			}
		case plan.Policy:
			if now.Before(d.ValidUntil) && !d.Withdrawn {
				p.Policies[d.Key()] = d
			}
			maps.Copy(p.Policies, t.s.Records[topic].policies(now))
		case plan.AlertSet:
			p.Alerts[d.Key()] = d
		}
	}
	cancel(p.Alerts)
	for _, a := range t.acts {
		if now.Before(a.Ends()) && (a.Device != "" || slices.Contains(mine, a.Place)) {
			p.Acts = append(p.Acts, a)
		}
	}
	return p
}

// policies are the older versions that hold beside a looser new one, under
// id@version, which no document's own id can be.
func (r record) policies(now time.Time) map[plan.Key]plan.Policy {
	m := map[plan.Key]plan.Policy{}
	for _, o := range r.Old {
		var p plan.Policy
		if !now.Before(o.Until) || json.Unmarshal(o.Payload, &p) != nil || !now.Before(p.ValidUntil) {
			continue
		}
		p.Proof.Holders = o.Holders
		k := p.Key()
		k.ID += "@" + strconv.FormatInt(p.Version(), 10)
		m[k] = p
	}
	return m
}

// cancel takes out of the sets what another office's set has ended. A set that
// names the alert again stays without it for as long as the cancel stands.
func cancel(sets map[plan.Key]plan.AlertSet) {
	for _, s := range sets {
		for _, c := range s.Cancel {
			k := plan.Key{Place: c.Place, Kind: plan.KindAlert, ID: c.Office}
			other, ok := sets[k]
			if !ok {
				continue
			}
			other.Alerts = slices.DeleteFunc(slices.Clone(other.Alerts), func(a plan.Alert) bool { return a.ID == c.ID })
			sets[k] = other
		}
	}
}

// Load takes back the documents that were stored before a reboot, in any order,
// and gives a verdict on each. Time does not count against them, nor that a
// grant has ended since, but a revoked signer does. Refused ones can be deleted.
func (t *Trust) Load(raw [][]byte) []Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	verdicts := make([]Verdict, len(raw))
	now, _ := t.o.Now()
	order := make([]int, 0, len(raw))
	js := make([]judgement, len(raw))
	for i, b := range raw {
		js[i] = judgement{t: t, raw: b, now: now}
		js[i].v.Raw = b
		if err := js[i].unseal(); err != nil {
			verdicts[i] = js[i].verdict(err)
			continue
		}
		order = append(order, i)
	}
	// The want says which places are mine, and bulletins which class a schedule has.
	rank := map[plan.Kind]int{plan.KindWant: 0, plan.KindBulletin: 1}
	slices.SortStableFunc(order, func(a, b int) int {
		return at(rank, js[a].v.Kind) - at(rank, js[b].v.Kind)
	})
	for _, i := range order {
		verdicts[i] = js[i].verdict(js[i].reload())
		if verdicts[i].apply != nil {
			verdicts[i].apply(t)
			verdicts[i].apply = nil
		}
	}
	return verdicts
}

func at(rank map[plan.Kind]int, k plan.Kind) int {
	if r, ok := rank[k]; ok {
		return r
	}
	return 2
}

// unseal reads a stored envelope, whose topic follows from the document.
func (j *judgement) unseal() error {
	e, err := message.Open(j.raw)
	if err != nil {
		return err
	}
	kind, _, err := message.ParsePayloadType(e.PayloadType)
	if err != nil {
		return err
	}
	doc, err := message.Decode(kind, e.Payload)
	if err != nil {
		return err
	}
	topic, err := message.TopicOf(doc)
	if err != nil {
		return err
	}
	return j.open(topic.String())
}

// reload believes a document that the snapshot remembers by its digest. Without
// a memory of it everything but time is judged as if it were new.
func (j *judgement) reload() error {
	topic := j.v.Topic.String()
	if j.v.Topic.Dir == message.DirTrust || !j.v.Topic.Retained() || j.v.Kind == plan.KindBeat {
		return refuse(plan.Unsupported, "kind", "a %s is not stored with the documents", j.v.Kind)
	}
	rec, known := j.t.s.Records[topic]
	// The power may have failed between storing the document and its memory.
	known = known && rec.Version >= j.head.Version()
	if !known {
		rec = record{Old: rec.Old, Version: j.head.Version(), SHA256: j.v.SHA256, At: j.now, Forget: j.head.Issued.Add(plan.MaxLife + time.Hour)}
		if err := j.signatures(j.t.x.pub); err != nil {
			return err
		}
		rec.Keys = j.keys
		if p, ok := j.doc.(plan.Policy); ok {
			rec.Old = append(rec.Old, j.olderPolicies(p)...)
		}
		if w, ok := j.doc.(plan.Want); ok {
			if err := j.mayAssign(w); err != nil {
				return err
			}
		}
	}
	if rec.SHA256 != j.v.SHA256 {
		return refuse(plan.Replay, "issued", "another version is in force")
	}
	if withdrawn(j.doc) && j.v.Kind != plan.KindPolicy {
		return refuse(plan.Expired, "withdrawn", "nothing of it is needed any more")
	}
	p, err := j.t.stillHolds(j.doc, rec.Keys, j.now)
	if err != nil {
		return err
	}
	if !known {
		rec.Holders = p.holders()
		rec.Signer, _ = j.t.x.widest(p, j.head.Place, j.now)
		if len(rec.Holders) >= 2 {
			rec.Old = nil
		}
	}
	proof := plan.Proof{SHA256: rec.SHA256, Holders: rec.Holders, Signer: rec.Signer}
	doc, size := message.WithProof(approved(j.doc, rec.Holders), proof), len(j.e.Payload)
	j.doc = doc
	j.accept(proof, func(t *Trust) {
		t.s.Records[topic] = rec
		t.bodies[topic] = body{doc: doc, size: size}
	})
	return nil
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
// to be deleted; that they were there is remembered. A box that is not sure of
// the time gives up nothing. Call it once a day.
func (t *Trust) Expire() []plan.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, level := t.o.Now()
	if level < clock.RTC {
		return nil
	}
	var gone []plan.Key
	for _, topic := range sorted(t.bodies) {
		if h, err := message.HeadOf(t.bodies[topic].doc); err == nil && over(t.bodies[topic].doc, now) {
			delete(t.bodies, topic)
			gone = append(gone, h.Key())
		}
	}
	t.forget(now)
	t.endActs(now)
	return gone
}

// over reports whether a document ended so long ago that no small correction of
// the clock brings it back.
func over(doc any, now time.Time) bool {
	const sure = 7 * 24 * time.Hour
	switch d := doc.(type) {
	case plan.Bulletin:
		return now.After(d.ValidUntil.Add(sure))
	case plan.Schedule:
		return now.After(d.ValidUntil.Add(sure))
	case plan.Policy:
		return now.After(d.ValidUntil.Add(sure))
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
