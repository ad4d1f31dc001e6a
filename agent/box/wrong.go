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
	is := b.health()
	age := is.At.Sub(told.At).Abs()
	if told.At.IsZero() || age >= seldom || !slices.EqualFunc(told.Active, is.Active, sameFault) {
		*told, age = is, 0
		b.publish(message.LeafHealth, message.EncodeReport(is), true)
	}
	next = seldom - age
	if at := b.o.Health.Next(); !at.IsZero() {
		next = min(next, time.Until(at))
	}
	return max(leastPause, next)
}

// sameFault reports that of a fault nothing is different but how often it was seen.
func sameFault(a, b health.Active) bool {
	return a.Code == b.Code && a.Since.Equal(b.Since) && a.Detail == b.Detail && a.More == b.More && slices.Equal(a.Things, b.Things)
}

// health is what is wrong now.
func (b *Box) health() message.HealthReport {
	return message.HealthReport{At: b.now(), Boot: b.boot, Active: b.o.Health.Active(time.Now())}
}
