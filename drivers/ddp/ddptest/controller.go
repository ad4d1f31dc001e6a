// Package ddptest is a controller of LEDs that takes DDP, for tests.
package ddptest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"net"
	"os"
	"sync"
	"time"
)

// A Controller keeps the bytes that come and lights the LEDs on push.
type Controller struct {
	Size       image.Point
	Serpentine bool          // how the LEDs are wired
	Timeout    time.Duration // after which it goes back to its own effect, dark here; 0: never

	mu   sync.Mutex
	data []byte
	lit  []byte
	last time.Time
	seen Seen
}

// Seen is what a controller noticed of the packets.
type Seen struct {
	Packets, Pushes int
	Doubles         int // the sequence number of the packet before
	Gaps            int // not the next sequence number
	Err             error
	sequence        byte
}

// Seen is what has been noticed until now; Err the first packet that was none.
func (c *Controller) Seen() Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// PowerCut makes the controller forget all.
func (c *Controller) PowerCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.data)
	clear(c.lit)
	c.seen.sequence = 0
}

// Packet takes one.
func (c *Controller) Packet(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.packet(b); err != nil && c.seen.Err == nil {
		c.seen.Err = fmt.Errorf("ddptest: %w: % x", err, b[:min(len(b), 14)])
	}
}

func (c *Controller) packet(b []byte) error {
	if n := 3 * c.Size.X * c.Size.Y; len(c.data) != n {
		c.data, c.lit = make([]byte, n), make([]byte, n)
	}
	if len(b) < 10 {
		return errors.New("shorter than a head")
	}
	flags, sequence, length := b[0], b[1], int(binary.BigEndian.Uint16(b[8:]))
	offset := int64(binary.BigEndian.Uint32(b[4:]))
	switch {
	case flags>>6 != 1:
		return fmt.Errorf("version %d", flags>>6)
	case flags&^0xC1 != 0:
		return errors.New("a time, storage, reply or query")
	case sequence > 15:
		return errors.New("reserved bits")
	case b[2] != 0x0B:
		return fmt.Errorf("data of type %#x", b[2])
	case b[3] != 1:
		return fmt.Errorf("destination %d", b[3])
	case len(b) != 10+length:
		return fmt.Errorf("%d bytes of data, not %d", len(b)-10, length)
	case offset+int64(length) > int64(len(c.data)):
		return fmt.Errorf("bytes %d to %d of %d", offset, offset+int64(length), len(c.data))
	}
	c.seen.Packets++
	switch before := c.seen.sequence; {
	case before == 0:
	case sequence == before:
		c.seen.Doubles++
		return nil
	case sequence != before%15+1:
		c.seen.Gaps++
	}
	c.seen.sequence = sequence
	copy(c.data[offset:], b[10:])
	if flags&1 != 0 {
		c.seen.Pushes++
		c.last = time.Now()
		copy(c.lit, c.data)
	}
	return nil
}

// Screen is what a person sees.
func (c *Controller) Screen() image.Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := image.NewRGBA(image.Rectangle{Max: c.Size})
	dark := c.Timeout > 0 && time.Since(c.last) > c.Timeout
	for i := range c.Size.X * c.Size.Y {
		x, y, led := i%c.Size.X, i/c.Size.X, color.RGBA{A: 255}
		if c.Serpentine && y%2 != 0 {
			x = c.Size.X - x - 1
		}
		if len(c.lit) > 0 && !dark {
			led.R, led.G, led.B = c.lit[3*i], c.lit[3*i+1], c.lit[3*i+2]
		}
		p.SetRGBA(x, y, led)
	}
	return p
}

// Listen makes the controller take packets at an address of this machine, until the
// connection that it returns is closed.
func (c *Controller) Listen() (net.PacketConn, error) {
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
				c.Packet(b[:n])
			}
		}
	}()
	return conn, nil
}

// A Wire hands packets to a controller at once; it is the driver's net.Conn.
type Wire struct {
	*Controller

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

// What a net.Conn has besides; a controller says nothing.
func (w *Wire) Read([]byte) (int, error)         { return 0, os.ErrDeadlineExceeded }
func (w *Wire) Close() error                     { return nil }
func (w *Wire) LocalAddr() net.Addr              { return nil }
func (w *Wire) RemoteAddr() net.Addr             { return nil }
func (w *Wire) SetDeadline(time.Time) error      { return nil }
func (w *Wire) SetReadDeadline(time.Time) error  { return nil }
func (w *Wire) SetWriteDeadline(time.Time) error { return nil }
