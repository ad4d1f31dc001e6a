package bx

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"
)

// picture draws rows of letters: . dark, R red, G green, Y yellow, B blue, W white.
func picture(rows string) *image.RGBA {
	lines := strings.Fields(rows)
	m := image.NewRGBA(image.Rect(0, 0, len(lines[0]), len(lines)))
	for y, l := range lines {
		for x, c := range l {
			m.SetRGBA(x, y, map[rune]color.RGBA{
				'.': {A: 255}, 'R': {255, 0, 0, 255}, 'G': {0, 255, 0, 255}, 'Y': {255, 255, 0, 255},
				'B': {0, 0, 255, 255}, 'W': {255, 255, 255, 255}, 'D': {120, 120, 120, 255},
			}[c])
		}
	}
	return m
}

// The rows of the first three are the examples by which the coding was learnt:
// appendix 2 of the dynamic area manuals says it in words.
func TestPack(t *testing.T) {
	row40 := "RGY" + strings.Repeat(".", 36) + "R"
	for _, c := range []struct {
		name string
		k    packing
		rows string
		want string
	}{
		{"BX-5E, red and green bytes in turn", two8, row40, "5F 9F FF FF FF FF FF FF FE FF"},
		{"BX-6, 40 pixels are two words, each low byte first", mono32, "R" + strings.Repeat(".", 38) + "R", "FF FF FF 7F FF FF FF FE"},
		{"BX-5E in one colour", mono8, row40, "1F FF FF FF FE"},
		{"BX-6, all red before all green", two32, "RGY.......\n.........G",
			"FF FF FF 5F  FF FF FF FF   FF FF FF 9F  FF FF BF FF"},
		{"edges are filled with ones", mono8, "RRRRRRRRR\n........R", "00 7F FF 7F"},
		{"half as bright is dark, blue is not", two8, "DBW.....", "9F 9F"},
		{"RGB565", rgb565, "RGBW", "00 F8 E0 07 1F 00 FF FF"},
		{"RGB888", rgb888, "RGBD", "FF 00 00  00 FF 00  00 00 FF  78 78 78"},
	} {
		m := picture(c.rows)
		got, want := c.k.pack(m, m.Bounds(), false), unhex(t, c.want)
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got % X\nwant % X", c.name, got, want)
		}
		if n := c.k.bytes(m.Bounds().Size()); n != len(want) {
			t.Errorf("%s: %d bytes, expected %d", c.name, n, len(want))
		}
		// Any kind of image gives the same.
		if got := c.k.pack(struct{ image.Image }{m}, m.Bounds(), false); !bytes.Equal(got, want) {
			t.Errorf("%s, through the interface: % X", c.name, got)
		}
	}
}

func TestPackSwapped(t *testing.T) {
	m := picture("RGY.....")
	if got, want := two8.pack(m, m.Bounds(), true), unhex(t, "9F 5F"); !bytes.Equal(got, want) {
		t.Errorf("% X", got)
	}
}

// What lies outside of a picture is dark: the last page of a strip.
func TestPackOutside(t *testing.T) {
	m := picture("RRRRR")
	if got, want := mono8.pack(m, image.Rect(4, 0, 12, 1), false), unhex(t, "7F"); !bytes.Equal(got, want) {
		t.Errorf("% X", got)
	}
	if got, want := rgb888.pack(struct{ image.Image }{m}, image.Rect(4, 0, 6, 1), false), unhex(t, "FF 00 00 00 00 00"); !bytes.Equal(got, want) {
		t.Errorf("% X", got)
	}
	p := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.White})
	if got, want := mono8.pack(p, image.Rect(0, 0, 8, 1), false), unhex(t, "7F"); !bytes.Equal(got, want) {
		t.Errorf("of a palette: % X", got)
	}
}
