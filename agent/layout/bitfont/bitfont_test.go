package bitfont_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"loa/agent/layout/bitfont"
)

// picture is a glyph drawn with # and .
func picture(left, top, advance int, rows ...string) *bitfont.Glyph {
	g := bitfont.NewGlyph(len(rows[0]), len(rows))
	g.Left, g.Top, g.Advance = left, top, advance
	for y, row := range rows {
		for x := range row {
			if row[x] == '#' {
				g.Set(x, y)
			}
		}
	}
	return g
}

func sample() *bitfont.Font {
	return &bitfont.Font{Name: "sample", Ascent: 5, Descent: 2, Caps: 5, Glyphs: map[rune]*bitfont.Glyph{
		' ': {Advance: 3, Bits: []byte{}},
		'H': picture(1, 5, 5, "#.#", "#.#", "###", "#.#", "#.#"),
		'ợ': picture(-1, 4, 4, "..#.#", ".###.", "#..#.", ".##..", ".....", ".#..."),
	}}
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	got, err := bitfont.Decode(bitfont.Encode(want))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v became %+v", want, got)
	}
	g := got.Glyphs['ợ']
	var art strings.Builder
	for y := range g.Height {
		for x := range g.Width {
			art.WriteByte(".#"[map[bool]int{true: 1}[g.At(x, y)]])
		}
		art.WriteByte('\n')
	}
	if want := "..#.#\n.###.\n#..#.\n.##..\n.....\n.#...\n"; art.String() != want {
		t.Errorf("ợ is\n%s", art.String())
	}
}

// A damaged file is an error, whatever is damaged.
func TestDamage(t *testing.T) {
	good := bitfont.Encode(sample())
	for n := range good {
		if f, err := bitfont.Decode(good[:n]); err == nil {
			t.Fatalf("%d of %d bytes are a font: %+v", n, len(good), f)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		bad := bytes.Clone(good)
		bad[random.IntN(len(bad))] ^= 1 << random.IntN(8)
		// gzip's checksum finds what is not in its header, which says nothing.
		if f, err := bitfont.Decode(bad); err == nil && !reflect.DeepEqual(f, sample()) {
			t.Fatalf("%x is another font", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(bitfont.Encode(sample()))
	f.Fuzz(func(t *testing.T, file []byte) {
		font, err := bitfont.Decode(file)
		if err != nil {
			return
		}
		for r, g := range font.Glyphs {
			for y := range g.Height {
				for x := range g.Width {
					g.At(x, y)
				}
			}
			_ = r
		}
		if again, err := bitfont.Decode(bitfont.Encode(font)); err != nil || !reflect.DeepEqual(again, font) {
			t.Fatalf("%+v became %+v: %v", font, again, err)
		}
	})
}
