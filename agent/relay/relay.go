// Package relay is a live station as a sound source: Icecast, HLS or a line
// input, with a chain of fall-backs behind it.
//
// Every address of the chain has a lane. A lane that is open has a line: one
// attempt, its decoder and its buffer. After every tick the same two questions
// are asked of all lanes: which is to be heard, and which are to be opened. So
// a reconnect, a fall-back and the way back need no case of their own.
//
// What counts is decoded sound, never an open socket: a handover on a mobile
// network leaves TCP connections open for minutes with nothing in them.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
)

// The codes of the conditions that a relay reports.
const (
	CodeLost     = "relay-lost"     // no address has given sound for Opts.Silence
	CodeSilent   = "relay-silent"   // the heard address has given only silence for as long
	CodeFallback = "relay-fallback" // heard, but not from the first address
)

// tick is how often lines are fed and judged. It is far below the jitter
// buffer and above what a scheduler on a busy board can miss.
const tick = 20 * time.Millisecond

// Opts say where a relay may listen and how patient it is. A zero duration
// takes the value in brackets.
type Opts struct {
	Client *http.Client // for all requests; nil: one of the relay's own, without a proxy
	Hosts  []string     // the policy's relay hosts, "host" or "host:port"; nothing else is ever asked
	// OpenInput opens a local input by the name after "alsa:". What it gives is
	// raw signed 16-bit little-endian stereo at 48 kHz; Close ends a Read.
	OpenInput func(name string) (io.ReadCloser, error)
	// Loopback also lets plain http to this machine pass. Only tests set it.
	Loopback bool

	Target  time.Duration // sound held back against jitter [1.5 s]
	Start   time.Duration // from opening an address to its first sound [8 s]
	Stall   time.Duration // without decoded sound until a line is given up [2 s]
	Hold    time.Duration // a better address must sound so long before it is taken [10 s]
	Recheck time.Duration // between two tries of a better address [30 s]
	Silence time.Duration // without audible sound until it is reported and others are tried [15 s]

	Event  func(Event)                  // another address is heard now; called by Run
	Report func(code string, err error) // a condition is on (err) or off (nil); called by Run
	Log    *slog.Logger
}

// An Event says that another address is heard now.
type Event struct {
	At   time.Time
	From string // empty: nothing was heard before
	To   string
	Why  error // what was wrong with From, nil when To is simply better
}

// Status is what a technician asks about a relay.
type Status struct {
	URL        string        // heard now, empty: none
	Rank       int           // of URL in the chain, from 1; 0: none
	Buffered   time.Duration // sound decoded and not yet heard
	Reconnects int           // lines lost after they had been heard
	Starved    int           // times the buffer ran dry
	Err        error         // why an address was last lost or refused
}

// A Source is a live station. Its Read never blocks and never ends by itself:
// a station that stops is a fault to be mended, and the slot ends the relay.
type Source struct {
	o     Opts
	open  func(context.Context, string) (sound.Source, error)
	begun sync.WaitGroup // goroutines of lines that open
	gone  chan struct{}  // closed by Close
	once  sync.Once

	mu         sync.Mutex
	lanes      []*lane
	heard      int   // index of the lane that is heard, -1: none
	tail       *ring // what a lost line left, heard until another is there
	leaving    *ring // what is faded out under the heard line
	fade       int   // frames of that fade that are over
	last       string
	why        error     // of the last loss
	dark       time.Time // since when no filled line is heard; zero: one is
	reconnects int
	starved    int
	over       error // after Run or Close
}

// New makes a source of r, which is to be an authorised relay: the addresses
// are tried in their order. It opens nothing before Run.
func New(r plan.Relay, o Opts) *Source {
	defaults(&o)
	s := &Source{o: o, gone: make(chan struct{}), heard: -1}
	w := newWeb(o)
	s.open = func(ctx context.Context, addr string) (sound.Source, error) {
		return dial(ctx, addr, w, o.OpenInput, decode.Stream)
	}
	for _, u := range r.URLs {
		s.lanes = append(s.lanes, &lane{url: u})
	}
	return s
}

func defaults(o *Opts) {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.Target, 1500*time.Millisecond)
	set(&o.Start, 8*time.Second)
	set(&o.Stall, 2*time.Second)
	set(&o.Hold, 10*time.Second)
	set(&o.Recheck, 30*time.Second)
	set(&o.Silence, 15*time.Second)
	if o.Event == nil {
		o.Event = func(Event) {}
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// errClosed is what Read returns after Close.
var errClosed = errors.New("relay: closed")

// Run keeps the source fed until ctx ends or Close is called, and returns
// when everything it opened is closed. Its conditions are off then.
func (s *Source) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := time.NewTicker(tick)
	defer t.Stop()
	c := conditions{report: s.o.Report}
	defer c.clear()
	defer s.begun.Wait()
	defer s.end(context.Canceled)
	if len(s.lanes) == 0 {
		return errors.New("relay: no address to listen to")
	}
	for now := time.Now(); ; {
		evs, f := s.step(ctx, now)
		for _, e := range evs {
			s.o.Log.Info("relay: another address is heard", "from", e.From, "to", e.To, "why", e.Why)
			s.o.Event(e)
		}
		c.set(CodeLost, f.lost)
		c.set(CodeSilent, f.silent)
		c.set(CodeFallback, f.fallback)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.gone:
			return nil
		case now = <-t.C:
		}
	}
}

// step feeds every line, judges every lane, and says what has changed. It is
// the only place that changes lanes.
func (s *Source) step(ctx context.Context, now time.Time) (evs []Event, f faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.lanes {
		if l.line == nil {
			continue
		}
		l.line.pump(now, &s.o, i != s.heard)
		if err := l.line.verdict(now, &s.o, i == s.heard); err != nil {
			s.lose(i, now, err)
		}
	}
	if i := s.choose(now); i != s.heard {
		evs = append(evs, s.switchTo(i, now)...)
	}
	s.prune(now)
	for i := range s.lanes {
		if s.wanted(i, now) {
			s.begin(ctx, i, now)
		}
	}
	return evs, s.faults(now)
}

// faults are what a technician should know, each nil when all is well.
type faults struct{ lost, silent, fallback error }

func (s *Source) faults(now time.Time) (f faults) {
	if s.heard >= 0 && s.lanes[s.heard].line.filled {
		s.dark = time.Time{}
	} else if s.dark.IsZero() {
		s.dark = now
	}
	if !s.dark.IsZero() && now.Sub(s.dark) >= s.o.Silence {
		f.lost = fmt.Errorf("no address of the relay has given sound for %v: %w", s.o.Silence, s.cause())
	}
	if s.heard >= 0 && s.lanes[s.heard].line.mute(&s.o) {
		f.silent = fmt.Errorf("%s sends silence", s.lanes[s.heard].url)
	}
	if s.heard > 0 {
		f.fallback = fmt.Errorf("heard from address %d, %s: %w", s.heard+1, s.lanes[s.heard].url, s.lanes[0].cause())
	}
	return f
}

// cause is the error of the first address that has one.
func (s *Source) cause() error {
	for _, l := range s.lanes {
		if l.err != nil {
			return l.cause()
		}
	}
	return errWaiting
}

// Read gives what is buffered. Without any it gives 0, nil until the buffer
// has filled again, so that a weak network makes one pause and not fifty.
func (s *Source) Read(p []float32) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return 0, s.over
	}
	p = p[:len(p)-len(p)%sound.Channels]
	if s.heard < 0 {
		if s.tail == nil {
			return 0, nil
		}
		return s.tail.read(p), nil
	}
	n, dry := s.lanes[s.heard].line.take(p)
	if dry {
		s.starved++
	}
	s.blend(p[:n])
	return n, nil
}

// fading is how many frames one address takes to give way to another: a hard
// cut is a crack in a horn.
const fading = sound.Rate / 50

// blend fades what is left of the line heard before into p.
func (s *Source) blend(p []float32) {
	if s.leaving == nil {
		return
	}
	var old [sound.Channels]float32
	for i := 0; i < len(p) && s.fade < fading; i += sound.Channels {
		clear(old[:])
		s.leaving.read(old[:])
		up := float32(s.fade) / fading
		for c := range old {
			p[i+c] = p[i+c]*up + old[c]*(1-up)
		}
		s.fade++
	}
	if s.fade == fading {
		s.leaving = nil
	}
}

// Close ends the source and makes Run return.
func (s *Source) Close() error {
	s.once.Do(func() { close(s.gone) })
	s.end(errClosed)
	return nil
}

func (s *Source) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over == nil {
		s.over = fmt.Errorf("relay: over: %w", err)
	}
	for _, l := range s.lanes {
		l.close()
	}
	s.heard, s.tail, s.leaving = -1, nil, nil
}

// Status is for the console.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{Reconnects: s.reconnects, Starved: s.starved, Err: s.why}
	if s.heard >= 0 {
		l := s.lanes[s.heard]
		st.URL, st.Rank = l.url, s.heard+1
		st.Buffered = sound.Duration(l.line.ring.len() / sound.Channels)
	}
	return st
}

// conditions says a condition once when it begins and once when it ends.
type conditions struct {
	report func(string, error)
	on     map[string]bool
}

func (c *conditions) set(code string, err error) {
	if c.on == nil {
		c.on = make(map[string]bool)
	}
	if (err != nil) == c.on[code] {
		return
	}
	c.on[code] = err != nil
	c.report(code, err)
}

func (c *conditions) clear() {
	for code, on := range c.on {
		if on {
			c.report(code, nil)
		}
	}
}
