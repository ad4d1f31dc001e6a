package trust

import (
	"encoding/json"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

// policy lets what one signer loosens wait for a day: until then the older version
// holds beside the new one, and the strictest wins; and the new one does not stand
// in for the default, also when all others end meanwhile. So nobody alone wakes a
// commune, while what is stricter counts at once.
func (j *judgement) policy(p plan.Policy) error {
	return j.keep(kept{
		claim: claim{place: p.Place, kind: plan.KindPolicy},
		clock: clock.RTC, ends: p.ValidUntil, life: plan.MaxLife,
		old: j.olderPolicies(),
	})
}

func (j *judgement) olderPolicies() []older {
	topic := j.v.Topic.String()
	rec := j.t.s.Records[topic]
	var old []older
	for _, o := range rec.Old {
		if j.now.Before(o.Until) {
			old = append(old, o)
		}
	}
	before, ok := j.t.bodies[topic].doc.(plan.Policy)
	if rec.SHA256 == j.v.SHA256 || !ok || before.Withdrawn || !j.now.Before(before.ValidUntil) {
		return old
	}
	payload, err := json.Marshal(before)
	if err != nil {
		return old // cannot be: it was read from JSON
	}
	return append(old, older{Payload: payload, Holders: before.Proof.Holders, At: rec.At, Until: j.now.Add(loosening)})
}

// ripe is when a policy that was taken at a time, and signed by these, counts fully.
func ripe(at time.Time, holders []string) time.Time {
	if len(holders) >= 2 {
		return time.Time{}
	}
	return at.Add(loosening)
}
