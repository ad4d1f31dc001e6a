// Package e131test is a receiver of streaming ACN for tests, made from the standard,
// not from the driver.
package e131test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"net"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// lossTimeout is E131_NETWORK_DATA_LOSS_TIMEOUT.
const lossTimeout = 2500 * time.Millisecond

// A Receiver lights LEDs with the slots of universes.
type Receiver struct {
	Size       image.Point
	First      int  // universe; 0: 1
	Pixels     int  // of a universe; 0: 170
	Serpentine bool // how the LEDs are wired

	mu      sync.Mutex
	sources map[source]*stream
	seen    Seen
}

type source struct {
	cid      [16]byte
	universe int
}

type stream struct {
	sequence byte
	priority byte
	slots    []byte
	last     time.Time
}

// Seen is what a receiver noticed of the packets.
type Seen struct {
	Packets int
	Late    int // discarded, as 6.7.2 says: out of order, or doubled
	Name    string
	CIDs    int // different sources
	Err     error
}

// Seen is what has been noticed until now; Err the first packet that was none.
func (r *Receiver) Seen() Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seen
	cids := map[[16]byte]bool{}
	for k := range r.sources {
		cids[k.cid] = true
	}
	s.CIDs = len(cids)
	return s
}

// PowerCut makes the receiver forget all.
func (r *Receiver) PowerCut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = nil
}

// Packet takes one.
func (r *Receiver) Packet(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.packet(b); err != nil && r.seen.Err == nil {
		r.seen.Err = fmt.Errorf("e131test: %w: % x", err, b[:min(len(b), 126)])
	}
}

// packet follows sections 4 to 7 of ANSI E1.31-2018 in their order.
func (r *Receiver) packet(b []byte) error {
	word := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	long := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	if len(b) < 126 || len(b) > 638 {
		return fmt.Errorf("%d bytes", len(b))
	}
	for _, l := range []struct {
		name string
		at   int
	}{{"root", 16}, {"framing", 38}, {"DMP", 115}} {
		if word(l.at)>>12 != 7 || word(l.at)&0xFFF != len(b)-l.at {
			return fmt.Errorf("flags and length of the %s layer are %#x", l.name, word(l.at))
		}
	}
	name, _, ended := strings.Cut(string(b[44:108]), "\x00")
	switch {
	case word(0) != 0x0010 || word(2) != 0:
		return errors.New("preamble or postamble")
	case string(b[4:16]) != "ASC-E1.17\x00\x00\x00":
		return errors.New("ACN packet identifier")
	case long(18) != 4:
		return errors.New("root vector")
	case [16]byte(b[22:38]) == [16]byte{}:
		return errors.New("no CID")
	case long(40) != 2:
		return errors.New("framing vector")
	case !ended || !utf8.ValidString(name) || strings.Trim(string(b[44+len(name):108]), "\x00") != "":
		return errors.New("source name")
	case b[108] > 200:
		return errors.New("priority")
	case word(109) != 0:
		return errors.New("a synchronisation universe")
	case b[112] != 0:
		return errors.New("options")
	case word(113) < 1 || word(113) > 63999:
		return errors.New("universe")
	case b[117] != 2 || b[118] != 0xA1 || word(119) != 0 || word(121) != 1:
		return errors.New("DMP layer")
	case word(123) != len(b)-125:
		return errors.New("property value count")
	case b[125] != 0:
		return errors.New("start code")
	}
	r.seen.Packets++
	r.seen.Name = name
	key := source{[16]byte(b[22:38]), word(113)}
	if r.sources == nil {
		r.sources = map[source]*stream{}
	}
	s := r.sources[key]
	if s != nil && time.Since(s.last) <= lossTimeout {
		if d := int8(b[111] - s.sequence); d <= 0 && d > -20 {
			r.seen.Late++
			return nil
		}
	}
	r.sources[key] = &stream{b[111], b[108], append([]byte(nil), b[126:]...), time.Now()}
	return nil
}

// Screen is what a person sees: of each universe the source of the highest priority
// that has not been lost, and dark where there is none.
func (r *Receiver) Screen() image.Image {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, pixels := max(1, r.First), r.Pixels
	if pixels == 0 {
		pixels = 170
	}
	best := map[int]*stream{}
	for k, s := range r.sources {
		if b := best[k.universe]; time.Since(s.last) <= lossTimeout && (b == nil || s.priority > b.priority) {
			best[k.universe] = s
		}
	}
	p := image.NewRGBA(image.Rectangle{Max: r.Size})
	for i := range r.Size.X * r.Size.Y {
		x, y, led := i%r.Size.X, i/r.Size.X, color.RGBA{A: 255}
		if r.Serpentine && y%2 != 0 {
			x = r.Size.X - x - 1
		}
		if s, at := best[first+i/pixels], 3*(i%pixels); s != nil && at+2 < len(s.slots) {
			led.R, led.G, led.B = s.slots[at], s.slots[at+1], s.slots[at+2]
		}
		p.SetRGBA(x, y, led)
	}
	return p
}

// Listen makes the receiver take packets at an address of this machine, until the
// connection that it returns is closed.
func (r *Receiver) Listen() (net.PacketConn, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_ = conn.(*net.UDPConn).SetReadBuffer(4 << 20) // else packets get lost; the kernel may give less
	go func() {                                    // until conn is closed
		for b := make([]byte, 65536); ; {
			n, _, err := conn.ReadFrom(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				r.Packet(b[:n])
			}
		}
	}()
	return conn, nil
}

// A Wire hands packets to a receiver at once; it is the driver's net.Conn.
type Wire struct {
	*Receiver

	// Lose drops, Double doubles, and Swap holds back until the next one, the packets
	// whose number (from 0) it is true for. Nil: none.
	Lose, Double, Swap func(n int) bool

	n    int
	held []byte
}

// Write hands one packet over.
func (w *Wire) Write(b []byte) (int, error) {
	is := func(f func(int) bool) bool { return f != nil && f(w.n) }
	lose, double, swap := is(w.Lose), is(w.Double), is(w.Swap)
	w.n++
	if lose {
		return len(b), nil
	}
	if swap {
		w.held = append([]byte(nil), b...)
		return len(b), nil
	}
	w.Packet(b)
	if double {
		w.Packet(b)
	}
	if w.held != nil {
		w.Packet(w.held)
		w.held = nil
	}
	return len(b), nil
}

// What a net.Conn has besides; a receiver says nothing.
func (w *Wire) Read([]byte) (int, error)         { return 0, os.ErrDeadlineExceeded }
func (w *Wire) Close() error                     { return nil }
func (w *Wire) LocalAddr() net.Addr              { return nil }
func (w *Wire) RemoteAddr() net.Addr             { return nil }
func (w *Wire) SetDeadline(time.Time) error      { return nil }
func (w *Wire) SetReadDeadline(time.Time) error  { return nil }
func (w *Wire) SetWriteDeadline(time.Time) error { return nil }
