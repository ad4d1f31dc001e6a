package clock

import (
	"time"
)

// A Step is a jump of the time that Now gives.
type Step struct {
	From, To time.Time // what the time was to be, and what it is
	By       time.Duration
	Level    Level // after the step
}

// watch compares the time given with the time elapsed since it was last given.
func (c *Clock) watch(t time.Time, up time.Duration, level Level) {
	if c.seen {
		due := c.lastWall.Add(up - c.lastUp)
		if by := t.Sub(due); by >= stepSize || by <= -stepSize {
			c.step(Step{From: due, To: t, By: by, Level: level})
		}
	}
	c.seen, c.lastWall, c.lastUp = true, t, up
}

// step leaves the newest step in the channel; two that nobody read become one.
func (c *Clock) step(s Step) {
	select {
	case old := <-c.steps:
		s.From, s.By = old.From, old.By+s.By
	default:
	}
	c.steps <- s // has room: only this code sends, under the lock
	c.o.Log.Warn("the clock stepped", "from", s.From, "to", s.To, "by", s.By, "level", s.Level)
}

// Stepped tells of jumps of the time that Now gives, 1 s or more. While Run
// runs a jump is seen within a second. Steps that nobody read in time are added up.
func (c *Clock) Stepped() <-chan Step { return c.steps }
