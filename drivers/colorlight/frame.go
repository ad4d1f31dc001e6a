package colorlight

import (
	"encoding/binary"
	"time"
)

const (
	typeDisplay    = 0x01
	typeDiscover   = 0x07
	typeAnswer     = 0x08
	typeBrightness = 0x0A
	typeRow        = 0x55

	headLen = 13  // two addresses and the type
	rowHead = 8   // row, x, count, 08 88
	maxRun  = 497 // pixels of a row frame
	maxLen  = 21 + 3*maxRun
)

// newFrame is a frame of n zeros after the type.
func newFrame(kind byte, n int) []byte {
	b := make([]byte, headLen+n)
	copy(b, "\x11\x22\x33\x44\x55\x66\x22\x22\x33\x44\x55\x66")
	b[12] = kind
	return b
}

// brightnessFrame carries one level for the three colours.
func brightnessFrame(level byte) []byte {
	b := newFrame(typeBrightness, 64)
	copy(b[headLen:], []byte{level, level, level, 0xFF})
	return b
}

// displayFrame makes the cards show the rows that they have.
func displayFrame(level byte) []byte {
	b := newFrame(typeDisplay, 99)
	d := b[headLen:]
	d[0], d[22], d[23] = 0x07, level, 0x05
	d[25], d[26], d[27] = level, level, level
	return b
}

// fillRow puts a run of RGBA pixels into b, which has the head of a row frame, and
// returns the part of b to be sent.
func fillRow(b []byte, y, x int, pixels []byte, order [3]int) []byte {
	n := len(pixels) / 4
	d := b[headLen:]
	binary.BigEndian.PutUint16(d[0:], uint16(y))
	binary.BigEndian.PutUint16(d[2:], uint16(x))
	binary.BigEndian.PutUint16(d[4:], uint16(n))
	d[6], d[7] = 0x08, 0x88
	first, second, third := order[0], order[1], order[2]
	out := d[rowHead : rowHead+3*n]
	for len(out) >= 3 && len(pixels) >= 4 {
		out[0], out[1], out[2] = pixels[first&3], pixels[second&3], pixels[third&3]
		out, pixels = out[3:], pixels[4:]
	}
	return b[:headLen+rowHead+3*n]
}

// An answer is what a card says of itself.
type answer struct {
	kind          byte // 4: a 5A
	major, minor  byte // firmware
	width, height int
	packets       uint32 // seen since it was switched on
	up            time.Duration
	card          byte
}

// parseAnswer reads an answer to discover; ok is false for every other frame.
func parseAnswer(b []byte) (a answer, ok bool) {
	if len(b) < headLen+86 || b[12] != typeAnswer || b[headLen] != 0x05 {
		return answer{}, false
	}
	d := b[headLen:]
	return answer{
		kind: d[1], major: d[2], minor: d[3],
		width: int(binary.BigEndian.Uint16(d[21:])), height: int(binary.BigEndian.Uint16(d[23:])),
		packets: binary.BigEndian.Uint32(d[38:]),
		up:      time.Duration(binary.BigEndian.Uint32(d[46:])) * time.Millisecond,
		card:    d[85],
	}, true
}
