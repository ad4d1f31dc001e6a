package kms

import (
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
)

// art reads a picture of letters; a letter is a grey.
func art(rows string) *image.RGBA {
	lines := strings.Split(strings.TrimSpace(rows), "\n")
	p := image.NewRGBA(image.Rect(0, 0, len(lines[0]), len(lines)))
	for y, line := range lines {
		for x, c := range line {
			p.Set(x, y, color.Gray{uint8(c)})
		}
	}
	return p
}

func TestTurns(t *testing.T) {
	picture := art(`
abcd
efgh
ijkl`)
	for turn, want := range map[int]string{
		0: `
........
..abcd..
..efgh..
..ijkl..
........`,
		90: `
.......
..iea..
..jfb..
..kgc..
..lhd..
.......`,
		180: `
........
..lkji..
..hgfe..
..dcba..
........`,
		270: `
.......
..dhl..
..cgk..
..bfj..
..aei..
.......`,
	} {
		want = strings.TrimSpace(want)
		lines := strings.Split(want, "\n")
		w, h := len(lines[0]), len(lines)
		c := canvas{mem: []byte(strings.Repeat(".", 4*w*h)), pitch: 4 * w, format: xrgb8888}
		area := image.Rect(2, 1, w-2, h-1)
		c.paint(area, newTurner(area.Size(), turn), picture)
		var got strings.Builder
		for i := 0; i < len(c.mem); i += 4 { // blue, green, red
			if i > 0 && i%c.pitch == 0 {
				got.WriteByte('\n')
			}
			if c.mem[i] != c.mem[i+1] || c.mem[i] != c.mem[i+2] {
				t.Fatalf("a grey has become % x", c.mem[i:i+4])
			}
			got.WriteByte(c.mem[i])
		}
		if got.String() != want {
			t.Errorf("turned by %d:\n%s\nnot\n%s", turn, &got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	rgb565 := newFormat(16, field{11, 5}, field{5, 6}, field{0, 5})
	for _, c := range []struct {
		f       *format
		r, g, b uint8
		want    uint32
	}{
		{rgb565, 255, 255, 255, 0xffff},
		{rgb565, 255, 0, 0, 0xf800},
		{rgb565, 0, 255, 0, 0x07e0},
		{rgb565, 0, 0, 255, 0x001f},
		{rgb565, 7, 3, 4, 1<<11 | 1<<5}, // the nearest, not the lower one
		{rgb565, 132, 130, 132, 16<<11 | 32<<5 | 16},
		{xrgb8888, 1, 2, 3, 0x010203},
		{newFormat(32, field{0, 8}, field{8, 8}, field{16, 8}), 1, 2, 3, 0x030201},
	} {
		if got := c.f.r[c.r] | c.f.g[c.g] | c.f.b[c.b]; got != c.want {
			t.Errorf("%d %d %d is %#x, not %#x", c.r, c.g, c.b, got, c.want)
		}
	}
}

// The quick way for the usual format gives what its tables give, for rows of any width,
// and touches nothing beside them.
func TestTheUsualFormat(t *testing.T) {
	slow := *xrgb8888
	slow.usual = false
	r := rand.New(rand.NewPCG(1, 2))
	for width := 1; width <= 13; width++ {
		picture := image.NewRGBA(image.Rect(0, 0, width, 3))
		for i := range picture.Pix {
			picture.Pix[i] = byte(r.Uint32())
		}
		area := image.Rect(1, 1, 1+width, 4)
		var seen [2]string
		for i, f := range []*format{&slow, xrgb8888} {
			pitch := 4 * (width + 2)
			c := canvas{mem: make([]byte, 5*pitch), pitch: pitch, format: f}
			c.paint(area, newTurner(area.Size(), 0), picture)
			for i := 3; i < len(c.mem); i += 4 {
				c.mem[i] = 0 // nobody looks at it
			}
			seen[i] = string(c.mem)
		}
		if seen[0] != seen[1] {
			t.Errorf("%d pixels wide:\n% x\nnot\n% x", width, seen[1], seen[0])
		}
	}
}
