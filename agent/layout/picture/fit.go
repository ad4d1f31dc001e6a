package picture

import (
	"image"

	"golang.org/x/image/draw"
)

// Fit scales img until it fits size, keeps its shape, centres it on black, and brings it
// down to the colours that the board has. What is transparent is black: dark pixels are
// the paper of a board.
//
// Where img is enlarged by a whole number its pixels stay sharp, because then it was
// drawn for the board; otherwise the scaling is Catmull-Rom. Both sides of size are at
// least 1.
func Fit(img image.Image, size image.Point, colours Colours) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(out, out.Rect, image.Black, image.Point{}, draw.Src)
	from := img.Bounds()
	if from.Empty() || out.Rect.Empty() {
		return out
	}
	to, whole := place(from.Size(), size)
	if whole {
		draw.NearestNeighbor.Scale(out, to, img, from, draw.Over, nil)
	} else {
		img = shrink(img, min(from.Dx()/to.Dx(), from.Dy()/to.Dy())/2)
		draw.CatmullRom.Scale(out, to, img, img.Bounds(), draw.Over, nil)
	}
	colours.dither(out, to)
	return out
}

// place is where a picture of size from goes on a board of size on, and whether it is
// enlarged by a whole number.
func place(from, on image.Point) (to image.Rectangle, whole bool) {
	size := image.Pt(on.X, max(1, (from.Y*on.X+from.X/2)/from.X)) // as wide as the board
	whole = on.X%from.X == 0
	if size.Y > on.Y {
		size = image.Pt(max(1, (from.X*on.Y+from.Y/2)/from.Y), on.Y)
		whole = on.Y%from.Y == 0
	}
	corner := on.Sub(size).Div(2)
	return image.Rectangle{Min: corner, Max: corner.Add(size)}, whole
}

// shrink averages squares of k×k pixels. It takes a large picture to about twice its
// last size, cheaply: the scaler keeps 32 bytes for every row of what it reads.
func shrink(img image.Image, k int) image.Image {
	if k < 2 {
		return img
	}
	from := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, from.Dx()/k, from.Dy()/k))
	rows := image.NewRGBA(image.Rect(0, 0, from.Dx(), k))
	sums := make([]int, 4*out.Rect.Dx())
	for y := range out.Rect.Dy() {
		draw.Draw(rows, rows.Rect, img, image.Pt(from.Min.X, from.Min.Y+y*k), draw.Src)
		clear(sums)
		for r := range k {
			row := rows.Pix[r*rows.Stride:]
			for x := range out.Rect.Dx() {
				for i, v := range row[4*x*k : 4*(x+1)*k] {
					sums[4*x+i&3] += int(v)
				}
			}
		}
		for i, s := range sums {
			out.Pix[y*out.Stride+i] = byte((s + k*k/2) / (k * k))
		}
	}
	return out
}
