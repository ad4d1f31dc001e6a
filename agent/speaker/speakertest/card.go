// Package speakertest has a sound card, a sound device's socket and an amplifier
// line that behave like the real ones and remember what came to them, and the
// trials that every driver must pass.
package speakertest

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// rate is frames per second of every sink.
const rate = 48000

// ErrLost is what a card says whose device is gone.
var ErrLost = errors.New("no such device")

// A Card is a sound card that plays in time: its clock may be off, its queue is
// bounded, it runs dry when nobody feeds it, and it can be pulled out. It is a
// speaker.Sink and an io.Closer. In a synctest bubble its time is free.
type Card struct {
	// To be set before first use.
	Queue int     // frames it holds; 0: 9600, which is 200 ms
	PPM   float64 // how much faster than true its clock runs
	Stuck int     // frames of the queue that Drop cannot reach any more
	Deaf  bool    // it does not keep what came out, for tests that last long
	Full  bool    // it is to be used as a [ClockedCard]

	mu      sync.Mutex
	queue   []int16
	at      time.Time // up to which the queue has been played
	part    float64   // of a frame that was played besides
	playing bool      // between the first Write and the end of the queue
	heard   []Stretch
	frames  int64
	xruns   int64
	drops   int
	writes  int
	hung    bool
	gone    error // why nothing goes any more
	closed  bool
	change  chan struct{} // closed when something has become different
	dropped uint64        // counts Drop: Write and Drain that wait give up
}

// A Stretch is sound that came out without a gap, from a time on.
type Stretch struct {
	At  time.Time
	PCM []int16
}

// Frames is its length.
func (s Stretch) Frames() int { return len(s.PCM) / 2 }

// When is the time at which its frame n came out of a card with a true clock.
func (s Stretch) When(n int) time.Time {
	return s.At.Add(time.Duration(n) * time.Second / rate)
}

func (c *Card) speed() float64 { return rate * (1 + c.PPM/1e6) }

func (c *Card) room() int {
	if c.Queue > 0 {
		return c.Queue
	}
	return 9600
}

// play moves the queue on to now. c.mu is held.
func (c *Card) play(now time.Time) {
	if !c.playing || c.hung {
		c.at = now
		return
	}
	if now.Before(c.at) {
		return // it starves
	}
	exact := now.Sub(c.at).Seconds()*c.speed() + c.part
	n := int(exact)
	have := len(c.queue) / 2
	c.part, c.at = exact-float64(n), now
	if n >= have {
		c.out(have)
		c.playing, c.part = false, 0
		if n > have {
			c.xruns++
		}
		return
	}
	c.out(n)
}

// out lets n frames of the queue be heard.
func (c *Card) out(n int) {
	if s := &c.heard[len(c.heard)-1]; !c.Deaf {
		s.PCM = append(s.PCM, c.queue[:2*n]...)
	}
	c.queue = append(c.queue[:0], c.queue[2*n:]...)
	c.frames += int64(n)
}

func (c *Card) changed() {
	if c.change != nil {
		close(c.change)
	}
	c.change = make(chan struct{})
}

// wait gives up c.mu until something changes, d has passed, or ctx is done.
func (c *Card) wait(ctx context.Context, d time.Duration) error {
	if c.change == nil {
		c.change = make(chan struct{})
	}
	change := c.change
	c.mu.Unlock()
	defer c.mu.Lock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-change:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// lasts is how long the card plays frames, rounded up.
func (c *Card) lasts(frames int) time.Duration {
	return time.Duration(math.Ceil(float64(frames) / c.speed() * 1e9))
}

const never = 1000 * time.Hour

// Write queues p, and waits while there is no room.
func (c *Card) Write(p []int16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if len(p)%2 != 0 {
		return errors.New("half a frame")
	}
	dropped := c.dropped
	for len(p) > 0 {
		c.play(time.Now())
		switch {
		case c.gone != nil:
			return c.gone
		case c.dropped != dropped:
			return nil
		case c.hung:
			_ = c.wait(context.Background(), never) // its context has no end
			continue
		}
		n := min(len(p), 2*c.room()-len(c.queue))
		if n == 0 {
			// As a card does, it wakes us when a good part of a block is free.
			_ = c.wait(context.Background(), c.lasts(min(len(p)/2, c.room()/2)))
			continue
		}
		if !c.playing {
			c.playing, c.at = true, time.Now()
			c.heard = append(c.heard, Stretch{At: time.Now()})
		}
		c.queue = append(c.queue, p[:n]...)
		p = p[n:]
	}
	return nil
}

// Drain waits until the queue has been heard.
func (c *Card) Drain(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dropped := c.dropped
	for {
		if c.dropped != dropped {
			return nil
		}
		if c.gone != nil {
			return c.gone
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		d := never
		if !c.hung {
			now := time.Now()
			// One that is drained does not run dry.
			if d = c.lasts(len(c.queue) / 2); now.Sub(c.at) >= d {
				c.at = now.Add(-d)
			}
			c.play(now)
			if len(c.queue) == 0 {
				c.playing = false
				return nil
			}
			d = c.lasts(len(c.queue) / 2)
		}
		if err := c.wait(ctx, d); err != nil {
			return err
		}
	}
}

// Drop forgets the queue but for what is stuck.
func (c *Card) Drop() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != nil {
		return 0, c.gone
	}
	c.play(time.Now())
	c.drops++
	c.dropped++
	still := min(c.Stuck, len(c.queue)/2)
	c.queue = c.queue[:2*still]
	if still == 0 {
		c.playing = false
	}
	c.changed()
	return still, nil
}

// Close stops the card; what it had queued is not heard.
func (c *Card) Close() error {
	c.fail(errors.New("the card is closed"))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return nil
}

// Closed reports whether it was closed.
func (c *Card) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Lose pulls the card out.
func (c *Card) Lose() { c.fail(ErrLost) }

func (c *Card) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.play(time.Now())
	if c.gone == nil {
		c.gone = err
	}
	c.playing, c.queue = false, nil
	c.changed()
}

// Hang lets the card stand still: it takes and plays nothing, and says nothing.
func (c *Card) Hang() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.play(time.Now())
	c.hung = true
	c.changed()
}

// Starve lets the card stand still for d, as one does that ran dry and was mended: what
// it has queued is heard so much later.
func (c *Card) Starve(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.play(time.Now())
	if len(c.heard) == 0 || !c.playing {
		return
	}
	c.at = c.at.Add(d)
	c.heard = append(c.heard, Stretch{At: c.at})
	c.xruns++
}

// Heard is what came out so far.
func (c *Card) Heard() []Stretch {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.play(time.Now())
	out := slices.Clone(c.heard)
	for i := range out {
		out[i].PCM = slices.Clone(out[i].PCM)
	}
	return out
}

// Writes is how often it was written to.
func (c *Card) Writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// Drops is how often its queue was thrown away.
func (c *Card) Drops() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}

// Xruns is how often it ran dry.
func (c *Card) Xruns() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.xruns
}

// A ClockedCard is a card that also says how far it is, and when half of its
// queue is free.
type ClockedCard struct{ *Card }

// Heard is speaker.Clocked; the sound itself is in Card.Heard.
func (c ClockedCard) Heard() (int64, time.Time) {
	c.Card.mu.Lock()
	defer c.Card.mu.Unlock()
	now := time.Now()
	c.Card.play(now)
	return c.Card.frames, now
}

// Room is speaker.Roomy.
func (c ClockedCard) Room(ctx context.Context) (int, error) {
	c.Card.mu.Lock()
	defer c.Card.mu.Unlock()
	for {
		c.Card.play(time.Now())
		free := c.Card.room() - len(c.Card.queue)/2
		switch {
		case c.Card.gone != nil:
			return 0, c.Card.gone
		case !c.Card.hung && free >= c.Card.room()/2:
			return free, nil
		}
		d := never
		if !c.Card.hung {
			d = c.Card.lasts(c.Card.room()/2 - free)
		}
		if err := c.Card.wait(ctx, d); err != nil {
			return 0, err
		}
	}
}
