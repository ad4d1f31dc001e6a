package display

import (
	"image"
	"time"

	"loa/agent/layout"
	"loa/agent/layout/picture"
	"loa/agent/plan"
)

// A Still is a picture as large as the board, or one of an animation.
type Still struct {
	Picture *image.RGBA
	Stay    time.Duration // in the animation; 0: as the page says
}

// maxStills bounds the memory of an animation, in pixels of the board: 16 MB.
const maxStills = 4 << 20

// colours are those of a board, as a picture is brought down to them.
var colours = map[layout.Colors]picture.Colours{
	layout.Mono: picture.Mono, layout.TwoColor: picture.RedGreenYellow, layout.Full: picture.Full,
}

// Stills makes of a picture file what a board can show. Of an animation that would
// take too much memory there is the beginning. Errors are *plan.Error.
func Stills(file []byte, b layout.Board) ([]Still, error) {
	p, err := picture.Open(file, picture.Limits{Bytes: plan.MaxImageBytes})
	if err != nil {
		return nil, err
	}
	most := max(1, maxStills/(b.Size.X*b.Size.Y))
	var stills []Still
	for img, stay := range p.All() {
		stills = append(stills, Still{picture.Fit(img, b.Size, colours[b.Colors]), stay})
		if len(stills) == most {
			break
		}
	}
	return stills, nil
}
