package main

import "time"

// Times are shown in one form for each language, as the console of a box shows them. A
// day that is typed back, as after --on, stays 2027-07-01 in both.

// onDay is a day.
func (a *app) onDay(t time.Time) string { return a.form(t, "02/01/2006", "2006-01-02") }

// moment is a minute.
func (a *app) moment(t time.Time) string { return a.form(t, "15:04 02/01/2006", "2006-01-02 15:04") }

// second is a moment in full.
func (a *app) second(t time.Time) string {
	return a.form(t, "15:04:05 02/01/2006", "2006-01-02 15:04:05")
}

func (a *app) form(t time.Time, vi, en string) string {
	if t.IsZero() {
		return ""
	}
	if a.lang == "vi" {
		return t.In(vietnam).Format(vi)
	}
	return t.In(vietnam).Format(en)
}
