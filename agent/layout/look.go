package layout

import (
	"image/color"
	"maps"
	"slices"
)

var (
	red    = color.RGBA{255, 0, 0, 255}
	yellow = color.RGBA{255, 200, 0, 255}
)

// looks are the styles that a document's page may name. The colour of an alert and
// of a drill is never the only sign: their first words say the same.
var looks = map[string]Look{
	"":          {},
	"notice":    {},
	"headline":  {Lines: 1},
	"left":      {Align: Left},
	"scroll":    {Effect: ScrollLeft, Lines: 1},
	"scroll-up": {Effect: ScrollUp, Align: Left},
	"wipe":      {Effect: Wipe},
	"blink":     {Effect: Blink},
	"alert":     {Color: red, Cue: "KHẨN CẤP"},
	"drill":     {Color: yellow, Cue: "DIỄN TẬP"},
	"clock":     {},
	"narrow":    {Font: "narrow16"},
}

// LookNames are the styles there are.
func LookNames() []string { return slices.Sorted(maps.Keys(looks))[1:] } // the first is ""

// LookNamed is the style of that name, as plan.Page.Style has it; "" is a notice.
func LookNamed(id string) (Look, bool) {
	l, ok := looks[id]
	return l, ok
}
