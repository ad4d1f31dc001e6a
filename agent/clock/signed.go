package clock

import (
	"fmt"
	"time"
)

// SetSigned takes the time of a verified answer to our own nonce. notAfter is
// the end of the grant that signed it and rtt the time between question and
// answer. It refuses an answer that came too late, lies below the floor, or
// lies beyond the grant or the horizon, and then changes nothing.
func (c *Clock) SetSigned(at, notAfter time.Time, rtt time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rtt < 0 || rtt > maxRoundTrip {
		return fmt.Errorf("clock: time answer took %v, at most %v are believed", rtt, maxRoundTrip)
	}
	_, up := c.o.Host()
	c.raise(up)
	at = at.Add(rtt / 2).UTC()
	if low := c.floor.Add(-c.leeway(up)); at.Before(low) {
		return fmt.Errorf("clock: time answer %s lies before the floor %s", at.Format(time.RFC3339), c.floor.UTC().Format(time.RFC3339))
	}
	if !at.Before(notAfter) {
		return fmt.Errorf("clock: time answer %s lies beyond its grant, which ends %s", at.Format(time.RFC3339), notAfter.UTC().Format(time.RFC3339))
	}
	if !c.o.Build.IsZero() && at.After(c.o.Build.Add(horizon)) {
		return fmt.Errorf("clock: time answer %s lies too far beyond the build of %s", at.Format(time.RFC3339), c.o.Build.UTC().Format(time.DateOnly))
	}
	before := c.floor
	c.anchor = anchor{level: Signed, at: at, up: up, notAfter: notAfter, slack: signedSlack + rtt/2}
	c.raise(up)
	if c.floor.Sub(before) >= saveEvery {
		c.dirty = true
	}
	c.now()
	return nil
}

// leeway is how far below the floor an answer may lie: the floor may have
// run ahead with the course of an earlier answer.
func (c *Clock) leeway(up time.Duration) time.Duration {
	if c.anchor.level != Signed {
		return maxRoundTrip
	}
	return maxRoundTrip + c.anchor.tolerance(up)
}

// Lower puts the floor down to at, never below the build: only a document
// signed by the root may ask for it. A signed course that runs ahead of at is
// dropped with it.
func (c *Clock) Lower(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, up := c.o.Host()
	if at.Before(c.o.Build) {
		at = c.o.Build
	}
	if at.Before(c.floor) {
		c.floor, c.floorUp, c.dirty = at, up, true
	}
	if c.anchor.level == Signed && c.anchor.course(up).After(at) {
		c.anchor = anchor{}
	}
	c.now()
}

// raise lets the floor follow the course of a signed time, as far as the grant
// that answered it goes.
func (c *Clock) raise(up time.Duration) {
	a := c.anchor
	if a.level != Signed || up-a.up >= signedLife {
		return
	}
	to := a.course(up)
	if to.After(a.notAfter) {
		to = a.notAfter
	}
	if to.After(c.floor) {
		c.floor, c.floorUp = to, up
	}
}

// taint remembers that the battery clock is known to be wrong, or that the
// kernel, following NTP, may have written a time into it that nothing signed
// confirms: after a reboot it would look like a battery clock and be a
// stranger's word.
func (c *Clock) taint(wall time.Time, up time.Duration) {
	if !c.rtc || c.o.TrustHost {
		return
	}
	tainted := c.tainted
	d := wall.Sub(c.anchor.course(up))
	agrees := d <= c.anchor.tolerance(up) && d >= -c.anchor.tolerance(up)
	switch {
	case c.anchor.level == Signed:
		tainted = !agrees
	case c.anchor.level == None || !agrees:
		tainted = tainted || c.o.Synced()
	}
	if tainted != c.tainted {
		c.tainted, c.dirty = tainted, true
	}
}
