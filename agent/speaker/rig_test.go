package speaker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
)

// rig is a speaker with a card and an amplifier that remember everything.
type rig struct {
	*Speaker
	socket *speakertest.Socket
	amp    *speakertest.Amp
	start  time.Time

	mu    sync.Mutex
	told  []condition
	leave context.CancelFunc
	left  chan struct{}
}

type condition struct {
	code string
	err  error
	at   time.Duration
}

// boot plugs in a card, starts a speaker on it and lets it come to rest.
func boot(t *testing.T, o Opts, card func() *speakertest.Card) *rig {
	t.Helper()
	r := &rig{socket: &speakertest.Socket{}, amp: &speakertest.Amp{}, start: time.Now(), left: make(chan struct{})}
	if card != nil {
		r.socket.Plug(card)
	}
	o.Log = slog.New(slog.DiscardHandler)
	o.Report = func(code string, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, condition{code, err, time.Since(r.start)})
	}
	r.Speaker = New(func() (Sink, error) {
		c, err := r.socket.Open()
		if err != nil {
			return nil, err
		}
		if c.Full {
			return speakertest.ClockedCard{Card: c}, nil
		}
		return c, nil
	}, r.amp, o)
	ctx, cancel := context.WithCancel(t.Context())
	r.leave = cancel
	go func() { // waited for by stop
		defer close(r.left)
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}()
	synctest.Wait()
	return r
}

func card() *speakertest.Card { return &speakertest.Card{} }

// pole is a card as the driver of ALSA shows it: it holds more, says when it has
// room, and a part of it cannot be taken back.
func pole() *speakertest.Card { return &speakertest.Card{Full: true, Queue: 24000, Stuck: 5760} }

// stop ends Run and checks that everything is off.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	r.leave()
	<-r.left
	if r.amp.On() {
		t.Error("the amplifier is on after Run")
	}
}

// conditions are what was told of code.
func (r *rig) conditions(code string) []condition {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []condition
	for _, c := range r.told {
		if c.code == code {
			all = append(all, c)
		}
	}
	return all
}

// tone is a source at a steady level: a square wave, so that no block of it is
// ever near zero.
func tone(level float32, d time.Duration) *square {
	return &square{level: level, left: sound.Frames(d)}
}

type square struct {
	mu     sync.Mutex
	level  float32
	at     int
	left   int
	closed bool
}

func (s *square) Read(p []float32) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p)/2, s.left)
	for i := range n {
		v := s.level
		if s.at/24%2 == 1 { // 1 kHz
			v = -v
		}
		p[2*i], p[2*i+1] = v, v
		s.at++
	}
	s.left -= n
	return 2 * n, nil
}

func (s *square) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *square) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// levels is the largest sample in each millisecond of what was heard, by time
// since r was booted.
func (r *rig) levels() []float64 {
	var out []float64
	for _, s := range r.socket.Heard() {
		from := s.At.Sub(r.start)
		for n := range s.Frames() {
			at := int((from + sound.Duration(n)) / time.Millisecond)
			for len(out) <= at {
				out = append(out, 0)
			}
			out[at] = max(out[at], math.Abs(float64(s.PCM[2*n]))/32768)
		}
	}
	return out
}

func near(t *testing.T, what string, got, want, within time.Duration) {
	t.Helper()
	if d := got - want; d < -within || d > within {
		t.Errorf("%s: %v, want %v ±%v", what, got, want, within)
	}
}

// sinkFunc is a sink of which only Write does anything.
type sinkFunc func([]int16) error

func (f sinkFunc) Write(p []int16) error       { return f(p) }
func (f sinkFunc) Drain(context.Context) error { return nil }
func (f sinkFunc) Drop() (int, error)          { return 0, nil }
