package report

import "time"

// zone is the time that the plan's window is told in.
var zone = time.FixedZone("+07", 7*3600)

// A Window is the stretch of time that a report is about, [From, Until).
type Window struct {
	Year        int
	From, Until time.Time
	Due         time.Time // what arrives from here on came too late for the province's report
}

// Year is the plan's window: from 15/12 of the year before to the end of 14/12,
// in Vietnam. The province reports before 20/12.
func Year(y int) Window {
	return Window{
		Year: y, From: time.Date(y-1, 12, 15, 0, 0, 0, 0, zone), Until: time.Date(y, 12, 15, 0, 0, 0, 0, zone),
		Due: time.Date(y, 12, 20, 0, 0, 0, 0, zone),
	}
}

// YearOf is the window that t lies in.
func YearOf(t time.Time) Window {
	w := Year(t.In(zone).Year())
	if !t.Before(w.Until) {
		return Year(w.Year + 1)
	}
	return w
}

// Has reports whether t lies within.
func (w Window) Has(t time.Time) bool { return !t.Before(w.From) && t.Before(w.Until) }

// meets reports whether something of [from, until] lies within.
func (w Window) meets(from, until time.Time) bool {
	return !until.Before(w.From) && from.Before(w.Until)
}

// cut is the part of [from, until] within.
func (w Window) cut(from, until time.Time) (time.Time, time.Time) {
	if from.Before(w.From) {
		from = w.From
	}
	if until.After(w.Until) {
		until = w.Until
	}
	return from, until
}

// length is how much of [from, until] lies within, in milliseconds.
func (w Window) length(from, until time.Time) int64 {
	from, until = w.cut(from, until)
	return max(0, until.Sub(from).Milliseconds())
}

// share is the part of an amount spread over [from, until] that falls within. What
// two windows that touch have of it is together the whole.
func (w Window) share(amount int64, from, until time.Time) int64 {
	whole := until.Sub(from).Milliseconds()
	if whole <= 0 {
		if w.Has(until) {
			return amount
		}
		return 0
	}
	before := func(t time.Time) int64 {
		at := min(max(0, t.Sub(from).Milliseconds()), whole)
		return amount/whole*at + amount%whole*at/whole
	}
	return before(w.Until) - before(w.From)
}
