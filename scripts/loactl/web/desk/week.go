package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"loa/agent/ahead"
	"loa/agent/layout/lunar"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/loactl/web/look"
)

// weekdays are those of a week here, as schedules name them.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// A day is one column of the week.
type day struct {
	Date    time.Time
	ISO     string
	Weekday string // mon…sun
	Lunar   string
	Holiday string // a key of the words; empty: none
	Past    bool
}

// An hour is one row of the week, with a cell for each day.
type hour struct {
	Clock string // 05
	Cells []cell
}

type cell struct {
	Date  string
	Lines []placed
}

// A placed line is what sounds in a cell, and who has planned it.
type placed struct {
	line
	Level string // of another place, its name
	Relay bool
	Edit  string // where a slot that is written here is moved
	id    string // of the occurrence
}

// hours always shown; those of the night only when something is there.
const (
	firstHour = 5
	lastHour  = 21
)

// A slot is one row of a schedule, as people read it.
type slot struct {
	plan.Slot
	Titles []string
	From   string // the place that has planned it
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
	var lines []ahead.Line
	var err error
	if hours > 0 {
		if lines, err = d.o.Tools.Ahead(plan.Head{Place: place}, hours, nil); err != nil {
			return err
		}
	}
	tonight, err := d.o.Tools.Ahead(plan.Head{Place: place}, 24, nil)
	if err != nil {
		return err
	}
	issued, err := d.o.Authority.Issued()
	if err != nil {
		return err
	}
	books, err := d.books(v, "")
	if err != nil {
		return err
	}
	books = slices.DeleteFunc(books, func(b book) bool { return b.State != "signed" })
	own, others := slotsAt(v, place, issued)
	writer := v.may(author, place)
	d.show(w, r, v, http.StatusOK, "week", map[string]any{
		"Days": daysOf(monday, now), "Hours": grid(v, place, writer, monday, lines), "Tonight": lined(v.lang, tonight), "Slots": own, "Others": others, "Bulletins": books,
		"Place": place, "PlaceName": v.places[place].Name, "Places": v.choices(viewer, place),
		"Before": monday.AddDate(0, 0, -7).Format(time.DateOnly), "After": monday.AddDate(0, 0, 7).Format(time.DateOnly), "From": monday.Format(time.DateOnly),
		"Writer": writer, "Weekdays": weekdays, "Conflicts": conflicts(lines), "Order": d.ordered(place, issued), "Holidays": comingHolidays(now),
	})
	return nil
}

func daysOf(monday, now time.Time) []day {
	days := make([]day, 7)
	for i := range days {
		t := monday.AddDate(0, 0, i)
		days[i] = day{t, t.Format(time.DateOnly), weekdays[i], lunar.Of(t).Short(), holidayOn(t), t.AddDate(0, 0, 1).Before(now)}
	}
	return days
}

// grid puts what sounds into the hours of a week.
func grid(v *visitor, place string, writer bool, monday time.Time, lines []ahead.Line) (rows []hour) {
	var cells [24][7][]placed
	for i, x := range lined(v.lang, lines) {
		at := x.At.In(look.Zone)
		n := int(at.Sub(monday).Hours()) / 24
		if at.Before(monday) || n >= 7 || asks(lines[i]) { // what is asked stands above, and is no refusal
			continue
		}
		o := lines[i].Occurrence
		p := placed{line: x, id: o.ID, Relay: slices.ContainsFunc(o.Parts, func(p plan.Part) bool { return p.Relay != nil })}
		if o.By.Place != place {
			p.Level = cmp.Or(v.places[o.By.Place].Name, o.By.Place)
		} else if writer && o.By.Kind == plan.KindSchedule && o.By.ID == deskSchedule {
			p.Edit = editOf(place, o.Slot)
		}
		cells[at.Hour()][n] = with(cells[at.Hour()][n], p)
	}
	for h := range cells {
		row := hour{Clock: monday.Add(time.Duration(h) * time.Hour).Format("15")}
		some := h >= firstHour && h <= lastHour
		for n, all := range cells[h] {
			some = some || len(all) > 0
			row.Cells = append(row.Cells, cell{monday.AddDate(0, 0, n).Format(time.DateOnly), all})
		}
		if some {
			rows = append(rows, row)
		}
	}
	return rows
}

// with adds a line to a cell. What is heard and seen of one thing is one line.
func with(all []placed, p placed) []placed {
	for i := range all {
		o := &all[i]
		if o.id != p.id || o.id == "" || o.Sounds == p.Sounds || !(o.Sounds || o.Shows) || !(p.Sounds || p.Shows) {
			continue
		}
		if p.Sounds {
			p.Shows = o.Shows
			*o = p
		} else {
			o.Shows = true
		}
		return all
	}
	return append(all, p)
}

// editOf is the page on which an opening of a slot is moved, by the slot's name in what
// sounds: 26734/schedule/lich-tuan/gio-1@2026-11-23T17:00.
func editOf(place, name string) string {
	head, opens, _ := strings.Cut(name, "@")
	date, clock, _ := strings.Cut(opens, "T")
	id := head[strings.LastIndex(head, "/")+1:]
	return "/desk/week/slot?" + url.Values{"place": {place}, "slot": {id}, "date": {date}, "time": {clock}}.Encode()
}

// slotsAt are the slots that are written here, and those of other schedules that boxes at
// a place play: the place's own and those of the places above it.
func slotsAt(v *visitor, place string, issued []authority.Issued) (own, others []slot) {
	above := v.above(place)
	titles := make(map[plan.Key]string)
	for _, is := range issued {
		if b, ok := is.Doc.(plan.Bulletin); ok {
			titles[b.Key()] = b.Title
		}
	}
	for _, is := range issued {
		doc, ok := is.Doc.(plan.Schedule)
		if !ok || doc.Withdrawn || !slices.Contains(above, doc.Place) {
			continue
		}
		for _, s := range doc.Slots {
			x := slot{Slot: s, From: cmp.Or(v.places[doc.Place].Name, doc.Place)}
			for _, it := range s.Items {
				x.Titles = append(x.Titles, called(it, doc.Place, titles))
			}
			if doc.Place == place && doc.ID == deskSchedule {
				own = append(own, x)
			} else {
				others = append(others, x)
			}
		}
	}
	return own, others
}

// called is what people call an item of a slot.
func called(it plan.Item, place string, titles map[plan.Key]string) string {
	switch {
	case it.Ref != nil:
		return cmp.Or(titles[plan.Key{Place: cmp.Or(it.Ref.Place, place), Kind: plan.KindBulletin, ID: it.Ref.ID}], it.Ref.ID)
	case it.Relay != nil:
		u, err := url.Parse(it.Relay.URLs[0])
		if err != nil || u.Host == "" {
			return it.Relay.URLs[0]
		}
		return u.Host
	}
	return it.Chime
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
