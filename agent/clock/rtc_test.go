package clock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// start is a start of the kernel, with a battery clock that says at; zero: it refuses.
func (h *host) start(id string, at time.Time) *Clock {
	h.t.Helper()
	dir := filepath.Join(h.root, "proc/sys/kernel/random")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "boot_id"), []byte(id+"\n"), 0o644)); err != nil {
		h.t.Fatal(err)
	}
	if at.IsZero() {
		at = time.Unix(0, 0) // as drivers without EINVAL have it
	}
	h.setRTC(at)
	return h.boot()
}

// A battery is bad until a start at which the clock has kept the time; that the box has
// set it right makes no better battery.
func TestABatteryThatDoesNotLast(t *testing.T) {
	h := newHost(t, truth)
	c := h.start("one", truth)
	if err := c.BatteryLost(); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	set(t, c, truth)
	c.keep(true)
	h.wall = time.Unix(300, 0)
	c = h.start("two", time.Time{})
	if c.BatteryLost() == nil {
		t.Fatal("it knew no time, and nobody is told")
	}
	h.pass(time.Minute)
	now := truth.Add(time.Hour)
	set(t, c, now)
	at, err := c.ReadRTC()
	if !c.TakeRTC(at, err) {
		t.Error("the time is known by a signature, and is not put into the battery clock")
	}
	h.wall = now
	h.setRTC(now)
	c.WasSet()
	at, err = c.ReadRTC()
	if c.TakeRTC(at, err) {
		t.Error("it is right, and is set again")
	}
	if c.BatteryLost() == nil {
		t.Error("setting the time made the battery good")
	}
	c.keep(true)
	c = h.start("two", now) // the agent alone starts again
	if c.BatteryLost() == nil {
		t.Error("a start of the agent made the battery good")
	}
	set(t, c, now)
	c.Now()
	c.keep(true)
	c = h.start("three", now.Add(8*time.Hour)) // a new one, and a night without power
	if err := c.BatteryLost(); err != nil {
		t.Errorf("it has kept the time: %v", err)
	}
	is(t, c, now.Add(8*time.Hour), RTC)
}

// A battery clock that stood still and was set by NTP alone is nobody's word after the
// next start.
func TestAStoppedBatteryClockThatNTPSet(t *testing.T) {
	h := newHost(t, time.Unix(300, 0))
	c := h.start("one", time.Time{})
	h.synced, h.wall = true, truth
	c.Now()
	c.keep(true)
	h.synced = false
	is(t, h.start("two", truth), truth, Floor)
}

// No chip is no bad battery.
func TestNoChip(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	if err := c.BatteryLost(); err != nil {
		t.Error(err)
	}
	set(t, c, truth)
	at, err := c.ReadRTC()
	if err == nil || c.TakeRTC(at, err) {
		t.Error("a chip that is not there is to be set")
	}
	if c.Facts().Battery.Fault == "" {
		t.Error("a technician is not told")
	}
}

func TestDrift(t *testing.T) {
	h := newHost(t, truth)
	c := h.start("one", truth)
	set(t, c, truth)
	c.WasSet()
	h.pass(30 * 24 * time.Hour)
	fast := h.wall.Add(52 * time.Second) // 20 ppm
	c.TakeRTC(fast, nil)
	if ppm := c.Facts().Battery.Drift; ppm < 19 || ppm > 21 {
		t.Errorf("%v ppm", ppm)
	}
}

// What the machine's clocks are set to, and by whom.
func TestWhenToSet(t *testing.T) {
	for _, c := range []struct {
		name           string
		host, rtc      time.Duration // off
		synced, signed bool
		want           bool
	}{
		{"all right", 0, 0, false, true, false},
		{"the host is in another year", -9000 * time.Hour, 0, false, true, true},
		{"the battery clock is slow", 0, -4 * time.Second, false, true, true},
		{"a second is what it counts in", 0, -time.Second, false, true, false},
		{"NTP has the host", time.Hour, 0, true, true, false},
		{"nobody has signed", -9000 * time.Hour, -time.Hour, false, false, false},
	} {
		h := newHost(t, truth)
		clk := h.start("one", truth)
		if c.signed {
			set(t, clk, truth)
		}
		h.wall, h.synced = truth.Add(c.host), c.synced
		if got := clk.TakeRTC(truth.Add(c.rtc), nil); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestNTPThatSaysOtherwise(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	set(t, c, truth)
	for _, step := range []struct {
		off    time.Duration
		synced bool
		want   bool
	}{{0, true, false}, {3 * time.Second, true, false}, {time.Hour, true, true}, {-time.Hour, true, true}, {time.Hour, false, false}} {
		h.wall, h.synced = truth.Add(step.off), step.synced
		if err := c.NTPDiffers(); (err != nil) != step.want {
			t.Errorf("%+v: %v", step, err)
		}
	}
}

func TestFresh(t *testing.T) {
	for _, c := range []struct {
		then time.Time
		want bool
	}{{time.Time{}, false}, {truth, true}, {truth.Add(-time.Hour), true}, {truth.Add(-2 * time.Hour), false}, {truth.Add(time.Hour), false}} {
		if fresh(c.then, truth) != c.want {
			t.Errorf("%v: want %v", c.then, c.want)
		}
	}
}
