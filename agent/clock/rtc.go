package clock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A battery is what is known of the battery clock. The clock's mutex is held.
type battery struct {
	boot   string    // the kernel's start at which it knew no time; "": it kept it
	lost   error     // how that was seen
	set    time.Time // when it was last set right, by us; zero: never
	read   time.Time // what it said last, and zero: nothing
	readUp time.Duration
	err    error // why it said nothing
	off    time.Duration
	drift  float64 // ppm since it was set; 0: not known
}

// Battery is the battery clock for people.
type Battery struct {
	Device string        `json:"device,omitempty"` // empty: the board has none
	Said   time.Time     `json:"said,omitzero"`    // at the last look
	Off    time.Duration `json:"off_ns"`           // from the box's time then
	Drift  float64       `json:"drift_ppm"`        // since it was set, after a day at least; 0: not known
	Set    time.Time     `json:"set,omitzero"`     // by this box
	Fault  string        `json:"fault,omitempty"`  // it does not answer
	Lost   string        `json:"lost,omitempty"`   // at the last start it knew no time
}

const (
	// rtcOff is how far a battery clock, which counts whole seconds, may be off before
	// it is set again.
	rtcOff = 2 * time.Second

	// hostOff is the same for the host's clock.
	hostOff = time.Second

	// rtcAhead is how far beyond the floor a battery clock is believed: for so long a box
	// may lie in a drawer. Of one that is further ahead NTP is the better word, which is not
	// asked as long as a battery clock is believed.
	rtcAhead = 5 * 365 * 24 * time.Hour
	// driftAfter is how long it must have run for a second to tell its drift.
	driftAfter = 24 * time.Hour
)

// findRTC reads the battery clock at the start, and says whether it kept the time. One
// that did not is written down with the kernel's start: whoever sets it right afterwards
// does not make its battery good, only a later start does at which it knows the time.
func (c *Clock) findRTC() (at time.Time, ok bool) {
	if c.o.RTC == "" {
		return time.Time{}, false
	}
	at, err := readRTC(c.o.Root, c.o.RTC)
	c.rtc = !errors.Is(err, fs.ErrNotExist)
	c.battery.err = err
	if err != nil && !Stopped(err) {
		return at, false // there is none, or it does not answer: that tells nothing of its battery
	}
	if err == nil && (!c.plausible(at) || !c.floor.IsZero() && at.After(c.floor.Add(rtcAhead))) {
		err = fmt.Errorf("it says %s", at.Format(time.DateOnly))
	}
	boot := bootID(c.o.Root)
	was := c.battery.boot
	switch {
	case err == nil && (was == "" || was != boot):
		c.battery.boot = ""
	case err == nil:
		c.battery.lost = errStopped // it was set since, by whoever
	case c.tainted && !Stopped(err):
		return at, false // whoever steers the host may have written that
	default:
		c.battery.boot, c.battery.lost = boot, err
	}
	c.dirty = c.dirty || was != c.battery.boot
	return at, err == nil
}

// bootID tells this start of the kernel from others; it is never empty.
func bootID(root string) string {
	b, _ := os.ReadFile(filepath.Join("/", root, "proc/sys/kernel/random/boot_id"))
	if id := strings.TrimSpace(string(b)); id != "" && len(id) <= 64 {
		return id
	}
	return "unknown"
}

// Stopped reports that err of ReadRTC says that the clock had stood still.
func Stopped(err error) bool { return errors.Is(err, errStopped) }

// ReadRTC reads the battery clock, which may hang with its bus.
func (c *Clock) ReadRTC() (time.Time, error) { return readRTC(c.o.Root, c.o.RTC) }

// TakeRTC takes what ReadRTC has just said, and reports whether the clocks of the machine
// have to be set to Now: the box knows the time by a signature, and they say another. A
// host that NTP steers is left to NTP.
func (c *Clock) TakeRTC(at time.Time, err error) (set bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, level := c.now()
	wall, up := c.o.Host()
	b := &c.battery
	b.read, b.readUp, b.err, b.off = at, up, err, 0
	if err == nil {
		b.off = at.Sub(now)
	}
	if b.drift = 0; err == nil && !b.set.IsZero() && level == Signed {
		if ran := now.Sub(b.set); ran >= driftAfter {
			b.drift = float64(b.off) / float64(ran) * 1e6
		}
	}
	if level != Signed || c.o.TrustHost {
		return false
	}
	host := wall.Sub(now).Abs() > hostOff && !c.o.Synced()
	chip := c.o.RTC != "" && (errors.Is(err, errStopped) || err == nil && b.off.Abs() > rtcOff)
	return host || chip
}

// WasSet tells that the machine's clocks were set to Now just now.
func (c *Clock) WasSet() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.battery.set, _ = c.now()
	c.battery.set = c.battery.set.UTC().Truncate(time.Second)
	c.dirty = true
}

// BatteryLost is how the battery clock was found without a time at this start, nil if it
// kept it. It holds until a start at which it does.
func (c *Clock) BatteryLost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.battery.boot == "" {
		return nil
	}
	return fmt.Errorf("%s: at the last start %w", c.o.RTC, c.battery.lost)
}

// NTPDiffers says that NTP steers the host's clock away from the signed time, nil if not.
func (c *Clock) NTPDiffers() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, up := c.o.Host()
	if c.anchor.level != Signed || c.o.TrustHost || !c.o.Synced() {
		return nil
	}
	if d := wall.Sub(c.anchor.course(up)); d.Abs() > c.anchor.tolerance(up)+ntpOff {
		return fmt.Errorf("NTP says %s, %v from the signed time", wall.UTC().Format(time.RFC3339), d.Round(time.Second))
	}
	return nil
}

// ntpOff is how far NTP may be from a signed time besides what both cannot know.
const ntpOff = 5 * time.Second

// NTP is what is known of the host's NTP client.
func (c *Clock) NTP() NTPFacts {
	wall, _ := c.o.Host()
	return readNTP(c.o.Root, wall)
}

func (c *Clock) batteryFacts() Battery {
	b := c.battery
	f := Battery{Device: c.o.RTC, Said: b.read, Off: b.off, Drift: b.drift, Set: b.set}
	if b.err != nil {
		f.Fault = b.err.Error()
	}
	if b.boot != "" && b.lost != nil {
		f.Lost = b.lost.Error()
	}
	return f
}
