package trust

import (
	"encoding/json"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

// policy lets a looser policy of one signer wait: until a day has passed the
// older one holds beside it, and the strictest wins. So nobody alone wakes a
// commune by a new policy, while a stricter one counts at once.
func (j *judgement) policy(p plan.Policy) error {
	return j.keep(kept{
		claim: claim{place: p.Place, kind: plan.KindPolicy},
		clock: clock.RTC, ends: p.ValidUntil, life: plan.MaxLife,
		old: j.olderPolicies(p),
	})
}

func (j *judgement) olderPolicies(p plan.Policy) []older {
	topic := j.v.Topic.String()
	rec := j.t.s.Records[topic]
	var old []older
	for _, o := range rec.Old {
		if j.now.Before(o.Until) {
			old = append(old, o)
		}
	}
	if rec.SHA256 == j.v.SHA256 {
		return old
	}
	before, ok := j.t.bodies[topic].doc.(plan.Policy)
	if !ok || before.Withdrawn || !j.now.Before(before.ValidUntil) {
		if len(old) > 0 || j.t.hasPolicy(j.now) {
			return old // one policy more is never looser
		}
		before = plan.DefaultPolicy(p.Place)
		before.Issued, before.ValidUntil = j.now.Add(-time.Hour), j.now.Add(plan.MaxLife-2*time.Hour)
	}
	payload, err := json.Marshal(before)
	if err != nil {
		return old // cannot be: it was read from JSON
	}
	return append(old, older{Payload: payload, Holders: before.Proof.Holders, Until: j.now.Add(loosening)})
}

func (t *Trust) hasPolicy(now time.Time) bool {
	for _, b := range t.bodies {
		if p, ok := b.doc.(plan.Policy); ok && p.At(now) {
			return true
		}
	}
	return false
}
