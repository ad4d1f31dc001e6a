package desk

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/loactl/web/look"
)

// deskSchedule is the schedule that the week is written into; others are left as they are.
const deskSchedule = "lich-tuan"

// scheduleLife is how long a schedule counts after it was last changed.
const scheduleLife = 90 * 24 * time.Hour

var (
	errNoSlots  = &fault{http.StatusConflict, "error.no-slots"}
	errNoChange = &fault{http.StatusConflict, "error.no-change"}
	errPast     = &fault{http.StatusConflict, "error.past"}
	errSameDay  = &fault{http.StatusConflict, "error.same-day"}
)

// plan makes the next version of the schedule of what was pressed.
func (d *Desk) plan(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.PostFormValue("place")
	if !v.may(author, place) {
		return errRole
	}
	next, err := d.onTop(message.DocTopic(place, plan.KindSchedule, deskSchedule))
	if err != nil {
		return err
	}
	doc, _ := d.schedule(place)
	doc.Head = plan.Head{Place: place, ID: deskSchedule}
	doc.Zone = cmp.Or(doc.Zone, "+07:00")
	doc.ValidUntil = d.o.Now().Add(scheduleLife).UTC().Truncate(time.Second)
	was := doc.Slots
	doc.Slots, doc.Order = current(was, d.o.Now()), slices.Clone(doc.Order)
	id := r.PostFormValue("slot")
	switch r.PostFormValue("what") {
	case "add":
		err = d.addSlot(r, v, &doc)
	case "remove":
		called := func(s plan.Slot) bool { return s.ID == id }
		if !slices.ContainsFunc(was, called) {
			err = errNone
		}
		doc.Slots = slices.DeleteFunc(doc.Slots, called)
		doc.Withdrawn = len(doc.Slots) == 0
	case "move":
		m := move{
			slot: id, date: r.PostFormValue("date"), time: r.PostFormValue("time"),
			toDate: r.PostFormValue("to"), toTime: r.PostFormValue("at"), scope: r.PostFormValue("scope"),
		}
		err = m.in(&doc, d.o.Now())
	case "rest":
		err = rest(&doc, id, r.PostFormValue("date"), cmp.Or(r.PostFormValue("until"), r.PostFormValue("date")))
	case "back":
		err = back(&doc, id, r.PostFormValue("date"))
	case "copy":
		err = copyWeek(&doc, r.PostFormValue("from"))
	case "order":
		at, id := r.PostFormValue("of"), r.PostFormValue("id")
		if !slices.Contains(v.above(place), at) || !plan.ValidID(id) {
			return errNone
		}
		err = d.prefer(&doc, at, id)
	default:
		err = errInput
	}
	if err != nil {
		return err
	}
	return d.propose(w, r, v, &doc, next)
}

// current are slots without what has long been over: each opening that was moved by itself
// leaves a slot and an exception, and a schedule has room for so many. What the last weeks
// had stays, to be copied.
func current(slots []plan.Slot, now time.Time) (all []plan.Slot) {
	first := mondayOf(now).AddDate(0, 0, -7*weeksKept).Format(time.DateOnly)
	over := func(date string) bool { return date < first }
	for _, s := range slots {
		dated := len(s.Dates) > 0
		s.Dates, s.Except = slices.DeleteFunc(slices.Clone(s.Dates), over), slices.DeleteFunc(slices.Clone(s.Except), over)
		if !dated || len(s.Dates) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// weeksKept is how many weeks back the dates of a schedule go.
const weeksKept = 4

// slot is the page of one opening of a slot: where it is moved, left out or removed.
func (d *Desk) slot(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, id, date, clock := r.FormValue("place"), r.FormValue("slot"), r.FormValue("date"), r.FormValue("time")
	if !v.may(author, place) {
		return errNone
	}
	on, err := time.ParseInLocation(time.DateOnly, date, look.Zone)
	if err != nil {
		return errInput
	}
	issued, err := d.o.Authority.Issued()
	if err != nil {
		return err
	}
	own, _ := slotsAt(v, place, issued)
	i := slices.IndexFunc(own, func(s slot) bool { return s.ID == id })
	if i < 0 || !slices.Contains(own[i].At, clock) {
		return errNone
	}
	to, at := cmp.Or(r.FormValue("to"), date), cmp.Or(r.FormValue("at"), clock[:5])
	d.show(w, r, v, http.StatusOK, "slot", map[string]any{
		"Place": place, "PlaceName": v.places[place].Name, "Slot": own[i], "Date": date, "On": on, "Time": clock, "To": to, "At": at,
		"Weekday": weekdayOf(on), "From": mondayOf(on).Format(time.DateOnly), "Weekly": len(own[i].Dates) == 0,
	})
	return nil
}

// weekdayOf is a day as schedules name it.
func weekdayOf(t time.Time) string { return weekdays[(int(t.Weekday())+6)%7] }

// addSlot puts a bulletin on air: on weekdays, on one date, or every day.
func (d *Desk) addSlot(r *http.Request, v *visitor, doc *plan.Schedule) error {
	at, id := meant(r)
	is, err := d.bulletin(v, at, id)
	if err != nil {
		return err
	}
	minutes, err := strconv.Atoi(cmp.Or(r.PostFormValue("minutes"), "15"))
	if err != nil || minutes < 1 || minutes > 180 {
		return errInput
	}
	s := plan.Slot{ID: freeID(doc), At: []string{r.PostFormValue("time")}, ForS: 60 * minutes}
	if date := r.PostFormValue("date"); date != "" {
		s.Dates = []string{date}
	} else if days := r.PostForm["day"]; len(days) < 7 {
		s.Days = days
	}
	s.Items = []plan.Item{*cite(is, doc.Place)}
	doc.Slots = append(doc.Slots, s)
	return nil
}

// freeID is an id that no slot of the schedule has.
func freeID(doc *plan.Schedule) string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("gio-%d", n)
		if !slices.ContainsFunc(doc.Slots, func(s plan.Slot) bool { return s.ID == id }) {
			return id
		}
	}
}

// rest leaves one slot, or all of them, out on the days of a holiday.
func rest(doc *plan.Schedule, id, first, last string) error {
	from, err1 := time.Parse(time.DateOnly, first)
	until, err2 := time.Parse(time.DateOnly, last)
	if err1 != nil || err2 != nil || until.Before(from) || until.Sub(from) > maxRest {
		return errInput
	}
	found, changed := false, false
	for i := range doc.Slots {
		s := &doc.Slots[i]
		if id != "" && s.ID != id {
			continue
		}
		found = true
		s.Except = slices.Clone(s.Except)
		for t := from; !t.After(until); t = t.AddDate(0, 0, 1) {
			if date := t.Format(time.DateOnly); !slices.Contains(s.Except, date) {
				s.Except, changed = append(s.Except, date), true
			}
		}
		slices.Sort(s.Except)
	}
	switch {
	case !found && id == "":
		return errNoSlots
	case !found:
		return errNone
	case !changed:
		return errNoChange
	}
	return nil
}

// maxRest is how long all may be left out at once.
const maxRest = 31 * 24 * time.Hour

// back takes an exception away.
func back(doc *plan.Schedule, id, date string) error {
	i := slices.IndexFunc(doc.Slots, func(s plan.Slot) bool { return s.ID == id && slices.Contains(s.Except, date) })
	if i < 0 {
		return errNone
	}
	doc.Slots[i].Except = slices.DeleteFunc(slices.Clone(doc.Slots[i].Except), func(d string) bool { return d == date })
	return nil
}

// copyWeek repeats what was planned for single dates of the week before the one that
// begins on monday. What is planned by weekdays comes again by itself.
func copyWeek(doc *plan.Schedule, monday string) error {
	start, err := time.Parse(time.DateOnly, monday)
	if err != nil {
		return errInput
	}
	copied := false
	for i := range doc.Slots {
		var more []string
		for _, s := range doc.Slots[i].Dates {
			t, err := time.Parse(time.DateOnly, s)
			if err != nil || !t.Before(start) || t.Before(start.AddDate(0, 0, -7)) {
				continue
			}
			if next := t.AddDate(0, 0, 7).Format(time.DateOnly); !slices.Contains(doc.Slots[i].Dates, next) {
				more = append(more, next)
			}
		}
		if len(more) > 0 {
			doc.Slots[i].Dates = append(slices.Clone(doc.Slots[i].Dates), more...)
			copied = true
		}
	}
	if !copied {
		return &fault{http.StatusConflict, "error.no-copy"}
	}
	return nil
}
