package bx

import (
	"errors"
	"fmt"
	"strings"
)

// A series is what cards of one kind have in common. The low byte of the type
// that a card reports names it, the high byte the model.
type series struct {
	name    string
	dialect dialect
	dynamic bool // it has dynamic areas, in RAM
	block   int  // most bytes of a file that it takes at once
	colour  func(reported byte) (packing, error)
	models  map[byte]string
}

var allSeries = map[byte]series{
	0x51: {name: "BX-5A", dialect: fifth, block: 700, colour: byteColours},
	0x52: {name: "BX-5M", dialect: fifth, block: 1024, colour: byteColours},
	0x53: {name: "BX-5C", dialect: fifth, block: 1024, colour: byteColours},
	0x54: {name: "BX-5E", dialect: fifth, dynamic: true, block: 14336, colour: byteColours,
		models: map[byte]string{1: "1", 2: "2", 3: "3"}},
	0x55: {name: "BX-5U", dialect: fifth, block: 1024, colour: byteColours},
	0x56: {name: "BX-5Q", dialect: fifth, dynamic: true, block: 1024, colour: always(rgb565),
		models: map[byte]string{0x10: "0+", 0x11: "1+", 0x12: "2+"}},
	0x57: {name: "BX-5QS", dialect: fifth, dynamic: true, block: 1024, colour: always(rgb565)},
	0x62: {name: "BX-6M", dialect: sixth, block: 1024, colour: wordColours},
	0x63: {name: "BX-6A", dialect: sixth, block: 512, colour: wordColours}, // 6AG takes no more
	0x64: {name: "BX-6W", dialect: sixth, block: 1024, colour: wordColours},
	0x66: {name: "BX-6Q", dialect: sixth, dynamic: true, block: 8000, colour: always(rgb888),
		models: map[byte]string{0: "L", 1: "1", 2: "2", 3: "3", 4: "2L", 5: "3L"}},
	0x74: {name: "BX-6E", dialect: sixth, dynamic: true, block: 1024, colour: wordColours,
		models: map[byte]string{1: "1", 2: "2", 3: "3", 4: "1X", 5: "2X"}},
}

// model is a card's type in its maker's words.
func model(device uint16) string {
	s, ok := allSeries[byte(device)]
	if !ok {
		return fmt.Sprintf("BX of type %04X", device)
	}
	if m, ok := s.models[byte(device>>8)]; ok {
		return s.name + m
	}
	return s.name
}

// wanted is the dialect of the cards that Opts.Card names.
func wanted(card string) (dialect, error) {
	for _, s := range allSeries {
		if strings.HasPrefix(card, s.name) {
			return s.dialect, nil
		}
	}
	return 0, fmt.Errorf("bx: no card is called %q; they are called as BX-5E2 or BX-6M", card)
}

func always(p packing) func(byte) (packing, error) {
	return func(byte) (packing, error) { return p, nil }
}

func byteColours(reported byte) (packing, error) { return fewColours(reported, mono8, two8) }
func wordColours(reported byte) (packing, error) { return fewColours(reported, mono32, two32) }

func fewColours(reported byte, one, two packing) (packing, error) {
	switch reported {
	case 1:
		return one, nil
	case 2, 3:
		return two, nil
	}
	return 0, fmt.Errorf("a screen of colour type %d, whose bitmaps no document describes", reported)
}

// A ping is the answer to command A2 00 of the common dialects.
type ping struct {
	device        uint16
	firmware      string
	ready         bool // the screen parameters are set
	address       uint16
	width, height int
	colour        byte // 1 one, 3 two, 7 three, 255 full
}

func parsePing(b []byte) (ping, error) {
	if len(b) < 19 {
		return ping{}, fmt.Errorf("a ping's answer of %d bytes", len(b))
	}
	p := ping{
		device: le.Uint16(b), firmware: printable(b[2:10]), ready: b[10] == 1, address: le.Uint16(b[11:]),
		width: int(le.Uint16(b[14:])), height: int(le.Uint16(b[16:])), colour: b[18],
	}
	if p.width == 0 || p.height == 0 || p.width > maxSide || p.height > maxSide {
		return p, fmt.Errorf("a screen of %d×%d: set it up with the maker's tool first", p.width, p.height)
	}
	return p, nil
}

// maxSide bounds what a card may claim; the largest take 1024 or 2048 columns.
const maxSide = 8192

// A status is the answer to command A2 0F of the common dialects.
type status struct {
	on         bool
	brightness int // 0 to 15
	programs   int
	current    string // the program that plays, as P000
	locked     bool   // on that program
	clockGood  bool
	clock      [8]byte // BCD: year low, high, month, day, hour, minute, second, weekday
	barcode    string  // the card's own number, in hexadecimal
}

func parseStatus(b []byte) (status, error) {
	if len(b) < 22 {
		return status{}, errors.New("a status that is cut off")
	}
	s := status{
		on: b[0] == 1, brightness: int(min(b[3], 15)), programs: int(le.Uint16(b[4:])), current: printable(b[6:10]),
		locked: b[11]&1 != 0, clockGood: b[13] == 1, clock: [8]byte(b[14:22]),
	}
	if len(b) >= 61 {
		s.barcode = fmt.Sprintf("%X", b[45:61])
	}
	return s, nil
}

// printable keeps what a person can read of a card's text.
func printable(b []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, string(b)))
}
