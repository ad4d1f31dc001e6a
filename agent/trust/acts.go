package trust

import (
	"bytes"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
)

// act takes what is to be done now. An act counts once: it is known by its
// payload, so that neither new signatures nor another order of them makes it new.
func (j *judgement) act(a plan.Act) error {
	place := a.Place
	if place == "" {
		place = j.t.want().OwnPlace
	}
	claims := j.claims(a, place)
	if place == "" && claims[0].kind != plan.GrantService {
		return refuse(plan.Scope, "device", "nobody has assigned this box to a place")
	}
	if _, err := j.all(claims, time.Time{}); err != nil {
		return err
	}
	if err := j.playable(a); err != nil {
		return err
	}
	proof, err := j.actInTime(a, claims)
	if err != nil {
		return err
	}
	if a.Kind != plan.KindAcked { // a receipt says the same however often it comes
		if err := j.once(a); err != nil {
			return err
		}
	}
	if err := j.pinned(a); err != nil {
		return err
	}
	for _, c := range claims {
		if err := j.fresh(proof, c); err != nil {
			return err
		}
	}
	signer := j.speaksFor(claims, place)
	if a.Kind == plan.KindAcked {
		j.accept(plan.Proof{SHA256: j.v.SHA256, Holders: proof.holders(), Signer: signer}, func(*Trust) {})
		return nil
	}
	mem := seen{Topic: j.v.Topic.String(), ID: a.ID, Signer: signer, For: purpose(a.Kind), Until: a.Until.Add(seenAfter)}
	if err := j.roomForAct(mem); err != nil {
		return err
	}
	p := plan.Proof{SHA256: j.v.SHA256, Holders: proof.holders(), Signer: signer}
	sha, payload, keys, now := j.v.SHA256, bytes.Clone(j.e.Payload), j.keys, j.now
	j.v.Persist = lasts(a.Kind) || a.Kind == plan.KindTest // a question may come twice
	j.accept(p, func(t *Trust) {
		if _, done := t.s.Seen[sha]; done {
			return
		}
		t.forget(now)
		t.endActs(now)
		t.s.Seen[sha] = mem
		if lasts(a.Kind) {
			a.Proof = p
			t.keepAct(a, acted{payload, keys, p})
		}
	})
	return nil
}

// keepAct puts an act into the plan. A mute that a newer one takes the place of
// is gone for good: that one may be forgotten first.
func (t *Trust) keepAct(act plan.Act, as acted) {
	var acts []plan.Act
	var stored []acted
	for i, a := range t.acts {
		if a.Supersedes(act) {
			return // it was overtaken on its way
		}
		if !act.Supersedes(a) {
			acts, stored = append(acts, a), append(stored, t.s.Acts[i])
		}
	}
	t.acts, t.s.Acts = append(acts, act), append(stored, as)
}

// speaksFor is the place that an act's signers speak for. Of a stop of several
// classes it is the narrowest, so that no class is silenced by another's authority.
func (j *judgement) speaksFor(claims []claim, place string) string {
	narrowest, rank := "", 0
	for i, c := range claims {
		p, err := j.t.x.authorise(j.keys, c, j.now, j.now)
		if err != nil {
			continue // cannot be: every claim was granted
		}
		if at, r := j.t.x.widest(p, place, j.now); i == 0 || r < rank {
			narrowest, rank = at, r
		}
	}
	return narrowest
}

// lasts reports whether an act stays in the plan; the others are done when they are told.
func lasts(k plan.Kind) bool {
	switch k {
	case plan.KindPlay, plan.KindStop, plan.KindLive, plan.KindDrill, plan.KindMute:
		return true
	}
	return false
}

// claims are what the act's signers must hold: the class is that of what plays,
// and a stop needs every class that it silences.
func (j *judgement) claims(a plan.Act, place string) []claim {
	c := claim{place: place, kind: a.Kind}
	switch a.Kind {
	case plan.KindPlay:
		c.class = j.t.played(a)
	case plan.KindDrill:
		c.class = plan.Drill
	case plan.KindLive:
		c.class = plan.Live
	case plan.KindStop:
		var all []claim
		for _, class := range a.Classes {
			// To silence must not be slower than to sound: the signers need the
			// class, and no company but what the table asks of stops.
			all = append(all, claim{place: place, kind: a.Kind, class: class, least: j.t.x.stopHolders(place, class, j.now), lower: true})
		}
		return all
	case plan.KindTest, plan.KindIdentify, plan.KindAsk, plan.KindAcked:
		c.kind = plan.GrantService
	}
	return []claim{c}
}

func (x *index) stopHolders(place string, class plan.Class, now time.Time) int {
	n := 1
	for _, q := range x.quorum {
		if q.Kind == plan.KindStop && (q.Class == "" || q.Class == class) && x.width(place, now) >= q.Width {
			n = max(n, q.Holders)
		}
	}
	return n
}

// played is the class of what an act plays, normal while it is unknown: then
// the act is refused in a moment anyway.
func (t *Trust) played(a plan.Act) plan.Class {
	switch {
	case a.Item.Ref != nil:
		if b, ok := t.bulletin(t.actPlace(a), *a.Item.Ref); ok {
			return b.Class
		}
	case a.Item.Relay != nil:
		return a.Item.Relay.Class
	case a.Class != "":
		return a.Class
	}
	return plan.Normal
}

// actPlace is where references without a place look.
func (t *Trust) actPlace(a plan.Act) string {
	if a.Place != "" {
		return a.Place
	}
	return t.want().OwnPlace
}

// playable keeps drills and what is meant apart.
func (j *judgement) playable(a plan.Act) error {
	if a.Item == nil || a.Item.Ref == nil {
		return nil
	}
	r := *a.Item.Ref
	b, ok := j.t.bulletin(j.t.actPlace(a), r)
	switch {
	case !ok:
		return nil
	case a.Kind == plan.KindPlay && b.Class == plan.Drill:
		return refuse(plan.DrillPreface, "item.ref", "the bulletin %s is a drill: play it by act.drill, which puts the preface before it", r.ID)
	case a.Kind == plan.KindDrill && b.Class != plan.Drill:
		return refuse(plan.WrongClass, "item.ref", "the bulletin %s is of class %s; act.drill plays drills", r.ID, b.Class)
	}
	return nil
}

// pinned asks for the bulletin that the act names, just as it was signed.
func (j *judgement) pinned(a plan.Act) error {
	if a.Item == nil || a.Item.Ref == nil {
		return nil
	}
	r := *a.Item.Ref
	b, ok := j.t.bulletin(j.t.actPlace(a), r)
	switch {
	case !ok:
		return refuse(plan.MediaMissing, "item.ref", "the bulletin %s is not on this box", r.ID)
	case b.Proof.SHA256 != r.SHA256:
		return refuse(plan.Conflict, "item.ref.sha256", "the bulletin %s on this box has other content", r.ID)
	}
	return nil
}

func (j *judgement) actInTime(a plan.Act, claims []claim) (proof, error) {
	if err := j.issuedInTime(clock.RTC); err != nil {
		return proof{}, err
	}
	p, err := j.all(claims, j.now)
	switch {
	case err != nil:
		return p, err
	case j.late != nil:
		return p, j.late
	case j.carried && a.Kind == plan.KindAcked:
		return p, nil // it names an entry by its hash, and a box that has it is right to believe it
	case !j.now.Before(a.Until):
		return p, refuse(plan.Expired, "until", "it ended %s ago", j.now.Sub(a.Until).Round(time.Second))
	}
	return p, nil
}

func (j *judgement) once(a plan.Act) error {
	if _, ok := j.t.s.Seen[j.v.SHA256]; ok {
		return refuse(plan.Replay, "id", "%s was done before", a.ID)
	}
	topic := j.v.Topic.String()
	for _, s := range j.t.s.Seen {
		if s.Topic == topic && s.ID == a.ID {
			return refuse(plan.Conflict, "id", "%s was another act: every act has its own id", a.ID)
		}
	}
	return nil
}

// purpose parts the acts of one signer, so that who has played or asked too often
// can still silence what he began.
func purpose(k plan.Kind) string {
	switch k {
	case plan.KindStop, plan.KindMute:
		return "silence"
	case plan.KindTest, plan.KindIdentify, plan.KindAsk:
		return "service"
	}
	return ""
}

func (j *judgement) roomForAct(mem seen) error {
	n := 0
	for _, s := range j.t.s.Seen {
		if s.Signer == mem.Signer && s.For == mem.For && j.now.Before(s.Until) {
			n++
		}
	}
	if n >= maxSeenActs {
		return refuse(plan.Storage, "", "%d acts of %s are remembered; wait until some have expired", n, mem.Signer)
	}
	return nil
}

// endActs drops the acts of which nothing is left.
func (t *Trust) endActs(now time.Time) {
	var acts []plan.Act
	var stored []acted
	for i, a := range t.acts {
		if !a.Forgotten(now) {
			acts, stored = append(acts, a), append(stored, t.s.Acts[i])
		}
	}
	t.acts, t.s.Acts = acts, stored
	for topic := range t.live {
		if at, err := message.ParseTopic(topic); err == nil {
			if _, open := t.session(at, now); !open {
				delete(t.live, topic)
			}
		}
	}
}
