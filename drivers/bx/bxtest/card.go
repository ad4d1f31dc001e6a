// Package bxtest is a BX-5, BX-6 or BX-K card that behaves: it keeps a screen,
// RAM and flash, and everything that happens to cards can be done to it. It knows
// the protocol from the documents, and nothing of package bx.
package bxtest

import (
	"image"
	"io"
	"slices"
	"sync"
	"time"
)

// A Model is what kind of card it is.
type Model struct {
	Name   string
	Device uint16 // as it reports itself
	Size   image.Point
	Colour byte // 1 one, 3 two (K: 2), 255 full

	versions []byte // of protocols that it speaks, its own first
	limit    int    // most bytes of a command, but for those of areas
	bits     string // how its bitmaps are coded
}

// Models, as the maker's tool might have set them up.
var (
	BX5E2   = Model{"BX-5E2", 0x0254, image.Pt(64, 32), 1, []byte{5, 0xF0}, 14336, "bytes"}
	BX5E2RG = Model{"BX-5E2", 0x0254, image.Pt(40, 16), 3, []byte{5, 0xF0}, 14336, "bytes"}
	BX5Q1   = Model{"BX-5Q1+", 0x1156, image.Pt(48, 16), 255, []byte{5, 0xF0}, 1024, "565"}
	BX5A    = Model{"BX-5A", 0x0151, image.Pt(64, 16), 1, []byte{5}, 700, "bytes"}
	BX6E2   = Model{"BX-6E2", 0x0274, image.Pt(72, 32), 3, []byte{7, 0xF0}, 1024, "words"}
	BX6Q2   = Model{"BX-6Q2", 0x0266, image.Pt(48, 24), 255, []byte{7, 0xF0}, 8000, "888"}
	BX6M    = Model{"BX-6M", 0x0162, image.Pt(96, 16), 3, []byte{7}, 1024, "words"}
	BX6K3   = Model{"BX-6K3", 0x63, image.Pt(128, 32), 2, []byte{2}, 1024, "bytes"}
	BX5K2   = Model{"BX-5K2", 0x58, image.Pt(128, 32), 1, []byte{2}, 512, "bytes"}
	BX5K1   = Model{"BX-5K1", 0x51, image.Pt(64, 16), 1, []byte{2}, 512, "bytes"}
)

func (m Model) speaks(version byte) bool { return slices.Contains(m.versions, version) }

// A Card is one card with its panel.
type Card struct {
	model Model

	mu sync.Mutex
	memory
	flash  map[string][]byte
	locks  lock // the part that outlasts a power cut
	dimmed byte
	rtc    time.Duration // ahead of ours
	timer  []byte
	writes int
	asked  map[string]int // how often each command came, as "A700"

	faults faults
	links  []io.Closer
	nets   []io.Closer // connections that break with the power

	closed  chan struct{}
	running sync.WaitGroup
}

// memory is what a power cut takes away.
type memory struct {
	off     bool
	area    *area
	lock    lock
	loading bool // between A1 08 and A1 09 the screen is dark
	file    *upload
}

type lock struct {
	on   bool
	name string
}

// New returns a card as it comes from the shop: one program, which shows a bar.
func New(m Model) *Card {
	c := &Card{model: m, flash: map[string][]byte{}, dimmed: 15, asked: map[string]int{}, closed: make(chan struct{})}
	c.flash["P777"] = nil // the shop's own; it is drawn without being parsed
	return c
}

// Empty takes the shop's program away.
func (c *Card) Empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flash, "P777")
}

// Wipe takes everything out of the flash, as another card would have nothing of ours.
func (c *Card) Wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flash, c.lock, c.locks = map[string][]byte{}, lock{}, lock{}
}

// CutAfter makes the supply fail for a moment after n more commands.
func (c *Card) CutAfter(n int) { c.fault(func(f *faults) { f.cut, f.cutAfter = true, n }) }

// Dial connects a driver by a line that has no pace.
func (c *Card) Dial() *Link { return c.Serial(0, 0) }

// Serial connects a driver that believes in one speed to a card that is set to
// another. Nothing but noise comes over when they differ.
func (c *Card) Serial(ours, cards int) *Link {
	our, their := newLink(ours, cards)
	c.mu.Lock()
	c.links = append(c.links, our)
	c.mu.Unlock()
	c.running.Go(func() { c.serve(their) }) // until either end is closed
	return our
}

// ServeNet serves a network connection until it ends; a power cut breaks it.
func (c *Card) ServeNet(conn io.ReadWriteCloser) {
	c.mu.Lock()
	c.nets = append(c.nets, conn)
	c.mu.Unlock()
	c.serve(conn)
}

// Close ends all connections, and waits until they have ended.
func (c *Card) Close() {
	close(c.closed)
	c.mu.Lock()
	all := append(c.links, c.nets...)
	c.mu.Unlock()
	for _, l := range all {
		l.Close()
	}
	c.running.Wait()
}

// PowerCut takes the supply away and gives it back: RAM is empty, flash is not.
func (c *Card) PowerCut() {
	c.mu.Lock()
	c.memory = memory{lock: c.locks}
	nets := c.nets
	c.nets = nil
	c.mu.Unlock()
	for _, n := range nets {
		n.Close()
	}
}

// FlashWrites is how many files were written to the flash in the card's life.
func (c *Card) FlashWrites() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// Asked is how often a command came, such as "A700" for an update of areas.
func (c *Card) Asked(command string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[command]
}

// Files are the names of what is in flash.
func (c *Card) Files() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]int{}
	for name, b := range c.flash {
		all[name] = len(b)
	}
	return all
}

// On, Level and Clock are what the card was told last.
func (c *Card) On() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.off
}

// Level is the brightness, 0 to 15.
func (c *Card) Level() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.dimmed)
}

// Clock is the card's clock.
func (c *Card) Clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.rtc)
}

// Timer is the data of the last timed on and off, nil: none.
func (c *Card) Timer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timer
}

// faults are what is wrong with the card and its line.
type faults struct {
	silent, echo, noise bool
	busy, nak, lose     int
	twice, late, wreck  int
	lateBy              time.Duration
	cut                 bool
	cutAfter            int
}

func (c *Card) fault(set func(*faults)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set(&c.faults)
}

// Silence makes the card deaf and mute, or answer again.
func (c *Card) Silence(on bool) { c.fault(func(f *faults) { f.silent = on }) }

// Echo gives back every byte that comes, as RS-485 without receiver control does.
func (c *Card) Echo(on bool) { c.fault(func(f *faults) { f.echo = on }) }

// Noise puts garbage before and after every reply.
func (c *Card) Noise(on bool) { c.fault(func(f *faults) { f.noise = on }) }

// Busy refuses the next n commands with error 3.
func (c *Card) Busy(n int) { c.fault(func(f *faults) { f.busy = n }) }

// Nak finds a checksum wrong, error 5, n times.
func (c *Card) Nak(n int) { c.fault(func(f *faults) { f.nak = n }) }

// LoseReplies obeys the next n commands and says nothing.
func (c *Card) LoseReplies(n int) { c.fault(func(f *faults) { f.lose = n }) }

// RepeatReplies answers the next n commands twice.
func (c *Card) RepeatReplies(n int) { c.fault(func(f *faults) { f.twice = n }) }

// DelayReplies answers the next n commands late.
func (c *Card) DelayReplies(n int, by time.Duration) {
	c.fault(func(f *faults) { f.late, f.lateBy = n, by })
}

// WreckReplies flips a bit in the next n replies.
func (c *Card) WreckReplies(n int) { c.fault(func(f *faults) { f.wreck = n }) }
