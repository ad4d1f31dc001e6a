package layout

import (
	"image"
	"image/draw"
	"time"

	"loa/agent/plan"
)

const pictureStay = 8 * time.Second

// FromPicture is a page of a picture that has the board's size already. A smaller
// one stands in the middle; a larger one is cut on all sides, with a finding. Where
// the board is lit or dark, what is brighter than half is lit.
func FromPicture(img image.Image, b Board) (Page, []Finding) {
	p := Page{Stay: pictureStay, board: b.Size, size: b.Size, picture: image.NewRGBA(image.Rectangle{Max: b.Size})}
	draw.Draw(p.picture, p.picture.Rect, image.Black, image.Point{}, draw.Src)
	from := img.Bounds()
	at := image.Rectangle{Max: from.Size()}.Add(b.Size.Sub(from.Size()).Div(2))
	draw.Draw(p.picture, at, img, from.Min, draw.Over)
	b.threshold(p.picture)
	if from.Dx() > b.Size.X || from.Dy() > b.Size.Y {
		return p, []Finding{{Code: plan.TooBig,
			EN: sprintf("The picture is %d×%d, the board %d×%d.", from.Dx(), from.Dy(), b.Size.X, b.Size.Y),
			VI: sprintf("Hình có cỡ %d×%d, còn bảng chỉ %d×%d.", from.Dx(), from.Dy(), b.Size.X, b.Size.Y)}}
	}
	return p, nil
}

// threshold leaves the colours that the board has.
func (b Board) threshold(p *image.RGBA) {
	if b.Colors == Full {
		return
	}
	for i := 0; i < len(p.Pix); i += 4 {
		c := p.Pix[i : i+3 : i+3]
		r, g := lit(c[0]), lit(c[1])
		if b.Colors == Mono {
			r, g = lit(max(c[0], c[1], c[2])), 0
		}
		c[0], c[1], c[2] = r, g, 0
	}
}

func lit(v uint8) uint8 {
	if v >= 0x80 {
		return 255
	}
	return 0
}
