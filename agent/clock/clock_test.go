package clock

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	build = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	truth = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)
	grant = truth.AddDate(0, 0, 90)
)

// A host is a box's own idea of the time: a wall clock that anybody may set,
// and an elapsed one that nobody can.
type host struct {
	t      *testing.T
	wall   time.Time
	up     time.Duration
	synced bool
	root   string
	saved  []byte
	saves  int
	full   bool // the disk
}

func newHost(t *testing.T, wall time.Time) *host {
	return &host{t: t, wall: wall, root: t.TempDir()}
}

func (h *host) pass(d time.Duration) { h.wall, h.up = h.wall.Add(d), h.up+d }

// setRTC is what the kernel shows of the battery clock.
func (h *host) setRTC(at time.Time) {
	h.t.Helper()
	dir := filepath.Join(h.root, "sys/class/rtc/rtc1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "since_epoch"), []byte(strconv.FormatInt(at.Unix(), 10)+"\n"), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) opts() Opts {
	return Opts{
		Build: build, Saved: h.saved, Root: h.root, RTC: "/dev/rtc1",
		Host:   func() (time.Time, time.Duration) { return h.wall, h.up },
		Synced: func() bool { return h.synced },
		Save: func(b []byte) error {
			h.saves++
			if h.full {
				return errors.New("no space left on device")
			}
			h.saved = b
			return nil
		},
	}
}

// boot is a clock after a reboot.
func (h *host) boot() *Clock { return New(h.opts()) }

func is(t *testing.T, c *Clock, at time.Time, level Level) {
	t.Helper()
	got, l := c.Now()
	if d := got.Sub(at); d > time.Second || d < -time.Second || l != level {
		t.Fatalf("Now = %v at %v, want %v at %v", got, l, at, level)
	}
}

func set(t *testing.T, c *Clock, at time.Time) {
	t.Helper()
	if err := c.SetSigned(at, grant, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}

func TestLevels(t *testing.T) {
	t.Run("a host in 1970 is at the floor", func(t *testing.T) {
		h := newHost(t, time.Unix(300, 0))
		c := h.boot()
		is(t, c, build, Floor)
		h.pass(time.Hour)
		is(t, c, build.Add(time.Hour), Floor)
	})
	t.Run("a plausible host without NTP is at the floor too", func(t *testing.T) {
		is(t, newHost(t, truth).boot(), truth, Floor)
	})
	t.Run("NTP", func(t *testing.T) {
		h := newHost(t, truth)
		h.synced = true
		is(t, h.boot(), truth, NTP)
	})
	t.Run("NTP in 2100", func(t *testing.T) {
		h := newHost(t, truth.AddDate(74, 0, 0))
		h.synced = true
		is(t, h.boot(), build, Floor)
	})
	t.Run("battery clock", func(t *testing.T) {
		h := newHost(t, truth)
		h.setRTC(truth)
		is(t, h.boot(), truth, RTC)
	})
	t.Run("battery clock, host set by something else", func(t *testing.T) {
		h := newHost(t, truth.Add(5*time.Hour))
		h.setRTC(truth)
		is(t, h.boot(), truth, RTC)
	})
	t.Run("empty battery", func(t *testing.T) {
		for _, at := range []time.Time{time.Unix(0, 0), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), truth.AddDate(74, 0, 0)} {
			h := newHost(t, at)
			h.setRTC(at)
			is(t, h.boot(), build, Floor)
		}
	})
	// It would pass every certificate's end, and no signed time would ever be reached.
	t.Run("a battery clock that is years ahead gives way to NTP", func(t *testing.T) {
		h := newHost(t, truth.AddDate(9, 0, 0))
		h.setRTC(h.wall)
		c := h.boot()
		if _, level := c.Now(); level >= NTP {
			t.Errorf("it is believed at %v", level)
		}
		if err := c.BatteryLost(); err == nil || !strings.Contains(err.Error(), "2035") {
			t.Errorf("told as %v", err)
		}
		h.synced, h.wall = true, truth
		is(t, c, truth, NTP)
		if at := c.TLSTime(); at.Sub(truth).Abs() > time.Minute {
			t.Errorf("certificates are looked at as of %v", at)
		}
	})
	// It counts for what sounds, and does not stand between the box and a signed time.
	t.Run("a battery clock that is two years ahead", func(t *testing.T) {
		h := newHost(t, truth.AddDate(2, 0, 0))
		h.setRTC(h.wall)
		c := h.boot()
		if at := c.TLSTime(); at.Before(truth.AddDate(1, 0, 0)) {
			t.Errorf("certificates are looked at as of %v, and nobody says so", at)
		}
		h.synced, h.wall = true, truth
		is(t, c, truth.AddDate(2, 0, 0), RTC)
		if at := c.TLSTime(); at.Sub(truth).Abs() > time.Minute {
			t.Errorf("certificates are looked at as of %v", at)
		}
		h.wall = build.AddDate(-3, 0, 0) // forged, and below the floor
		if at := c.TLSTime(); at.Before(build) {
			t.Errorf("certificates are looked at as of %v", at)
		}
		h.wall = truth.AddDate(6, 0, 0) // forged: a certificate that has ended would be a way to lock the box out
		if at := c.TLSTime(); at.After(truth.AddDate(2, 0, 1)) {
			t.Errorf("certificates are looked at as of %v", at)
		}
		h.wall = truth
		set(t, c, truth)
		is(t, c, truth, Signed)
	})
	t.Run("a box that lay in a drawer for years", func(t *testing.T) {
		h := newHost(t, truth.AddDate(3, 0, 0))
		h.setRTC(h.wall)
		is(t, h.boot(), truth.AddDate(3, 0, 0), RTC)
	})
	t.Run("a board that names no battery clock has none", func(t *testing.T) {
		h := newHost(t, truth)
		h.setRTC(truth)
		o := h.opts()
		o.RTC = ""
		is(t, New(o), truth, Floor)
	})
	t.Run("trusted host", func(t *testing.T) {
		h := newHost(t, truth)
		h.setRTC(truth.Add(7 * time.Hour)) // a PC that keeps local time
		o := h.opts()
		o.TrustHost = true
		is(t, New(o), truth, RTC)
		if f := New(o).Facts(); !f.OfHost {
			t.Errorf("%+v: it is the host's clock", f)
		}
		h.wall = time.Unix(0, 0)
		is(t, New(o), build, Floor)
	})
	t.Run("nothing at all", func(t *testing.T) {
		h := newHost(t, truth)
		o := h.opts()
		o.Build = time.Time{}
		is(t, New(o), truth, None)
	})
	t.Run("signed", func(t *testing.T) {
		h := newHost(t, time.Unix(300, 0))
		c := h.boot()
		set(t, c, truth)
		is(t, c, truth, Signed)
		h.pass(30 * 24 * time.Hour)
		is(t, c, truth.Add(30*24*time.Hour), Signed)
		h.pass(6 * 24 * time.Hour)
		is(t, c, truth.Add(36*24*time.Hour), Floor) // too long ago to be sure, and still the best guess
	})
}

// Forged NTP moves the host's clock; neither Now nor the floor may follow it,
// in this run or after the kernel has written it into the battery clock.
func TestForgedNTP(t *testing.T) {
	for _, forged := range []time.Duration{-200 * 24 * time.Hour, -time.Hour, 3 * time.Minute, 5 * time.Hour, 400 * 24 * time.Hour} {
		t.Run(forged.String(), func(t *testing.T) {
			h := newHost(t, truth)
			h.setRTC(truth)
			c := h.boot()
			is(t, c, truth, RTC)
			h.synced, h.wall = true, truth.Add(forged)
			is(t, c, truth, RTC)

			set(t, c, truth)
			is(t, c, truth, Signed)
			if f := c.Floor(); f.After(truth.Add(time.Second)) {
				t.Fatalf("the floor followed NTP to %v", f)
			}
			c.keep(true)
			// The kernel copies the forged time into the battery clock; the power goes.
			h.setRTC(h.wall)
			h.synced = false
			c = h.boot()
			if at, level := c.Now(); level >= NTP {
				t.Fatalf("after a reboot %v is believed at %v", at, level)
			}
			if !c.Facts().Tainted {
				t.Error("Facts does not say that the battery clock is not confirmed")
			}
			// A signed answer that agrees makes the battery clock good again.
			h.wall = truth
			h.setRTC(truth)
			set(t, c, truth)
			c.Now()
			c.keep(true)
			is(t, h.boot(), truth, RTC)
		})
	}
}

// NTP before any signed time is NTP, and stays NTP over a reboot even through a
// battery clock.
func TestUnconfirmedNTPIsNoBatteryClock(t *testing.T) {
	h := newHost(t, time.Unix(300, 0))
	h.setRTC(time.Unix(300, 0)) // empty battery
	c := h.boot()
	h.synced, h.wall = true, truth
	is(t, c, truth, NTP)
	c.keep(false)
	h.setRTC(truth)
	h.synced = false
	is(t, h.boot(), truth, Floor)
}

// Honest NTP disciplines the clock within what crystals drift.
func TestHonestNTPIsFollowed(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	set(t, c, truth)
	h.synced = true
	h.pass(24 * time.Hour)
	h.wall = h.wall.Add(-3 * time.Second) // the elapsed clock runs 35 ppm fast
	is(t, c, truth.Add(24*time.Hour-3*time.Second), Signed)
}

func TestSignedAnswersThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		at, notAfter time.Time
		rtt          time.Duration
	}{
		"eleven seconds on the way":  {truth, grant, 11 * time.Second},
		"back before it was asked":   {truth, grant, -time.Second},
		"before the build":           {build.Add(-time.Minute), grant, time.Second},
		"in 2100":                    {truth.AddDate(74, 0, 0), truth.AddDate(80, 0, 0), time.Second},
		"beyond the grant":           {grant.Add(time.Second), grant, time.Second},
		"just beyond, by the way it": {grant.Add(-time.Second), grant, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, truth)
			c := h.boot()
			if err := c.SetSigned(tt.at, tt.notAfter, tt.rtt); err == nil {
				t.Fatal("accepted")
			}
			is(t, c, truth, Floor)
			if !c.Floor().Equal(build) {
				t.Errorf("the floor moved to %v", c.Floor())
			}
		})
	}
}

// A signed time that is put behind the floor by its own earlier course is
// still taken; one that is far behind is a recording or a mistake.
func TestSignedAnswerBelowTheFloor(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	set(t, c, truth)
	h.pass(10 * 24 * time.Hour)
	now := truth.Add(10*24*time.Hour - 30*time.Second) // our crystal was 35 ppm fast
	set(t, c, now)
	is(t, c, now, Signed)
	if err := c.SetSigned(now.Add(-time.Hour), grant, time.Second); err == nil {
		t.Fatal("an hour behind the floor was accepted")
	}
}

// The floor: from the build, from signed time and its course, never beyond the
// grant that answered, and over reboots.
func TestFloor(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	if !c.Floor().Equal(build) {
		t.Fatalf("Floor = %v", c.Floor())
	}
	short := truth.Add(36 * time.Hour)
	if err := c.SetSigned(truth, short, 0); err != nil {
		t.Fatal(err)
	}
	if !c.Floor().Equal(truth) {
		t.Fatalf("Floor = %v", c.Floor())
	}
	h.pass(10 * 24 * time.Hour)
	if !c.Floor().Equal(short) {
		t.Fatalf("Floor = %v, the grant ended %v", c.Floor(), short)
	}
	c.keep(true)
	h.wall = time.Unix(300, 0)
	c = h.boot()
	is(t, c, short, Floor)
	if at := c.TLSTime(); at.Before(short) {
		t.Errorf("TLSTime = %v", at)
	}
	// A newer program does not lower it, an unreadable state costs only the state.
	h.saved = []byte("{")
	if f := h.boot().Floor(); !f.Equal(build) {
		t.Errorf("Floor = %v", f)
	}
	h.saved, _ = json.Marshal(state{Floor: truth.AddDate(74, 0, 0)})
	if f := h.boot().Floor(); !f.Equal(build) {
		t.Errorf("a floor in 2100 was taken: %v", f)
	}
}

func TestLower(t *testing.T) {
	h := newHost(t, time.Unix(300, 0))
	c := h.boot()
	late := truth.AddDate(0, 0, 40)
	set(t, c, late)
	c.Lower(truth)
	if !c.Floor().Equal(truth) {
		t.Fatalf("Floor = %v", c.Floor())
	}
	is(t, c, truth, Floor)
	c.keep(false)
	if f := h.boot().Floor(); !f.Equal(truth) {
		t.Fatalf("after a reboot: %v", f)
	}
	set(t, c, truth.Add(time.Minute))
	is(t, c, truth.Add(time.Minute), Signed)
	c.Lower(build.AddDate(-1, 0, 0))
	if !c.Floor().Equal(build) {
		t.Fatalf("below the build: %v", c.Floor())
	}
}

func TestStepsAreSeen(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	step := func() (Step, bool) {
		c.Now()
		select {
		case s := <-c.Stepped():
			return s, true
		default:
			return Step{}, false
		}
	}
	for range 1000 {
		h.pass(time.Second)
		h.wall = h.wall.Add(500 * time.Microsecond) // slewing
		if s, ok := step(); ok {
			t.Fatalf("slewing was taken for a step: %+v", s)
		}
	}
	h.pass(8 * time.Hour)
	if s, ok := step(); ok {
		t.Fatalf("a long silence was taken for a step: %+v", s)
	}
	h.wall = h.wall.Add(-3 * time.Hour)
	if s, ok := step(); !ok || s.By.Round(time.Minute) != -3*time.Hour || s.To.Sub(s.From) != s.By {
		t.Fatalf("%+v, %v", s, ok)
	}
	// Two that nobody read become one.
	h.wall = h.wall.Add(time.Hour)
	c.Now()
	h.wall = h.wall.Add(time.Hour)
	c.Now()
	if s, ok := step(); !ok || s.By.Round(time.Minute) != 2*time.Hour {
		t.Fatalf("%+v, %v", s, ok)
	}
	// A signed answer that puts us right is one too.
	set(t, c, truth.Add(20*24*time.Hour))
	if s, ok := step(); !ok || s.Level != Signed {
		t.Fatalf("%+v, %v", s, ok)
	}
}

// While a signed time holds, no step of the host's clock reaches Now: what
// plays is not disturbed.
func TestHostStepDoesNotReachASignedClock(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	set(t, c, truth)
	for _, d := range []time.Duration{time.Hour, -2 * time.Hour, 1000 * time.Hour} {
		h.wall = h.wall.Add(d)
		is(t, c, truth, Signed)
	}
	select {
	case s := <-c.Stepped():
		t.Fatalf("%+v", s)
	default:
	}
}

func TestFewWrites(t *testing.T) {
	h := newHost(t, truth)
	c := h.boot()
	for range 24 {
		for range 60 {
			h.pass(time.Minute)
			c.Now()
			c.keep(false)
		}
	}
	if h.saves != 0 {
		t.Fatalf("%d writes without a signed time", h.saves)
	}
	set(t, c, h.wall)
	for range 24 {
		for range 60 {
			h.pass(time.Minute)
			c.Now()
			c.keep(false)
		}
	}
	if h.saves < 23 || h.saves > 25 {
		t.Fatalf("%d writes in 24 h", h.saves)
	}
	h.saves, h.full = 0, true
	for range 120 {
		h.pass(time.Minute)
		c.Now()
		c.keep(false)
	}
	if h.saves > 2 {
		t.Fatalf("%d tries in 2 h on a full disk", h.saves)
	}
}

func TestRunSavesOnTheWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saved []byte
		start := time.Now()
		c := New(Opts{Build: start.Add(-time.Hour), TrustHost: true, Synced: func() bool { return false },
			Save: func(b []byte) error { saved = b; return nil }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		if err := c.SetSigned(start, start.Add(24*time.Hour), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Minute)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var s state
		if err := json.Unmarshal(saved, &s); err != nil || s.Floor.Before(start.Add(89*time.Minute)) {
			t.Fatalf("%s, %v", saved, err)
		}
		if at, level := c.Now(); level != Signed || !at.Equal(start.Add(90*time.Minute)) {
			t.Fatalf("%v at %v", at, level)
		}
	})
}

func TestLevelText(t *testing.T) {
	for l := None; l <= Signed; l++ {
		b, err := l.MarshalText()
		var back Level
		if err != nil || back.UnmarshalText(b) != nil || back != l {
			t.Errorf("%v: %s, %v", l, b, err)
		}
	}
	var l Level
	if l.UnmarshalText([]byte("sure")) == nil {
		t.Error("an unknown level was read")
	}
	if _, err := Level(9).MarshalText(); err == nil {
		t.Error("an unknown level was written")
	}
	if None >= Floor || Floor >= NTP || NTP >= RTC || RTC >= Signed {
		t.Error("the levels are not in order")
	}
}

func TestKernelAnswers(t *testing.T) {
	if New(Opts{}).Facts().Time.Before(build) {
		t.Skip("this machine's clock is wrong")
	}
	readNTP("", time.Now()) // whatever it says: the call itself must work everywhere
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"floor":"2026-11-23T05:30:00Z","rtc_unconfirmed":true}`))
	f.Add([]byte(`{"floor":"9999-12-31T23:59:59Z"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := New(Opts{Build: build, Saved: b, Host: func() (time.Time, time.Duration) { return truth, 0 }, Synced: func() bool { return false }})
		if fl := c.Floor(); fl.Before(build) || fl.After(build.Add(horizon)) {
			t.Fatalf("the floor is %v", fl)
		}
	})
}
