package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"loa/agent/sound"
)

// A Stretch is sound that was heard without a long pause.
type Stretch struct{ From, To time.Time }

// An ear is a card that plays in time and keeps of it only when there was sound. It
// costs nothing while it is silent: a fleet has thousands.
//
// One that stands plays the first queue of each sound, and then its clock stands until
// Drop or Close. The speaker waits for room as behind any full queue and mixes nothing
// more, so that the boxes that sound take no processor from those that do not yet: real
// boxes have one each.
type ear struct {
	stands bool // see above

	mu      sync.Mutex
	end     time.Time // of the queue
	still   bool      // its clock stands; it is heard for as long
	heard   []Stretch
	dropped chan struct{} // closed and made anew by Drop and Close; nil: nobody waits
	closed  bool
}

const (
	queue  = 200 * time.Millisecond // the card's own
	period = queue / 2              // it is woken for
	pause  = time.Second            // what a siren may pause within one stretch
	stand  = time.Second            // a clock that stands goes on by a frame, or the speaker would take it for a lost device
	floor  = 8                      // the largest sample that nobody hears: 72 dB below full scale
)

var errClosed = errors.New("the card is closed")

// open makes it ready again for a speaker that begins.
func (e *ear) open() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = false
}

// Room is speaker.Roomy.
func (e *ear) Room(ctx context.Context) (frames int, err error) {
	for {
		e.mu.Lock()
		now, cut := time.Now(), e.waiting()
		free := queue - max(0, e.end.Sub(now))
		closed, still := e.closed, e.still
		e.mu.Unlock()
		switch {
		case closed:
			return 0, errClosed
		case still:
			return 1, sleep(ctx, stand, cut)
		case free >= period:
			return sound.Frames(free), nil
		}
		if err := sleep(ctx, period-free, cut); err != nil {
			return 0, err
		}
	}
}

// Write is speaker.Sink. It never blocks for long: Room has said how much there is.
func (e *ear) Write(p []int16) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errClosed
	}
	if e.still {
		return nil // behind what stands
	}
	if now := time.Now(); e.end.Before(now) {
		e.end = now
	}
	loud := func(v int16) bool { return v > floor || v < -floor }
	if first := slices.IndexFunc(p, loud); first >= 0 {
		last := len(p) - 1
		for !loud(p[last]) {
			last--
		}
		e.hear(Stretch{e.end.Add(sound.Duration(first / sound.Channels)), e.end.Add(sound.Duration(last/sound.Channels + 1))})
	}
	e.end = e.end.Add(sound.Duration(len(p) / sound.Channels))
	if n := len(e.heard); e.stands && n > 0 && time.Until(e.heard[n-1].To) > period {
		e.still = true
	}
	return nil
}

// hear adds to what was heard. e.mu is held.
func (e *ear) hear(s Stretch) {
	if n := len(e.heard); n > 0 && s.From.Sub(e.heard[n-1].To) < pause {
		e.heard[n-1].To = s.To
		return
	}
	e.heard = append(e.heard, s)
}

// Drain is speaker.Sink.
func (e *ear) Drain(ctx context.Context) error {
	for {
		e.mu.Lock()
		left, cut, closed := time.Until(e.end), e.waiting(), e.closed
		e.mu.Unlock()
		if closed {
			return errClosed
		}
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, left, cut); err != nil {
			return err
		}
	}
}

// Drop is speaker.Sink: all of the queue is forgotten.
func (e *ear) Drop() (frames int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.end.After(now) {
		e.end = now
	}
	if e.still {
		e.heard[len(e.heard)-1].To, e.still = now, false
	} else if n := len(e.heard); n > 0 {
		if s := &e.heard[n-1]; !s.From.Before(now) {
			e.heard = e.heard[:n-1]
		} else if s.To.After(now) {
			s.To = now
		}
	}
	e.wake()
	return 0, nil
}

// Close is io.Closer.
func (e *ear) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.still {
		e.heard[len(e.heard)-1].To, e.still = time.Now(), false
	}
	e.closed = true
	e.wake()
	return nil
}

// Heard are the stretches so far that began at or after from.
func (e *ear) Heard(from time.Time) []Stretch {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	var all []Stretch
	for i, s := range e.heard {
		if e.still && i == len(e.heard)-1 {
			s.To = now
		}
		if !s.From.Before(from) && !s.From.After(now) { // what is queued is not heard
			all = append(all, s)
		}
	}
	return all
}

// Last is the last stretch of Heard, and whether there is any.
func (e *ear) Last() (Stretch, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for i := len(e.heard) - 1; i >= 0; i-- {
		if s := e.heard[i]; !s.From.After(now) {
			if e.still {
				s.To = now
			}
			return s, true
		}
	}
	return Stretch{}, false
}

// waiting is what Drop closes. e.mu is held.
func (e *ear) waiting() <-chan struct{} {
	if e.dropped == nil {
		e.dropped = make(chan struct{})
	}
	return e.dropped
}

// wake lets go of whoever waits. e.mu is held.
func (e *ear) wake() {
	if e.dropped != nil {
		close(e.dropped)
		e.dropped = nil
	}
}

// sleep waits for d, or until cut is closed, or gives ctx's error.
func sleep(ctx context.Context, d time.Duration, cut <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-cut:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
