package trust

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/standing"
)

// alerts takes one office's whole set. Less than before needs one signature:
// all clear must not be slower than the alarm.
func (j *judgement) alerts(s plan.AlertSet) error {
	k := kept{
		claim: claim{place: s.Place, kind: plan.KindAlert, class: plan.Emergency, office: s.Office},
		clock: clock.NTP, life: plan.MaxAlertLife,
	}
	if _, err := j.t.x.authorise(j.keys, claim{place: s.Place, kind: plan.KindAlert, class: plan.Emergency, office: s.Office, least: 1, lower: true}, j.now, time.Time{}); err != nil {
		return err
	}
	rec := j.t.s.Records[j.v.Topic.String()]
	before, _ := j.t.bodies[j.v.Topic.String()].doc.(plan.AlertSet)
	lifted := j.lifts(before, s)
	if onlyRemoves(before, s) && len(lifted) == 0 {
		k.claim.least, k.claim.lower = 1, true
		if len(s.Alerts)+len(s.Cancel) > 0 {
			k.keys = rec.Keys
		}
	}
	for i, x := range slices.Concat(s.Cancel, lifted) {
		if slices.Contains(before.Cancel, x) && !slices.Contains(lifted, x) {
			continue // it was judged when it came, and all clear must not wait for it again
		}
		if _, ok := j.t.x.above(x.Place, j.now); !ok {
			return refuse(plan.Scope, "cancel", "no list registers the place %s", x.Place)
		}
		c := claim{place: x.Place, kind: plan.KindAlert, class: plan.Emergency, least: len(j.t.issuers(x))}
		if _, err := j.t.x.authorise(j.keys, c, j.now, j.grantsNow()); err != nil {
			if i >= len(s.Cancel) {
				return refuse(codeOf(err), "cancel", "the alert %s of %s at %s would sound again: keep its cancel in the set: %v", x.ID, x.Office, x.Place, err)
			}
			return refuse(codeOf(err), fmt.Sprintf("cancel[%d]", i), "to end an alert of %s at %s: %v", x.Office, x.Place, err)
		}
	}
	return j.keep(k)
}

// triggers are taken from whoever may sound the alarm itself, of whom it takes two: what
// they sign sounds without them. To end them one is enough.
func (j *judgement) triggers(t plan.Triggers) error {
	known := func(field string, i int, name string) error {
		if _, ok := standing.Find(name); !ok {
			return refuse(plan.Unsupported, fmt.Sprintf("%s[%d].alert", field, i), "no alert that lies on every box is called %q", name)
		}
		return nil
	}
	for i, l := range t.Lines {
		if err := known("lines", i, l.Alert); err != nil {
			return err
		}
	}
	for i, c := range t.Codes {
		if err := known("codes", i, c.Alert); err != nil {
			return err
		}
	}
	return j.keep(kept{claim: triggering(t), clock: clock.RTC, ends: t.ValidUntil, life: plan.MaxLife})
}

func triggering(t plan.Triggers) claim {
	c := claim{place: t.Place, kind: plan.KindAlert, class: plan.Emergency, least: 2}
	if t.Withdrawn {
		c.least, c.lower = 1, true
	}
	return c
}

// lifts is the cancels that are missing in the new set while the alerts that they
// ended are still active: to lift one is to sound the alarm, and takes as many.
func (j *judgement) lifts(before, after plan.AlertSet) (lifted []plan.Cancel) {
	for _, c := range before.Cancel {
		other, ok := j.t.bodies[message.AlertTopic(c.Place, c.Office).String()].doc.(plan.AlertSet)
		if !ok || slices.Contains(after.Cancel, c) {
			continue
		}
		if slices.ContainsFunc(other.Alerts, func(a plan.Alert) bool { return a.ID == c.ID && j.now.Before(a.Until) }) {
			lifted = append(lifted, c)
		}
	}
	return lifted
}

// issuers are who signed the set with the alert, as far as it is known.
func (t *Trust) issuers(x plan.Cancel) []string {
	return t.s.Records[message.AlertTopic(x.Place, x.Office).String()].Holders
}

// onlyRemoves reports whether every alert and cancel of the new set stood in
// the old one just so. An empty set always does.
func onlyRemoves(before, after plan.AlertSet) bool {
	for _, a := range after.Alerts {
		if !slices.ContainsFunc(before.Alerts, func(b plan.Alert) bool { return same(a, b) }) {
			return false
		}
	}
	for _, c := range after.Cancel {
		if !slices.Contains(before.Cancel, c) {
			return false
		}
	}
	return true
}

func same(a, b plan.Alert) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// grantsNow is the time at which grants must run; zero when the clock is too
// unsure to say that one has ended.
func (j *judgement) grantsNow() time.Time {
	if j.level < clock.NTP {
		return time.Time{}
	}
	return j.now
}
