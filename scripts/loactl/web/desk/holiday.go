package desk

import (
	"time"

	"loa/agent/layout/lunar"
	"loa/scripts/loactl/web/look"
)

// A holiday is a stretch of days on which a commune may want to be left in peace.
type holiday struct {
	Name        string // a key of the words
	First, Last string // dates
}

// feasts are the public holidays of the Labour Code, article 112, by their first day. Of
// Tết and of the National Day the government names the days each year: what stands here is
// where they lie in any year, and can be changed before it is signed.
var feasts = []struct {
	name string
	days int
	on   func(t time.Time) bool
}{
	{"holiday.new-year", 1, sun(1, 1)},
	{"holiday.tet", 5, func(t time.Time) bool { return moon(1, 1)(t.AddDate(0, 0, 1)) }}, // from the last day of the old year
	{"holiday.hung", 1, moon(10, 3)},
	{"holiday.liberation", 2, sun(30, time.April)}, // and the first of May
	{"holiday.national", 1, sun(2, time.September)},
}

func sun(day int, month time.Month) func(time.Time) bool {
	return func(t time.Time) bool { return t.Day() == day && t.Month() == month }
}

func moon(day, month int) func(time.Time) bool {
	return func(t time.Time) bool {
		d := lunar.Of(t)
		return d.Day == day && d.Month == month && !d.Leap
	}
}

// longestFeast is how many days a holiday has, at most.
const longestFeast = 5

// holidayOn is the holiday of a day, as a key of the words; empty: none.
func holidayOn(t time.Time) string {
	noon := noonOf(t)
	for back := range longestFeast {
		for _, f := range feasts {
			if back < f.days && f.on(noon.AddDate(0, 0, -back)) {
				return f.name
			}
		}
	}
	return ""
}

// comingHolidays are those of the next year, the next first.
func comingHolidays(now time.Time) (all []holiday) {
	noon := noonOf(now)
	for n := range 366 {
		t := noon.AddDate(0, 0, n)
		for _, f := range feasts {
			if f.on(t) {
				all = append(all, holiday{f.name, t.Format(time.DateOnly), t.AddDate(0, 0, f.days-1).Format(time.DateOnly)})
			}
		}
	}
	return all
}

// noonOf is the middle of a day here: no addition of days leads past it.
func noonOf(t time.Time) time.Time {
	y, m, d := t.In(look.Zone).Date()
	return time.Date(y, m, d, 12, 0, 0, 0, look.Zone)
}
