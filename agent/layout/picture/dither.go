package picture

import (
	"image"
	"math"
)

// Colours say what a pixel of a board can show.
type Colours int

// The colours of boards.
const (
	Full           Colours = iota // 8 bits of red, green and blue
	RGB565                        // 5, 6 and 5 bits
	RedGreenYellow                // a red and a green LED, each on or off
	Mono                          // one LED, on or off: white here, whatever its colour
)

// Colours are dithered by error diffusion (Floyd and Steinberg, every other row from the
// right), not by an ordered pattern: a board has few pixels, and diffusion keeps the
// edges of letters and signs, which a pattern breaks up. What has only colours of the
// board comes out untouched.
//
// LEDs that are on or off mix as light does, so that for these boards the sum is in
// light: middle grey, 128, is 22 % of the light of white, and lights every fifth LED.
// Red, green and blue weigh the same in it. The eye's weights would leave blue and red
// letters almost dark on a board of one colour.
//
// All of it is whole numbers, so that every machine makes the same picture.
func (c Colours) dither(img *image.RGBA, area image.Rectangle) {
	if c == Full {
		return
	}
	area = area.Intersect(img.Rect)
	w := area.Dx()
	now, next := make([]light, w+2), make([]light, w+2) // what the neighbours left over
	for y := area.Min.Y; y < area.Max.Y; y++ {
		step, x := 1, 0
		if (y-area.Min.Y)%2 == 1 {
			step, x = -1, w-1
		}
		for ; x >= 0 && x < w; x += step {
			px := img.Pix[img.PixOffset(area.Min.X+x, y):][:4]
			want := c.light(px)
			for i := range want {
				want[i] += now[x+1][i]
			}
			got := c.nearest(want, px)
			for i := range want {
				e := want[i] - got[i]
				ahead, back, below := e*7/16, e*3/16, e*5/16
				now[x+1+step][i] += ahead
				next[x+1-step][i] += back
				next[x+1][i] += below
				next[x+1+step][i] += e - ahead - back - below
			}
		}
		now, next = next, now
		clear(next)
	}
}

// A light is what up to three LEDs of a pixel give, each from 0 to bright.
type light [3]int

const bright = 0xffff

// linear is the light of each value of sRGB.
var linear = func() (l [256]int) {
	for i := range l {
		l[i] = int(math.Round(math.Pow(float64(i)/255, 2.2) * bright))
	}
	return l
}()

// light is what the LEDs of a pixel ought to give.
func (c Colours) light(px []byte) light {
	r, g, b := px[0], px[1], px[2]
	switch c {
	case Mono:
		return light{(linear[r] + linear[g] + linear[b]) / 3}
	case RedGreenYellow: // blue is shown by half of both: dim yellow rather than nothing
		return light{max(linear[r], linear[b]/2), max(linear[g], linear[b]/2)}
	}
	return light{int(r) * 0x101, int(g) * 0x101, int(b) * 0x101}
}

// nearest writes into px what the board can show of want, and returns its light.
func (c Colours) nearest(want light, px []byte) light {
	levels := light{32, 64, 32}
	if c != RGB565 {
		levels = light{2, 2, 2}
	}
	var got light
	for i, n := range levels {
		v := min(max(want[i], 0), bright)
		got[i] = (v*(n-1) + bright/2) / bright * bright / (n - 1)
		px[i] = byte(got[i] >> 8)
	}
	if c == Mono {
		px[1], px[2] = px[0], px[0]
	}
	return got
}
