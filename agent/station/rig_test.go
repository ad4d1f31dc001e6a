package station_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/player"
	"loa/agent/policy"
	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/station"
	"loa/agent/store"
	"loa/agent/trust"
	"loa/agent/trust/trusttest"
)

// A rig is a station with everything real below it but the recordings, the clock
// and the horn. It lives in a synctest bubble.
type rig struct {
	t   *testing.T
	w   *trusttest.World
	dir string

	*station.Station
	trust  *trust.Trust
	docs   *store.Store
	ledger *ledger.Ledger
	clock  *fakeClock
	media  *fakeMedia
	spk    *speaker.Speaker
	player *player.Player
	card   *speakertest.Card
	amp    *speakertest.Amp
	stop   func()

	mu         sync.Mutex
	acks       []station.Ack
	conditions map[string]error
	seenOnly   bool
	soft       int // percent that an uncommissioned box may play at; 0: it is commissioned
	boardless  bool
	asked      int // times that the box had to subscribe again
	scenes     []scene
	lamp       []lit
	diskTakes  time.Duration // to keep what was started here
}

// slowShelf takes its time for what was started at the box.
type slowShelf struct {
	*store.Store
	r *rig
}

func (s slowShelf) Put(name string, data []byte) error {
	if name == "trigger/started" {
		time.Sleep(s.r.diskTakes)
	}
	return s.Store.Put(name, data)
}

func (r *rig) report(code string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conditions[code] = err
}

// condition is what was last reported under a code.
func (r *rig) condition(code string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conditions[code]
}

// A scene is what a board was told to show, and when.
type scene struct {
	at time.Time
	plan.Scene
}

// A lit is what the lamp was told, and when.
type lit struct {
	at time.Time
	on bool
}

// fakeClock tells the bubble's time as far as level says, apart by skew.
type fakeClock struct {
	mu    sync.Mutex
	level clock.Level
	skew  time.Duration
	steps chan clock.Step
	jump  time.Duration // of the wall clock, that the next look will find
}

func (c *fakeClock) Now() (time.Time, clock.Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jump != 0 {
		c.skew += c.jump
		c.steps <- clock.Step{By: c.jump}
		c.jump = 0
	}
	return time.Now().Add(c.skew), c.level
}

// exact is the time, if it is signed.
func (c *fakeClock) exact() (time.Time, error) {
	now, level := c.Now()
	if level < clock.Signed {
		return now, errors.New("not signed")
	}
	return now, nil
}
func (c *fakeClock) Stepped() <-chan clock.Step { return c.steps }
func (c *fakeClock) SetSigned(time.Time, time.Time, time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.level = clock.Signed
	return nil
}
func (c *fakeClock) Lower(time.Time) {}

func (c *fakeClock) set(l clock.Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.level = l
}

// step moves the wall clock.
func (c *fakeClock) step(by time.Duration) {
	c.mu.Lock()
	c.skew += by
	c.mu.Unlock()
	c.steps <- clock.Step{By: by}
}

// fakeMedia has what it is told to have.
type fakeMedia struct {
	mu      sync.Mutex
	lacks   map[string]bool
	spoilt  map[string]plan.Code
	hangs   map[string]bool                  // whoever opens it waits until nobody waits for him
	relay   func() sound.Source              // nil: a tone
	record  func(time.Duration) sound.Source // nil: a tone
	changed chan struct{}
}

func (m *fakeMedia) Path(sha string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sha, !m.lacks[sha]
}
func (m *fakeMedia) Why(sha string) (plan.Code, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spoilt[sha], "it is not what was signed"
}
func (m *fakeMedia) Want([]plan.Audio, ...plan.Audio) {}
func (m *fakeMedia) Changed() <-chan struct{}         { return m.changed }

func (m *fakeMedia) lack(sha string, lacks bool) {
	m.mu.Lock()
	m.lacks[sha] = lacks
	m.mu.Unlock()
	m.changed <- struct{}{}
}

// open makes a tone of the length that a part says it has.
func (m *fakeMedia) open(ctx context.Context, p plan.Part) (player.Opened, error) {
	if p.Audio != nil {
		if _, ok := m.Path(p.Audio.SHA256); !ok {
			return player.Opened{}, &plan.Error{Code: plan.MediaMissing, Msg: "not here"}
		}
		if m.hangs[p.Audio.SHA256] {
			<-ctx.Done()
			return player.Opened{}, ctx.Err()
		}
		d := time.Duration(p.Audio.DurationMS) * time.Millisecond
		if m.record != nil {
			return player.Opened{Source: m.record(d), SHA256: p.Audio.SHA256}, nil
		}
		return player.Opened{Source: &tone{left: 2 * int(sound.Frames64(d))}, SHA256: p.Audio.SHA256}, nil
	}
	if p.Relay != nil && m.relay != nil {
		return player.Opened{Source: m.relay()}, nil
	}
	if p.Relay != nil {
		return player.Opened{Source: sound.NewTone(330, -20, time.Hour)}, nil
	}
	if p.Standing != "" {
		return player.Opened{Source: &tone{left: 2 * int(sound.Frames64(p.Length))}}, nil
	}
	src, _, err := sound.Chime(p.Chime)
	return player.Opened{Source: src}, err
}

// A tone of 440 Hz costs next to nothing: tests let hours of it sound.
type tone struct{ at, left int }

// second is one second of it, which fits to itself.
var second = sync.OnceValue(func() []float32 {
	p := make([]float32, 3*2*sound.Rate)
	for src, at := sound.NewTone(440, -20, time.Hour), 0; at < len(p); {
		n, err := src.Read(p[at:])
		if err != nil {
			panic(err)
		}
		at += n
	}
	return p[2*sound.Rate : 4*sound.Rate] // behind its soft beginning
})

func (t *tone) Read(p []float32) (n int, err error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n = copy(p[:min(len(p), t.left)], second()[t.at:])
	t.at, t.left = (t.at+n)%len(second()), t.left-n
	return n, nil
}

func (t *tone) SeekTo(d time.Duration) error {
	t.at, t.left = 0, max(0, t.left-2*int(sound.Frames64(d)))
	return nil
}

// Left is [sound.Finite].
func (t *tone) Left() (frames int64, known bool) { return int64(t.left / 2), true }

func (t *tone) Close() error { t.left = 0; return nil }

// newRig makes a box that knows its root, on the world's authority. What is to be
// different from the first moment on is done to it before it runs.
func newRig(t *testing.T, w *trusttest.World, dir string, before ...func(*rig)) *rig {
	t.Helper()
	return bootRig(t, w, dir, clock.Signed, 0, before...)
}

// bootRig makes one whose clock is so sure, and so far from the truth, at its start.
func bootRig(t *testing.T, w *trusttest.World, dir string, level clock.Level, skew time.Duration, before ...func(*rig)) *rig {
	t.Helper()
	r := &rig{
		t: t, w: w, dir: dir,
		clock:      &fakeClock{level: level, skew: skew, steps: make(chan clock.Step, 1)},
		media:      &fakeMedia{lacks: map[string]bool{}, changed: make(chan struct{}, 8)},
		card:       &speakertest.Card{},
		amp:        &speakertest.Amp{},
		conditions: map[string]error{},
	}
	for _, f := range before {
		f(r)
	}
	var err error
	if r.docs, err = store.Open(filepath.Join(dir, "docs")); err != nil {
		t.Fatal(err)
	}
	if r.ledger, err = ledger.Open(filepath.Join(dir, "ledger"), ledger.Opts{Now: r.clock.Now}); err != nil {
		t.Fatal(err)
	}
	opts := w.Opts()
	opts.Now = r.clock.Now
	if r.trust, err = trust.New(w.RootFile(), trusttest.Device, opts); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	spk := speaker.New(func() (speaker.Sink, error) {
		if r.card.Full {
			return speakertest.ClockedCard{Card: r.card}, nil
		}
		return r.card, nil
	}, r.amp, speaker.Opts{
		Settle: 50 * time.Millisecond, Linger: 500 * time.Millisecond, Log: log,
	})
	r.spk = spk
	ply := player.New(spk, r.media.open, log, player.Opts{Exact: r.clock.exact, Report: r.report})
	r.player = ply
	opened := station.Opts{
		Trust: r.trust, Docs: slowShelf{r.docs, r}, Ledger: r.ledger, Media: r.media, Clock: r.clock, Player: ply,
		Ack: func(a station.Ack) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.acks = append(r.acks, a)
		},
		SeenOnly: r.seenOnly,
		Box:      policy.Box{Uncommissioned: r.soft > 0, UncommissionedPercent: r.soft},
		Ask:      func(plan.Act) {},
		Report:   r.report,
		Changed: func(_ *plan.Plan, reassigned bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if reassigned {
				r.asked++
			}
		},
		Show: func(s plan.Scene) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if n := len(r.scenes); n == 0 || !reflect.DeepEqual(r.scenes[n-1].Scene, s) {
				r.scenes = append(r.scenes, scene{time.Now(), s})
			}
		},
		Lamp: func(on bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lamp = append(r.lamp, lit{time.Now(), on})
		},
		Sounds: func() {}, Log: log,
	}
	if r.boardless {
		opened.Show = nil
	}
	r.Station = station.New(opened)
	ctx, cancel := context.WithCancel(t.Context())
	under, cut := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { spk.Run(under) })
	ended := make(chan struct{})
	wg.Go(func() { defer close(ended); r.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		cut()
		wg.Wait()
		r.ledger.Close()
	})
	return r
}

// hear lets messages arrive and waits until the box has done what it will do at once.
func (r *rig) hear(messages ...trusttest.Message) {
	for _, m := range messages {
		r.Receive(r.t.Context(), m.Topic, m.Raw)
		synctest.Wait()
	}
}

func (r *rig) setUp() *rig {
	r.hear(r.w.Setup()...)
	return r
}

// written are the ledger's entries of one kind.
func (r *rig) written(kind ledger.Kind) []ledger.Entry {
	r.t.Helper()
	all, err := r.ledger.Query(ledger.Query{Kind: kind})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// results are what the ledger says of endings: ID and result, in order.
func (r *rig) results() (all []string) {
	for _, e := range r.written(ledger.End) {
		s := e.ID + " " + string(e.Result)
		if e.Code != "" {
			s += " " + string(e.Code)
		}
		all = append(all, s)
	}
	return all
}

// emulated says that an emulator runs the tests, twenty times slower.
var emulated = os.Getenv("LOA_RUNNER") != ""

// bubble runs f in synctest at a Monday, 04:00 in Vietnam, with a fresh world.
func bubble(t *testing.T, f func(t *testing.T, w *trusttest.World)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(monday))
		f(t, trusttest.New(time.Now()))
	})
}

var monday = time.Date(2026, 11, 23, 4, 0, 0, 0, vietnam)

var vietnam = time.FixedZone("+07", 7*3600)

// sleepUntil lets time pass to an hour of the day in Vietnam.
func sleepUntil(hhmmss string) {
	now := time.Now().In(vietnam)
	at, err := time.ParseInLocation("15:04:05", hhmmss, vietnam)
	if err != nil {
		panic(err)
	}
	next := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, vietnam)
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	time.Sleep(next.Sub(now))
	synctest.Wait()
}
