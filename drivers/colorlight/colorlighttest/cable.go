package colorlighttest

import (
	"errors"
	"os"
	"sync"
	"time"
)

// A Cable joins cards in a row with one end that a driver holds. Frames arrive at
// once and in order. It can be cut.
type Cable struct {
	Cards []*Card

	mu       sync.Mutex
	cut      bool
	closed   bool
	deadline time.Time
	came     [][]byte
	wake     chan struct{}
}

// Cut takes the carrier away or gives it back.
func (c *Cable) Cut(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = on
}

// Open gives the driver's end, which may have been closed, again.
func (c *Cable) Open() *Cable {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.deadline, c.came = false, time.Time{}, nil
	return c
}

// Up tells the carrier.
func (c *Cable) Up() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.cut, nil
}

// Write hands a frame to the cards. Without a carrier it is gone, without an error,
// as the kernel does it.
func (c *Cable) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, os.ErrClosed
	case len(b) > 1514:
		return 0, errors.New("message too long")
	case c.cut:
		return len(b), nil
	}
	for _, card := range c.Cards {
		if answer := card.Frame(b); answer != nil {
			c.inject(answer)
		}
	}
	return len(b), nil
}

// Inject makes a frame come in at the driver's end.
func (c *Cable) Inject(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inject(frame)
}

func (c *Cable) inject(frame []byte) {
	c.came = append(c.came, frame)
	c.signal()
}

// signal wakes the reader. c.mu is held.
func (c *Cable) signal() {
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// Read gives a frame that has come.
func (c *Cable) Read(b []byte) (int, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return 0, os.ErrClosed
		}
		if len(c.came) > 0 {
			n := copy(b, c.came[0])
			c.came = c.came[1:]
			c.mu.Unlock()
			return n, nil
		}
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
		wake, left := c.wake, time.Until(c.deadline)
		if c.deadline.IsZero() {
			left = time.Hour
		}
		c.mu.Unlock()
		if left <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		t := time.NewTimer(left)
		select {
		case <-wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// SetDeadline bounds Read; Write never waits.
func (c *Cable) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.signal()
	return nil
}

// Close ends a Read that waits.
func (c *Cable) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.signal()
	return nil
}
