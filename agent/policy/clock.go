package policy

import (
	"loa/agent/clock"
	"loa/agent/plan"
)

// ClockNeeded is how sure of the time a box must be before o may sound. A box
// without a battery clock comes back from a power cut in the hour before it: what
// was still to sound then may be hours late, at night, or days.
//
// Nobody knows how long the box was off, so also an alarm that it holds waits for
// some sign of the time: one that was over days ago must not wake a commune. What
// a technician asks for needs a sure clock too, or a confirmation.
func ClockNeeded(o plan.Occurrence) clock.Level {
	if o.By.Kind == plan.KindAlert {
		return clock.NTP
	}
	return clock.RTC
}
