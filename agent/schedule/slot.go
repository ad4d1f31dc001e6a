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
	c := calendar{
		run: run{schedule: s}, zone: zone, f: f,
		from: wall(from, zone).Add(-slack), to: wall(to, zone).Add(slack),
	}
	for i := range s.Slots {
		c.slot = &s.Slots[i]
		for c.date = first; c.date <= last; c.date++ {
			if sounds(c.slot, c.date) {
				c.times()
			}
		}
	}
}

// A calendar goes through the runs of a schedule. Its run is filled in for each.
type calendar struct {
	run
	zone *time.Location
	f    func(*run)
	// What lies outside on the clock on the wall is passed over without asking
	// the zone, which is most of a day.
	from, to time.Time
}

// slack is more than any zone puts its clocks forward or back.
const slack = 3 * time.Hour

// wall is what the clock in zone shows at t, as if it were in UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.Add(time.Duration(offset) * time.Second)
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

// times goes through the starts of the slot on c.date.
func (c *calendar) times() {
	for _, at := range c.slot.At {
		if clock, err := plan.ParseClock(at); err == nil {
			c.at(clock, 0)
		}
	}
	e := c.slot.Every
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
		c.at(clock, step)
	}
}

// at is the start at clock. A run ends when the next one of its row, step later,
// begins.
func (c *calendar) at(clock, step time.Duration) {
	length := time.Duration(c.slot.ForS) * time.Second
	if step > 0 {
		length = min(length, step)
	}
	shown := time.Unix(int64(c.date)*86400, 0).Add(clock)
	if shown.Add(length).Before(c.from) || shown.After(c.to) {
		return
	}
	c.clock = clock
	c.start = c.date.At(clock, c.zone)
	c.end = c.start.Add(length)
	if until := c.schedule.ValidUntil; c.end.After(until) {
		c.end = until
	}
	c.f(&c.run)
}
