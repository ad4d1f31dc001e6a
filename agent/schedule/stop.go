package schedule

import (
	"slices"
	"time"

	"loa/agent/plan"
)

// stop is the act.stop that silences o, which was asked for at asked: issued no
// earlier than that, for o's class, with the word of a place at or above the one
// that asks for o. What the stop named is over for good, so a slot does not go
// on with its next item.
func (v *view) stop(o *plan.Occurrence, asked time.Time) *plan.Act {
	for i := range v.p.Acts {
		a := &v.p.Acts[i]
		if a.Kind != plan.KindStop || a.Issued.Before(asked) || !slices.Contains(a.Classes, o.Class) {
			continue
		}
		// A stop may be meant for a small place and signed by one above it.
		if max(v.width(a.Place), v.width(a.Proof.Signer)) >= o.Width {
			return a
		}
	}
	return nil
}
