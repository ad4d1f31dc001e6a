package bxtest

import (
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// fifo is what the driver of a serial port takes before a Write waits.
const fifo = 4096

// A Link is one end of a line in memory, with the pace of its baud: the other end
// sees a byte when its last bit would have come. It is what a driver is given as
// its connection.
type Link struct{ in, out *wire }

// newLink makes a line between two ends that may believe in different speeds;
// 0 is a line without pace.
func newLink(ours, theirs int) (our, their *Link) {
	forth, back := newWire(ours, ours != theirs), newWire(theirs, ours != theirs)
	return &Link{in: back, out: forth}, &Link{in: forth, out: back}
}

func (l *Link) Read(b []byte) (int, error)  { return l.in.read(b) }
func (l *Link) Write(b []byte) (int, error) { return l.out.write(b) }

// Close ends both directions.
func (l *Link) Close() error {
	l.in.close()
	l.out.close()
	return nil
}

// SetDeadline is for what this end reads and writes.
func (l *Link) SetDeadline(t time.Time) error {
	l.in.setDeadline(&l.in.readBy, t)
	l.out.setDeadline(&l.out.writeBy, t)
	return nil
}

// Jam makes the line take no byte more, as flow control or a dead adapter does.
func (l *Link) Jam(on bool) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.out.jammed = on
	l.out.wake()
}

// Traffic is what a line carried from this end to the other.
type Traffic struct {
	Bytes   int
	Busy    time.Duration // the wire had a bit on it
	Idle    time.Duration // it waited for the sender between two bytes
	Backlog int           // most bytes that ever waited for the wire
}

// Traffic returns the sums since the last call, counted from the first byte.
func (l *Link) Traffic() Traffic {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	t := l.out.traffic
	l.out.traffic = Traffic{}
	return t
}

type stretch struct {
	data  []byte
	first time.Time // when its first byte is there
}

type wire struct {
	perByte time.Duration
	garble  bool

	mu              sync.Mutex
	changed         chan struct{} // closed at every change
	queue           []stretch
	free            time.Time // when the wire will have sent everything
	readBy, writeBy time.Time
	closed, jammed  bool
	traffic         Traffic
}

func newWire(baud int, garble bool) *wire {
	w := &wire{garble: garble, changed: make(chan struct{})}
	if baud > 0 {
		w.perByte = 10 * time.Second / time.Duration(baud)
	}
	return w
}

func (w *wire) wake() {
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *wire) setDeadline(which *time.Time, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*which = t
	w.wake()
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		w.wake()
	}
}

// wait lets go of the lock until something changes, or until a time.
func (w *wire) wait(until ...time.Time) {
	changed := w.changed
	w.mu.Unlock()
	defer w.mu.Lock()
	var next time.Time
	for _, t := range until {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if next.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func (w *wire) read(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if n := w.take(b); n > 0 {
			return n, nil
		}
		if passed(w.readBy) {
			return 0, os.ErrDeadlineExceeded
		}
		if w.closed && len(w.queue) == 0 {
			return 0, io.EOF
		}
		var next time.Time
		if len(w.queue) > 0 {
			next = w.queue[0].first
		}
		w.wait(next, w.readBy)
	}
}

// take copies what has arrived by now.
func (w *wire) take(b []byte) (n int) {
	now := time.Now()
	for n < len(b) && len(w.queue) > 0 {
		s := &w.queue[0]
		there := len(s.data)
		if w.perByte > 0 {
			there = int(min(time.Duration(there), now.Sub(s.first)/w.perByte+1))
		}
		if now.Before(s.first) || there <= 0 {
			break
		}
		c := copy(b[n:], s.data[:there])
		n += c
		s.data = s.data[c:]
		s.first = s.first.Add(time.Duration(c) * w.perByte)
		if len(s.data) > 0 {
			break
		}
		w.queue = w.queue[1:]
	}
	if n > 0 {
		w.wake()
	}
	return n
}

func (w *wire) write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := 0
	for done < len(b) {
		if w.closed {
			return done, io.ErrClosedPipe
		}
		if passed(w.writeBy) {
			return done, os.ErrDeadlineExceeded
		}
		room := fifo - w.waiting()
		if w.jammed || room <= 0 {
			var next time.Time
			if !w.jammed && w.perByte > 0 {
				next = time.Now().Add(16 * w.perByte)
			}
			w.wait(next, w.writeBy)
			continue
		}
		n := min(room, len(b)-done)
		w.carry(b[done:][:n])
		done += n
	}
	return done, nil
}

// waiting is how many bytes the wire has not sent yet; without a pace, how many
// nobody has read.
func (w *wire) waiting() int {
	if w.perByte > 0 {
		return int(max(0, time.Until(w.free)) / w.perByte) // never is as long ago as an int of 32 bits cannot say
	}
	n := 0
	for _, s := range w.queue {
		n += len(s.data)
	}
	return n
}

func (w *wire) carry(b []byte) {
	data := append([]byte(nil), b...)
	if w.garble {
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
	}
	now := time.Now()
	begin := w.free
	if begin.Before(now) {
		if w.traffic.Bytes > 0 {
			w.traffic.Idle += now.Sub(begin)
		}
		begin = now
	}
	took := time.Duration(len(data)) * w.perByte
	w.free = begin.Add(took)
	w.traffic.Bytes += len(data)
	w.traffic.Busy += took
	w.traffic.Backlog = max(w.traffic.Backlog, w.waiting())
	w.queue = append(w.queue, stretch{data, begin.Add(w.perByte)})
	w.wake()
}
