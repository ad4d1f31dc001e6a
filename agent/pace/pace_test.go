package pace

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A device plays frames by a clock that is off, and tells of them as a busy box would.
type device struct {
	rng   *rand.Rand
	begin time.Time
	speed float64
	every time.Duration
	lost  time.Duration // how long it stood still so far
	held  func(*rand.Rand) time.Duration
}

// heard is when frame n is heard, if it does not stand still any more.
func (d *device) heard(n int64) time.Time {
	return d.begin.Add(d.lost + time.Duration(float64(n)/rate/d.speed*1e9))
}

// run gives the clock the marks of a stretch from one frame to another, and calls f
// after each.
func (d *device) run(c *Clock, from, to int64, f func(n int64)) {
	step := int64(d.every.Seconds() * rate)
	for n := from; n < to; n += step {
		at := d.heard(n)
		if d.held != nil {
			at = at.Add(d.held(d.rng))
		}
		c.Observe(n, at)
		if f != nil {
			f(n)
		}
	}
}

// idle and busy are how long a mark is held up.
func idle(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * 60e3) }

func busy(r *rand.Rand) time.Duration {
	d := time.Duration(r.ExpFloat64() * 300e3)
	if r.IntN(4) == 0 {
		d += time.Duration(r.IntN(15e6)) // another had the processor
	}
	return d
}

// off is how wrong the clock is about a frame half a second ahead.
func off(t *testing.T, c *Clock, d *device, n int64) time.Duration {
	t.Helper()
	at, ok := c.At(n + rate/2)
	if !ok {
		t.Fatalf("at frame %d nothing is known", n)
	}
	return at.Sub(d.heard(n + rate/2))
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		name string
		ppm  float64
		held func(*rand.Rand) time.Duration
		most time.Duration
	}{
		{"true", 0, nil, 2 * time.Microsecond},
		{"fast", 80, idle, 80 * time.Microsecond},
		{"slow", -80, idle, 80 * time.Microsecond},
		{"on a busy box", 20, busy, 300 * time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &device{rng: rand.New(rand.NewPCG(1, 2)), begin: time.Unix(1e9, 0), speed: 1 + c.ppm/1e6, every: 240 * time.Millisecond, held: c.held}
			var clock Clock
			worst := time.Duration(0)
			d.run(&clock, 0, 120*rate, func(n int64) {
				if n > 10*rate {
					worst = max(worst, off(t, &clock, d, n).Abs())
				}
			})
			if worst > c.most {
				t.Errorf("off by %v, more than %v", worst, c.most)
			}
			if math.Abs(clock.PPM()-c.ppm) > 12 {
				t.Errorf("%.1f ppm, want %.1f", clock.PPM(), c.ppm)
			}
			if clock.Steps() != 0 {
				t.Errorf("%d steps of a device that never stood still", clock.Steps())
			}
			t.Logf("worst %v, %.2f ppm", worst, clock.PPM())
		})
	}
}

// A device that ran dry is behind by what it stood still. It is noticed within two seconds.
func TestStep(t *testing.T) {
	for _, held := range []func(*rand.Rand) time.Duration{idle, busy} {
		d := &device{rng: rand.New(rand.NewPCG(3, 4)), begin: time.Unix(1e9, 0), speed: 1 + 40e-6, every: 240 * time.Millisecond, held: held}
		var clock Clock
		d.run(&clock, 0, 20*rate, nil)
		d.lost += 37 * time.Millisecond
		d.run(&clock, 20*rate, 21*rate+3*rate/4, nil)
		if got := off(t, &clock, d, 21*rate).Abs(); got > time.Millisecond {
			t.Errorf("after a break off by %v", got)
		}
		if clock.Steps() != 1 {
			t.Errorf("%d steps, want 1", clock.Steps())
		}
		if math.Abs(clock.PPM()-40) > 15 {
			t.Errorf("after a break %.1f ppm, want 40: the crystal is the same", clock.PPM())
		}
	}
}

// One mark that is held up for long changes nothing.
func TestHeldUp(t *testing.T) {
	d := &device{begin: time.Unix(1e9, 0), speed: 1, every: 240 * time.Millisecond}
	var clock Clock
	d.run(&clock, 0, 10*rate, nil)
	clock.Observe(10*rate, d.heard(10*rate).Add(300*time.Millisecond))
	clock.Observe(10*rate+4800, d.heard(10*rate+4800).Add(200*time.Millisecond))
	if got := off(t, &clock, d, 11*rate).Abs(); got > 2*time.Microsecond || clock.Steps() != 0 {
		t.Errorf("two marks that were held up moved the clock by %v", got)
	}
}

// After a drain nothing is known of when, until the device goes on; of how fast it is.
func TestBreak(t *testing.T) {
	d := &device{begin: time.Unix(1e9, 0), speed: 1 - 60e-6, every: 240 * time.Millisecond}
	var clock Clock
	if _, ok := clock.At(0); ok {
		t.Error("a clock that has seen nothing knows the time")
	}
	d.run(&clock, 0, 20*rate, nil)
	clock.Break()
	if _, ok := clock.At(20 * rate); ok {
		t.Error("after a break the clock goes on as if nothing were")
	}
	d.lost += time.Hour
	d.run(&clock, 20*rate, 20*rate+3*rate/4, nil)
	if got := off(t, &clock, d, 21*rate).Abs(); got > 10*time.Microsecond {
		t.Errorf("soon after a break off by %v", got)
	}
}

// What says nothing new, or comes from a device that begins again, is passed over.
func TestNothingNew(t *testing.T) {
	var clock Clock
	now := time.Unix(1e9, 0)
	clock.Observe(48000, now)
	clock.Observe(48000, now.Add(time.Minute))
	if _, ok := clock.At(48000); ok {
		t.Error("a device that does not move has told nothing")
	}
}
