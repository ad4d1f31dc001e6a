// Package bitfont keeps bitmap fonts in a small file: what scripts/fonts writes
// and the layout reads.
//
// A file is gzip over: the line "loa font 1\n"; the name (its length in a byte,
// then UTF-8); ascent, descent, caps and the number of glyphs; then the glyphs by
// rising rune: how much the rune is higher than the one before, advance, left, top,
// width, height, and the bits, row by row from the top left without padding, the
// last byte filled up with zeros. Numbers are varints, left and top signed ones.
package bitfont

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

const (
	magic      = "loa font 1\n"
	maxBytes   = 4 << 20 // unpacked
	maxGlyphs  = 1 << 16
	maxMeasure = 256 // pixels, of any side
)

// A Glyph is one letter. Its bitmap begins Left pixels right of the pen and Top
// rows above the baseline; the pen then moves by Advance.
type Glyph struct {
	Advance, Left, Top, Width, Height int
	Bits                              []byte
}

// At reports whether the pixel in column x and row y of the bitmap is lit.
func (g *Glyph) At(x, y int) bool {
	i := y*g.Width + x
	return g.Bits[i/8]&(0x80>>(i%8)) != 0
}

// Set lights a pixel.
func (g *Glyph) Set(x, y int) {
	i := y*g.Width + x
	g.Bits[i/8] |= 0x80 >> (i % 8)
}

// NewGlyph is a dark one of that size.
func NewGlyph(width, height int) *Glyph {
	return &Glyph{Width: width, Height: height, Bits: make([]byte, (width*height+7)/8)}
}

// A Font is letters on a common baseline: all their ink lies within Ascent rows
// above it and Descent rows below. Caps is the height of a capital H.
type Font struct {
	Name                  string
	Ascent, Descent, Caps int
	Glyphs                map[rune]*Glyph
}

// Encode writes a font as a file.
func Encode(f *Font) []byte {
	var raw []byte
	raw = append(raw, magic...)
	raw = append(raw, byte(len(f.Name)))
	raw = append(raw, f.Name...)
	for _, n := range []int{f.Ascent, f.Descent, f.Caps, len(f.Glyphs)} {
		raw = binary.AppendUvarint(raw, uint64(n))
	}
	var last rune
	for _, r := range slices.Sorted(maps.Keys(f.Glyphs)) {
		g := f.Glyphs[r]
		raw = binary.AppendUvarint(raw, uint64(r-last))
		raw = binary.AppendUvarint(raw, uint64(g.Advance))
		raw = binary.AppendVarint(raw, int64(g.Left))
		raw = binary.AppendVarint(raw, int64(g.Top))
		raw = binary.AppendUvarint(raw, uint64(g.Width))
		raw = binary.AppendUvarint(raw, uint64(g.Height))
		raw = append(raw, g.Bits...)
		last = r
	}
	var file bytes.Buffer
	z, _ := gzip.NewWriterLevel(&file, gzip.BestCompression)
	z.Write(raw)
	z.Close()
	return file.Bytes()
}

var errDamaged = errors.New("bitfont: not a whole font file")

// Decode reads what Encode wrote; anything else is an error.
func Decode(file []byte) (*Font, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("bitfont: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxBytes))
	if err != nil {
		return nil, fmt.Errorf("bitfont: %w", err)
	}
	r := reader{rest: raw}
	if string(r.take(len(magic))) != magic {
		return nil, errDamaged
	}
	f := &Font{Glyphs: map[rune]*Glyph{}}
	if n := r.take(1); n != nil {
		f.Name = string(r.take(int(n[0])))
	}
	f.Ascent, f.Descent, f.Caps = r.number(maxMeasure), r.number(maxMeasure), r.number(maxMeasure)
	last := 0
	for n := r.number(maxGlyphs); n > 0 && !r.bad; n-- {
		last += r.number(utf8.MaxRune)
		g := &Glyph{Advance: r.number(maxMeasure), Left: r.signed(), Top: r.signed(), Width: r.number(maxMeasure), Height: r.number(maxMeasure)}
		g.Bits = r.take((g.Width*g.Height + 7) / 8)
		if last > utf8.MaxRune {
			return nil, errDamaged
		}
		f.Glyphs[rune(last)] = g
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errDamaged
	}
	return f, nil
}

// A reader takes things from the front until one is missing or out of bounds.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) number(most int) int {
	v, n := binary.Uvarint(r.rest)
	if r.bad || n <= 0 || v > uint64(most) {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

func (r *reader) signed() int {
	v, n := binary.Varint(r.rest)
	if r.bad || n <= 0 || v < -maxMeasure || v > maxMeasure {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}
