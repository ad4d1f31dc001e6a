// Command fonts makes the fonts in agent/layout/fonts from their sources, once,
// when somebody chooses fonts anew. fetch.sh brings the sources into a folder:
//
//	scripts/fonts/fetch.sh DIR
//	go run ./scripts/fonts DIR agent/layout/fonts
//
//	file             from                                                   licence
//	---------------  -----------------------------------------------------  --------------
//	b16.pcf.gz       Debian 12 xfonts-efont-unicode 0.4.2-12                BSD-3-Clause
//	b24.pcf.gz       the same                                               BSD-3-Clause
//	6x13.pcf.gz      Debian 12 xfonts-base 1:1.0.5+nmu1, misc-fixed         public domain
//	Galmuri9.bdf     npm galmuri 2.40.3                                     OFL-1.1
//	sans.ttf         npm @expo-google-fonts/be-vietnam-pro 0.4.1, Medium    OFL-1.1
//	khmer.ttf        npm @expo-google-fonts/noto-sans-khmer 0.4.3, Medium   OFL-1.1
//
// The outlines were made smaller by fetch.sh with fonttools 4.38 (Debian 12
// python3-fonttools) and are copied as they are. A source with another SHA-256 is
// refused. GNU Unifont is left out: what it would add to b16 are scripts that
// nobody writes on a board here, and Debian's copy is under the GPL.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/layout/bitfont"
)

// sources are what is converted; the digest is that of the source.
var sources = []struct {
	file, sha256, name string
	read               func([]byte) (map[rune]*bitfont.Glyph, error)
}{
	{"b16.pcf.gz", "1527101bfbd52e2b6818df4617db9e3af0ea863ca48a2d30850b8984a341d2c8", "efont16", readPCF},
	{"b24.pcf.gz", "0ba40ea2272ddd6f59a45170db12c5030e913c2f438c094d939754d4a3a34307", "efont24", readPCF},
	{"6x13.pcf.gz", "08a0eb134120be2afb31580a7daf70e0c8001f1b21fce5ed5ff5db9bd6a190bf", "fixed13", readPCF},
	{"Galmuri9.bdf", "e87a1a4f7c5ce72b72802959fce27a3221d05e1f60f4610092d6922ad0456733", "narrow16", readBDF},
}

// kept are the runes that a board here may need: Latin with everything Vietnamese
// and the minority languages written in it, punctuation, currency, letterlike
// signs, fractions, arrows, mathematics, boxes, shapes and symbols.
var kept = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0020, Hi: 0x007e, Stride: 1},
	{Lo: 0x00a0, Hi: 0x02ff, Stride: 1},
	{Lo: 0x1e00, Hi: 0x1eff, Stride: 1},
	{Lo: 0x2010, Hi: 0x2027, Stride: 1},
	{Lo: 0x2030, Hi: 0x205e, Stride: 1},
	{Lo: 0x2070, Hi: 0x20bf, Stride: 1},
	{Lo: 0x2100, Hi: 0x22ff, Stride: 1},
	{Lo: 0x2500, Hi: 0x27bf, Stride: 1},
}}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: fonts SOURCES agent/layout/fonts")
		os.Exit(2)
	}
	for _, s := range sources {
		if err := convert(filepath.Join(os.Args[1], s.file), s.sha256, s.name, s.read, os.Args[2]); err != nil {
			fmt.Fprintf(os.Stderr, "fonts: cannot convert %s: %v\n", s.file, err)
			os.Exit(1)
		}
	}
}

func convert(source, digest, name string, read func([]byte) (map[rune]*bitfont.Glyph, error), dir string) error {
	b, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
		return fmt.Errorf("its SHA-256 is %x, not %s: it is another version", sum, digest)
	}
	if strings.HasSuffix(source, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return err
		}
		if b, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	glyphs, err := read(b)
	if err != nil {
		return err
	}
	f, dropped := choose(name, glyphs)
	file := bitfont.Encode(f)
	fmt.Printf("%-9s %d+%d rows, capitals %d, %d glyphs (%d too high), %d bytes\n", name, f.Ascent, f.Descent, f.Caps, len(f.Glyphs), dropped, len(file))
	return os.WriteFile(filepath.Join(dir, name+".font"), file, 0o644)
}

// choose keeps the runes that are wanted and as many rows as Vietnamese and ASCII
// take. What is higher still would be cut off, so it is left out.
func choose(name string, glyphs map[rune]*bitfont.Glyph) (f *bitfont.Font, dropped int) {
	f = &bitfont.Font{Name: name, Glyphs: map[rune]*bitfont.Glyph{}}
	for _, r := range text() {
		if g := glyphs[r]; g != nil {
			g = crop(g)
			f.Ascent, f.Descent = max(f.Ascent, g.Top), max(f.Descent, g.Height-g.Top)
		}
	}
	for r, g := range glyphs {
		if !unicode.Is(kept, r) || unicode.Is(unicode.Mn, r) || g.Advance <= 0 {
			continue
		}
		g = crop(g)
		if g.Height > 0 && (g.Top > f.Ascent || g.Height-g.Top > f.Descent) {
			dropped++
			continue
		}
		f.Glyphs[r] = g
	}
	if h := f.Glyphs['H']; h != nil {
		f.Caps = h.Top
	}
	// efont's degree sign floats above the capitals, where the marks are.
	if g := f.Glyphs['°']; g != nil {
		g.Top = min(g.Top, f.Caps)
	}
	return f, dropped
}

// text is every letter of Vietnamese and all of ASCII.
func text() []rune {
	var all []rune
	for r := rune('!'); r <= '~'; r++ {
		all = append(all, r)
	}
	for _, vowel := range "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY" {
		for _, tone := range []string{"", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"} {
			all = append(all, []rune(norm.NFC.String(string(vowel)+tone))...)
		}
	}
	return append(all, 'đ', 'Đ')
}

// crop takes the dark rows and columns off all sides.
func crop(g *bitfont.Glyph) *bitfont.Glyph {
	left, right, top, bottom := g.Width, -1, g.Height, -1
	for y := range g.Height {
		for x := range g.Width {
			if g.At(x, y) {
				left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
			}
		}
	}
	if right < 0 {
		blank := bitfont.NewGlyph(0, 0)
		blank.Advance = g.Advance
		return blank
	}
	c := bitfont.NewGlyph(right-left+1, bottom-top+1)
	c.Advance, c.Left, c.Top = g.Advance, g.Left+left, g.Top-top
	for y := range c.Height {
		for x := range c.Width {
			if g.At(left+x, top+y) {
				c.Set(x, y)
			}
		}
	}
	return c
}
