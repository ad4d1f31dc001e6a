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
	"loa/scripts/authority"
	"loa/scripts/loactl/web/look"
)

// deskSchedule is the schedule that the week is written into; others are left as they are.
const deskSchedule = "lich-tuan"

// scheduleLife is how long a schedule counts after it was last changed.
const scheduleLife = 90 * 24 * time.Hour

// weekdays are those of a week here, as schedules name them.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// A day is one column of the week.
type day struct {
	Date    time.Time
	Weekday string // mon…sun
	Lines   []line
}

// A slot is one row of the schedule that is written here.
type slot struct {
	plan.Slot
	Titles []string
}

// week is what sounds in a week, and tonight.
func (d *Desk) week(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := cmp.Or(r.FormValue("place"), deepest(v.seen(viewer)))
	if !v.may(viewer, place) {
		return errNone
	}
	now := d.o.Now().In(look.Zone)
	monday := mondayOf(now)
	if s := r.FormValue("from"); s != "" {
		t, err := time.ParseInLocation(time.DateOnly, s, look.Zone)
		if err != nil {
			return errInput
		}
		monday = mondayOf(t)
	}
	hours := int(monday.AddDate(0, 0, 7).Sub(now).Hours()) + 1
	if hours > 5*7*24 {
		return errInput // that far nobody needs to know, and it takes long
	}
	days := make([]day, 7)
	for i := range days {
		days[i] = day{Date: monday.AddDate(0, 0, i), Weekday: weekdays[i]}
	}
	if hours > 0 {
		lines, err := d.o.Tools.Ahead(plan.Head{Place: place}, hours, nil)
		if err != nil {
			return err
		}
		for _, l := range lined(v.lang, lines) {
			if i := int(l.At.In(look.Zone).Sub(monday).Hours()) / 24; i >= 0 && i < 7 && !l.At.Before(monday) {
				days[i].Lines = append(days[i].Lines, l)
			}
		}
	}
	tonight, err := d.o.Tools.Ahead(plan.Head{Place: place}, 24, nil)
	if err != nil {
		return err
	}
	doc, _ := d.schedule(place)
	books, err := d.books(v, "")
	if err != nil {
		return err
	}
	titles := make(map[string]string)
	for _, b := range books {
		titles[b.ID] = b.Title
	}
	var slots []slot
	for _, s := range doc.Slots {
		x := slot{Slot: s}
		for _, it := range s.Items {
			if it.Ref != nil {
				x.Titles = append(x.Titles, cmp.Or(titles[it.Ref.ID], it.Ref.ID))
			}
		}
		slots = append(slots, x)
	}
	books = slices.DeleteFunc(books, func(b book) bool { return b.State != "signed" })
	d.show(w, r, v, http.StatusOK, "week", map[string]any{
		"Days": days, "Tonight": lined(v.lang, tonight), "Slots": slots, "Bulletins": books, "Place": place, "PlaceName": v.places[place].Name, "Places": v.choices(viewer, place),
		"Before": monday.AddDate(0, 0, -7).Format(time.DateOnly), "After": monday.AddDate(0, 0, 7).Format(time.DateOnly), "From": monday.Format(time.DateOnly),
		"Writer": v.may(author, place), "Weekdays": weekdays, "Priority": rivals(days, books),
	})
	return nil
}

// rivals are the priority bulletins of a week, where there is more than one: which goes
// first the commune decides.
func rivals(days []day, books []book) (all []book) {
	for _, b := range books {
		if b.Class != string(plan.PriorityC) {
			continue
		}
		if slices.ContainsFunc(days, func(d day) bool {
			return slices.ContainsFunc(d.Lines, func(l line) bool { return l.Title == b.Title })
		}) {
			all = append(all, b)
		}
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

func mondayOf(t time.Time) time.Time {
	t = t.In(look.Zone)
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, look.Zone)
}

// schedule is the one of a place that is written here, as it was signed last.
func (d *Desk) schedule(place string) (plan.Schedule, bool) {
	is, ok := d.o.Authority.Find(message.DocTopic(place, plan.KindSchedule, deskSchedule))
	s, isSchedule := is.Doc.(plan.Schedule)
	if !ok || !isSchedule || s.Withdrawn {
		return plan.Schedule{}, false
	}
	return s, true
}

// bulletin finds one that was signed, of a place that somebody sees.
func (d *Desk) bulletin(v *visitor, place, id string) (authority.Issued, error) {
	if !v.may(viewer, place) || !plan.ValidID(id) {
		return authority.Issued{}, errNone
	}
	is, ok := d.o.Authority.Find(message.DocTopic(place, plan.KindBulletin, id))
	if !ok {
		return is, errNone
	}
	return is, nil
}

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
	doc.Slots, doc.Order = slices.Clone(doc.Slots), slices.Clone(doc.Order)
	switch r.PostFormValue("what") {
	case "add":
		err = d.addSlot(r, v, &doc)
	case "remove":
		n := len(doc.Slots)
		doc.Slots = slices.DeleteFunc(doc.Slots, func(s plan.Slot) bool { return s.ID == r.PostFormValue("slot") })
		if len(doc.Slots) == n {
			err = errNone
		}
		doc.Withdrawn = len(doc.Slots) == 0
	case "except":
		err = except(&doc, r.PostFormValue("slot"), r.PostFormValue("date"))
	case "copy":
		err = copyWeek(&doc, r.PostFormValue("from"))
	case "order":
		at, id := r.PostFormValue("at"), r.PostFormValue("id")
		if !v.may(viewer, at) || !plan.ValidID(id) {
			return errNone
		}
		if at == place {
			at = ""
		}
		doc.Order = slices.DeleteFunc(doc.Order, func(o plan.Ref) bool { return o.ID == id && o.Place == at })
		doc.Order = slices.Insert(doc.Order, 0, plan.Ref{Kind: plan.KindBulletin, Place: at, ID: id})
	default:
		err = errInput
	}
	if err != nil {
		return err
	}
	return d.propose(w, r, v, &doc, next)
}

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

// except leaves a slot out on one date: a holiday, Tết.
func except(doc *plan.Schedule, id, date string) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return errInput
	}
	i := slices.IndexFunc(doc.Slots, func(s plan.Slot) bool { return s.ID == id })
	if i < 0 {
		return errNone
	}
	if !slices.Contains(doc.Slots[i].Except, date) {
		doc.Slots[i].Except = append(slices.Clone(doc.Slots[i].Except), date)
	}
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
