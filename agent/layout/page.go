package layout

import (
	"image"
	"image/draw"
	"time"
)

// A Page is what the board shows at one time, or what moves through it. Pages are
// used by one goroutine at a time.
type Page struct {
	Text        string // its words, fields filled in
	Effect      Effect
	PxPerSecond int           // of what scrolls
	Stay        time.Duration // how long it stands; may be changed. What scrolls does not stand.
	// Fresh is how long after Fields.Now the page is right, because it has a field:
	// then it is set anew. 0: for ever.
	Fresh time.Duration

	board   image.Point
	size    image.Point // of the picture, without
	above   int         // dark rows above it, where a line scrolls that is lower than the board
	lit     inkColor
	glyphs  []glyph
	picture *image.RGBA
}

const (
	wipeTime    = 500 * time.Millisecond
	wipeStep    = 40 * time.Millisecond
	blinkPeriod = 2 * time.Second
	blinkLit    = 1500 * time.Millisecond
	leastStep   = 20 * time.Millisecond // nobody sees more than 50 frames a second
)

// Picture is the whole page: as large as the board, or longer when it scrolls, as
// display.Scroller takes it. It may be drawn anew at each call.
func (p *Page) Picture() *image.RGBA {
	if p.above == 0 && (p.size.Y == p.board.Y || p.Effect == ScrollUp) {
		return p.drawn()
	}
	whole := image.NewRGBA(image.Rect(0, 0, p.size.X, p.board.Y))
	draw.Draw(whole, whole.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(whole, p.drawn().Rect.Add(image.Pt(0, p.above)), p.drawn(), image.Point{}, draw.Src)
	return whole
}

// drawn is the picture of all that is lit. It is kept from the first frame until
// Forget.
func (p *Page) drawn() *image.RGBA {
	if p.picture == nil {
		p.picture = p.draw()
	}
	return p.picture
}

// Forget lets the picture go, which is the memory of a page that is not on.
func (p *Page) Forget() {
	if p.glyphs != nil {
		p.picture = nil
	}
}

// Length is how long one showing takes, movement included.
func (p *Page) Length() time.Duration {
	switch p.Effect {
	case ScrollLeft:
		return p.travel(p.board.X + p.size.X)
	case ScrollUp:
		return p.travel(p.board.Y + p.size.Y)
	case Wipe:
		return wipeTime + p.Stay
	}
	return p.Stay
}

// travel is how long n pixels take, rounded up.
func (p *Page) travel(n int) time.Duration {
	return (time.Duration(n)*time.Second + time.Duration(p.PxPerSecond) - 1) / time.Duration(p.PxPerSecond)
}

// moved is how many pixels have gone by at that time of a showing.
func (p *Page) moved(at time.Duration) int {
	return int(at * time.Duration(p.PxPerSecond) / time.Second)
}

// Frame draws exactly what the board shows that long after the page came on. The
// picture fills the bounds of dst, which may be a part of a larger one. What
// scrolls begins again after its Length; other pages stand for as long as asked.
func (p *Page) Frame(dst *image.RGBA, at time.Duration) { p.frame(dst, dst.Rect, at) }

// frame is Frame in a part of dst. A picture of that part would be an allocation for
// each of fifty frames a second.
func (p *Page) frame(dst *image.RGBA, part image.Rectangle, at time.Duration) {
	at = max(at, 0)
	whole := p.drawn()
	from, shown := image.Point{}, part // the part of dst that the picture covers from there on
	switch p.Effect {
	case ScrollLeft:
		from = image.Pt(p.moved(at%p.Length())-p.board.X, -p.above)
	case ScrollUp:
		from.Y = p.moved(at%p.Length()) - p.board.Y
	case Wipe:
		if at < wipeTime {
			shown.Max.X = shown.Min.X + int(time.Duration(p.board.X)*at/wipeTime)
		}
	case Blink:
		if at%blinkPeriod >= blinkLit {
			shown = image.Rectangle{}
		}
	}
	draw.Draw(dst, part, image.Black, image.Point{}, draw.Src)
	draw.Draw(dst, whole.Bounds().Sub(from).Add(part.Min).Intersect(shown), whole, image.Pt(max(from.X, 0), max(from.Y, 0)), draw.Src)
}

// Next is when the frame after the one at that time comes, counted from when the
// page came on; 0: nothing changes any more.
func (p *Page) Next(at time.Duration) time.Duration {
	at = max(at, 0)
	switch p.Effect {
	case ScrollLeft, ScrollUp:
		showing := at / p.Length() * p.Length()
		next := showing + max(p.travel(p.moved(at-showing)+1), at-showing+leastStep)
		return min(next, showing+p.Length())
	case Wipe:
		if at < wipeTime {
			return min(at/wipeStep*wipeStep+wipeStep, wipeTime)
		}
	case Blink:
		period := at / blinkPeriod * blinkPeriod
		if at-period < blinkLit {
			return period + blinkLit
		}
		return period + blinkPeriod
	}
	return 0
}

// draw draws the glyphs on black.
func (p *Page) draw() *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: p.size})
	draw.Draw(dst, dst.Bounds(), image.Black, image.Point{}, draw.Src)
	pen := pen{dst: dst, lit: p.lit}
	for _, g := range p.glyphs {
		g.shape.draw(&pen, g.x, g.y)
	}
	return dst
}
