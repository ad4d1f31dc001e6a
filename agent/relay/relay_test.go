package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
)

// A station is a live station that behaves, or not, as the test says. It
// gives a buzz at the pace of time, like a sound card at the other end.
type station struct {
	mu      sync.Mutex
	down    error         // why it cannot be opened
	delay   time.Duration // before it answers
	hangs   bool          // it answers only when given up
	stalled bool          // its lines stay open with nothing in them
	broken  error         // its lines fail with this
	muted   bool          // it sends silence
	dc      float32       // it sends this and nothing else
	opened  int
	open    int
}

func (st *station) set(f func(*station)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f(st)
}

func (st *station) dial(ctx context.Context) (sound.Source, error) {
	st.mu.Lock()
	st.opened++
	down, delay, hangs := st.down, st.delay, st.hangs
	st.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := sleep(ctx, delay); err != nil {
		return nil, err
	}
	if down != nil {
		return nil, down
	}
	st.set(func(st *station) { st.open++ })
	return &listener{st: st, since: time.Now().Add(-3 * time.Second)}, nil // a burst on joining, as Icecast gives
}

type listener struct {
	st    *station
	since time.Time // up to here its sound has been read
	once  sync.Once
}

func (l *listener) Read(p []float32) (int, error) {
	l.st.mu.Lock()
	defer l.st.mu.Unlock()
	if l.st.broken != nil {
		return 0, l.st.broken
	}
	due := sound.Frames(time.Since(l.since))
	n := min(len(p)/sound.Channels, due)
	if l.st.stalled || n == 0 {
		return 0, nil
	}
	l.since = l.since.Add(sound.Duration(n))
	for i := range n * sound.Channels {
		p[i] = 0
		if l.st.dc != 0 {
			p[i] = l.st.dc
		} else if !l.st.muted {
			p[i] = float32(i/2%64-32) / 320
		}
	}
	return n * sound.Channels, nil
}

func (l *listener) Close() error {
	l.once.Do(func() { l.st.set(func(st *station) { st.open-- }) })
	return nil
}

// A rig is a relay of fake stations with a listener at the pace of sound.
type rig struct {
	*Source
	stations []*station
	events   []string
	on       map[string]error
	since    map[string]time.Time
	cancel   context.CancelFunc
	done     chan struct{}
	start    time.Time
	gap      time.Duration // longest time without sound since the first
	jump     float64       // largest step from one sample to the next
	last     float32
	lastLoud time.Time
}

func newRig(n int) *rig {
	r := &rig{on: map[string]error{}, since: map[string]time.Time{}, done: make(chan struct{}), start: time.Now()}
	var urls []string
	for i := range n {
		urls = append(urls, fmt.Sprintf("https://radio.example/%d", i+1))
		r.stations = append(r.stations, new(station))
	}
	r.Source = New(plan.Relay{URLs: urls}, Opts{
		Event: func(e Event) {
			why := ""
			if e.Why != nil {
				why = ": " + e.Why.Error()
			}
			r.events = append(r.events, tail(e.From)+">"+tail(e.To)+why)
		},
		Report: func(code string, err error) {
			if err == nil {
				delete(r.on, code)
				return
			}
			r.on[code], r.since[code] = err, time.Now()
		},
	})
	r.open = func(ctx context.Context, addr string) (sound.Source, error) {
		for i, u := range urls {
			if u == addr {
				return r.stations[i].dial(ctx)
			}
		}
		return nil, errors.New("no such station")
	}
	return r
}

func tail(url string) string { return url[strings.LastIndex(url, "/")+1:] }

// run lets the relay and its listener run.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	var both sync.WaitGroup
	both.Go(func() { r.Run(ctx) })
	both.Go(func() { r.listen(ctx) })
	go func() { both.Wait(); close(r.done) }()
}

func (r *rig) listen(ctx context.Context) {
	p := make([]float32, sound.Channels*sound.Frames(10*time.Millisecond))
	for sleep(ctx, 10*time.Millisecond) == nil {
		n, _ := r.Read(p)
		loud := false
		for i, v := range p[:n] {
			loud = loud || v != 0
			if i%2 == 0 {
				if r.last == 0 {
					r.last = v // the first sound comes out of silence
				}
				r.jump = max(r.jump, math.Abs(float64(v-r.last)))
				r.last = v
			}
		}
		if loud {
			if !r.lastLoud.IsZero() {
				r.gap = max(r.gap, time.Since(r.lastLoud))
			}
			r.lastLoud = time.Now()
		}
	}
}

func (r *rig) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	<-r.done
	for i, st := range r.stations {
		if st.open != 0 {
			t.Errorf("station %d has %d lines open after the end", i+1, st.open)
		}
	}
	if len(r.on) != 0 {
		t.Errorf("conditions still on after the end: %v", r.on)
	}
}

func (r *rig) hears(t *testing.T, rank int) {
	t.Helper()
	if got := r.Status().Rank; got != rank {
		t.Errorf("after %v address %d is heard, want %d (%v)", time.Since(r.start), got, rank, r.Status().Err)
	}
}

func (r *rig) said(t *testing.T, want ...string) {
	t.Helper()
	if strings.Join(r.events, " ") != strings.Join(want, " ") {
		t.Errorf("events %q, want %q", r.events, want)
	}
}

// after lets d pass, and what is then due be done.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// trial runs f in a bubble where time costs nothing.
func trial(t *testing.T, stations int, f func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(stations)
		f(t, r)
		r.stop(t)
	})
}

func TestGoodStation(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.run()
		after(5 * time.Minute)
		r.hears(t, 1)
		r.said(t, ">1")
		if r.gap > 10*time.Millisecond {
			t.Errorf("a gap of %v in a good station", r.gap)
		}
		if r.stations[0].opened != 1 || r.stations[1].opened != 0 {
			t.Errorf("opened %d and %d times, want 1 and 0: data costs money", r.stations[0].opened, r.stations[1].opened)
		}
	})
}

func TestFallBackAndReturn(t *testing.T) {
	trial(t, 3, func(t *testing.T, r *rig) {
		r.stations[0].down = errors.New("404")
		r.run()
		after(5 * time.Second)
		r.hears(t, 2)
		if r.on[CodeFallback] == nil || !strings.Contains(r.on[CodeFallback].Error(), "404") {
			t.Errorf("fall-back condition %v, want the reason of the first address in it", r.on[CodeFallback])
		}
		back := time.Now()
		r.stations[0].set(func(st *station) { st.down = nil })
		for r.Status().Rank != 1 && time.Since(back) < 2*time.Minute {
			after(100 * time.Millisecond)
		}
		if d := time.Since(back); d < 10*time.Second || d > 90*time.Second {
			t.Errorf("back on the better address after %v, want 10…90 s", d)
		}
		r.said(t, ">2", "2>1")
		after(time.Second)
		if r.on[CodeFallback] != nil {
			t.Errorf("still %v", r.on[CodeFallback])
		}
		if r.gap > 20*time.Millisecond {
			t.Errorf("a gap of %v on the way back", r.gap)
		}
	})
}

// One address gives way to the other without a crack.
func TestSwitchIsFaded(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.stations[0].down, r.stations[0].dc, r.stations[1].dc = errors.New("404"), 0.5, -0.5
		r.run()
		after(5 * time.Second)
		r.stations[0].set(func(st *station) { st.down = nil })
		after(2 * time.Minute)
		r.said(t, ">2", "2>1")
		if r.jump > 0.01 {
			t.Errorf("a step of %.3f between two samples", r.jump)
		}
	})
}

// A better address that comes and goes must not be heard in pieces.
func TestFlappingBetterAddress(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.stations[0].down = errors.New("503")
		r.run()
		after(5 * time.Second)
		for range 60 { // five minutes of 4 s up and 1 s broken
			r.stations[0].set(func(st *station) { st.down, st.broken = nil, nil })
			after(4 * time.Second)
			r.stations[0].set(func(st *station) { st.broken = errors.New("reset") })
			after(time.Second)
		}
		r.said(t, ">2")
		if r.gap > 20*time.Millisecond {
			t.Errorf("a gap of %v while a good address was there", r.gap)
		}
	})
}

// The socket stays open, as after a handover on a mobile network.
func TestStallWithTheSocketOpen(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.run()
		after(20 * time.Second)
		r.stations[0].set(func(st *station) { st.stalled = true })
		after(10 * time.Second)
		r.hears(t, 2)
		if r.gap > 3*time.Second {
			t.Errorf("%v without sound, want at most 3 s", r.gap)
		}
		if len(r.events) != 2 || !strings.Contains(r.events[1], "nothing to decode") {
			t.Errorf("events %q", r.events)
		}
	})
}

// A dropped connection to a good station is mended from what is buffered.
func TestDropIsNotHeard(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.run()
		after(20 * time.Second)
		r.stations[0].set(func(st *station) { st.broken = io.EOF })
		after(100 * time.Millisecond)
		r.stations[0].set(func(st *station) { st.broken = nil })
		after(5 * time.Second)
		r.hears(t, 1)
		r.said(t, ">1")
		if st := r.Status(); st.Reconnects != 1 {
			t.Errorf("%d reconnects, want 1", st.Reconnects)
		}
		if r.gap > 20*time.Millisecond {
			t.Errorf("a gap of %v", r.gap)
		}
	})
}

func TestSilentStationIsAFault(t *testing.T) {
	trial(t, 2, func(t *testing.T, r *rig) {
		r.run()
		after(20 * time.Second)
		r.stations[0].set(func(st *station) { st.muted = true })
		after(10 * time.Second)
		r.hears(t, 1) // a pause in a programme is no fault
		after(10 * time.Second)
		r.hears(t, 2)
		r.stations[0].set(func(st *station) { st.muted = false })
		after(2 * time.Minute)
		r.hears(t, 1)
	})
}

func TestOnlyStationSilent(t *testing.T) {
	trial(t, 1, func(t *testing.T, r *rig) {
		r.run()
		after(20 * time.Second)
		r.stations[0].set(func(st *station) { st.muted = true })
		began := time.Now()
		after(time.Minute)
		r.hears(t, 1) // to reconnect would not help, and would miss its return
		if d := r.since[CodeSilent].Sub(began); r.on[CodeSilent] == nil || d > 16*time.Second {
			t.Errorf("silence reported after %v (%v), want 15 s", d, r.on[CodeSilent])
		}
		r.stations[0].set(func(st *station) { st.muted = false })
		after(3 * time.Second)
		if r.on[CodeSilent] != nil {
			t.Errorf("still %v after it sounds again", r.on[CodeSilent])
		}
		if r.stations[0].opened != 1 {
			t.Errorf("opened %d times", r.stations[0].opened)
		}
	})
}

// Whatever a station does, nothing is silent for longer than the limit without
// a condition, and no station is asked too often.
func TestNothingWorks(t *testing.T) {
	for name, breakIt := range map[string]func(*station){
		"refused": func(st *station) { st.down = errors.New("connection refused") },
		"hangs":   func(st *station) { st.hangs = true },
		"stalls":  func(st *station) { st.stalled = true },
		"slow no": func(st *station) { st.delay, st.down = 3*time.Second, errors.New("500") },
		"ends":    func(st *station) { st.broken = io.EOF },
	} {
		t.Run(name, func(t *testing.T) {
			trial(t, 3, func(t *testing.T, r *rig) {
				for _, st := range r.stations {
					breakIt(st)
				}
				r.run()
				after(16 * time.Second)
				if r.on[CodeLost] == nil {
					t.Error("no condition after 16 s without sound")
				}
				after(10 * time.Minute)
				for i, st := range r.stations {
					if st.opened > 45 || st.opened < 10 {
						t.Errorf("station %d asked %d times in ten minutes", i+1, st.opened)
					}
					st.set(func(st *station) { st.down, st.hangs, st.stalled, st.broken, st.delay = nil, false, false, nil, 0 })
				}
				after(45 * time.Second)
				if r.Status().Rank == 0 || len(r.on) > 1 || r.on[CodeLost] != nil {
					t.Errorf("45 s after all is well: %+v, %v", r.Status(), r.on)
				}
			})
		})
	}
}

// Only consecutive attempts without sound lengthen the pause: a station that
// drops every two minutes is taken up at once each time.
func TestPauseCountsOnlySoundlessAttempts(t *testing.T) {
	trial(t, 1, func(t *testing.T, r *rig) {
		r.run()
		for range 5 {
			after(2 * time.Minute)
			r.stations[0].set(func(st *station) { st.broken = errors.New("reset by peer") })
			after(50 * time.Millisecond)
			r.stations[0].set(func(st *station) { st.broken = nil })
		}
		after(time.Second)
		if r.gap > time.Second {
			t.Errorf("the longest gap was %v", r.gap)
		}
		if got := r.Status().Reconnects; got != 5 {
			t.Errorf("%d reconnects, want 5", got)
		}
	})
}

// Who does not read is held up, and is not taken for silent.
func TestNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		after(10 * time.Minute)
		r.hears(t, 1)
		if len(r.on) != 0 || r.stations[0].opened != 1 {
			t.Errorf("conditions %v, opened %d times", r.on, r.stations[0].opened)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestCloseEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2)
		r.stations[0].hangs = true
		ended := make(chan error, 1)
		go func() { ended <- r.Run(t.Context()) }()
		after(time.Second)
		r.Close()
		r.Close()
		if n, err := r.Read(make([]float32, 64)); n != 0 || err == nil {
			t.Errorf("Read after Close gave %d, %v", n, err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
		if time.Since(r.start) > 1100*time.Millisecond {
			t.Errorf("it took %v", time.Since(r.start))
		}
	})
}

func TestStarvingMakesOnePause(t *testing.T) {
	trial(t, 1, func(t *testing.T, r *rig) {
		r.run()
		after(20 * time.Second)
		r.stations[0].set(func(st *station) { st.stalled = true })
		after(3400 * time.Millisecond) // 3 s are buffered
		r.stations[0].set(func(st *station) { st.stalled = false })
		after(10 * time.Second)
		r.hears(t, 1)
		if st := r.Status(); st.Starved > 1 {
			t.Errorf("ran dry %d times", st.Starved)
		}
	})
}
