package box

import (
	"errors"
	"slices"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/plan"
)

// What comes next is not looked for in a whole day where the next minutes have it: of a
// programme of every minute that took a box longer than a technician waits at its prompt.
func TestWhatComesNextIsFoundSoon(t *testing.T) {
	now := time.Date(2026, 11, 27, 5, 0, 0, 0, time.UTC)
	line := func(at, length time.Duration) ahead.Line {
		return ahead.Line{At: now.Add(at), Until: now.Add(at + length), Sounds: true, Occurrence: plan.Occurrence{Start: now.Add(at)}}
	}
	refused := line(time.Minute, time.Second)
	refused.Sounds = false
	for name, c := range map[string]struct {
		all    []ahead.Line
		next   time.Duration // -1: none
		looked []time.Duration
	}{
		"every minute":           {[]ahead.Line{line(-time.Minute, 2*time.Minute), refused, line(2*time.Minute, 3*time.Second), line(3*time.Minute, 3*time.Second)}, 2 * time.Minute, stretches[:1]},
		"in the evening":         {[]ahead.Line{line(9*time.Hour, time.Minute)}, 9 * time.Hour, stretches},
		"longer than a stretch":  {[]ahead.Line{line(14*time.Minute, time.Hour)}, 14 * time.Minute, stretches[:2]},
		"until tomorrow at noon": {[]ahead.Line{line(20*time.Hour, 20*time.Hour)}, 20 * time.Hour, stretches},
		"nothing":                {nil, -1, stretches},
	} {
		var looked []time.Duration
		l, ok := comesNext(now, now, func(d time.Duration) (some []ahead.Line, err error) {
			looked = append(looked, d)
			for _, l := range c.all {
				if l.At.Before(now.Add(d)) {
					l.Until = time.Unix(0, min(l.Until.UnixNano(), now.Add(d).UnixNano())).UTC()
					some = append(some, l)
				}
			}
			return some, nil
		})
		if ok != (c.next >= 0) || ok && !l.At.Equal(now.Add(c.next)) || !slices.Equal(looked, c.looked) {
			t.Errorf("%s: %v at %v, looked at %v", name, ok, l.At.Sub(now), looked)
		}
	}
	if _, ok := comesNext(now, now, func(time.Duration) ([]ahead.Line, error) { return nil, errors.New("busy") }); ok {
		t.Error("found where nobody answered")
	}
}
