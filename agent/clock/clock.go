// Package clock says what time it is and how far that can be trusted.
package clock

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// maxRoundTrip bounds a time answer: an answer that was held back longer
	// than this may be a recording.
	maxRoundTrip = 10 * time.Second

	// driftPPM is what a cheap crystal without NTP may be off: 100 ppm are
	// 8.6 s a day. Boards of this kind were specified at 20 to 50.
	driftPPM = 100

	// signedLife is how long the course of one signed answer counts as signed:
	// a month without network and some days, after which it may be 5 min off.
	signedLife = 35 * 24 * time.Hour

	// rtcSlack is how far NTP may correct a battery clock and still be believed:
	// 20 ppm over a month in a drawer are 52 s.
	rtcSlack = 2 * time.Minute

	// signedSlack is the same for a signed time; half the round trip comes on top.
	signedSlack = 2 * time.Second

	// horizon bounds the future: a clock further than this beyond the build is wrong.
	horizon = 20 * 365 * 24 * time.Hour

	// stepSize is the smallest disagreement between wall clock and elapsed time
	// that is reported as a step; below it lies NTP's slewing.
	stepSize = time.Second

	// saveEvery spares the flash: the floor may lag by this much after a power cut.
	saveEvery = time.Hour
)

// Opts says what a Clock can lean on. The zero value leans on the host alone.
type Opts struct {
	Build time.Time          // when the program was built: it can be no earlier now; zero: not known
	Saved []byte             // what Save was last given; empty on a new box
	Save  func([]byte) error // keeps the floor, at most hourly and when trust in the battery clock changes

	// RTC is the battery clock, such as "/dev/rtc0"; empty: none. A chip that has
	// a clock without a battery must not be named here: after a power cut it
	// tells a wrong time with a straight face.
	RTC  string
	Root string // moves /sys, for tests; empty: "/"

	// TrustHost takes the host's clock as good as a battery clock. It is for
	// board desk, where somebody else keeps the time.
	TrustHost bool

	// Host gives the host's wall clock and the time elapsed since any fixed
	// moment, which no step of the wall clock touches; nil: the real ones.
	Host func() (wall time.Time, up time.Duration)

	// Synced reports whether the kernel follows NTP; nil: ask the kernel.
	Synced func() bool

	Log *slog.Logger // nil: silent
}

// A Step is a jump of the time that Now gives.
type Step struct {
	From, To time.Time // what the time was to be, and what it is
	By       time.Duration
	Level    Level // after the step
}

// A Clock tells the time. It is safe for concurrent use.
type Clock struct {
	o     Opts
	steps chan Step

	mu        sync.Mutex
	floor     time.Time
	floorUp   time.Duration // when the floor was last moved
	anchor    anchor        // the best time known apart from the host's clock
	tainted   bool          // NTP that no signed time confirmed may have set the battery clock
	rtc       bool          // there is a battery clock
	lastSaved time.Time
	dirty     bool // state must be saved before the hour is over
	seen      bool
	lastWall  time.Time // what Now gave at lastUp
	lastUp    time.Duration
}

// An anchor is a time that was right at a moment of the elapsed clock. Its
// course from there owes nothing to the host's wall clock.
type anchor struct {
	level    Level // None: there is no anchor
	at       time.Time
	up       time.Duration
	notAfter time.Time     // of the grant that answered: the floor never passes it
	slack    time.Duration // how far the host's clock may be away and still agree
}

func (a anchor) course(up time.Duration) time.Time { return a.at.Add(up - a.up) }

func (a anchor) tolerance(up time.Duration) time.Duration {
	return a.slack + (up-a.up)*driftPPM/1_000_000
}

// New reads the battery clock and the saved floor. A saved state that cannot
// be read counts as none: the build time still holds.
func New(o Opts) *Clock {
	if o.Host == nil {
		start := time.Now()
		o.Host = func() (time.Time, time.Duration) {
			now := time.Now()
			return now.Round(0), now.Sub(start)
		}
	}
	if o.Synced == nil {
		o.Synced = kernelSynced
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Clock{o: o, floor: o.Build, steps: make(chan Step, 1)}
	c.load(o.Saved)
	wall, up := o.Host()
	at, ok := readRTC(o.Root, o.RTC)
	c.rtc, c.floorUp = ok, up
	if ok && c.plausible(at) && !c.tainted && !o.TrustHost {
		// The battery clock counts whole seconds; where the host agrees, its
		// clock was set from it at boot and is the finer one.
		if d := wall.Sub(at); d > -2*time.Second && d < 2*time.Second {
			at = wall
		}
		c.anchor = anchor{level: RTC, at: at, up: up, slack: rtcSlack}
	}
	c.now()
	return c
}

// plausible reports whether a host or battery time can be right at all. A good
// battery clock may lie a little below the floor, which a signed time has set.
func (c *Clock) plausible(t time.Time) bool {
	if t.Before(c.floor.Add(-rtcSlack)) {
		return false
	}
	return c.o.Build.IsZero() || t.Before(c.o.Build.Add(horizon))
}

// Now is the time and how far it can be trusted. It may lie below the floor by
// what clocks drift, minutes at most: a time that stands still would be worse.
func (c *Clock) Now() (time.Time, Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() (time.Time, Level) {
	wall, up := c.o.Host()
	t, level := c.read(wall, up)
	c.raise(up)
	c.taint(wall, up)
	c.watch(t, up, level)
	return t, level
}

// read chooses between the anchor's course and the host's clock.
func (c *Clock) read(wall time.Time, up time.Duration) (time.Time, Level) {
	good := c.plausible(wall)
	if a := c.anchor; a.level == RTC || a.level == Signed && up-a.up < signedLife {
		course := a.course(up)
		d := wall.Sub(course)
		if tol := a.tolerance(up); good && d <= tol && d >= -tol {
			return wall, a.level // disciplined by NTP, or as good as the anchor
		}
		return course, a.level
	}
	switch {
	case good && c.o.TrustHost:
		return wall, RTC
	case good && c.o.Synced():
		return wall, NTP
	case c.floor.IsZero():
		return wall, None
	case good:
		return wall, Floor
	}
	return c.floor.Add(up - c.floorUp), Floor
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

// Floor is the time below which it certainly is not now.
func (c *Clock) Floor() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now()
	return c.floor
}

// TLSTime is the later of Now and Floor, for checking certificates: a box that
// boots in 1970 would otherwise find every certificate not yet valid and never
// reach the time answer that would set its clock.
func (c *Clock) TLSTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, _ := c.now()
	if t.Before(c.floor) {
		return c.floor
	}
	return t
}

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

// Facts is what the console and the reports say about the clock.
type Facts struct {
	Time    time.Time     `json:"time"`
	Level   Level         `json:"level"`
	Floor   time.Time     `json:"floor"`
	Host    time.Time     `json:"host"`
	Synced  bool          `json:"ntp_synced"`
	RTC     bool          `json:"rtc_present"`
	Tainted bool          `json:"rtc_unconfirmed"` // it may hold a time that only NTP vouched for
	Error   time.Duration `json:"max_error_ns"`    // how far Time may be off; 0: not known
}

// Facts looks at everything once.
func (c *Clock) Facts() Facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, level := c.now()
	wall, up := c.o.Host()
	f := Facts{Time: t, Level: level, Floor: c.floor, Host: wall, Synced: c.o.Synced(), RTC: c.rtc, Tainted: c.tainted}
	if c.anchor.level != None && level == c.anchor.level {
		f.Error = c.anchor.tolerance(up)
	}
	return f
}

// Run watches for steps and keeps the floor until ctx ends. It saves once more
// on the way out when something is unsaved.
func (c *Clock) Run(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		c.Now()
		c.keep(false)
		select {
		case <-ctx.Done():
			c.keep(true)
			return ctx.Err()
		case <-t.C:
		}
	}
}
