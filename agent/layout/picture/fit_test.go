package picture

import (
	"hash/crc32"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
)

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

var inks = map[rune]color.RGBA{
	'.': {A: 0xff}, 'r': red, 'g': green, 'y': {0xff, 0xff, 0, 0xff}, 'b': {0, 0, 0xff, 0xff},
	'w': white, '#': white, '+': {0x80, 0x80, 0x80, 0xff}, ' ': {},
}

// sketch makes a picture of letters: a dot is black, a space transparent.
func sketch(s string) *image.RGBA {
	rows := strings.Split(s, "\n")
	img := image.NewRGBA(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, c := range row {
			img.SetRGBA(x, y, inks[c])
		}
	}
	return img
}

// letters is the other way; what is none of the inks is a question mark.
func letters(img image.Image) string {
	var b strings.Builder
	r := img.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if y > r.Min.Y {
			b.WriteByte('\n')
		}
		for x := r.Min.X; x < r.Max.X; x++ {
			at := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
			c := '?'
			for ink, v := range inks {
				if v == at && ink != '#' {
					c = ink
				}
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		what    string
		img     string
		w, h    int
		colours Colours
		want    string
	}{
		{"as it is", "rg\n.w", 2, 2, Full, "rg\n.w"},
		{"twice as large, sharp", "rg\n.w", 4, 4, Full, "rrgg\nrrgg\n..ww\n..ww"},
		{"three times, with black beside it", "rg\n.w", 9, 6, Full, `
.rrrggg..
.rrrggg..
.rrrggg..
....www..
....www..
....www..`[1:]},
		{"wide on a high board", "rg", 4, 4, Full, "....\nrrgg\nrrgg\n...."},
		{"high on a wide board", "r\ng", 4, 4, Full, ".rr.\n.rr.\n.gg.\n.gg."},
		{"transparent is black", "r g", 3, 1, Full, "r.g"},
		{"a third of the light of white", "rrrrrr", 6, 1, Mono, "..w..w"},
		{"mono keeps letters", "w..w\nw..w\nwwww\nw..w", 4, 4, Mono, "w..w\nw..w\nwwww\nw..w"},
		{"grey is a fifth of the LEDs", strings.Repeat("++++++++++\n", 4) + "++++++++++", 10, 5, Mono, `
..........
..w.w.w.w.
..........
w.w..w..w.
....w.....`[1:]},
		{"what a red and a green LED give", "rgybbw.", 7, 1, RedGreenYellow, "rgy.yy."},
		{"one row too many", "rg\nrg\nrg", 1, 1, RGB565, "?"},
	} {
		got := letters(Fit(sketch(c.img), image.Pt(c.w, c.h), c.colours))
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.what, got, c.want)
		}
	}
}

// A ramp from black to white, as a board of one colour shows it.
func TestDitherRamp(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 48, 8))
	for i := range 48 * 8 {
		v := uint8(i % 48 * 255 / 47)
		img.SetRGBA(i%48, i/48, color.RGBA{v, v, v, 0xff})
	}
	want := `
............................w..w.w.w.ww.wwwwwwww
.......................w.w.w..w..w.w.w.ww.w.wwww
.................w..w.......w..w.w.w.ww.wwwwwwww
......................w..w.w..w.w.w.w.ww.ww.wwww
..............w.........w...w..w..w.w.w.wwwwwwww
...................w..w...w...w.w.w.ww.www.w.www
.................w.........w.w..w.w.w.ww.wwwwwww
.....................w..w.w....w.w.w.ww.ww.wwwww`[1:]
	if got := letters(Fit(img, image.Pt(48, 8), Mono)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever goes in, a board is given only what it can show, and the light is kept.
func TestDitherKeepsColoursAndLight(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 40 {
		c := color.RGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256)), 0xff}
		for _, colours := range []Colours{Mono, RedGreenYellow, RGB565} {
			out := Fit(plane(64, 64, c), image.Pt(64, 64), colours)
			want := colours.light([]byte{c.R, c.G, c.B, 0xff})
			var sum [3]float64
			for i := 0; i < len(out.Pix); i += 4 {
				px := out.Pix[i : i+4]
				exact := [4]byte(px)
				got := colours.nearest(colours.light(px), px)
				if exact != [4]byte(px) || px[3] != 0xff {
					t.Fatalf("%v shows %v", colours, exact)
				}
				for k := range sum {
					sum[k] += float64(got[k]) / bright
				}
			}
			for k := range sum {
				if d := sum[k]/64/64 - float64(want[k])/bright; d > 0.02 || d < -0.02 {
					t.Errorf("%v of %v: %.3f of light %d, want %.3f", colours, c, sum[k]/64/64, k, float64(want[k])/bright)
				}
			}
		}
	}
}

// Sizes that nobody would ask for do no harm, and the result has the board's size.
func TestFitAnySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		img := plane(1+rng.IntN(90), 1+rng.IntN(90), white)
		if rng.IntN(4) == 0 {
			img = plane(1+rng.IntN(3), 1+rng.IntN(2000), white)
		}
		img.Rect = img.Rect.Add(image.Pt(rng.IntN(9)-4, rng.IntN(9)-4))
		size := image.Pt(1+rng.IntN(70), 1+rng.IntN(70))
		out := Fit(img, size, Colours(rng.IntN(4)))
		if out.Rect != (image.Rectangle{Max: size}) {
			t.Fatalf("%v", out.Rect)
		}
		lit := 0
		for i := 0; i < len(out.Pix); i += 4 {
			if out.Pix[i] > 0xf0 {
				lit++
			}
		}
		to, _ := place(img.Bounds().Size(), size)
		if !to.In(out.Rect) || to.Dx() != size.X && to.Dy() != size.Y || lit < to.Dx()*to.Dy() {
			t.Fatalf("%v on %v: placed at %v, %d lit", img.Rect.Size(), size, to, lit)
		}
	}
}

func TestShrinkAverages(t *testing.T) {
	img := sketch("ww..r..\nwwwwr..\n.......")
	got := shrink(img, 2).(*image.RGBA)
	want := []color.RGBA{white, {0x80, 0x80, 0x80, 0xff}, {0x80, 0, 0, 0xff}}
	if got.Rect != image.Rect(0, 0, 3, 1) {
		t.Fatalf("%v", got.Rect)
	}
	for x, w := range want {
		if c := got.RGBAAt(x, 0); c != w {
			t.Errorf("pixel %d is %v, want %v", x, c, w)
		}
	}
}
