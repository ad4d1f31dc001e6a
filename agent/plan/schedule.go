package plan

import (
	"slices"
	"strings"
	"time"
)

// maxStarts is how often the slots of one schedule may open in a day, one a minute
// together: a box goes through all of them at every decision.
const maxStarts = 1440

// Validate says what is wrong with the schedule.
func (s Schedule) Validate() error {
	var c check
	c.broadcast(s.Head, KindSchedule)
	c.validity(s.Head, s.Validity)
	c.zone("zone", s.Zone)
	least := 1
	if s.Withdrawn {
		least = 0
	}
	c.count("slots", len(s.Slots), least, 200)
	for i, slot := range s.Slots {
		at := index("slots", i)
		c.slot(at, slot)
		if slices.ContainsFunc(s.Slots[:i], func(o Slot) bool { return o.ID == slot.ID }) {
			c.fail(at+".id", "%q stands here twice", slot.ID)
		}
	}
	if n := s.starts(); n > maxStarts {
		c.fail("slots", "they open %d times a day; at most %d", n, maxStarts)
	}
	c.count("order", len(s.Order), 0, 100)
	for i, r := range s.Order {
		at := index("order", i)
		c.refName(at, r, KindBulletin)
		if r.SHA256 != "" {
			c.sha(at+".sha256", r.SHA256)
		}
	}
	return c.result()
}

// starts is how often the slots open on a day on which all do.
func (s Schedule) starts() (n int) {
	for _, slot := range s.Slots {
		n += len(slot.At)
		e := slot.Every
		if e == nil || e.Minutes <= 0 {
			continue
		}
		from, err1 := ParseClock(e.From)
		until, err2 := ParseClock(e.Until)
		if err1 != nil || err2 != nil {
			continue
		}
		if until <= from {
			until += 24 * time.Hour
		}
		step := time.Duration(e.Minutes) * time.Minute
		n += int((until - from + step - 1) / step)
	}
	return n
}

func (c *check) slot(at string, s Slot) {
	c.id(at+".id", s.ID)
	c.days(at+".days", s.Days)
	c.dates(at+".dates", s.Dates, 366)
	c.dates(at+".except", s.Except, 366)
	c.between(at+".for_s", int64(s.ForS), 1, 86400)
	c.times(at, s)
	if s.Drill != "" {
		enum(c, at+".drill", s.Drill, Audible, Soundless)
	}
	c.count(at+".items", len(s.Items), 1, 64)
	for i, item := range s.Items {
		c.item(index(at+".items", i), item)
		if s.Stagger && item.Relay != nil {
			c.fail(index(at+".items", i), "a live programme is not told twice: leave out stagger")
		}
		if s.Drill != "" && item.Ref == nil {
			c.fail(index(at+".items", i), "a drill plays bulletins of class drill and nothing else")
		}
	}
	c.percent(at+".volume_percent", s.VolumePercent)
	c.between(at+".loops", int64(s.Loops), -1, 1000)
	c.between(at+".gap_s", int64(s.GapS), 0, 3600)
}

func (c *check) times(at string, s Slot) {
	if (len(s.At) == 0) == (s.Every == nil) {
		c.fail(at+".at", "write either at or every")
	}
	c.count(at+".at", len(s.At), 0, 96)
	for i, t := range s.At {
		if c.clock(index(at+".at", i), t) == 24*time.Hour {
			c.fail(index(at+".at", i), "a day begins at 00:00")
		}
		if slices.Contains(s.At[:i], t) {
			c.fail(index(at+".at", i), "%q stands here twice", t)
		}
	}
	if s.Every == nil {
		return
	}
	c.span(at+".every", Span{From: s.Every.From, Until: s.Every.Until})
	c.between(at+".every.minutes", int64(s.Every.Minutes), 1, 1440)
	if s.ForS > s.Every.Minutes*60 {
		c.fail(at+".for_s", "%d s, longer than the %d minutes until the slot comes again", s.ForS, s.Every.Minutes)
	}
}

func (c *check) item(at string, i Item) {
	set := 0
	if i.Ref != nil {
		set++
		c.ref(at+".ref", *i.Ref, KindBulletin)
	}
	if i.Relay != nil {
		set++
		c.relay(at+".relay", *i.Relay)
	}
	if i.Chime != "" {
		set++
		c.id(at+".chime", i.Chime)
	}
	if set != 1 {
		c.fail(at, "%d of ref, relay and chime: write one", set)
	}
}

func (c *check) relay(at string, r Relay) {
	c.count(at+".urls", len(r.URLs), 1, 8)
	for i, u := range r.URLs {
		if name, ok := strings.CutPrefix(u, "alsa:"); ok {
			c.line(index(at+".urls", i), name, 64)
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:,=.") != "" || name == "" {
				c.fail(index(at+".urls", i), "%.64q: write alsa: and the name of an input, such as alsa:line", u)
			}
			continue
		}
		c.address(index(at+".urls", i), u, "https")
	}
	c.required(at+".title", r.Title, 200)
	enum(c, at+".class", r.Class, Normal, PriorityC)
	enum(c, at+".origin", r.Origin, Own, Higher, Central, Provincial, Notice, Answer)
	c.lang(at+".lang", r.Lang)
	c.between(at+".for_s", int64(r.ForS), 0, 86400)
}
