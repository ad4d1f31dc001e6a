// Package clock says what time it is and how far that can be trusted.
package clock

import (
	"context"
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
	Root string // moves /sys, /proc and /run, for tests; empty: "/"

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
	battery   battery
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
		root := o.Root
		o.Synced = func() bool { return readNTP(root, time.Now()).Synced }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Clock{o: o, floor: o.Build, steps: make(chan Step, 1)}
	c.load(o.Saved)
	wall, up := o.Host()
	c.floorUp = up
	if at, ok := c.findRTC(); ok && !c.tainted && !o.TrustHost {
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

// Floor is the time below which it certainly is not now.
func (c *Clock) Floor() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now()
	return c.floor
}

// TLSTime is the later of Now and Floor, for checking certificates: a box that
// boots in 1970 would otherwise find every certificate not yet valid and never
// reach the time answer that would set its clock. A battery clock that is ahead would find
// them ended, so NTP counts here where it says an earlier time.
func (c *Clock) TLSTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, level := c.now()
	if wall, _ := c.o.Host(); level == RTC && wall.Before(t) && c.plausible(wall) && c.o.Synced() {
		t = wall
	}
	if t.Before(c.floor) {
		return c.floor
	}
	return t
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
	OfHost  bool          `json:"of_host"`         // Time is the host's, which TrustHost takes as good as a battery clock's
	Error   time.Duration `json:"max_error_ns"`    // how far Time may be off; 0: not known
	Battery Battery       `json:"rtc"`
}

// Facts looks at everything once.
func (c *Clock) Facts() Facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, level := c.now()
	wall, up := c.o.Host()
	f := Facts{Time: t, Level: level, Floor: c.floor, Host: wall, Synced: c.o.Synced(), RTC: c.rtc, Tainted: c.tainted, Battery: c.batteryFacts()}
	f.OfHost = c.o.TrustHost && level == RTC && c.anchor.level != RTC
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
