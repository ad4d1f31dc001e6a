package line

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A uart takes all it is given, sends it at its baud, and counts.
type uart struct {
	baud int

	mu       sync.Mutex
	taken    int
	begun    time.Time
	done     time.Time // when all that was taken has gone out
	idle     time.Duration
	most     time.Duration // of line time that was queued at once
	deadline time.Time
}

func (u *uart) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	if !u.deadline.IsZero() && !now.Before(u.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	if u.taken == 0 {
		u.begun, u.done = now, now
	} else if now.After(u.done) {
		u.idle += now.Sub(u.done)
		u.done = now
	}
	u.taken += len(b)
	u.done = u.done.Add(time.Duration(len(b)) * 10 * time.Second / time.Duration(u.baud))
	u.most = max(u.most, u.done.Sub(now))
	return len(b), nil
}

func (u *uart) SetWriteDeadline(t time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.deadline = t
	return nil
}

func (u *uart) Read([]byte) (int, error)        { return 0, io.EOF }
func (u *uart) Close() error                    { return nil }
func (u *uart) SetReadDeadline(time.Time) error { return nil }
func (u *uart) SetDeadline(t time.Time) error   { return u.SetWriteDeadline(t) }
func (u *uart) line() *Line                     { return &Line{name: "a uart", stream: u, pace: pace{baud: u.baud}} }
func (u *uart) lineTime(n int) (took time.Duration) {
	return time.Duration(n) * 10 * time.Second / time.Duration(u.baud)
}

// While a page goes out the wire is never idle, little of it is queued, and the
// end of Write is near its end on the wire.
func TestTheWireIsBusy(t *testing.T) {
	for _, baud := range []int{300, 2400, 9600, 57600, 115200, 921600} {
		synctest.Test(t, func(t *testing.T) {
			u := &uart{baud: baud}
			l := u.line()
			const frames, frame = 6, 531
			for range frames {
				if n, err := l.Write(make([]byte, frame)); n != frame || err != nil {
					t.Fatalf("%d baud: wrote %d, %v", baud, n, err)
				}
				if left := time.Until(u.done); left < 0 || left > ahead+u.lineTime(1) {
					t.Errorf("%d baud: Write returned %v before its last byte had left", baud, left)
				}
			}
			if total := u.done.Sub(u.begun); u.idle*20 > total {
				t.Errorf("%d baud: the wire was idle for %v of %v", baud, u.idle, total)
			}
			if u.most > 2*ahead+u.lineTime(1) {
				t.Errorf("%d baud: %v of line time were queued", baud, u.most)
			}
		})
	}
}

// A stop is noticed soon, at any speed, though bytes go out.
func TestAStopEndsAWriteSoon(t *testing.T) {
	for _, baud := range []int{300, 9600, 115200} {
		synctest.Test(t, func(t *testing.T) {
			u := &uart{baud: baud}
			l := u.line()
			var stopped time.Time
			time.AfterFunc(time.Second, func() {
				stopped = time.Now()
				l.SetDeadline(stopped)
			})
			n, err := l.Write(make([]byte, 1<<20))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%d baud: %v", baud, err)
			}
			if n != u.taken {
				t.Errorf("%d baud: %d bytes were taken, and %d told", baud, u.taken, n)
			}
			if took := time.Since(stopped); took > 100*time.Millisecond {
				t.Errorf("%d baud: the Write went on for %v", baud, took)
			}
			if left := time.Until(u.done); left > 100*time.Millisecond+u.lineTime(1) {
				t.Errorf("%d baud: %v of bytes leave after it", baud, left)
			}
		})
	}
}
