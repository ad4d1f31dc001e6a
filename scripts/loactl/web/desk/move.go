package desk

import (
	"slices"
	"time"

	"loa/agent/plan"
	"loa/scripts/loactl/web/look"
)

// How much of a slot is moved.
const (
	once   = "once"   // this opening
	weekly = "weekly" // all openings on its weekday
	always = "always" // all days of the slot: to another time
)

// A move is of one opening of a slot, or of more: what dragging it comes to.
type move struct {
	slot, date, time string
	toDate, toTime   string
	scope            string
}

// in writes the move into a schedule. What is moved becomes a slot of its own, where
// anything of the old one stays.
func (m move) in(doc *plan.Schedule, now time.Time) error {
	i := slices.IndexFunc(doc.Slots, func(s plan.Slot) bool { return s.ID == m.slot })
	if i < 0 || !opens(doc.Slots[i], m.date, m.time) {
		return errNone
	}
	to, err := time.ParseInLocation(time.DateOnly+" 15:04", m.toDate+" "+m.toTime, look.Zone)
	switch {
	case err != nil:
		return errInput
	case m.date == m.toDate && m.time == m.toTime:
		return errNoChange
	}
	s := doc.Slots[i]
	kept, moved := s, s
	moved.At = []string{m.toTime}
	rest := s // what else opens on that day
	rest.At = slices.DeleteFunc(slices.Clone(s.At), func(t string) bool { return t == m.time })
	stays := true // something of the slot does
	switch m.scope {
	case once:
		if to.Before(now) {
			return errPast
		}
		moved.Days, moved.Dates, moved.Except = nil, []string{m.toDate}, nil
		rest.Days, rest.Dates, rest.Except = nil, []string{m.date}, nil
		if len(s.Dates) > 0 {
			kept.Dates = slices.DeleteFunc(slices.Clone(s.Dates), func(d string) bool { return d == m.date })
			stays = len(kept.Dates) > 0
		} else {
			kept.Except = append(slices.Clone(s.Except), m.date)
		}
	case weekly:
		if len(s.Dates) > 0 {
			return errInput
		}
		day := weekdayOn(m.date)
		moved.Days, rest.Days = []string{weekdayOf(to)}, []string{day}
		kept.Days = slices.DeleteFunc(slices.Clone(daysOfSlot(s)), func(d string) bool { return d == day })
		stays = len(kept.Days) > 0
	case always:
		if m.date != m.toDate {
			return errSameDay
		}
		moved.At = append(rest.At, m.toTime)
		slices.Sort(moved.At)
		moved.At = slices.Compact(moved.At)
		rest.At, stays = nil, false
	default:
		return errInput
	}
	doc.Slots[i] = kept
	if !stays {
		doc.Slots[i] = moved
	} else {
		moved.ID = freeID(doc)
		doc.Slots = append(doc.Slots, moved)
	}
	if len(rest.At) > 0 {
		rest.ID = freeID(doc)
		doc.Slots = append(doc.Slots, rest)
	}
	return nil
}

// opens reports whether a slot does so on a date at a time.
func opens(s plan.Slot, date, clock string) bool {
	on := slices.Contains(s.Dates, date) || len(s.Dates) == 0 && slices.Contains(daysOfSlot(s), weekdayOn(date))
	return on && slices.Contains(s.At, clock) && !slices.Contains(s.Except, date)
}

// daysOfSlot are the weekdays of a slot without dates.
func daysOfSlot(s plan.Slot) []string {
	if len(s.Days) == 0 {
		return weekdays
	}
	return s.Days
}

// weekdayOn is that of a date; empty: it is none.
func weekdayOn(date string) string {
	t, err := time.ParseInLocation(time.DateOnly, date, look.Zone)
	if err != nil {
		return ""
	}
	return weekdayOf(t)
}
