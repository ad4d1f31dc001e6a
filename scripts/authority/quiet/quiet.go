// Package quiet has the hours of the night in which nobody is told of what can wait.
package quiet

import (
	"strings"
	"time"
)

// Vietnam is the time that these hours are told in.
var Vietnam = time.FixedZone("+07", 7*3600)

// Hours are from one time of the day to another, perhaps past midnight. The zero value is
// never.
type Hours struct{ from, until time.Duration } // since midnight

// Parse reads 21:00-06:00; empty is never. ok is false for anything else.
func Parse(text string) (h Hours, ok bool) {
	if text == "" {
		return h, true
	}
	from, until, _ := strings.Cut(text, "-")
	at := func(clock string) time.Duration {
		t, err := time.Parse("15:04", clock)
		ok = ok && err == nil
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	ok = true
	h = Hours{at(from), at(until)}
	return h, ok
}

// At reports whether t lies within.
func (q Hours) At(t time.Time) bool {
	h, m, s := t.In(Vietnam).Clock()
	now := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if q.from <= q.until {
		return now >= q.from && now < q.until
	}
	return now >= q.from || now < q.until // past midnight
}
