package box

import (
	"slices"
	"time"

	"loa/agent/health"
	"loa/agent/message"
)

// reportHealth tells what is wrong, unless it has been told just so and not long ago, and
// returns when there may be more to tell although nothing comes or goes: a patience ends.
func (b *Box) reportHealth(told *message.HealthReport) (next time.Duration) {
	if is := b.health(); told.At.IsZero() || is.At.Sub(told.At).Abs() >= seldom || !slices.EqualFunc(told.Active, is.Active, sameFault) {
		*told = is
		b.publish(message.LeafHealth, message.EncodeReport(is), true)
	}
	if at := b.o.Health.Next(); !at.IsZero() {
		return min(max(leastPause, time.Until(at)), seldom)
	}
	return seldom
}

// sameFault reports that of a fault nothing is different but how often it was seen.
func sameFault(a, b health.Active) bool {
	return a.Code == b.Code && a.Since.Equal(b.Since) && a.Detail == b.Detail && a.More == b.More && slices.Equal(a.Things, b.Things)
}

// health is what is wrong now.
func (b *Box) health() message.HealthReport {
	return message.HealthReport{At: b.now(), Boot: b.boot, Active: b.o.Health.Active(time.Now())}
}
