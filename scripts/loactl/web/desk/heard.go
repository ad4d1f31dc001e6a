package desk

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"loa/agent/ledger"
	"loa/scripts/report"
)

// A hearer is a box that a bulletin was for.
type hearer struct {
	report.Told
	Name, PlaceName, Verdict, Why string
	Now                           string    // the code of its state, where it has said nothing
	Since                         time.Time // of that
	Lines                         []noted
}

// A noted line is an entry of a box's ledger about a bulletin.
type noted struct {
	ledger.Entry
	Says, Measured string
}

// traced is what became of the bulletin that is asked for.
func (d *Desk) traced(r *http.Request, v *visitor) (title, place, item string, year int, all []report.Told, err error) {
	if place, year, err = d.asked(r, v); err != nil {
		return
	}
	item = r.FormValue("item")
	if title, all, err = d.o.Tools.Trace(place, year, item); err != nil {
		return
	}
	// A place is told of what was for its own boxes, and of nothing else.
	if len(all) == 0 {
		err = errUnheard
	}
	return
}

var errUnheard = &fault{http.StatusNotFound, "error.unheard"}

// heard tells, for one bulletin, which boxes have heard it, of how many that it was for,
// and why the others have not: those first.
func (d *Desk) heard(w http.ResponseWriter, r *http.Request, v *visitor) error {
	title, place, item, year, all, err := d.traced(r, v)
	if err != nil {
		return err
	}
	states, err := d.glances(v, "")
	if err != nil {
		return err
	}
	state := make(map[string]glance)
	for _, g := range states {
		state[g.Box.Box] = g
	}
	count := make(map[string]int)
	of := 0
	var hearers []hearer
	for _, t := range all {
		h := hearer{Told: t, Name: cmp.Or(t.Label, t.Box), PlaceName: cmp.Or(v.places[t.Place].Name, t.Place), Verdict: t.Verdict(v.lang), Why: t.Why(v.lang)}
		if t.Best != "" {
			of++
			count[t.Best]++
		}
		if g, ok := state[t.Box]; ok && t.Best == "no-word" {
			h.Now, h.Since = g.State, g.Since
		}
		for _, e := range t.Entries {
			h.Lines = append(h.Lines, noted{e, report.Spoken(e, v.lang), report.Measured(e, v.lang)})
		}
		hearers = append(hearers, h)
	}
	worst := []string{"not", "no-word", "partly", "whole", ""}
	slices.SortStableFunc(hearers, func(x, y hearer) int { return slices.Index(worst, x.Best) - slices.Index(worst, y.Best) })
	d.show(w, r, v, http.StatusOK, "heard", map[string]any{
		"Title": cmp.Or(title, item), "Item": item, "Place": place, "PlaceName": v.places[place].Name, "Year": year, "Of": of,
		"Whole": count["whole"], "Partly": count["partly"], "Not": count["not"], "NoWord": count["no-word"], "Boxes": hearers,
	})
	return nil
}

// heardFile is the same as a file: CSV has a line for each box, JSON every entry.
func (d *Desk) heardFile(w http.ResponseWriter, r *http.Request, v *visitor) error {
	as := r.FormValue("as")
	if as != "csv" && as != "json" {
		return errInput
	}
	title, place, item, year, all, err := d.traced(r, v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	kind := "text/csv; charset=utf-8"
	if as == "csv" {
		err = report.WriteTraceCSV(&b, v.lang, all)
	} else {
		kind = "application/json; charset=utf-8"
		err = json.NewEncoder(&b).Encode(map[string]any{"item": item, "title": title, "place": place, "year": year, "boxes": all})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.%s"`, fileName(item), year, as))
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
	return nil
}
