package plan

import (
	"strings"
	"time"
	"unicode/utf8"
)

// What somebody who passes by needs: a moment to notice that the page has changed,
// and half a second a word. Subtitles, which a seated viewer expects, are cut to
// three words a second.
const (
	NoticeTime = 1500 * time.Millisecond
	WordTime   = 500 * time.Millisecond
	LeastStay  = 4 * time.Second

	pictureStay = 8 * time.Second
)

// A text takes several pages on a small board. Nobody knows here how small it is.
const wordsPerPage = 4

// Stay is how long the page is to be seen. Without stay_s that is a reader's time,
// on a small board, where a text takes several pages.
func (p Page) Stay() time.Duration {
	switch {
	case p.StayS > 0:
		return time.Duration(p.StayS) * time.Second
	case p.Image != "":
		return pictureStay
	}
	words := len(strings.Fields(p.Text))
	pages := (words + wordsPerPage - 1) / wordsPerPage
	return max(LeastStay, time.Duration(pages)*NoticeTime+time.Duration(words)*WordTime)
}

// What runs through a board: so many letters in a second come in, and it takes a while
// to cross a small board.
const (
	lettersPerSecond = 6
	acrossTime       = 6 * time.Second
)

// ShownFor is how long a board needs for the bulletin: for each of its pages, and for
// its ticker, which runs meanwhile. How long that takes on a wider board is not known
// here; where the bulletin goes round its ticker goes on.
func (b Bulletin) ShownFor() (d time.Duration) {
	for _, p := range b.Shown() {
		d += p.Stay()
	}
	if b.Ticker == "" {
		return d
	}
	letters := utf8.RuneCountInString(b.Ticker)
	return max(d, acrossTime+(time.Duration(letters)*time.Second/lettersPerSecond).Round(time.Second))
}

// Shown is what a board shows of the bulletin: its pages, else its text.
func (b Bulletin) Shown() []Page {
	if len(b.Pages) == 0 && b.Text != "" {
		return []Page{{Text: b.Text}}
	}
	return b.Pages
}

// Shown is what a board shows of an alert that has no bulletin: its headline and what
// to do, in the style for what must not be overlooked.
func (a Alert) Shown() []Page {
	pages := []Page{{Text: a.Headline, Style: "alert"}}
	if a.Instruction != "" {
		pages = append(pages, Page{Text: a.Instruction, Style: "alert"})
	}
	return pages
}
