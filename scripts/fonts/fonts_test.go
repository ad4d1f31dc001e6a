package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/agent/layout/bitfont"
)

// art is a glyph drawn with # and . above its advance.
func art(g *bitfont.Glyph) string {
	var b strings.Builder
	for y := range g.Height {
		for x := range g.Width {
			if g.At(x, y) {
				b.WriteByte('#')
			} else {
				b.WriteByte('.')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const bdf = `STARTFONT 2.1
FONT sample
FONTBOUNDINGBOX 9 4 0 -1
CHARS 2
STARTCHAR H
ENCODING 72
SWIDTH 500 0
DWIDTH 10 0
BBX 9 3 1 0
BITMAP
8080
FF80
8080
ENDCHAR
STARTCHAR comma
ENCODING 44
DWIDTH 2 0
BBX 1 2 0 -1
BITMAP
80
80
ENDCHAR
ENDFONT
`

func TestBDF(t *testing.T) {
	glyphs, err := readBDF([]byte(bdf))
	if err != nil {
		t.Fatal(err)
	}
	h, comma := glyphs['H'], glyphs[',']
	if got := art(h); got != "#.......#\n#########\n#.......#\n" || h.Advance != 10 || h.Left != 1 || h.Top != 3 {
		t.Errorf("H is %+v\n%s", h, got)
	}
	if comma.Top != 1 || comma.Height != 2 {
		t.Errorf("the comma is %+v", comma)
	}
	for _, bad := range []string{
		strings.Replace(bdf, "8080\nENDCHAR", "ENDCHAR", 1),
		strings.Replace(bdf, "FF80", "FF", 1),
		strings.Replace(bdf, "FF80", "xx80", 1),
		strings.Replace(bdf, "BBX 9 3", "BBX 900 3", 1),
		strings.Replace(bdf, "DWIDTH 10", "DWIDTH ten", 1),
	} {
		if _, err := readBDF([]byte(bad)); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("a damaged font gives %v", err)
		}
	}
}

// pcf writes the two letters above as the X11 format has it: big-endian tables,
// the leftmost pixel in the lowest bit, rows padded to four bytes.
func pcf() []byte {
	le, be := binary.LittleEndian, binary.BigEndian
	metrics := le.AppendUint32(nil, pcfCompressedMetrics|pcfBigEndian)
	metrics = be.AppendUint16(metrics, 2)
	for _, m := range [][5]byte{{1, 10, 10, 3, 0}, {0, 1, 2, 1, 1}} {
		for _, v := range m {
			metrics = append(metrics, v+0x80)
		}
	}
	bitmaps := le.AppendUint32(nil, pcfBigEndian|2) // padded to 1<<2 bytes, bytes as they come
	bitmaps = be.AppendUint32(bitmaps, 2)
	bitmaps = be.AppendUint32(bitmaps, 0)
	bitmaps = be.AppendUint32(bitmaps, 12)
	bitmaps = append(bitmaps, make([]byte, 16)...)
	bitmaps = append(bitmaps, 0x01, 0x01, 0, 0, 0xff, 0x01, 0, 0, 0x01, 0x01, 0, 0)
	bitmaps = append(bitmaps, 1, 0, 0, 0, 1, 0, 0, 0)
	encodings := le.AppendUint32(nil, pcfBigEndian)
	for _, v := range []uint16{44, 72, 0, 0, 0} { // bytes from , to H, page 0, default
		encodings = be.AppendUint16(encodings, v)
	}
	for r := 44; r <= 72; r++ {
		i := uint16(0xffff)
		switch r {
		case 'H':
			i = 0
		case ',':
			i = 1
		}
		encodings = be.AppendUint16(encodings, i)
	}
	file := le.AppendUint32([]byte("\x01fcp"), 3)
	at := 8 + 3*16
	for i, table := range [][]byte{metrics, bitmaps, encodings} {
		file = le.AppendUint32(file, []uint32{pcfMetrics, pcfBitmaps, pcfEncodings}[i])
		file = le.AppendUint32(file, 0)
		file = le.AppendUint32(file, uint32(len(table)))
		file = le.AppendUint32(file, uint32(at))
		at += len(table)
	}
	return append(append(append(file, metrics...), bitmaps...), encodings...)
}

func TestPCF(t *testing.T) {
	glyphs, err := readPCF(pcf())
	if err != nil {
		t.Fatal(err)
	}
	want, _ := readBDF([]byte(bdf))
	if len(glyphs) != 2 {
		t.Errorf("%d letters", len(glyphs))
	}
	for r, w := range want {
		g := glyphs[r]
		if g == nil || art(g) != art(w) || g.Advance != w.Advance || g.Left != w.Left || g.Top != w.Top {
			t.Errorf("%c is %+v, not %+v", r, g, w)
		}
	}
	for n := range pcf() {
		readPCF(pcf()[:n]) // an error, or the letters so far; no panic
	}
	if _, err := readPCF(nil); err == nil {
		t.Error("nothing is a font")
	}
}

// What is kept has its dark margins cropped; a mark that is higher than Vietnamese
// needs is left out, as are combining marks.
func TestChoose(t *testing.T) {
	tall := bitfont.NewGlyph(3, 9)
	tall.Top, tall.Advance = 9, 4
	tall.Set(1, 0)
	wide := bitfont.NewGlyph(5, 5)
	wide.Top, wide.Advance, wide.Left = 4, 6, -1
	wide.Set(2, 1)
	wide.Set(3, 2)
	degree := bitfont.NewGlyph(3, 3)
	degree.Top, degree.Advance = 5, 4
	degree.Set(1, 1)
	f, dropped := choose("x", map[rune]*bitfont.Glyph{'H': wide, 'Ẵ': degree, '°': degree, '─': tall, '\u0301': wide, '中': wide})
	if dropped != 1 || len(f.Glyphs) != 3 || f.Ascent != 4 || f.Descent != 0 || f.Caps != 3 {
		t.Errorf("%+v, %d dropped", f, dropped)
	}
	if f.Glyphs['°'].Top != 3 || f.Glyphs['Ẵ'].Top != 4 {
		t.Errorf("the degree sign is at %d, the mark at %d", f.Glyphs['°'].Top, f.Glyphs['Ẵ'].Top)
	}
	if g := f.Glyphs['H']; art(g) != "#.\n.#\n" || g.Left != 1 || g.Top != 3 || g.Advance != 6 {
		t.Errorf("H is %+v\n%s", g, art(g))
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "b16.bdf")
	if err := os.WriteFile(source, []byte(bdf), 0o644); err != nil {
		t.Fatal(err)
	}
	err := convert(source, sources[0].sha256, "efont16", readBDF, dir)
	if err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("error %v", err)
	}
}
