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
	"loa/agent/standing"
)

// An active alarm is one that boxes sound.
type active struct {
	Place, PlaceName, Office, ID string
	Event, Headline, Instruction string
	Until                        time.Time
}

// active are the alarms of the places where somebody may take them back, also after
// their end was signed by nobody.
func (d *Desk) active(v *visitor) (all []active) {
	if !v.has(emergency) {
		return nil
	}
	issued, err := d.o.Authority.Issued()
	if err != nil {
		return nil
	}
	for _, is := range issued {
		set, ok := is.Doc.(plan.AlertSet)
		if !ok || !v.may(emergency, set.Place) {
			continue
		}
		for _, al := range set.Alerts {
			if d.o.Now().Before(al.Until) {
				all = append(all, active{set.Place, v.places[set.Place].Name, set.Office, al.ID, al.Event, al.Headline, al.Instruction, al.Until})
			}
		}
	}
	return all
}

// emergency is the page of alarms: another colour, two people.
func (d *Desk) emergency(w http.ResponseWriter, r *http.Request, v *visitor) error {
	waits, err := d.waits(v)
	if err != nil {
		return err
	}
	waits = slices.DeleteFunc(waits, func(w waiting) bool { return w.Kind != string(plan.KindAlert) })
	place := deepest(v.seen(emergency))
	drills, err := d.books(v, "")
	if err != nil {
		return err
	}
	drills = slices.DeleteFunc(drills, func(b book) bool { return b.State != "signed" || b.Class != string(plan.Drill) })
	d.show(w, r, v, http.StatusOK, "emergency", map[string]any{"Drills": drills, "Places": v.choices(emergency, place), "Standing": standing.All(), "Waits": waits})
	return nil
}

// officeOf is whose slot a person writes at a place, by the person's grants.
func (d *Desk) officeOf(v *visitor, place string) string {
	for _, g := range d.o.Authority.Grants() {
		if g.Person == v.person && g.Place == place && slices.Contains(g.Kinds, plan.KindAlert) && g.Office != "" {
			return g.Office
		}
	}
	return place
}

// slotOf is an office's set of alarms as it is now, without what has ended.
func (d *Desk) slotOf(place, office string) *plan.AlertSet {
	set := &plan.AlertSet{Office: office, Alerts: []plan.Alert{}}
	set.Place = place
	is, ok := d.o.Authority.Find(message.AlertTopic(place, office))
	if !ok {
		return set
	}
	old, ok := is.Doc.(plan.AlertSet)
	if !ok {
		return set
	}
	now := d.o.Now()
	for _, al := range old.Alerts {
		if now.Before(al.Until) {
			set.Alerts = append(set.Alerts, al)
		}
	}
	for _, ret := range old.Retracted {
		if now.Before(ret.Until) {
			set.Retracted = append(set.Retracted, ret)
		}
	}
	set.Cancel = old.Cancel
	return set
}

// alarm makes the next set of an office with one more alarm in it.
func (d *Desk) alarm(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.PostFormValue("place")
	if !v.may(emergency, place) {
		return errRole
	}
	minutes, err := strconv.Atoi(cmp.Or(r.PostFormValue("minutes"), "60"))
	if err != nil || minutes < 1 || minutes > 24*60 {
		return errInput
	}
	al := plan.Alert{
		Event: typed(r.PostFormValue("event")), Headline: typed(r.PostFormValue("headline")), Instruction: typed(r.PostFormValue("instruction")),
		Urgency: "immediate", Severity: "severe", Certainty: "observed", Until: d.o.Now().Add(time.Duration(minutes) * time.Minute).UTC().Truncate(time.Second),
	}
	if id := r.PostFormValue("standing"); id != "" {
		std, ok := standing.Find(id)
		if !ok {
			return errInput
		}
		al.Event, al.Headline, al.Instruction, al.Tone = cmp.Or(al.Event, std.Event), cmp.Or(al.Headline, std.Headline), cmp.Or(al.Instruction, std.Instruction), std.ID
	}
	if al.Event == "" || al.Headline == "" {
		return errInput
	}
	office := d.officeOf(v, place)
	next, err := d.onTop(message.AlertTopic(place, office))
	if err != nil {
		return err
	}
	next.two = true
	set := d.slotOf(place, office)
	seq, err := d.o.Authority.Seq()
	if err != nil {
		return err
	}
	al.ID = fmt.Sprintf("alert-%d", seq)
	set.Alerts = append(set.Alerts, al)
	return d.propose(w, r, v, set, next)
}

// undo takes an alarm back: it ends, and every box that sounded it says that it was a
// mistake. One signature is enough, as for an all-clear.
func (d *Desk) undo(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, office, id := r.PostFormValue("place"), r.PostFormValue("office"), r.PostFormValue("id")
	if !v.may(emergency, place) {
		return errRole
	}
	if !plan.ValidID(office) || !plan.ValidID(id) {
		return errInput
	}
	next, err := d.onTop(message.AlertTopic(place, office))
	if err != nil {
		return err
	}
	set := d.slotOf(place, office)
	n := len(set.Alerts)
	set.Alerts = slices.DeleteFunc(set.Alerts, func(al plan.Alert) bool { return al.ID == id })
	if len(set.Alerts) == n {
		return errNone
	}
	if r.PostFormValue("what") != "clear" {
		set.Retracted = append(set.Retracted, plan.Retraction{ID: id, Until: d.o.Now().Add(time.Hour).UTC().Truncate(time.Second)})
	}
	return d.propose(w, r, v, set, next)
}
