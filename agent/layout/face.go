package layout

import (
	"bytes"
	"embed"
	"slices"
	"sync"

	"github.com/go-text/typesetting/font"
	"golang.org/x/text/unicode/norm"

	"loa/agent/layout/bitfont"
)

//go:embed fonts/*.font fonts/*.ttf
var files embed.FS

// The bitmap fonts, the highest first. Each is for lines of just its height.
var bitmapNames = []string{"efont24", "efont16", "narrow16", "fixed13"}

// library is every font, read at first use. The files are ours: they open.
var library = sync.OnceValue(func() (l struct {
	bitmaps map[string]*bitfont.Font
	sans    outline
	khmer   *font.Font
}) {
	l.bitmaps = map[string]*bitfont.Font{}
	for _, name := range bitmapNames {
		f, err := bitfont.Decode(file(name + ".font"))
		if err != nil {
			panic(err)
		}
		l.bitmaps[name] = f
	}
	l.sans = openOutline(file("sans.ttf"))
	l.khmer = parse(file("khmer.ttf")).Font
	return l
})

func file(name string) []byte {
	b, err := files.ReadFile("fonts/" + name)
	if err != nil {
		panic(err)
	}
	return b
}

func parse(b []byte) *font.Face {
	f, err := font.ParseTTF(bytes.NewReader(b))
	if err != nil {
		panic(err)
	}
	return f
}

// An outline is a font that can be set at any height; measures are in ems.
type outline struct {
	*font.Font
	ascent, descent, caps float32 // of Vietnamese and ASCII
}

func openOutline(b []byte) outline {
	face := parse(b)
	o := outline{Font: face.Font}
	em := float32(o.Upem())
	for _, r := range alphabet() {
		id, _ := face.NominalGlyph(r)
		e, _ := face.GlyphExtents(id)
		o.ascent = max(o.ascent, e.YBearing/em)
		o.descent = max(o.descent, -(e.YBearing+e.Height)/em)
		if r == 'H' {
			o.caps = e.YBearing / em
		}
	}
	return o
}

// vietnamese are the 134 letters of Vietnamese that ASCII lacks.
var vietnamese = sync.OnceValue(func() []rune {
	letters := []rune{'đ', 'Đ'}
	for _, vowel := range "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY" {
		for _, tone := range []string{"", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"} {
			if r := []rune(norm.NFC.String(string(vowel) + tone))[0]; r > '~' {
				letters = append(letters, r)
			}
		}
	}
	return letters
})

// alphabet is what must fit into the rows of a line: all of Vietnamese and ASCII.
func alphabet() []rune {
	letters := slices.Clone(vietnamese())
	for r := rune('!'); r <= '~'; r++ {
		letters = append(letters, r)
	}
	return letters
}

// A face is a font at one height.
type face struct {
	rows int // of a line; all ink lies within
	base int // rows above the baseline
	caps int // height of a capital letter
	bits *bitfont.Font
	// of a bitmap: how many times as large; with outlines of what fills in for it
	scale int
	ppem  int // of the outline, when bits is nil
}

// faceOf is the font of that name, as high as the rows allow. ok is false where
// not even its smallest fits, or where there is no such font.
func faceOf(name string, rows int) (f face, ok bool) {
	if name == "sans" {
		sans := library().sans
		for f.ppem = int(float32(rows) / (sans.ascent + sans.descent)); f.ppem > 0; f.ppem-- {
			f.base = ceil(float64(sans.ascent * float32(f.ppem)))
			f.rows = f.base + ceil(float64(sans.descent*float32(f.ppem)))
			if f.rows <= rows {
				f.caps = int(sans.caps * float32(f.ppem))
				return f, f.rows >= leastRows
			}
		}
		return face{}, false
	}
	b := library().bitmaps[name]
	if b == nil || rows < b.Ascent+b.Descent {
		return face{}, false
	}
	f.bits, f.scale = b, rows/(b.Ascent+b.Descent)
	f.rows, f.base, f.caps = f.scale*(b.Ascent+b.Descent), f.scale*b.Ascent, f.scale*b.Caps
	return f, true
}

// byHeight is the font for lines of that many rows.
func (b Board) byHeight(rows int) (face, bool) {
	least := outlineRows
	if b.Colors == Full {
		least = smoothRows
	}
	if rows >= least {
		return faceOf("sans", rows)
	}
	for _, name := range bitmapNames {
		if f := library().bitmaps[name]; rows >= f.Ascent+f.Descent {
			return faceOf(name, f.Ascent+f.Descent)
		}
	}
	return face{}, false
}
