package cpower

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
)

// A format is how a picture's colours are sent.
type format struct {
	planes int  // red; red and green; red, green and blue
	deep   bool // 8 bits a pixel and plane, instead of 1
}

// formats by the names of Opts.Colours.
var formats = map[string]format{
	"":      {planes: 1},
	"mono":  {planes: 1},
	"two":   {planes: 2},
	"seven": {planes: 3},
	"full":  {planes: 3, deep: true},
}

const pictureHead = 8

// size is how long a picture of w×h pixels is.
func (f format) size(w, h int) int {
	row := (w + 7) / 8
	if f.deep {
		row = w
	}
	return pictureHead + f.planes*row*h
}

// encode makes the vendor's simple picture: "I1", width, height, what the planes
// are, and the planes, red first, rows from the top, each beginning a byte, the
// left pixel in its highest bit.
func (f format) encode(picture image.Image) []byte {
	size := picture.Bounds().Size()
	rgba := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(rgba, rgba.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(rgba, rgba.Rect, picture, picture.Bounds().Min, draw.Over)

	property := byte(1<<f.planes - 1)
	if f.deep {
		property |= 7 << 4
	}
	b := make([]byte, 0, f.size(size.X, size.Y))
	b = append(b, 'I', '1')
	b = binary.LittleEndian.AppendUint16(b, uint16(size.X))
	b = binary.LittleEndian.AppendUint16(b, uint16(size.Y))
	b = append(b, property, 0)
	for plane := range f.planes {
		for y := range size.Y {
			row := rgba.Pix[y*rgba.Stride:][:4*size.X]
			if f.deep {
				for x := range size.X {
					b = append(b, row[4*x+plane])
				}
				continue
			}
			for x := 0; x < size.X; x += 8 {
				var eight byte
				for i := range min(8, size.X-x) {
					if f.lit(row[4*(x+i):], plane) {
						eight |= 0x80 >> i
					}
				}
				b = append(b, eight)
			}
		}
	}
	return b
}

// lit tells whether a pixel's light of this plane is on: when that colour is
// brighter than half. A bright colour that the panel has not lights all it has:
// blue words must not vanish on a panel of red and green.
func (f format) lit(rgb []byte, plane int) bool {
	const half = 128
	for _, c := range rgb[:f.planes] {
		if c >= half {
			return rgb[plane] >= half
		}
	}
	return max(rgb[0], rgb[1], rgb[2]) >= half
}
