package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/boards"
	"loa/scripts/authority"
)

// foreseenFor is how far a schedule is played through before it is signed: the
// limits of a day and of a week show in it.
const foreseenFor = 7 * 24 * time.Hour

// A foreseen is what boxes will not play of one slot, for one reason.
type foreseen struct {
	At    time.Time `json:"at"` // for the first time
	Slot  string    `json:"slot"`
	Title string    `json:"title"`
	Items int       `json:"items"`
	Days  int       `json:"days"`
	Cut   bool      `json:"cut"` // it begins to sound
	Code  plan.Code `json:"code"`
	Why   string    `json:"why"`
	last  time.Time
}

// foresee plays a schedule that nobody has signed yet, with everything that has
// been issued, and gives what will not sound of it in a week.
func (a *app) foresee(au *authority.Authority, doc *plan.Schedule) ([]*foreseen, error) {
	p, err := a.rehearse(au, doc.Place, nil, true)
	if err != nil {
		return nil, err
	}
	withPending(&p, *doc)
	from := a.now()
	if from.Before(doc.ValidFrom) {
		from = doc.ValidFrom
	}
	usage := policy.Usage{Box: loudest(au, &p, doc.Place, "")}
	is := ahead.Fresh(usage, from)
	is.Board, is.SeenOnly = senses(au, doc.Place, "")
	var found []*foreseen
	for _, l := range ahead.Continue(p, is, from, from.Add(foreseenFor)) {
		if l.Occurrence.By == doc.Key() && l.Code != plan.Accepted {
			found = a.gather(found, l)
		}
	}
	if !boardless(au, doc.Place) {
		return found, nil
	}
	// What a board would show and nobody hears is lost where there is none.
	is.Board = true
	for _, l := range ahead.Continue(p, is, from, from.Add(foreseenFor)) {
		if l.Occurrence.By == doc.Key() && l.Shows && len(l.Occurrence.Parts) == 0 {
			l.Code, l.Why = plan.Unsupported, a.text("foresee.boardless")
			l.VI = l.Why
			found = a.gather(found, l)
		}
	}
	return found, nil
}

// boardless reports that boxes play what is planned at a place, and that none of
// them has a board.
func boardless(au *authority.Authority, place string) (some bool) {
	for _, b := range au.Boxes() {
		if !au.Reaches(place, b) {
			continue
		}
		if kind, err := boards.Load(b.Board); err != nil || kind.Panel.There() {
			return false // or nobody knows
		}
		some = true
	}
	return some
}

// gather adds a line to what is like it: the same slot on another day, or another
// item of it.
func (a *app) gather(found []*foreseen, l ahead.Line) []*foreseen {
	slot, when, _ := strings.Cut(l.Occurrence.Slot, "@")
	_, when, _ = strings.Cut(when, "T")
	slot += " " + when
	f := foreseen{At: l.At, Slot: slot, Title: titleOf(l.Occurrence), Items: 1, Days: 1, Cut: l.Sounds, Code: l.Code, Why: l.Why, last: l.Occurrence.Start}
	if a.lang == "vi" {
		f.Why = l.VI
	}
	i := slices.IndexFunc(found, func(o *foreseen) bool { return o.Slot == slot && o.Code == f.Code && o.Cut == f.Cut })
	if i < 0 {
		return append(found, &f)
	}
	o := found[i]
	switch {
	case day(l.At) != day(o.last):
		o.Days++
		o.last = l.At
	case o.Days == 1:
		o.Items++
	}
	return found
}

func day(t time.Time) string { return t.In(vietnam).Format(time.DateOnly) }

// titleOf is what people call an occurrence.
func titleOf(o plan.Occurrence) string {
	if o.Title == "" && len(o.Parts) == 1 {
		return cmp.Or(o.Parts[0].Chime, o.ID)
	}
	return cmp.Or(o.Title, o.ID)
}

// warn shows what a box would not play, and reports whether it would refuse any
// of it: to give way to something else is no refusal.
func (a *app) warn(w io.Writer, au *authority.Authority, doc *plan.Schedule, found []*foreseen) (refused bool) {
	if len(found) == 0 {
		return false
	}
	fmt.Fprintln(w, a.text("foresee.head", a.named(au, message.DocTopic(doc.Place, doc.Kind, doc.ID))))
	for _, f := range found {
		refused = refused || !f.Cut && f.Code != plan.Priority
		fmt.Fprintf(w, "  %s %s  %s", f.At.In(vietnam).Format("15:04"), a.date(f.At), f.Title)
		if f.Items > 1 {
			fmt.Fprint(w, a.text("foresee.items", f.Items-1))
		}
		if f.Days > 1 {
			fmt.Fprint(w, a.text("foresee.days", f.Days))
		}
		if f.Cut {
			fmt.Fprint(w, a.text("foresee.cut"))
		}
		fmt.Fprintf(w, ": %s [%s]\n", f.Why, f.Code)
	}
	return refused
}

// mayRefuse warns of what boxes will not play of a schedule that is about to be
// signed. What they would refuse is an error, unless whoever signs is sure of it.
func (a *app) mayRefuse(au *authority.Authority, doc *plan.Schedule, sure bool) error {
	found, err := a.foresee(au, doc)
	if err != nil {
		return err
	}
	if a.warn(a.err, au, doc, found) && !sure {
		return errors.New(a.text("foresee.unsigned"))
	}
	return nil
}

// date is a day with its weekday.
func (a *app) date(t time.Time) string {
	return a.text("day."+strconv.Itoa(int(t.In(vietnam).Weekday()))) + " " + a.onDay(t)
}

// rehearse is the plan of a new box at a place; pending: with what waits for a
// signature, as if it had it, to see before approving.
func (a *app) rehearse(au *authority.Authority, place string, groups []string, pending bool) (plan.Plan, error) {
	t, err := au.Rehearse(place, groups)
	if err != nil {
		return plan.Plan{}, err
	}
	p := t.Plan(a.now())
	if !pending {
		return p, nil
	}
	waiting, err := au.Pending()
	if err != nil {
		return plan.Plan{}, err
	}
	for _, is := range waiting {
		withPending(&p, is.Doc)
	}
	return p, nil
}

// withPending puts a document into a plan that nobody has accepted yet.
func withPending(p *plan.Plan, doc any) {
	switch d := doc.(type) {
	case plan.Bulletin:
		p.Bulletins[d.Key()] = d
	case plan.Schedule:
		p.Schedules[d.Key()] = d
	case plan.Policy:
		p.Policies[d.Key()] = d
	case plan.AlertSet:
		p.Alerts[d.Key()] = d
	case plan.Act:
		p.Acts = append(p.Acts, d)
	}
}
