package clock

import (
	"errors"
	"fmt"
	"time"
)

var errFree = errors.New("no NTP steers the machine's clock")

// Exact is the time, and why it is not good enough to do something at the same moment as
// a neighbour, nil if it is. For that the machine's clock must be what is believed, and be
// steered by NTP or, on a desk, by whoever keeps its time: a battery clock is seconds off
// within days, and the course of a signed answer is as exact as the network that day.
//
// How far two machines that follow NTP are from each other is not known here. The common
// error of one carrier's network does not count between neighbours; what is left are a few
// milliseconds.
func (c *Clock) Exact() (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, level := c.now()
	wall, _ := c.o.Host()
	switch {
	case level < RTC:
		return t, fmt.Errorf("the time is only %s", level)
	case c.o.TrustHost && c.anchor.level != Signed:
		return t, nil
	case t.Sub(wall).Abs() > exactNow:
		return t, fmt.Errorf("the machine's clock is %v from the time that is believed", wall.Sub(t).Round(time.Millisecond))
	case !c.o.TrustHost && !c.o.Synced():
		return t, errFree
	}
	return t, nil
}

// exactNow is how long a look at the clock may take.
const exactNow = time.Millisecond
