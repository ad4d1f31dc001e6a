package layout

import (
	"image"

	"loa/boards"
)

// BoardOf is the panel of a board file.
func BoardOf(p boards.Panel) Board {
	colors := map[string]Colors{"red": Mono, "red-green": TwoColor, "full": Full}
	// Cards that are sent pictures as files, most of them at 9600 or 57600 baud.
	slow := map[string]bool{"bx": true, "bxk": true, "cpower": true, "huidu": true}
	return Board{
		Size: image.Pt(p.Width, p.Height), Colors: colors[p.Colors], PitchMM: p.PitchMM, ReaderM: p.ReaderM,
		Slow: slow[p.Driver],
	}
}
