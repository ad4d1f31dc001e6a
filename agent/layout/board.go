package layout

import (
	"image"

	"loa/boards"
)

// BoardOf is the panel of a board file.
func BoardOf(p boards.Panel) Board {
	colors := map[string]Colors{"red": Mono, "red-green": TwoColor, "full": Full}
	return Board{Size: image.Pt(p.Width, p.Height), Colors: colors[p.Colors], PitchMM: p.PitchMM, ReaderM: p.ReaderM}
}
