package desk

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/ahead"
	"loa/agent/health"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
)

// A glance is one box as a person wants to see it.
type glance struct {
	api.Box
	PlaceName string
	Code      string // of its state, for the words
	Percent   int    // of a level meter
	N         int    // in the list, and in the sketch
	lang      string
}

// Bad reports that somebody has to look after the box.
func (g glance) Bad() bool {
	return g.State != "online" || slices.ContainsFunc(g.Faults, func(f api.Fault) bool { return f.Severity == health.Fault })
}

// A trouble is a fault in the reader's language.
type trouble struct {
	Text, Part, Detail string
	Since              time.Time
}

// Troubles are what is wrong with the box, and what to buy.
func (g glance) Troubles() (all []trouble) {
	for _, f := range g.Faults {
		t := trouble{f.VI, f.PartVI, f.Detail, f.Since}
		if g.lang == "en" {
			t.Text, t.Part = f.EN, f.PartEN
		}
		all = append(all, t)
	}
	return all
}

// glances are the boxes that somebody sees: the silent ones first, then the faulty ones.
func (d *Desk) glances(v *visitor, place string) (all []glance, err error) {
	boxes, err := d.o.Centre.Boxes()
	for _, b := range boxes {
		if b.Revoked || !v.may(viewer, b.Place) || place != "" && b.Place != place {
			continue
		}
		g := glance{Box: b, PlaceName: v.places[b.Place].Name, Code: b.State, lang: v.lang}
		if b.Sounds != "" {
			g.Percent = min(100, max(0, int(100+b.Level*100/60))) // 60 dB from end to end
		}
		all = append(all, g)
	}
	rank := func(g glance) int {
		switch {
		case g.State != "online":
			return 0
		case g.Bad():
			return 1
		case !g.MutedUntil.IsZero():
			return 2
		}
		return 3
	}
	slices.SortStableFunc(all, func(x, y glance) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Place, y.Place), cmp.Compare(x.Box.Box, y.Box.Box))
	})
	for i := range all {
		all[i].N = i + 1
	}
	return all, err
}

// Unheard reports that the box plays and has measured next to nothing of it: a meter at
// nothing needs words.
func (g glance) Unheard() bool { return g.Sounds != "" && g.Percent == 0 }

// now is what sounds and shows at this moment.
func (d *Desk) now(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.FormValue("place")
	if place != "" && !v.may(viewer, place) {
		return errNone
	}
	boxes, err := d.glances(v, place)
	if err != nil {
		return err
	}
	books, err := d.books(v, place)
	if err != nil {
		return err
	}
	books = slices.DeleteFunc(books, func(b book) bool { return !b.Play })
	sounding, bad := 0, 0
	for _, b := range boxes {
		if b.Sounds != "" {
			sounding++
		}
		if b.Bad() {
			bad++
		}
	}
	d.show(w, r, v, http.StatusOK, "now", map[string]any{
		"Boxes": boxes, "Sounding": sounding, "Bad": bad, "Sketch": sketchOf(boxes, d.o.Authority.Boxes()), "Places": v.choices(viewer, place), "Mine": v.choices(operator, place), "Bulletins": books, "At": d.o.Now(), "Operator": v.has(operator),
	})
	return nil
}

// actTime is how long an order may still be carried out. It has to be read and signed
// in that time, too.
const actTime = 5 * time.Minute

// act makes an order of what was pressed: play, stop, mute, unmute.
func (d *Desk) act(w http.ResponseWriter, r *http.Request, v *visitor) error {
	act := plan.Act{}
	to := r.PostFormValue("to")
	box, isBox := d.o.Authority.Boxes()[to]
	place := to
	if isBox {
		act.Device, place = to, box.Place
	} else {
		act.Place = to
	}
	if !v.may(operator, place) {
		return errRole
	}
	now := d.o.Now().UTC().Truncate(time.Second)
	act.Until = now.Add(actTime)
	switch r.PostFormValue("what") {
	case "play":
		act.Kind = plan.KindPlay
		at, id := meant(r)
		if id == "chime" {
			act.Class, act.Item = plan.Normal, &plan.Item{Chime: "gong"}
			break
		}
		is, err := d.bulletin(v, at, id)
		if err != nil {
			return err
		}
		act.Item = cite(is, act.Place)
	case "drill":
		at, id := meant(r)
		is, err := d.bulletin(v, at, id)
		if err != nil {
			return err
		}
		if b, ok := is.Doc.(plan.Bulletin); !ok || b.Class != plan.Drill || !v.may(emergency, place) {
			return errRole
		}
		act.Kind, act.Item = plan.KindDrill, cite(is, act.Place)
	case "stop":
		act.Kind = plan.KindStop
		act.Classes = d.stoppable(v)
		act.Reason = typed(r.PostFormValue("reason"))
	case "mute":
		minutes, err := strconv.Atoi(cmp.Or(r.PostFormValue("minutes"), "60"))
		if err != nil || minutes < 1 || minutes > 24*60 || !isBox {
			return errInput
		}
		act.Kind, act.MuteUntil = plan.KindMute, now.Add(time.Duration(minutes)*time.Minute)
		act.Reason = typed(r.PostFormValue("reason"))
	case "unmute":
		if !isBox {
			return errInput
		}
		// A mute that ends as it begins: the newest of a place counts.
		act.Kind, act.MuteUntil = plan.KindMute, now.Add(2*time.Second)
	default:
		return errInput
	}
	return d.propose(w, r, v, &act, proposal{})
}

// cite names a bulletin as it is now, in what is said to a place.
func cite(is authority.Issued, in string) *plan.Item {
	ref := &plan.Ref{Kind: plan.KindBulletin, Place: is.Topic.Place, ID: is.Topic.ID, SHA256: is.SHA256}
	if ref.Place == in {
		ref.Place = ""
	}
	return &plan.Item{Ref: ref}
}

// meant is the bulletin that was chosen: place and id.
func meant(r *http.Request) (place, id string) {
	if of := r.PostFormValue("of"); of != "" {
		place, id, _ = strings.Cut(of, "/")
		return place, id
	}
	return r.PostFormValue("at"), r.PostFormValue("bulletin")
}

// stoppable are the classes that a person may stop; emergencies have a page of their own.
func (d *Desk) stoppable(v *visitor) (classes []plan.Class) {
	now := d.o.Now()
	for _, c := range []plan.Class{plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test} {
		for _, g := range d.o.Authority.Grants() {
			if g.Person == v.person && now.Before(g.NotAfter) && slices.Contains(g.Kinds, plan.KindStop) && slices.Contains(g.Classes, c) {
				classes = append(classes, c)
				break
			}
		}
	}
	return classes
}

// A line is what will sound or be seen, or will be refused.
type line struct {
	At, Until     time.Time
	Title, Class  string
	Sounds, Shows bool
	Volume        int
	Code, Why     string
}

// lined are lines in the reader's language.
func lined(lang string, lines []ahead.Line) (all []line) {
	for _, l := range lines {
		o := l.Occurrence
		title := o.Title
		if title == "" && len(o.Parts) == 1 {
			title = o.Parts[0].Chime
		}
		x := line{l.At, l.Until, cmp.Or(title, o.ID), string(o.Class), l.Sounds, l.Shows, l.Volume, string(l.Code), l.Why}
		if lang == "vi" {
			x.Why = l.VI
		}
		all = append(all, x)
	}
	return all
}
