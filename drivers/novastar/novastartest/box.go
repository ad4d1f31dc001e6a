// Package novastartest is a sending box of NovaStar with a wall behind it, for tests.
//
// It decodes requests by itself, from the table in drivers/novastar, and behaves as
// boxes and lines do: it can fall silent, answer late, broken or in pieces, lose its
// wall, and forget what was not saved.
package novastartest

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// A Card is a receiving card of the wall.
type Card struct {
	Brightness byte
	Pattern    byte
}

// A Box has two outputs with three cards each, of which a request names one or all.
type Box struct {
	mu      sync.Mutex
	conn    net.Conn
	ends    chan struct{}
	box     map[uint32][]byte // its registers
	cards   [2][3]map[uint32][]byte
	heard   int
	written int

	silent, dead, echo, shy bool
	broken, wrong, drop     int
	late                    time.Duration
	split                   *rand.Rand
	noise                   []byte
}

// Registers of a card.
const (
	brightness  = 0x02000001
	testPattern = 0x02000101
	monitor     = 0x0a000000
)

// saved is what cards return to at a power cut.
func saved() map[uint32][]byte {
	return map[uint32][]byte{
		0x00000002:  {0x06, 0x45},
		brightness:  {0x80},
		testPattern: {0},
		monitor:     append([]byte{0x80, 0x6c, 0, 0xac}, make([]byte, 78)...), // 54 °C, 4.4 V
	}
}

// New gives a VX1000 and the line to it. Closing the line ends the box.
func New() (*Box, net.Conn) {
	ours, theirs := net.Pipe()
	b := &Box{conn: ours, ends: make(chan struct{}), box: map[uint32][]byte{
		0x00000002: {0x0c, 0x62},
		0x02000017: {1},
		0x04100004: {1, 4, 2, 0},
	}}
	b.PowerCut()
	go b.run() // ends with the line; Wait waits for it
	return b, theirs
}

// Wait returns once the line is closed and all is quiet.
func (b *Box) Wait() { <-b.ends }

// Plug gives another line to the box, once the last one was closed.
func (b *Box) Plug() net.Conn {
	b.Wait()
	ours, theirs := net.Pipe()
	b.conn, b.ends = ours, make(chan struct{})
	go b.run() // ends with the line; Wait waits for it
	return theirs
}

func (b *Box) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// Silence makes the box deaf and mute, or answer again.
func (b *Box) Silence(on bool) { b.do(func() { b.silent = on }) }

// Lose loses the next n requests on the line.
func (b *Box) Lose(n int) { b.do(func() { b.drop = n }) }

// Break gives the next n answers a wrong check sum.
func (b *Box) Break(n int) { b.do(func() { b.broken = n }) }

// Confuse gives the next n answers the serial number of another request.
func (b *Box) Confuse(n int) { b.do(func() { b.wrong = n }) }

// Late makes answers come after d.
func (b *Box) Late(d time.Duration) { b.do(func() { b.late = d }) }

// Split sends answers in pieces of random lengths.
func (b *Box) Split(seed uint64) { b.do(func() { b.split = rand.New(rand.NewPCG(seed, 0)) }) }

// Echo is a line that gives back what was sent, as two-wire adapters do.
func (b *Box) Echo(on bool) { b.do(func() { b.echo = on }) }

// Noise comes before every answer.
func (b *Box) Noise(n []byte) { b.do(func() { b.noise = n }) }

// Shy does not answer writes to all cards.
func (b *Box) Shy(on bool) { b.do(func() { b.shy = on }) }

// WallOff takes the supply of the wall away, or gives it back with what was saved.
func (b *Box) WallOff(off bool) {
	b.PowerCut()
	b.do(func() { b.dead = off })
}

// PowerCut makes the cards forget what was not saved: they come back as half bright.
func (b *Box) PowerCut() {
	b.do(func() {
		for o := range b.cards {
			for c := range b.cards[o] {
				b.cards[o][c] = saved()
			}
		}
	})
}

// Signal is whether a picture comes in.
func (b *Box) Signal(on bool) {
	b.do(func() {
		b.box[0x02000017] = []byte{0}
		if on {
			b.box[0x02000017] = []byte{1}
		}
	})
}

// Set changes a register of the box; nil: it does not know it.
func (b *Box) Set(register uint32, value []byte) {
	b.do(func() {
		if b.box[register] = value; value == nil {
			delete(b.box, register)
		}
	})
}

// SetCard changes a register of all cards.
func (b *Box) SetCard(register uint32, value []byte) {
	b.do(func() {
		for _, o := range b.cards {
			for _, c := range o {
				c[register] = value
			}
		}
	})
}

// Wall tells what each card shows, output by output.
func (b *Box) Wall() (cards []Card) {
	b.do(func() {
		for _, o := range b.cards {
			for _, c := range o {
				cards = append(cards, Card{c[brightness][0], c[testPattern][0]})
			}
		}
	})
	return cards
}

// Heard counts the requests on the line.
func (b *Box) Heard() (n int) {
	b.do(func() { n = b.heard })
	return n
}

// Writes counts the writes that reached the wall.
func (b *Box) Writes() (n int) {
	b.do(func() { n = b.written })
	return n
}

// run hears requests, and answers them in the order of the line.
func (b *Box) run() {
	defer b.conn.Close()
	answers := make(chan answer, 64) // what fits into the buffers of a line
	go b.speak(answers)              // closes ends
	defer close(answers)
	for {
		request, err := b.hear()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.heard++
		pieces := b.pieces(b.answer(request))
		if b.echo {
			pieces = append([][]byte{request}, pieces...)
		}
		a := answer{time.Now().Add(b.late), pieces}
		b.mu.Unlock()
		select {
		case answers <- a:
		default: // an overrun
		}
	}
}

type answer struct {
	due    time.Time
	pieces [][]byte
}

func (b *Box) speak(answers <-chan answer) {
	defer close(b.ends)
	for a := range answers {
		time.Sleep(time.Until(a.due))
		for _, p := range a.pieces {
			if _, err := b.conn.Write(p); err != nil {
				break // the line is closed
			}
		}
	}
}

// hear reads one request, and skips what begins with anything else.
func (b *Box) hear() ([]byte, error) {
	head := make([]byte, 18)
	for n := 0; n < 2; {
		if _, err := io.ReadFull(b.conn, head[n:n+1]); err != nil {
			return nil, err
		}
		if head[n] == [2]byte{0x55, 0xaa}[n] {
			n++
		} else {
			n = 0
		}
	}
	if _, err := io.ReadFull(b.conn, head[2:]); err != nil {
		return nil, err
	}
	left := 2
	if head[10] == 1 {
		left += int(binary.LittleEndian.Uint16(head[16:]))
	}
	rest := make([]byte, left)
	_, err := io.ReadFull(b.conn, rest)
	return append(head, rest...), err
}

// answer does what a request wants; nil: nothing is said.
func (b *Box) answer(r []byte) []byte {
	if b.silent {
		return nil
	}
	if b.drop > 0 {
		b.drop--
		return nil
	}
	a := append([]byte{0xaa, 0x55, 0, r[3], 0, 0xfe}, r[6:18]...)
	if sum(r[2:len(r)-2]) != binary.LittleEndian.Uint16(r[len(r)-2:]) {
		a[2] = 2
		return b.seal(a)
	}
	targets, silent := b.targets(r)
	if silent {
		a[2] = 1
		return b.seal(a)
	}
	register, length := binary.LittleEndian.Uint32(r[12:]), int(binary.LittleEndian.Uint16(r[16:]))
	if r[10] == 0 && len(targets) > 1 {
		a[2] = 4 // who should answer?
		return b.seal(a)
	}
	for _, t := range targets {
		v, known := t[register]
		switch {
		case !known || length > len(v):
			a[2] = 4
		case r[10] == 1:
			t[register] = append([]byte(nil), r[18:18+length]...)
			b.written++
		default:
			a = append(a, v[:length]...)
		}
	}
	if b.shy && r[10] == 1 && r[8] == 0xff {
		return nil
	}
	return b.seal(a)
}

// targets finds the registers of those that are meant.
func (b *Box) targets(r []byte) (found []map[uint32][]byte, silent bool) {
	if r[5] != 0 && r[5] != 0xff {
		return nil, true // there is one box
	}
	if r[6] == 0 {
		return []map[uint32][]byte{b.box}, false
	}
	card := int(binary.LittleEndian.Uint16(r[8:]))
	for o := range b.cards {
		for c := range b.cards[o] {
			if !b.dead && (r[7] == 0xff || int(r[7]) == o) && (card == 0xffff || card == c) {
				found = append(found, b.cards[o][c])
			}
		}
	}
	return found, len(found) == 0
}

// seal ends an answer, as well as the line lets it.
func (b *Box) seal(a []byte) []byte {
	if b.wrong > 0 {
		b.wrong--
		a[3] += 77
	}
	s := sum(a[2:])
	if b.broken > 0 {
		b.broken--
		s++
	}
	return binary.LittleEndian.AppendUint16(a, s)
}

func (b *Box) pieces(answer []byte) (pieces [][]byte) {
	if answer == nil {
		return nil
	}
	all := append(append([]byte(nil), b.noise...), answer...)
	for b.split != nil && len(all) > 1 {
		n := 1 + b.split.IntN(len(all)-1)
		pieces, all = append(pieces, all[:n]), all[n:]
	}
	return append(pieces, all)
}

func sum(b []byte) uint16 {
	s := uint16(0x5555)
	for _, v := range b {
		s += uint16(v)
	}
	return s
}
