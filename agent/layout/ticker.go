package layout

import "image"

// Ticker parts a board into a zone for pages and one under it for a line that
// scrolls, a sixth of the height. ok is false where either would be too low for
// text. Each zone is a board of its own (see Board.Zone), and Page.Frame draws into
// that part of the picture.
func Ticker(b Board) (pages, ticker image.Rectangle, ok bool) {
	whole := image.Rectangle{Max: b.Size}
	const comfortable = 16
	rows := max(comfortable, b.Size.Y/6)
	if b.Size.Y-rows < comfortable {
		return whole, image.Rectangle{}, false
	}
	pages, ticker = whole, whole
	pages.Max.Y -= rows
	ticker.Min.Y = pages.Max.Y
	return pages, ticker, true
}
