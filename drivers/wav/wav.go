package wav

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	rate     = 48000
	channels = 2
)

// Opts are the choices of a Sink. Path is needed, the rest may be zero.
type Opts struct {
	Path string

	// Buffer is how much is taken ahead of what sounds, as a card's ring does:
	// Write returns that much early. Zero is 200 ms.
	Buffer time.Duration

	// MaxBytes bounds the file; zero is 256 MB, 22 minutes.
	MaxBytes int64

	// Fast drops the pace: everything sounds at the moment it is written.
	Fast bool
}

// A Sink is an open WAV file that behaves like a sound card at 48 kHz, stereo.
type Sink struct {
	buffer int64 // frames
	fast   bool

	mu      sync.Mutex
	file    *file
	queue   []int16   // taken, not yet sounded
	taken   int64     // frames ever taken and not dropped
	sounded int64     // frames ever sounded; taken-sounded are in queue
	start   time.Time // when the clock last began to run …
	base    int64     // … and which frame it was
	drops   int       // how often Drop was called
	wake    chan struct{}
	closed  bool
}

// Open makes the file, or goes on at its end if it is there.
func Open(o Opts) (*Sink, error) {
	if o.Buffer == 0 {
		o.Buffer = 200 * time.Millisecond
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256e6
	}
	f, err := openFile(o.Path, o.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	return &Sink{buffer: frames(o.Buffer), fast: o.Fast, file: f, start: time.Now(), wake: make(chan struct{})}, nil
}

// Path is where the sound goes.
func (s *Sink) Path() string { return s.file.path }

// Write takes whole stereo frames and returns once the queue has room for all
// of them, at the pace of real time. What Drop interrupts counts as taken and
// forgotten; after Close the error is [os.ErrClosed].
func (s *Sink) Write(p []int16) error {
	if len(p)%channels != 0 {
		return fmt.Errorf("wav: %d samples are not whole stereo frames", len(p))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for drops := s.drops; len(p) > 0 && s.drops == drops; {
		if err := s.advance(); err != nil {
			return err
		}
		room := s.buffer - (s.taken - s.sounded)
		// Not for every frame: for the whole of p, or a good part of the queue.
		if want := min(int64(len(p)/channels), s.buffer/4+1); room < want {
			s.sleep(context.Background(), duration(want-room))
			continue
		}
		n := min(int(room)*channels, len(p))
		s.queue = append(s.queue, p[:n]...)
		s.taken += int64(n / channels)
		p = p[n:]
	}
	return s.advance()
}

// Drain returns once everything that was written has sounded and is in the file.
func (s *Sink) Drain(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.advance(); err != nil || s.taken == s.sounded {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s.sleep(ctx, duration(s.taken-s.sounded))
	}
}

// Drop forgets what has not sounded yet. Nothing sounds after it: frames is 0.
func (s *Sink) Drop() (frames int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.advance()
	s.queue, s.taken = s.queue[:0], s.sounded
	s.drops++
	s.signal()
	return 0, err
}

// Heard is how many frames have sounded since Open, and when that was so.
func (s *Sink) Heard() (frames int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.advance() // a full disk shows at the next Write
	if s.taken == s.sounded {
		return s.sounded, time.Now()
	}
	return s.sounded, s.start.Add(duration(s.sounded - s.base))
}

// Close ends the file where the sound has got to. It is idempotent.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	err := s.advance()
	s.closed = true
	s.signal()
	return errors.Join(err, s.file.close())
}

// advance moves into the file what has sounded by now. An empty queue makes
// the clock wait, as an underrun stops a card. s.mu is held.
func (s *Sink) advance() error {
	if s.closed {
		return fmt.Errorf("wav: %s: %w", s.file.path, os.ErrClosed)
	}
	now := time.Now()
	queued := s.taken - s.sounded
	n := s.base + frames(now.Sub(s.start)) - s.sounded
	if s.fast || n >= queued {
		n = queued
		s.start, s.base = now, s.taken
	}
	if n <= 0 {
		return nil
	}
	s.sounded += n
	err := s.file.append(s.queue[:n*channels])
	s.queue = s.queue[:copy(s.queue, s.queue[n*channels:])]
	if err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	return nil
}

// sleep waits for d, for Drop, for Close or for ctx, without s.mu, which is
// held before and after.
func (s *Sink) sleep(ctx context.Context, d time.Duration) {
	wake := s.wake
	s.mu.Unlock()
	defer s.mu.Lock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// signal wakes every sleeper. s.mu is held.
func (s *Sink) signal() {
	close(s.wake)
	s.wake = make(chan struct{})
}

func frames(d time.Duration) int64 { return int64(d) * rate / int64(time.Second) }

// duration is the time n frames last, rounded up, so that after it they have
// indeed sounded.
func duration(n int64) time.Duration {
	return time.Duration((n*int64(time.Second) + rate - 1) / rate)
}
