package display

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
)

// road is a curve for lux: a dark road to full sun.
var road = []Point{{3, 8}, {50, 20}, {1000, 50}, {20000, 100}}

func TestLevel(t *testing.T) {
	now := time.Date(2026, 12, 3, 18, 0, 0, 0, time.UTC)
	falls := []Point{{500, 100}, {2500, 10}} // a photocell that pulls the voltage down
	same := func(n int, v float64) (rs []Reading) {
		for i := range n {
			rs = append(rs, Reading{now.Add(-time.Duration(n-i) * lightEvery), v})
		}
		return rs
	}
	for _, c := range []struct {
		name     string
		points   []Point
		readings []Reading
		before   int
		want     int
		ok       bool
	}{
		{"nothing was read", road, nil, 40, 0, false},
		{"too old", road, []Reading{{now.Add(-lightSpan), 50}}, 40, 0, false},
		{"the first reading counts at once", road, same(1, 50), 0, 20, true},
		{"between two points", road, same(9, 525), 0, 35, true},
		{"at a point", road, same(9, 1000), 0, 50, true},
		{"darker than the curve", road, same(9, 0), 0, 8, true},
		{"brighter than the curve", road, same(9, 90000), 0, 100, true},
		{"a falling curve", falls, same(9, 1500), 0, 55, true},
		{"a falling curve in the dark", falls, same(9, 3000), 0, 10, true},
		{"a little darker is not followed", road, same(9, 1000), 59, 59, true},
		{"a little brighter is not followed", road, same(9, 1000), 41, 41, true},
		{"a step is followed", road, same(9, 1000), 60, 50, true},
		{"the ends are reached", road, same(9, 1), 15, 8, true},
		{"headlights in a third of the readings", road, append(same(20, 2), same(10, 8000)...), 8, 8, true},
		{"darkness in a third of the readings", road, append(same(10, 2), same(20, 30000)...), 100, 100, true},
		{"most of the readings win", road, append(same(10, 2), same(11, 30000)...), 8, 100, true},
		{"one point", []Point{{7, 33}}, same(3, 9), 0, 33, true},
	} {
		before := Level{c.before, now.Add(-time.Hour)}
		got, ok := LevelAt(now, c.readings, c.points, before)
		if got.Percent != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v; want %d, %v", c.name, got, ok, c.want, c.ok)
		}
		if ok && (got == before) == got.Since.Equal(now) {
			t.Errorf("%s: %+v, and before it was %+v", c.name, got, before)
		}
	}
	young := Level{8, now.Add(-lightPace + 1)}
	if got, ok := LevelAt(now, same(36, 20000), road, young); !ok || got != young {
		t.Errorf("a level that is not %v old becomes %+v, %v", lightPace, got, ok)
	}
}

// A sky is what a sensor sees.
type sky struct {
	start time.Time
	bus   bus

	mu     sync.Mutex
	lux    func(since time.Duration) float64
	broken bool
}

func (s *sky) read() (float64, error) {
	s.bus.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return 0, errors.New("input/output error")
	}
	return s.lux(time.Since(s.start)), nil
}

// always is a sensor that says one thing from now on, and is in order.
func (s *sky) always(lux float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.lux = false, func(time.Duration) float64 { return lux }
}

// fails is one that cannot be read.
func (s *sky) fails() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
}

// A bus hangs and is let go; a reading of it meanwhile does not return.
type bus struct {
	mu      sync.Mutex
	hung    chan struct{} // nil: it does not hang; closed: let go
	waiting int
	most    int // readings at once, ever
}

func (b *bus) wait() {
	b.mu.Lock()
	b.waiting++
	b.most = max(b.most, b.waiting)
	hung := b.hung
	b.mu.Unlock()
	if hung != nil {
		<-hung
	}
	b.mu.Lock()
	b.waiting--
	b.mu.Unlock()
}

// hang hangs the bus, and gives what lets it go.
func (b *bus) hang() (letGo func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	hung := make(chan struct{})
	b.hung = hung
	return sync.OnceFunc(func() {
		b.mu.Lock()
		b.hung = nil
		b.mu.Unlock()
		close(hung)
	})
}

// atOnce is how many readings there were at once, at most.
func (b *bus) atOnce() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most
}

// under runs a Light under a sky.
func under(t *testing.T, s *sky, test func(t *testing.T, l *Light, fault func() error)) {
	synctest.Test(t, func(t *testing.T) {
		s.start = time.Now()
		var fault atomic.Pointer[error]
		l := NewLight(LightOpts{Read: s.read, Points: road, Least: 0, Most: 120000, Default: 45, Report: func(code string, err error) {
			if code != LightFault {
				t.Errorf("it reports %s", code)
			}
			fault.Store(&err)
		}})
		if got := l.Percent(); got != 45 {
			t.Errorf("%d %% before anything was read", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }() // waited for below
		defer func() { cancel(); <-done }()
		synctest.Wait()
		test(t, l, func() error { return *fault.Load() })
	})
}

// changes lets time pass and counts how often the brightness changes.
func changes(l *Light, d time.Duration) (n, least, most int) {
	least, most = l.Percent(), l.Percent()
	for before := l.Percent(); d > 0; d -= time.Second {
		after(time.Second)
		if p := l.Percent(); p != before {
			n, before = n+1, p
			least, most = min(least, p), max(most, p)
		}
	}
	return n, least, most
}

// Cars pass all evening, and their lights stay on the cabinet for up to a minute.
func TestHeadlightsChangeNothing(t *testing.T) {
	night := &sky{lux: func(since time.Duration) float64 {
		s := since.Seconds()
		if math.Mod(s, 150) > 90 && math.Mod(s, 150) < 150 {
			return 3000 + 500*math.Sin(s)
		}
		return 1 + math.Sin(s)
	}}
	under(t, night, func(t *testing.T, l *Light, _ func() error) {
		if n, _, _ := changes(l, 4*time.Hour); n != 0 || l.Percent() != 8 {
			t.Errorf("the board changed %d times, and is at %d %%", n, l.Percent())
		}
	})
}

// A day has few steps, also one of broken clouds, and dusk is followed to its end.
func TestADay(t *testing.T) {
	for _, c := range []struct {
		name   string
		clouds float64 // how much of the sun they take
		most   int     // changes
	}{{"clear", 0, 20}, {"broken clouds", 0.8, 60}} {
		t.Run(c.name, func(t *testing.T) {
			day := &sky{lux: func(since time.Duration) float64 {
				h := math.Mod(6+since.Hours(), 24) // it begins at six in the morning
				if h < 5.5 || h > 18.5 {
					return 0.5
				}
				clear := 80000 * math.Pow(math.Sin(math.Pi*(h-5.5)/13), 3)
				return 1 + clear*(1-c.clouds*(1+math.Sin(since.Minutes()/3))/2)
			}}
			under(t, day, func(t *testing.T, l *Light, fault func() error) {
				n, least, most := changes(l, 24*time.Hour)
				if least != 8 || most != 100 || n < 6 || n > c.most {
					t.Errorf("%d changes between %d and %d %%", n, least, most)
				}
				t.Logf("%d changes in a day", n)
				if err := fault(); err != nil {
					t.Errorf("a sensor in order: %v", err)
				}
			})
		})
	}
}

// What cannot be read, and what cannot be true, is the default and a condition.
func TestALightSensorFails(t *testing.T) {
	for name, harm := range map[string]func(s *sky){
		"it is gone":                func(s *sky) { s.fails() },
		"its wire is cut":           func(s *sky) { s.always(-3) },
		"its wire is shorted":       func(s *sky) { s.always(131071) },
		"it says what is no number": func(s *sky) { s.always(math.NaN()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &sky{}
			s.always(1000)
			under(t, s, func(t *testing.T, l *Light, fault func() error) {
				after(time.Minute)
				if l.Percent() != 50 || fault() != nil {
					t.Fatalf("%d %%, %v", l.Percent(), fault())
				}
				harm(s)
				after(15 * time.Second)
				if l.Percent() != 50 || fault() != nil {
					t.Errorf("after 15 s, which may be a loose contact: %d %%, %v", l.Percent(), fault())
				}
				after(40 * time.Second)
				if l.Percent() != 50 || fault() == nil {
					t.Errorf("after a minute, still by the last readings: %d %%, %v", l.Percent(), fault())
				}
				after(lightSpan)
				if l.Percent() != 45 || fault() == nil {
					t.Errorf("%d %%, %v", l.Percent(), fault())
				}
				if _, err := l.Last(); err == nil {
					t.Error("the technician is not told")
				}
				s.always(1000)
				after(2 * lightEvery)
				if l.Percent() != 50 || fault() != nil {
					t.Errorf("after the repair: %d %%, %v", l.Percent(), fault())
				}
			})
		})
	}
}

// One reading in ten that fails is a bus with noise, and no fault.
func TestASensorWithNoise(t *testing.T) {
	n := 0
	s := &sky{lux: func(time.Duration) float64 {
		if n++; n%10 == 0 {
			return -1
		}
		return 1000 + float64(n%3)
	}}
	under(t, s, func(t *testing.T, l *Light, fault func() error) {
		for range 600 {
			after(time.Second)
			if l.Percent() != 50 || fault() != nil {
				t.Fatalf("%d %%, %v", l.Percent(), fault())
			}
		}
	})
}

// A sensor that says the same by day and by night sees nothing. A dark night is no
// reason to say so.
func TestAStuckSensor(t *testing.T) {
	var lux atomic.Int64
	under(t, &sky{lux: func(time.Duration) float64 { return float64(lux.Load()) }}, func(t *testing.T, l *Light, fault func() error) {
		after(14 * time.Hour)
		if l.Percent() != 8 || fault() != nil {
			t.Errorf("after a night: %d %%, %v", l.Percent(), fault())
		}
		after(2*time.Hour + lightSpan + lightEvery)
		if l.Percent() != 45 || fault() == nil {
			t.Errorf("after 16 hours: %d %%, %v", l.Percent(), fault())
		}
		lux.Store(1)
		after(lightEvery)
		if l.Percent() != 8 || fault() != nil {
			t.Errorf("it sees again: %d %%, %v", l.Percent(), fault())
		}
	})
}

// The sensor dims below what policy allows, and never lights above it.
func TestPolicyIsTheSensorsCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var light atomic.Int64
		b := &board{light: func() int { return int(light.Load()) }}
		r := newRig(t, b, true)
		bright := func() int {
			after(probeEvery)
			return b.lit()
		}
		scene := plan.Scene{Standing: plan.Idle}
		for _, c := range []struct{ policy, light, want int }{
			{0, 60, 60}, {30, 100, 30}, {30, 60, 30}, {30, 20, 20}, {30, 8, 8}, {100, 45, 45}, {5, 8, 5},
		} {
			scene.BrightnessPercent = c.policy
			light.Store(int64(c.light))
			r.d.Show(scene)
			if got := bright(); got != c.want {
				t.Errorf("policy allows %d, the light wants %d: %d", c.policy, c.light, got)
			}
		}
		if err := r.d.Bright(80, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := bright(); got != 80 {
			t.Errorf("the technician wants 80: %d", got)
		}
		after(10 * time.Minute)
		if got := bright(); got != 5 {
			t.Errorf("after the technician: %d", got)
		}
	})
}

// A bus that hangs is a sensor that says nothing: its last readings grow old, and its
// answer, when it comes at last, is of another hour.
func TestALightSensorHangs(t *testing.T) {
	s := &sky{}
	s.always(1000)
	under(t, s, func(t *testing.T, l *Light, fault func() error) {
		after(time.Minute)
		letGo := s.bus.hang()
		defer letGo()
		after(time.Minute)
		if l.Percent() != 50 || fault() == nil {
			t.Errorf("after a minute: %d %%, %v", l.Percent(), fault())
		}
		after(lightSpan)
		if l.Percent() != 45 || fault() == nil {
			t.Errorf("after %v: %d %%, %v", lightSpan, l.Percent(), fault())
		}
		if _, err := l.Last(); err == nil {
			t.Error("the technician is not told")
		}
		after(time.Hour)
		letGo()
		synctest.Wait()
		if l.Percent() != 45 || fault() == nil {
			t.Errorf("by an answer that is an hour late: %d %%, %v", l.Percent(), fault())
		}
		after(2 * lightEvery)
		if l.Percent() != 50 || fault() != nil {
			t.Errorf("it answers again: %d %%, %v", l.Percent(), fault())
		}
		if n := s.bus.atOnce(); n != 1 {
			t.Errorf("%d readings at once", n)
		}
	})
}

// Run ends with its context, also while the bus hangs, and what was read grows old
// without it.
func TestALightEndsWhileItsSensorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sky{start: time.Now()}
		s.always(1000)
		l := NewLight(LightOpts{Read: s.read, Points: road, Most: 120000, Default: 45})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }() // waited for below
		after(time.Minute)
		letGo := s.bus.hang()
		defer letGo()
		after(lightEvery)
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("Run waits for the bus")
		}
		if _, err := l.Last(); l.Percent() != 50 || err != nil {
			t.Errorf("%d %%, %v", l.Percent(), err)
		}
		after(lightSpan)
		if _, err := l.Last(); l.Percent() != 45 || err == nil {
			t.Errorf("after %v: %d %%, %v", lightSpan, l.Percent(), err)
		}
		letGo()
		<-done
	})
}

// What a sensor says first, before its chip has measured or while a car stands in front
// of it, does not decide for the next ten minutes.
func TestTheFirstReadingsDoNotDecide(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, then float64
		wrong       time.Duration // how long it says the first
		within      time.Duration
		want        int
	}{
		{"zero at boot, in full sun", 0, 60000, lightEvery, 30 * time.Second, 100},
		{"full scale at boot, in a dark night", 120000, 1, lightEvery, 30 * time.Second, 8},
		{"a car that stands there for a minute", 8000, 1, time.Minute, 150 * time.Second, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sky{lux: func(since time.Duration) float64 {
				if since < c.wrong {
					return c.first
				}
				return c.then
			}}
			under(t, s, func(t *testing.T, l *Light, fault func() error) {
				after(c.within)
				if n, _, _ := changes(l, lightPace); l.Percent() != c.want || n != 0 || fault() != nil {
					t.Errorf("%d %% after %d changes, %v; want %d %% since %v", l.Percent(), n, fault(), c.want, c.within)
				}
			})
		})
	}
	// The same after a time without readings.
	s := &sky{}
	s.always(60000)
	under(t, s, func(t *testing.T, l *Light, _ func() error) {
		after(time.Hour)
		s.fails()
		after(2 * lightSpan)
		s.always(0)
		after(lightEvery)
		s.always(60000)
		after(30 * time.Second)
		if l.Percent() != 100 {
			t.Errorf("%d %% in full sun, after one wrong reading of a mended sensor", l.Percent())
		}
	})
}

// Light that comes and goes cannot hurry the board once three minutes were seen, also
// by a sensor that fails every other time.
func TestThePaceOfASensorWithNoise(t *testing.T) {
	n := 0
	s := &sky{lux: func(since time.Duration) float64 {
		if n++; n%2 == 0 {
			return -1
		}
		if math.Mod(since.Minutes(), 8) < 4 {
			return 1
		}
		return 60000
	}}
	under(t, s, func(t *testing.T, l *Light, _ func() error) {
		after(lightSpan)
		if n, _, _ := changes(l, 4*time.Hour); n > 24 {
			t.Errorf("%d changes in four hours", n)
		}
	})
}
