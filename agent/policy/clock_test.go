package policy

import (
	"testing"

	"loa/agent/clock"
	"loa/agent/plan"
)

func TestClockNeeded(t *testing.T) {
	by := func(kind plan.Kind, class plan.Class) plan.Occurrence {
		return plan.Occurrence{By: plan.Key{Place: "26734", Kind: kind, ID: "x"}, Class: class}
	}
	for _, c := range []struct {
		name string
		o    plan.Occurrence
		want clock.Level
	}{
		{"a slot", by(plan.KindSchedule, plan.Normal), clock.RTC},
		{"a slot of priority", by(plan.KindSchedule, plan.PriorityC), clock.RTC},
		{"a play", by(plan.KindPlay, plan.Normal), clock.RTC},
		{"a play of class emergency", by(plan.KindPlay, plan.Emergency), clock.RTC},
		{"a drill", by(plan.KindDrill, plan.Drill), clock.RTC},
		{"a test from the centre", by(plan.KindTest, plan.Test), clock.RTC},
		{"live talk", by(plan.KindLive, plan.Live), clock.RTC},
		{"an alert", by(plan.KindAlert, plan.Emergency), clock.NTP},
		{"the technician's own", plan.Occurrence{Class: plan.Test}, clock.None},
	} {
		if got := ClockNeeded(c.o); got != c.want {
			t.Errorf("%s needs %v, want %v", c.name, got, c.want)
		}
		for level := clock.None; level <= clock.Signed; level++ {
			v := AllowClock(c.o, level)
			want := plan.Accepted
			if level < c.want {
				want = plan.ClockCode
			}
			expect(t, c.name+" at "+level.String(), v, want, "")
			if v.Final || !v.Until.IsZero() {
				t.Errorf("%s at %v: %+v, and the clock may be put right at any time", c.name, level, v)
			}
		}
	}
}
