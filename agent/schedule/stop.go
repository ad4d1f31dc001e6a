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
		if v.over(a.Place, o) || v.over(a.Proof.Signer, o) {
			return a
		}
	}
	return nil
}

// over reports whether a place has a say over what asks for o: the same place, or
// one as wide or wider. A group, such as all markets, has none over the programme
// of the commune that a market lies in; what is for the box itself counts as its
// own place's.
func (v *view) over(place string, o *plan.Occurrence) bool {
	if place == o.By.Place {
		return true
	}
	return !slices.Contains(v.p.Groups, place) && v.width(place) >= o.Width
}
