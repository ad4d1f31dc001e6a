package layout

import (
	"image"
	"time"

	"loa/agent/plan"
)

// A Ticker is a line that runs under the pages of a board, again and again, as long
// as they take turns above it. Like pages it is used by one goroutine at a time.
type Ticker struct {
	Fresh time.Duration // as of Page

	pages  Board           // the zone of the pages
	zone   image.Rectangle // its own
	strips []Page          // one, or several of a very long text
}

// leastZone is the height of a zone in which text of two marks can be read from afar.
const leastZone = 16

// Zones parts a board into a zone for pages and one under it for a line that
// scrolls, a fifth of the height. ok is false where either would be too low for
// text, and on a board that is slow. Each zone is a board of its own (see Board.Zone),
// and a Ticker draws into both parts of the picture.
func (b Board) Zones() (pages, ticker image.Rectangle, ok bool) {
	whole := image.Rectangle{Max: b.Size}
	rows := max(leastZone, b.Size.Y/5)
	if b.Size.Y-rows < leastZone || b.Slow {
		return whole, image.Rectangle{}, false
	}
	pages, ticker = whole, whole
	pages.Max.Y -= rows
	ticker.Min.Y = pages.Max.Y
	return pages, ticker, true
}

// SetTicker sets a line that runs under the pages of a board. It is nil on a board
// that cannot have one, with a warning that the line is a page of its own there: that
// is left to the caller. Findings are as of Set.
func SetTicker(text string, b Board, f Fields) (*Ticker, []Finding) {
	over, under, ok := b.Zones()
	if !ok {
		return nil, []Finding{noRoom(b)}
	}
	strips, findings := Set(text, Look{Effect: ScrollLeft, Lines: 1}, b.Zone(under), f)
	if len(strips) == 0 {
		return nil, findings
	}
	t := &Ticker{pages: b.Zone(over), zone: under, strips: strips}
	for _, s := range strips {
		if s.Fresh > 0 && (t.Fresh == 0 || s.Fresh < t.Fresh) {
			t.Fresh = s.Fresh
		}
	}
	return t, findings
}

func noRoom(b Board) Finding {
	if b.Slow {
		return Finding{Code: plan.TooBig, Warning: true,
			EN: "The card of this board takes pictures too slowly for a line that runs under the pages: the line becomes a page of its own, after the others.",
			VI: "Card của bảng này nhận hình chậm, không cho chữ chạy bên dưới các trang được: dòng chữ chạy thành một trang riêng, sau các trang khác."}
	}
	return Finding{Code: plan.TooBig, Warning: true,
		EN: sprintf("The board has %d rows; a line that runs under the pages needs %d: the line becomes a page of its own, after the others.", b.Size.Y, 2*leastZone),
		VI: sprintf("Bảng có %d hàng điểm; chữ chạy bên dưới các trang cần %d hàng: dòng chữ chạy thành một trang riêng, sau các trang khác.", b.Size.Y, 2*leastZone)}
}

// Pages is the board that is left for the pages.
func (t *Ticker) Pages() Board { return t.pages }

// Over draws a page of that board as it is that long after it came on, into its zone of
// dst, a picture of the whole board. The zone of the line is left alone.
func (t *Ticker) Over(dst *image.RGBA, page *Page, at time.Duration) {
	page.frame(dst, image.Rectangle{Max: t.pages.Size}, at)
}

// Text is its words, fields filled in.
func (t *Ticker) Text() string {
	text := t.strips[0].Text
	for _, s := range t.strips[1:] {
		text += " " + s.Text
	}
	return text
}

// Length is how long it takes to run through once.
func (t *Ticker) Length() (all time.Duration) {
	for i := range t.strips {
		all += t.strips[i].Length()
	}
	return all
}

// strip is the one that runs at that time, and when it began.
func (t *Ticker) strip(at time.Duration) (s *Page, began time.Duration) {
	at = max(at, 0)
	began = at - at%t.Length()
	for i := range t.strips {
		s = &t.strips[i]
		if at < began+s.Length() {
			break
		}
		began += s.Length()
	}
	return s, began
}

// Frame draws the line as it is that long after it began, into its zone of dst, a
// picture of the whole board. The zone of the pages is left alone.
func (t *Ticker) Frame(dst *image.RGBA, at time.Duration) {
	s, began := t.strip(at)
	s.frame(dst, t.zone, at-began)
}

// Next is when the frame after the one at that time comes, counted from when the line
// began.
func (t *Ticker) Next(at time.Duration) time.Duration {
	s, began := t.strip(at)
	return began + s.Next(at-began)
}
