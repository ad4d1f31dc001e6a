// Package colorlighttest is a Colorlight 5A-75 receiving card for tests, made from
// the description of its frames, not from the driver.
package colorlighttest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"sync"
	"time"
)

// A Card keeps the rows that come and shows them when it is told.
type Card struct {
	Size  image.Point
	Order string // of the colours; "": BGR

	// Major and Minor are the firmware. From 13 on brightness and display count only
	// when they come twice, the worst that real ones may do; 2 and 3 have no brightness.
	Major, Minor byte

	// Settle is how long before display the last row must have come; rows that come
	// later stay away, as on a card that is still busy with them.
	Settle time.Duration

	Number byte // in a chain of cards

	mu      sync.Mutex
	deaf    bool
	booted  time.Time
	packets uint32
	rows    []pixel // what came
	front   []pixel // what is shown
	level   byte
	before  []byte // the frame before this one
	odd     int    // frames that are none of the protocol
}

type pixel struct {
	c  color.RGBA
	at time.Time
}

// boot is what power does. c.mu is held.
func (c *Card) boot(at time.Time) {
	c.rows = make([]pixel, c.Size.X*c.Size.Y)
	c.front = make([]pixel, c.Size.X*c.Size.Y)
	c.booted, c.packets, c.level, c.before = at, 0, 255, nil
}

// lock starts the card if it is new; it has been up for a minute then.
func (c *Card) lock() {
	c.mu.Lock()
	if c.rows == nil {
		c.boot(time.Now().Add(-time.Minute))
	}
}

// PowerCut takes the card's supply away and gives it back.
func (c *Card) PowerCut() {
	c.lock()
	defer c.mu.Unlock()
	c.boot(time.Now())
}

// Deaf makes a card that hears nothing and says nothing, though its link is up.
func (c *Card) Deaf(on bool) {
	c.lock()
	defer c.mu.Unlock()
	c.deaf = on
}

var head = []byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x22, 0x22, 0x33, 0x44, 0x55, 0x66}

// Frame takes a frame; the answer is nil for most.
func (c *Card) Frame(b []byte) (answer []byte) {
	c.lock()
	defer c.mu.Unlock()
	if c.deaf || len(b) < 14 || !bytes.Equal(b[:12], head) {
		return nil
	}
	c.packets++
	d, ok := b[13:], false
	again := bytes.Equal(b, c.before) || c.Major < 13
	switch kind := b[12]; {
	case kind == 0x55:
		ok = c.row(d)
	case kind == 0x0A && len(b) == 77:
		ok = d[0] == d[1] && d[1] == d[2] && d[3] == 0xFF
		if ok && again {
			c.dim(d[0])
		}
	case kind == 0x01 && len(b) == 112:
		ok = (d[0] == 0x07 || d[0] == 0) && d[23] == 0x05
		if ok && again {
			c.dim(d[22])
			c.display()
		}
	case kind == 0x07 && len(b) == 284:
		ok, answer = true, c.answer()
	}
	if !ok {
		c.odd++
	}
	c.before = bytes.Clone(b)
	return answer
}

func (c *Card) dim(level byte) {
	if c.Major != 2 && c.Major != 3 {
		c.level = level
	}
}

// row keeps what lies inside the card's part of the wall.
func (c *Card) row(d []byte) bool {
	if len(d) < 8 || d[6] != 0x08 || d[7] != 0x88 {
		return false
	}
	y, x, n := int(binary.BigEndian.Uint16(d)), int(binary.BigEndian.Uint16(d[2:])), int(binary.BigEndian.Uint16(d[4:]))
	if n > 497 || len(d) != 8+3*n {
		return false
	}
	order := c.Order
	if order == "" {
		order = "BGR"
	}
	for i := range n {
		at := image.Pt(x+i, y)
		if !at.In(image.Rectangle{Max: c.Size}) {
			continue
		}
		p := pixel{color.RGBA{A: 255}, time.Now()}
		for j, name := range order {
			v := d[8+3*i+j]
			switch name {
			case 'R':
				p.c.R = v
			case 'G':
				p.c.G = v
			case 'B':
				p.c.B = v
			}
		}
		c.rows[at.Y*c.Size.X+at.X] = p
	}
	return true
}

func (c *Card) display() {
	now := time.Now()
	for i, p := range c.rows {
		if now.Sub(p.at) >= c.Settle {
			c.front[i] = p
		}
	}
}

// answer is 1070 bytes, as real ones are.
func (c *Card) answer() []byte {
	b := make([]byte, 1070)
	copy(b, head[6:])
	copy(b[6:], head[:6])
	d := b[13:]
	b[12], d[0], d[1], d[2], d[3] = 0x08, 0x05, 0x04, c.Major, c.Minor
	binary.BigEndian.PutUint16(d[21:], uint16(c.Size.X))
	binary.BigEndian.PutUint16(d[23:], uint16(c.Size.Y))
	binary.BigEndian.PutUint32(d[38:], c.packets)
	binary.BigEndian.PutUint32(d[46:], uint32(time.Since(c.booted).Milliseconds()))
	d[85] = c.Number
	return b
}

// Screen is what a person sees: dark where no picture came, dimmed by the brightness.
func (c *Card) Screen() image.Image {
	c.lock()
	defer c.mu.Unlock()
	p := image.NewRGBA(image.Rectangle{Max: c.Size})
	for i, f := range c.front {
		dim := func(v uint8) uint8 { return uint8((int(v)*int(c.level) + 254) / 255) }
		p.SetRGBA(i%c.Size.X, i/c.Size.X, color.RGBA{dim(f.c.R), dim(f.c.G), dim(f.c.B), 255})
	}
	return p
}

// Packets is how many frames the card has seen since it got power.
func (c *Card) Packets() int {
	c.lock()
	defer c.mu.Unlock()
	return int(c.packets)
}

// Odd is how many frames were none of the protocol.
func (c *Card) Odd() int {
	c.lock()
	defer c.mu.Unlock()
	return c.odd
}
