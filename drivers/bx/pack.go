package bx

import (
	"image"
	"image/color"
)

// A packing is how a card wants its pixels. Where a pixel is a bit, 0 is lit,
// the left pixel is the highest bit, and the right edge is filled with ones.
type packing int

const (
	mono8  packing = iota // BX-5: rows of bytes
	two8                  // BX-5: a byte of red, a byte of green, and so on
	mono32                // BX-6: rows of 32 pixels, each word sent low byte first
	two32                 // BX-6: all red words, then all green words
	rgb565                // BX-5Q: a little-endian word a pixel, red in the high bits
	rgb888                // BX-6Q: red, green, blue
)

// bytes is how long a bitmap of that size is.
func (k packing) bytes(size image.Point) int {
	switch k {
	case mono8:
		return (size.X + 7) / 8 * size.Y
	case two8:
		return (size.X + 7) / 8 * size.Y * 2
	case mono32:
		return (size.X + 31) / 32 * 4 * size.Y
	case two32:
		return (size.X + 31) / 32 * 4 * size.Y * 2
	case rgb565:
		return size.X * size.Y * 2
	}
	return size.X * size.Y * 3
}

// pack turns the part r of a picture into a bitmap; what lies outside of the
// picture is dark. swap takes red for green, for panels wired the other way.
func (k packing) pack(m image.Image, r image.Rectangle, swap bool) []byte {
	size := r.Size()
	bits := make([]byte, k.bytes(size))
	if k < rgb565 {
		for i := range bits {
			bits[i] = 0xFF
		}
	}
	cols, words := (size.X+7)/8, (size.X+31)/32
	for y := range size.Y {
		for x := range size.X {
			c := rgb(m, r.Min.X+x, r.Min.Y+y)
			red, green := lights(c)
			if swap {
				red, green = green, red
			}
			bit := byte(0x80) >> (x % 8)
			at32 := (y*words+x/32)*4 + 3 - x%32/8 // low byte first: the left pixels come last
			switch k {
			case mono8:
				if red || green {
					bits[y*cols+x/8] &^= bit
				}
			case two8:
				if red {
					bits[(y*cols+x/8)*2] &^= bit
				}
				if green {
					bits[(y*cols+x/8)*2+1] &^= bit
				}
			case mono32:
				if red || green {
					bits[at32] &^= bit
				}
			case two32:
				if red {
					bits[at32] &^= bit
				}
				if green {
					bits[len(bits)/2+at32] &^= bit
				}
			case rgb565:
				le.PutUint16(bits[(y*size.X+x)*2:], uint16(c.R>>3)<<11|uint16(c.G>>2)<<5|uint16(c.B>>3))
			case rgb888:
				copy(bits[(y*size.X+x)*3:], []byte{c.R, c.G, c.B})
			}
		}
	}
	return bits
}

// lights says which of two diodes show a colour. Whatever is bright in any
// channel is lit somehow: blue words become yellow, not dark.
func lights(c color.RGBA) (red, green bool) {
	red, green = c.R > 127, c.G > 127
	if c.B > 127 && !red && !green {
		return true, true
	}
	return red, green
}

func rgb(m image.Image, x, y int) color.RGBA {
	if m, ok := m.(*image.RGBA); ok {
		return m.RGBAAt(x, y) // dark outside
	}
	if !image.Pt(x, y).In(m.Bounds()) {
		return color.RGBA{}
	}
	r, g, b, _ := m.At(x, y).RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}
}
