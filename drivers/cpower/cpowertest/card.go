// Package cpowertest is a C-Power card for tests: it keeps a screen, forgets it
// on a power cut, and can be as unreliable as a real line.
//
// It reads the protocol by itself, from the vendor's documents, and shares no
// code with the driver. Where they say nothing it takes the worse of what a card
// may do: making windows clears the screen, a picture for a window that was not
// made is refused, and a packet that comes twice is out of order.
package cpowertest

import (
	"image"
	"image/color"
	"io"
	"sync"
	"time"
)

// Opts of a Card.
type Opts struct {
	Width, Height int
	ID            byte   // 0: 1
	Network       bool   // framed as on TCP
	NetworkID     uint32 // 0: 0xFFFFFFFF
	OldApp        bool   // answers as apps before 3.3 do
	Echo          bool   // the wiring brings back all that is sent
	MaxPacket     int    // a longer external call is not understood; 0: 512
	NoEthernet    bool   // does not know the command for network settings
	// Forgetful cards lose the packets of a picture when another command comes
	// between them.
	Forgetful bool
}

// A Card is one card with its panel. Its methods may be called while it serves.
type Card struct {
	o Opts

	mu      sync.Mutex
	screen  *image.RGBA
	windows []image.Rectangle
	call    []byte // of the packets so far
	next    int    // the number of the next; 0: none is open
	on      bool
	levels  [24]byte // in flash
	clock   [7]byte
	writes  int // of flash
	shows   int // pictures drawn
	silent  bool
	lose    int
	spoil   int
	late    time.Duration
	babble  []byte
	after   int
	harm    func(*Card)
}

// New is a card that has just got power.
func New(o Opts) *Card {
	if o.ID == 0 {
		o.ID = 1
	}
	if o.NetworkID == 0 {
		o.NetworkID = 0xFFFFFFFF
	}
	if o.MaxPacket == 0 {
		o.MaxPacket = 512
	}
	c := &Card{o: o}
	for i := range c.levels {
		c.levels[i] = 20
	}
	c.powerUp()
	return c
}

// powerUp is a start: a stored program is shown, here stripes.
func (c *Card) powerUp() {
	c.windows, c.call, c.next, c.on = nil, nil, 0, true
	c.screen = image.NewRGBA(image.Rect(0, 0, c.o.Width, c.o.Height))
	for y := range c.o.Height {
		for x := range c.o.Width {
			v := color.RGBA{A: 255}
			if x%3 == 0 {
				v.R = 255
			}
			c.screen.SetRGBA(x, y, v)
		}
	}
}

// Screen is what people see.
func (c *Card) Screen() image.Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := image.NewRGBA(c.screen.Rect)
	if c.on {
		copy(seen.Pix, c.screen.Pix)
	}
	for i := 3; i < len(seen.Pix); i += 4 {
		seen.Pix[i] = 255
	}
	return seen
}

// PowerCut takes its supply away and gives it back.
func (c *Card) PowerCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.powerUp()
}

// Silence makes it deaf and mute, or well again.
func (c *Card) Silence(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = on
}

// Lose loses the next n answers: the card has done what it was told.
func (c *Card) Lose(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose = n
}

// Spoil damages a byte of each of the next n packets that come in.
func (c *Card) Spoil(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spoil = n
}

// Late delays all answers.
func (c *Card) Late(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = d
}

// Babble says b before each answer.
func (c *Card) Babble(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.babble = b
}

// After does harm once the next n packets were answered.
func (c *Card) After(n int, harm func(*Card)) {
	c.mu.Lock()
	c.after, c.harm = n, harm
	c.mu.Unlock()
}

// Shows counts the pictures that were drawn.
func (c *Card) Shows() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shows
}

// Writes counts the writes to flash.
func (c *Card) Writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// Clock is second, minute, hour, weekday, day, month and year of its clock, which
// stands still.
func (c *Card) Clock() [7]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

// Levels is its brightness for each hour.
func (c *Card) Levels() [24]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.levels
}

// Serve is the card at the end of wire, until that ends. Answers wait their turn
// in a queue, as bytes on a line do.
func (c *Card) Serve(wire io.ReadWriter) {
	out := make(chan said, 1000)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for s := range out {
			time.Sleep(time.Until(s.at))
			if _, err := wire.Write(s.bytes); err != nil {
				for range out {
				}
			}
		}
	}()
	defer func() { close(out); <-gone }()
	hear := c.ear()
	b := make([]byte, 1024)
	for {
		n, err := wire.Read(b)
		if c.o.Echo && n > 0 {
			out <- said{bytes: append([]byte(nil), b[:n]...)}
		}
		for _, x := range b[:n] {
			body := hear(x)
			if body == nil {
				continue
			}
			c.suffer()
			if s, ok := c.handle(body); ok {
				out <- s
			}
		}
		if err != nil {
			return
		}
	}
}

// suffer does the harm of After, when it is time.
func (c *Card) suffer() {
	c.mu.Lock()
	harm := c.harm
	if harm != nil && c.after > 0 {
		c.after--
		harm = nil
	}
	if harm != nil {
		c.harm = nil
	}
	c.mu.Unlock()
	if harm != nil {
		harm(c)
	}
}

// said is an answer, and when it leaves.
type said struct {
	bytes []byte
	at    time.Time
}

// handle does what a packet says, and tells what to say.
func (c *Card) handle(body []byte) (said, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent {
		return said{}, false
	}
	if c.spoil > 0 && len(body) > 0 {
		c.spoil--
		body[len(body)-1] ^= 0x40
	}
	reply := c.obey(body)
	if reply == nil {
		return said{}, false
	}
	if c.lose > 0 {
		c.lose--
		return said{}, false
	}
	s := said{bytes: append(append([]byte(nil), c.babble...), c.frame(reply)...)}
	if c.late > 0 {
		s.at = time.Now().Add(c.late)
	}
	return s, true
}
