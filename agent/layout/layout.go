// Package layout turns text, font, effect and panel size into frames, and audits
// the glyphs.
//
// It is pure: the same text, look, board and fields give the same pages.
//
// # How it decides
//
// Letters are as high as the board allows for the fewest pages: one, two or three
// lines, never more, and never more than eight words a page. That is what a passer-by
// takes in at one glance; longer text becomes pages, with a warning. A word is never
// divided unless it alone is wider than the board, and a time, a date or a quantity
// stays on one line where it fits. An empty line begins a new page.
//
// Up to 29 rows letters come from bitmap fonts drawn for that height, above that
// from outlines. A board that is lit or dark gets no grey. Vietnamese has two marks
// on one letter: every font here holds all 134 letters within its rows, so no mark
// is cut off. Under 13 rows no font can do that, and such a board is refused text.
//
// # Reading time
//
// A page stays 1.5 s to be noticed and 0.5 s a word, 4 s at least. A written word is a
// syllable in Vietnamese. Half a second is 120 words a minute: subtitles, which a
// seated viewer expects, are cut to 160 to 180, and people pass a board, at any age
// and once.
//
// # Reading distance
//
// A capital letter should be 4 mm high for every metre of distance (1/250), a rule of
// thumb of sign makers. Normal sight just makes out 5 minutes of arc, 1.5 mm a metre;
// the rest is for rain, glare and old eyes.
package layout

import (
	"image"
	"image/color"
	"time"

	"loa/agent/plan"
)

// Colors is what a pixel of the board can do.
type Colors int

// The kinds of board.
const (
	Mono     Colors = iota // red or dark
	TwoColor               // red, green, both (yellow) or dark
	Full                   // every colour; letters are smoothed
)

// A Board is what the pages are for.
type Board struct {
	Size    image.Point
	Colors  Colors
	PitchMM float64 // from pixel to pixel; 0: unknown
	ReaderM float64 // how far away readers stand; 0: unknown
	Slow    bool    // its card takes seconds for a picture: nothing can move beside something else
}

// Zone is a part of the board as a board of its own.
func (b Board) Zone(r image.Rectangle) Board {
	b.Size = r.Size()
	return b
}

// Align says where lines stand in the width of the board.
type Align int

// The alignments.
const (
	Centre Align = iota
	Left
	Right
)

// Effect says how a page comes and moves.
type Effect int

// The effects. None blinks faster than once in two seconds: flashes at 3 to 30 Hz
// can cause seizures.
const (
	Static     Effect = iota
	ScrollLeft        // comes in at the right, leaves at the left, and begins again
	ScrollUp          // comes in at the bottom, leaves at the top, and begins again
	Wipe              // is uncovered from the left within half a second, then stays
	Blink             // is dark for half a second in every two
)

// A Look is how a text is to look. Its zero value is a plain notice.
type Look struct {
	Font        string // fixed13, efont16, narrow16, efont24 or sans; "": by height
	Lines       int    // 1 to 3; 0: as many as make the fewest pages
	Align       Align
	Effect      Effect
	Color       color.RGBA    // as near as the board can; zero: white, or red or yellow where that is all there is
	PxPerSecond int           // of what scrolls; 0: six letters a second
	Stay        time.Duration // of every page; 0: by reading time
	Cue         string        // stands before the text and says what the colour says
}

// Fields is what {clock}, {date}, {lunar}, {temperature} and {countdown T} in a
// text become. What nobody knows is left out of the text: no number is better than a
// wrong one.
type Fields struct {
	Now   time.Time // its zone is the board's
	TempC *float64  // nil: not known
	Lunar string    // today in the lunar calendar; "": not known
}

// A Finding is something wrong with a text on this board. One that is no warning
// is a reason not to show it.
type Finding struct {
	Code    plan.Code // glyph-missing, too-big or malformed
	Warning bool
	Rune    rune // of glyph-missing
	// Line and Column count from 1, in letters of the text in Unicode form NFC;
	// 0: the finding is about the whole.
	Line, Column int
	EN, VI       string // a sentence in both languages
}

const (
	maxRunes    = 2000    // of a text, fields filled in; plan allows as many
	maxPages    = 100     // of a text
	maxStrip    = 4 << 20 // pixels of what scrolls; 16 MB
	maxLines    = 3       // on a page
	maxWords    = 8       // on a page
	leastRows   = 13      // of a line: less cannot hold Vietnamese
	outlineRows = 30      // from here on outlines are set, on boards without grey; at 29 the tilde of ẽ is a bar
	smoothRows  = 24      // and on boards with it
	khmerRows   = 24      // from here on Khmer can be read
)

// Set lays a text out for a board. Findings that are no warnings come with the
// pages as far as they could be made: a letter that no font has is a box.
func Set(text string, look Look, b Board, f Fields) (pages []Page, findings []Finding) {
	s := &setter{board: b, look: look, page: Page{
		Effect: look.Effect, board: b.Size,
		lit: inkColor{b.nearest(look.Color), b.Colors == Full},
	}}
	t := s.read(text, f)
	if s.refused || len(t.lines) == 0 {
		return nil, s.findings
	}
	if b.Size.X < 1 || b.Size.Y < leastRows {
		s.find(Finding{Code: plan.TooBig,
			EN: sprintf("The board has %d rows; Vietnamese needs %d at least.", b.Size.Y, leastRows),
			VI: sprintf("Bảng có %d hàng điểm; chữ Việt cần ít nhất %d hàng.", b.Size.Y, leastRows)})
		return nil, s.findings
	}
	switch look.Effect {
	case ScrollLeft:
		pages = s.strips(t)
	case ScrollUp:
		pages = s.rolls(t)
	default:
		pages = s.pages(t)
	}
	if len(pages) > maxPages {
		s.find(Finding{Code: plan.TooBig,
			EN: sprintf("The text takes %d pages; %d is the most. Write less, or let it scroll.", len(pages), maxPages),
			VI: sprintf("Văn bản chiếm %d trang, tối đa %d. Hãy viết ngắn lại hoặc cho chạy chữ.", len(pages), maxPages)})
		return nil, s.findings
	}
	s.audit(pages)
	return pages, s.findings
}

// nearest is the colour of the board that is nearest to c.
func (b Board) nearest(c color.RGBA) color.RGBA {
	if c.A == 0 {
		c = color.RGBA{255, 255, 255, 255}
	}
	switch b.Colors {
	case Mono:
		return color.RGBA{255, 0, 0, 255}
	case TwoColor:
		lit := color.RGBA{A: 255}
		if c.R >= 0x80 {
			lit.R = 255
		}
		if c.G >= 0x80 {
			lit.G = 255
		}
		if lit.R == 0 && lit.G == 0 {
			lit.R, lit.G = 255, 255
		}
		return lit
	}
	c.A = 255
	return c
}
