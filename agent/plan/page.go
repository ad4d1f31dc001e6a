package plan

import (
	"strings"
	"time"
)

// What a passer-by needs: a moment to notice that the page has changed, and then
// about three words a second, half of what a seated reader does.
const (
	noticeTime = 1500 * time.Millisecond
	wordTime   = 350 * time.Millisecond
	shortest   = 3 * time.Second
	pictureFor = 8 * time.Second
)

// Stay is how long the page is shown before the next one.
func (p Page) Stay() time.Duration {
	switch {
	case p.StayS > 0:
		return time.Duration(p.StayS) * time.Second
	case p.Image != "":
		return pictureFor
	}
	return ReadingTime(p.Text)
}

// ReadingTime is how long somebody who walks past needs for a text, at least 3 s.
func ReadingTime(text string) time.Duration {
	t := noticeTime + time.Duration(len(strings.Fields(text)))*wordTime
	return max(shortest, t.Round(100*time.Millisecond))
}

// Shown is what a board shows of the bulletin: its pages, else its text.
func (b Bulletin) Shown() []Page {
	if len(b.Pages) == 0 && b.Text != "" {
		return []Page{{Text: b.Text}}
	}
	return b.Pages
}
