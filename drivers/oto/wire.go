package oto

import (
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

const (
	rate      = 48000
	channels  = 2
	frameSize = 2 * channels // bytes
)

// A message on the pipes is a kind, a length and that many bytes.
//
//	to the child                         from the child
//	write    PCM, s16le                  ready    nothing
//	drain    number                      clock    a clock
//	drop     number                      drained  number
//	                                     dropped  number, frames that will still sound
//	                                     failed   why, as text; the end
//
// The agent sends no frame beyond the clock's limit, so that a drop never waits
// behind sound that the child has no room for.
const (
	msgWrite   = 'w'
	msgDrain   = 'd'
	msgDrop    = 'x'
	msgReady   = 'r'
	msgClock   = 'c'
	msgDrained = 'D'
	msgDropped = 'X'
	msgFailed  = 'e'
)

const headerSize = 5

// maxMessage bounds what a confused other side can make us allocate: a second.
const maxMessage = rate * frameSize

// begin makes room for a header; finish fills it in.
func begin(b []byte, kind byte) []byte { return append(b[:0], kind, 0, 0, 0, 0) }

func finish(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[1:headerSize], uint32(len(b)-headerSize))
	return b
}

// readMessage reads one message into buf, which it grows as needed.
func readMessage(r io.Reader, buf []byte) (kind byte, body, grown []byte, err error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, buf, err
	}
	n := binary.LittleEndian.Uint32(h[1:])
	if n > maxMessage { // before it is an int, which has 32 bits on the boxes
		return 0, nil, buf, fmt.Errorf("message %q of %d bytes", h[0], n)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err = io.ReadFull(r, buf)
	return h[0], buf, buf, err
}

// A clock says how far the card is, in frames since it was opened.
type clock struct {
	limit   int64 // how many frames may have been sent by now
	heard   int64 // heard by at, of those not dropped
	at      int64 // CLOCK_MONOTONIC in ns, which both processes share
	xruns   int64 // how often the card ran dry by itself
	starved int64 // how often it had to play silence because the agent was late
	mark    int64 // heard by markAt: what was held up least since the last clock
	markAt  int64
}

const clockSize = 7 * 8

func (c clock) append(b []byte) []byte {
	for _, v := range []int64{c.limit, c.heard, c.at, c.xruns, c.starved, c.mark, c.markAt} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

func parseClock(b []byte) (c clock, err error) {
	if len(b) != clockSize {
		return c, fmt.Errorf("a clock of %d bytes", len(b))
	}
	for i, v := range []*int64{&c.limit, &c.heard, &c.at, &c.xruns, &c.starved, &c.mark, &c.markAt} {
		*v = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return c, nil
}

// monotonic is CLOCK_MONOTONIC in ns.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0 // the kernel always has this clock
	}
	return t.Nano()
}
