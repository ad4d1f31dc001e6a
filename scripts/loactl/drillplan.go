package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// Room in a slot: a silent drill waits for a pause of the programme, an audible one for
// nothing but what is graver.
const (
	silentRoomS  = 3600
	audibleRoomS = 600
)

// drillPlan signs the drills of a year: one a month on the same day, silent but for
// those of some months, which are heard.
func (a *app) drillPlan(args []string) error {
	fs := a.flags("drill plan")
	bulletin := fs.String("bulletin", "", "")
	id := fs.String("id", "dien-tap", "")
	at := fs.String("at", "09:00", "")
	day := fs.Int("day", 5, "")
	months := fs.Int("months", 12, "")
	audible := fs.String("audible", "3,6,9,12", "")
	sure := fs.Bool("yes", false, "")
	send := fs.Bool("send", false, "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	switch {
	case err != nil:
		return err
	case *as == "":
		return &usageError{a.text("who-signs")}
	case *bulletin == "":
		return &usageError{a.text("play.what")}
	case *day < 1 || *day > 28 || *months < 1 || *months > 12:
		return &usageError{a.text("drill.plan.bounds")}
	}
	var loud []time.Month
	for _, s := range names(*audible) {
		if s == "none" {
			continue
		}
		m, err := strconv.Atoi(s)
		if err != nil || m < 1 || m > 12 {
			return &usageError{a.text("drill.plan.month", s)}
		}
		loud = append(loud, time.Month(m))
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	head := plan.Head{Place: rest[0], ID: *id, Kind: plan.KindSchedule}
	item, err := a.drillItem(au, head, *bulletin)
	if err != nil {
		return err
	}
	clock, err := plan.ParseClock(*at)
	if err != nil {
		return &usageError{a.text("playlist.at", *at)}
	}
	doc := &plan.Schedule{Head: head, Zone: "+07:00"}
	silent, heard, last := drillDays(a.now(), clock, *day, *months, loud)
	for _, s := range []plan.Slot{
		{ID: "silent", Drill: plan.Soundless, Dates: silent, ForS: silentRoomS},
		{ID: "audible", Drill: plan.Audible, Dates: heard, ForS: audibleRoomS},
	} {
		if s.At, s.Items = []string{*at}, []plan.Item{*item}; len(s.Dates) > 0 {
			doc.Slots = append(doc.Slots, s)
		}
	}
	doc.ValidUntil = last.Add(24 * time.Hour).UTC()
	if err := a.mayRefuse(au, doc, *sure); err != nil {
		return err
	}
	is, err := au.Sign(doc, names(*as)...)
	if err != nil {
		return err
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	if !a.json {
		for _, s := range doc.Slots {
			for _, d := range s.Dates {
				fmt.Fprintf(a.out, "  %s %s  %s\n", d, *at, a.text("drill.way."+string(s.Drill)))
			}
		}
	}
	return a.finish(au, []authority.Issued{is}, *send)
}

// drillDays are the days of the coming months on which a drill is silent, and those on
// which it is heard; and when the last of them is.
func drillDays(now time.Time, clock time.Duration, day, months int, loud []time.Month) (silent, heard []string, last time.Time) {
	now = now.In(vietnam)
	first := time.Date(now.Year(), now.Month(), day, 0, 0, 0, 0, vietnam)
	if !first.Add(clock).After(now) {
		first = first.AddDate(0, 1, 0)
	}
	for i := range months {
		d := first.AddDate(0, i, 0)
		last = d.Add(clock)
		if slices.Contains(loud, d.Month()) {
			heard = append(heard, d.Format(time.DateOnly))
		} else {
			silent = append(silent, d.Format(time.DateOnly))
		}
	}
	return silent, heard, last
}

// drillItem refers to a bulletin of class drill.
func (a *app) drillItem(au *authority.Authority, to plan.Head, bulletin string) (*plan.Item, error) {
	is, err := a.findSigned(au, plan.KindBulletin, bulletin)
	if err != nil {
		return nil, err
	}
	if is.Doc.(plan.Bulletin).Class != plan.Drill {
		return nil, errors.New(a.text("drill.class", bulletin))
	}
	return a.item(au, to, bulletin)
}
