package policy

import (
	"fmt"

	"loa/agent/clock"
	"loa/agent/plan"
)

// ClockNeeded is how sure of the time a box must be before o may sound. A box
// without a battery clock comes back from a power cut in the hour before it: what
// was still to sound then may be hours late, at night, or days. Nobody knows how
// long the box was off, so also an alarm that it holds waits for some sign of the
// time: one that was over days ago must not wake a commune. What a technician plays
// needs none; the box asks for a confirmation.
func ClockNeeded(o plan.Occurrence) clock.Level {
	switch {
	case o.By.Kind == "", o.By.Triggered(): // it was started here and now, or on a day that is known
		return clock.None
	case o.By.Kind == plan.KindAlert:
		return clock.NTP
	}
	return clock.RTC
}

// AllowClock refuses o while the time is trusted less than it needs. Nobody knows
// how long that lasts: the verdict's Until is zero.
func AllowClock(o plan.Occurrence, level clock.Level) Verdict {
	need := ClockNeeded(o)
	if level >= need {
		return Verdict{}
	}
	return Verdict{
		Code: plan.ClockCode,
		Why:  fmt.Sprintf("it needs a clock of trust %v, this one is %v", need, level),
		VI:   fmt.Sprintf("đồng hồ chưa đủ tin cậy: cần %v, hiện là %v", need, level),
	}
}
