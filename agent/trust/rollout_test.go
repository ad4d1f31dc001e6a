package trust_test

import (
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// How far a release may go is what the newest sign of life says. Silence, or a sign of
// life that says nothing, stops it.
func TestRolloutIsHeardOrStops(t *testing.T) {
	b := newBench(t)
	says := func(seq int64, r *plan.Rollout) {
		beat := b.w.Later(time.Minute).Beat(seq)
		beat.Rollout = r
		b.takes(trusttest.Seal(beat, trusttest.Pulse))
	}
	is := func(what string, want *plan.Rollout, wantCarried bool) {
		t.Helper()
		got, carried := b.box.Rollout(b.now)
		if (got == nil) != (want == nil) || got != nil && *got != *want || carried != wantCarried {
			t.Errorf("%s: %v (carried %v), want %v (%v)", what, got, carried, want, wantCarried)
		}
	}
	five := &plan.Rollout{Version: "1.2", Percent: 5}
	is("at first", nil, false)
	says(2, five)
	is("told", five, false)
	says(3, nil)
	is("stopped", nil, false)
	says(4, five)
	b.now = b.now.Add(7 * time.Minute)
	is("not heard for seven minutes", nil, false)

	b = newLonely(t)
	beat := b.sign(2, 6*24*time.Hour)
	beat.Rollout = five
	b.carried(trusttest.Seal(beat, trusttest.Pulse), plan.Accepted)
	is("on a stick", five, true)
	b.now = b.now.Add(25 * time.Hour)
	is("on a stick of seven days", nil, false)
}
