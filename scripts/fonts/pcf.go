package main

import (
	"encoding/binary"
	"errors"

	"loa/agent/layout/bitfont"
)

// Tables and format bits of X11's Portable Compiled Format.
const (
	pcfMetrics   = 1 << 2
	pcfBitmaps   = 1 << 3
	pcfEncodings = 1 << 5

	pcfPadMask           = 3 // rows are padded to 1<<n bytes
	pcfBigEndian         = 1 << 2
	pcfLeftmostHigh      = 1 << 3
	pcfScanShift         = 4
	pcfCompressedMetrics = 1 << 8
)

// readPCF reads a compiled X11 font whose encoding is ISO 10646. It trusts the
// file, whose SHA-256 is known; an index out of range becomes an error.
func readPCF(b []byte) (glyphs map[rune]*bitfont.Glyph, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("not a whole PCF file")
		}
	}()
	if string(b[:4]) != "\x01fcp" {
		return nil, errors.New("not a PCF file")
	}
	le := binary.LittleEndian
	tables := map[uint32][]byte{}
	for i := range int(le.Uint32(b[4:])) {
		row := b[8+16*i:]
		tables[le.Uint32(row)] = b[le.Uint32(row[12:]):]
	}
	open := func(kind uint32) (format uint32, order binary.ByteOrder, rest []byte) {
		t := tables[kind]
		format, order = le.Uint32(t), le
		if format&pcfBigEndian != 0 {
			order = binary.BigEndian
		}
		return format, order, t[4:]
	}

	type metric struct{ left, right, advance, ascent, descent int }
	var metrics []metric
	format, order, t := open(pcfMetrics)
	if format&pcfCompressedMetrics != 0 {
		for i := range int(order.Uint16(t)) {
			q := t[2+5*i:]
			at := func(k int) int { return int(q[k]) - 0x80 }
			metrics = append(metrics, metric{at(0), at(1), at(2), at(3), at(4)})
		}
	} else {
		for i := range int(order.Uint32(t)) {
			q := t[4+12*i:]
			at := func(k int) int { return int(int16(order.Uint16(q[2*k:]))) }
			metrics = append(metrics, metric{at(0), at(1), at(2), at(3), at(4)})
		}
	}

	format, order, t = open(pcfBitmaps)
	count := int(order.Uint32(t))
	offsets, data := t[4:], t[4+4*count+16:]
	pad, scan := 1<<(format&pcfPadMask), 1<<(format>>pcfScanShift&3)
	high := format&pcfLeftmostHigh != 0
	swapped := scan > 1 && (format&pcfBigEndian != 0) != high
	glyph := func(i int) *bitfont.Glyph {
		m := metrics[i]
		g := bitfont.NewGlyph(m.right-m.left, m.ascent+m.descent)
		g.Advance, g.Left, g.Top = m.advance, m.left, m.ascent
		stride := ((g.Width+7)/8 + pad - 1) / pad * pad
		bits := data[order.Uint32(offsets[4*i:]):]
		for y := range g.Height {
			for x := range g.Width {
				at := x / 8
				if swapped {
					at ^= scan - 1
				}
				bit := byte(1) << (x % 8)
				if high {
					bit = 0x80 >> (x % 8)
				}
				if bits[y*stride+at]&bit != 0 {
					g.Set(x, y)
				}
			}
		}
		return g
	}

	_, order, t = open(pcfEncodings)
	low, lowEnd := int(order.Uint16(t)), int(order.Uint16(t[2:]))
	page, pageEnd := int(order.Uint16(t[4:])), int(order.Uint16(t[6:]))
	index := t[10:]
	glyphs = map[rune]*bitfont.Glyph{}
	for ; page <= pageEnd; page++ {
		for b := low; b <= lowEnd; b++ {
			if i := order.Uint16(index); i != 0xffff {
				glyphs[rune(page<<8|b)] = glyph(int(i))
			}
			index = index[2:]
		}
	}
	return glyphs, nil
}
