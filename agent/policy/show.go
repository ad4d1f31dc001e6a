package policy

import (
	"time"

	"loa/agent/plan"
)

// Seen judges whether a board may show o at now. Quiet hours, mutes and caps are
// about sound; what is left is what schedule refused, and words that a place does
// not want to read.
func Seen(ps []plan.Policy, o plan.Occurrence, now time.Time) Verdict {
	j := judge{u: &Usage{}, o: &o, now: now, until: now.Add(horizon)}
	j.laws = j.inForce(ps)
	refuse := j.sound()
	if refuse == nil {
		refuse = j.words()
	}
	if refuse == nil {
		return Verdict{Until: j.until}
	}
	refuse.Until = j.until
	return *refuse
}

// Brightness is how bright a board may be at now, in percent, by its policies'
// tables: of each the first span that holds, of all the darkest. set is false
// where none says anything. until is when that may change.
func Brightness(ps []plan.Policy, now time.Time) (percent int, set bool, until time.Time) {
	j := judge{u: &Usage{}, o: &plan.Occurrence{}, now: now, until: now.Add(horizon)}
	percent = 100
	for _, l := range j.inForce(ps) {
		found := false
		for _, b := range l.Brightness {
			// All are looked at, for their edges; the first that holds counts.
			if _, holds := j.within(l, b.Span); holds && !found {
				percent, found, set = min(percent, b.Percent), true, true
			}
		}
	}
	return percent, set, j.until
}
