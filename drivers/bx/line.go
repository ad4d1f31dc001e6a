package bx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A Conn is the way to the card: a TCP connection or a serial line. Read and
// Write obey the deadline with an error that is [os.ErrDeadlineExceeded], and say
// how much they did until then.
type Conn interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

const (
	// slice is how long a Read or a Write waits before the context is asked.
	slice = 100 * time.Millisecond
	// lead is how far writes run ahead of the wire: enough that it never waits
	// for a late scheduler, little enough that a context's end is soon obeyed
	// and no FIFO is flooded.
	lead  = 80 * time.Millisecond
	chunk = 20 * time.Millisecond
	// mouthful is how much a line without pacing is given at once.
	mouthful = 8 << 10
)

var (
	errSilent = errors.New("no answer")
	errStuck  = errors.New("the line takes no bytes")
)

// A line sends and receives frames.
type line struct {
	conn    Conn
	perByte time.Duration // 0: no pacing
	drained time.Time     // when the wire will have sent all that was written

	scan    scanner
	buf     [512]byte
	pending []byte // received, not scanned yet
}

func newLine(conn Conn, baud int) *line {
	l := &line{conn: conn}
	if baud > 0 {
		l.perByte = 10 * time.Second / time.Duration(baud) // 8N1: ten bits
	}
	return l
}

// send writes a frame as fast as the wire takes it, in small pieces.
func (l *line) send(ctx context.Context, frame []byte, patience time.Duration) error {
	for len(frame) > 0 {
		n := min(len(frame), mouthful)
		if l.perByte > 0 {
			n = min(len(frame), max(1, int(chunk/l.perByte)))
			if err := sleep(ctx, time.Until(l.drained.Add(-lead))); err != nil {
				return err
			}
		}
		if err := l.write(ctx, frame[:n], patience); err != nil {
			return err
		}
		frame = frame[n:]
		if now := time.Now(); l.drained.Before(now) {
			l.drained = now
		}
		l.drained = l.drained.Add(time.Duration(n) * l.perByte)
	}
	return nil
}

// write writes all of b, or gives up when nothing of it goes for so long.
func (l *line) write(ctx context.Context, b []byte, patience time.Duration) error {
	for until := time.Now().Add(patience); len(b) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := time.Now()
		if !now.Before(until) {
			return errStuck
		}
		if err := l.conn.SetDeadline(now.Add(slice)); err != nil {
			return err
		}
		n, err := l.conn.Write(b)
		if n < 0 || n > len(b) {
			return fmt.Errorf("a write of %d bytes claims %d", len(b), n)
		}
		if n > 0 {
			b = b[n:]
			until = time.Now().Add(patience)
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return nil
}

// drain throws away what has come in unasked.
func (l *line) drain() {
	for range 64 { // a line that never ends is not waited for
		if l.conn.SetDeadline(time.Now().Add(2*time.Millisecond)) != nil {
			return
		}
		if n, err := l.conn.Read(l.buf[:]); n <= 0 || err != nil {
			break
		}
	}
	l.pending = nil
}

// receive returns the payload of the next frame, or errSilent.
func (l *line) receive(ctx context.Context, until time.Time) ([]byte, error) {
	for {
		for len(l.pending) > 0 {
			b := l.pending[0]
			l.pending = l.pending[1:]
			if p := l.scan.push(b); p != nil {
				return p, nil
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := time.Now()
		if !now.Before(until) {
			return nil, errSilent
		}
		deadline := now.Add(slice)
		if until.Before(deadline) {
			deadline = until
		}
		if err := l.conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
		n, err := l.conn.Read(l.buf[:])
		l.pending = l.buf[:max(n, 0)]
		if n <= 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
	}
}

// sleep waits for d, or for the end of the context.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
