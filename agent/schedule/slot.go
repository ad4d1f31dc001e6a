package schedule

import (
	"slices"
	"strconv"
	"time"

	"loa/agent/plan"
)

// A run is one opening of a slot. It belongs to the date on which it was to
// start, however late at night that is.
type run struct {
	schedule *plan.Schedule
	slot     *plan.Slot
	date     plan.Date
	clock    time.Duration // since midnight of date; from 24 h on after the next midnight
	start    time.Time
	end      time.Time // never beyond the schedule's own life
}

// counts reports whether the schedule was in force when the slot began, and lasts.
func (r *run) counts() bool {
	return !r.start.Before(r.schedule.ValidFrom) && r.start.Before(r.end)
}

// id names the run: "26734/schedule/morning/s1@2026-11-23T05:30".
func (r *run) id() string {
	b := make([]byte, 0, 64)
	b = append(b, r.schedule.Place...)
	b = append(b, '/')
	b = append(b, plan.KindSchedule...)
	b = append(b, '/')
	b = append(b, r.schedule.ID...)
	b = append(b, '/')
	b = append(b, r.slot.ID...)
	b = append(b, '@')
	b = append(b, r.date.String()...)
	b = append(b, 'T')
	b = digits(b, int(r.clock/time.Hour))
	b = append(b, ':')
	b = digits(b, int(r.clock/time.Minute)%60)
	if s := int(r.clock/time.Second) % 60; s != 0 {
		b = append(b, ':')
		b = digits(b, s)
	}
	return string(b)
}

func digits(b []byte, n int) []byte {
	if n < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// runs calls f for every run of s that may be open at some time in [from, to],
// and for some others. f must not keep the run.
func runs(s *plan.Schedule, from, to time.Time, f func(*run)) {
	zone, err := plan.Zone(s.Zone)
	if err != nil {
		return // documents are checked when they come in
	}
	// A run starts up to two days after its date begins and lasts a day at most.
	first, last := plan.DateOf(from, zone)-2, plan.DateOf(to, zone)
	r := run{schedule: s}
	for i := range s.Slots {
		r.slot = &s.Slots[i]
		for r.date = first; r.date <= last; r.date++ {
			if sounds(r.slot, r.date) {
				r.times(zone, f)
			}
		}
	}
}

// sounds reports whether a slot starts on d.
func sounds(s *plan.Slot, d plan.Date) bool {
	if len(s.Dates) == 0 && len(s.Except) == 0 {
		return d.On(s.Days)
	}
	date := d.String()
	if slices.Contains(s.Except, date) {
		return false
	}
	if len(s.Dates) > 0 {
		return slices.Contains(s.Dates, date)
	}
	return d.On(s.Days)
}

// times calls f for every start of the slot on r.date.
func (r *run) times(zone *time.Location, f func(*run)) {
	for _, at := range r.slot.At {
		if clock, err := plan.ParseClock(at); err == nil {
			r.at(clock, zone, 0, f)
		}
	}
	e := r.slot.Every
	if e == nil || e.Minutes <= 0 {
		return
	}
	from, err1 := plan.ParseClock(e.From)
	until, err2 := plan.ParseClock(e.Until)
	if err1 != nil || err2 != nil {
		return
	}
	if until <= from {
		until += 24 * time.Hour
	}
	step := time.Duration(e.Minutes) * time.Minute
	for clock := from; clock < until; clock += step {
		r.at(clock, zone, step, f)
	}
}

// at calls f for the start at clock. A run ends when the next one of its row,
// step later, begins.
func (r *run) at(clock time.Duration, zone *time.Location, step time.Duration, f func(*run)) {
	length := time.Duration(r.slot.ForS) * time.Second
	if step > 0 {
		length = min(length, step)
	}
	r.clock = clock
	r.start = r.date.At(clock, zone)
	r.end = r.start.Add(length)
	if until := r.schedule.ValidUntil; r.end.After(until) {
		r.end = until
	}
	f(r)
}
