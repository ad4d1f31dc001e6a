package layout

import (
	"fmt"
	"image"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// faces are the fonts at the heights that boards ask for.
func faces(t *testing.T) map[string]face {
	all := map[string]face{}
	for name, heights := range map[string][]int{
		"fixed13": {13, 26}, "efont16": {16, 32, 48}, "narrow16": {16, 32}, "efont24": {24, 48},
		"sans": {24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 40, 48, 64, 96},
	} {
		for _, rows := range heights {
			f, ok := faceOf(name, rows)
			if !ok || f.rows > rows {
				t.Errorf("%s does not come in %d rows: %+v", name, rows, f)
			}
			all[fmt.Sprintf("%s at %d rows", name, rows)] = f
		}
	}
	return all
}

// draw draws a word alone, with a margin on all sides.
func (w setWord) draw(f face, smooth bool) (picture *image.RGBA, rows image.Rectangle) {
	m := f.rows / 4
	p := Page{size: image.Pt(w.width+2*m, f.rows+2*m), lit: inkColor{red, smooth}}
	p.place(row{words: []setWord{w}}, image.Pt(m, m+f.base))
	return p.draw(), image.Rect(m, m, m+w.width, m+f.rows)
}

// around is the rectangle around what is lit.
func around(p *image.RGBA) image.Rectangle {
	r := image.Rectangle{Min: image.Pt(1<<20, 1<<20)}
	for y := range p.Rect.Dy() {
		row := p.Pix[y*p.Stride : y*p.Stride+4*p.Rect.Dx()]
		for x := 0; x < len(row); x += 4 {
			if row[x] > 0 {
				r.Min.X, r.Max.X = min(r.Min.X, x/4), max(r.Max.X, x/4+1)
				r.Min.Y, r.Max.Y = min(r.Min.Y, y), y+1
			}
		}
	}
	if r.Max.X == 0 {
		return image.Rectangle{}
	}
	return r
}

// All of Vietnamese is there in every font at every height: present, not blank, no
// two letters alike, and all ink within the rows and the width of the letter.
func TestEveryLetter(t *testing.T) {
	if n := len(vietnamese()); n != 134 {
		t.Fatalf("%d letters of Vietnamese, not 134", n)
	}
	checked := 0
	for name, f := range faces(t) {
		if testing.Short() && (f.rows > 29 || f.scale > 1 || f.ppem > 0 && f.ppem != 17 && f.ppem != 20) {
			continue
		}
		for _, smooth := range []bool{false, true} {
			if smooth && f.bits != nil || !smooth && f.bits == nil && f.rows < outlineRows-1 {
				continue // not so on any board
			}
			alike := map[string]rune{}
			s := &setter{}
			for _, r := range alphabet() {
				w := s.set(word{letters: []letter{{r: r}}}, f)
				if len(w.missing) > 0 {
					t.Errorf("%s has no %c", name, r)
					continue
				}
				picture, rows := w.draw(f, smooth)
				ink := around(picture)
				if ink.Empty() {
					t.Errorf("%s: %c is blank", name, r)
				}
				if !ink.In(rows) {
					t.Errorf("%s: the ink of %c is %v, outside its rows and width %v", name, r, ink, rows)
				}
				key := string(picture.Pix)
				if other, ok := alike[key]; ok && r > '~' {
					t.Errorf("%s: %c and %c look alike", name, other, r)
				}
				alike[key] = r
				checked++
			}
		}
	}
	t.Logf("%d letters looked at", checked)
}

// A tilde keeps its wave on boards without grey: as a bar it reads as a mark that
// Vietnamese does not have.
func TestTildesAreNoBars(t *testing.T) {
	least, _ := faceOf("sans", outlineRows)
	for name, f := range faces(t) {
		if f.bits == nil && f.ppem < least.ppem {
			continue // not so on any board
		}
		for _, r := range "ãẽĩõũỹẵẫễỗỡữÃẼĨÕŨỸẴẪỄỖỠỮ" {
			p, _ := (&setter{}).set(word{letters: number(string(r))}, f).draw(f, false)
			// The highest rows, as far as the first dark one.
			mark := around(p)
			for y := mark.Min.Y; y < mark.Max.Y; y++ {
				if around(p.SubImage(image.Rect(0, y, p.Rect.Max.X, y+1)).(*image.RGBA)).Empty() {
					mark.Max.Y = y
				}
			}
			lit, left, right := 0, mark.Max.X, mark.Min.X
			for y := mark.Min.Y; y < mark.Max.Y; y++ {
				for x := mark.Min.X; x < mark.Max.X; x++ {
					if p.RGBAAt(x, y).R > 0 {
						lit, left, right = lit+1, min(left, x), max(right, x+1)
					}
				}
			}
			if width, height := right-left, mark.Dy(); lit == width*height && width >= 2*height {
				t.Errorf("%s: the tilde of %c is a bar of %d by %d pixels", name, r, width, height)
			}
		}
	}
}

// Khmer stacks: whatever stands above or hangs below is within the rows, in every
// combination of two consonants, a vowel and a sign that somebody may write.
func TestKhmerIsNeverCut(t *testing.T) {
	for _, rows := range []int{24, 29, 32, 64} {
		if testing.Short() && rows > 24 {
			break
		}
		board := Board{Colors: Full}
		f, ok := board.byHeight(rows)
		if !ok {
			t.Fatal(rows)
		}
		s := &setter{}
		for base := rune(0x1780); base <= 0x17a2; base += 3 {
			for _, under := range []string{"", "\u17d2\u1785", "\u17d2\u179a", "\u17d2\u178f"} {
				for vowel := rune(0x17b6); vowel <= 0x17c5; vowel++ {
					for _, sign := range []string{"", "\u17c6", "\u17cd"} {
						text := string(base) + under + string(vowel) + sign
						w := s.set(word{letters: number(text)}, f)
						for _, g := range w.glyphs {
							if ink := g.shape.ink().Add(image.Pt(g.x, g.y+f.base)); !ink.In(image.Rect(0, 0, w.width, f.rows)) {
								t.Fatalf("%d rows: %s has ink in %v, outside %d×%d", rows, text, ink, w.width, f.rows)
							}
						}
						if len(w.missing) > 0 {
							t.Fatalf("%s has no glyph", text)
						}
					}
				}
			}
		}
	}
}

// Tone marks on capitals are the highest ink there is, dots under letters with a
// horn the lowest.
func TestStackedMarks(t *testing.T) {
	for _, name := range append([]string{"sans"}, bitmapNames...) {
		rows := outlineRows
		if b := library().bitmaps[name]; b != nil {
			rows = b.Ascent + b.Descent
		}
		pages, _ := Set("ẴỸẶợụ", Look{Font: name, Effect: ScrollLeft}, Board{Size: image.Pt(8, rows)}, Fields{})
		golden(t, "marks/"+name, art(pages[0].Picture()))
	}
}

// golden compares with a picture in testdata; LOA_GOLDEN=write draws it anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".txt"
	if os.Getenv("LOA_GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%sand should be\n%s", name, got, want)
	}
}

// art is a picture for eyes: # is lit.
func art(p *image.RGBA) string {
	var b strings.Builder
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			if c := p.RGBAAt(x, y); c.R|c.G|c.B >= 0x80 {
				b.WriteByte('#')
			} else {
				b.WriteByte('.')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// What is embedded is memory and download of every box.
func TestFontsAreSmall(t *testing.T) {
	latin, all := int64(0), int64(0)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all += info.Size()
		if !strings.Contains(path, "khmer") {
			latin += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes without Khmer, %d in all", latin, all)
	if latin > 120_000 || all > 200_000 {
		t.Errorf("fonts take %d bytes without Khmer (at most 120,000), %d in all (200,000)", latin, all)
	}
}
