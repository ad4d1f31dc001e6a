package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"loa/scripts/loactl/web/look"
	"loa/scripts/report"
)

// asked is which report is meant: of a place that one sees, and of a year.
func (d *Desk) asked(r *http.Request, v *visitor) (place string, year int, err error) {
	place = r.FormValue("place")
	if place == "" {
		if all := v.seen(viewer); len(all) > 0 {
			place = all[0] // the widest
		}
	}
	if !v.may(viewer, place) {
		return "", 0, errNone
	}
	year = reportYear(d.o.Now())
	if s := r.FormValue("year"); s != "" {
		if year, err = strconv.Atoi(s); err != nil || year < 2020 || year > 9998 {
			return "", 0, errInput
		}
	}
	return place, year, nil
}

// reportYear is the one whose window a time is in: it ends on 14 December.
func reportYear(now time.Time) int {
	now = now.In(look.Zone)
	if now.Month() == time.December && now.Day() >= 15 {
		return now.Year() + 1
	}
	return now.Year()
}

// report is the annual report so far; every row leads to the entries behind it.
func (d *Desk) report(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, year, err := d.asked(r, v)
	if err != nil {
		return err
	}
	rep, err := d.o.Tools.Report(place, year)
	if err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "report", map[string]any{
		"Parts": rep.Parts(v.lang), "Place": place, "PlaceName": v.places[place].Name, "Year": year, "Before": year - 1, "After": year + 1, "AsOf": rep.AsOf,
		"Places": v.choices(viewer, place),
	})
	return nil
}

// reportFile is the same as a file.
func (d *Desk) reportFile(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, year, err := d.asked(r, v)
	if err != nil {
		return err
	}
	rep, err := d.o.Tools.Report(place, year)
	if err != nil {
		return err
	}
	as, ok := map[string]struct {
		kind  string
		write func(io.Writer, string) error
	}{
		"csv": {"text/csv; charset=utf-8", rep.WriteCSV}, "xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", rep.WriteXLSX},
		"html": {"text/html; charset=utf-8", rep.WriteHTML},
	}[r.FormValue("as")]
	if !ok {
		return errInput
	}
	var b bytes.Buffer
	if err := as.write(&b, v.lang); err != nil {
		return err
	}
	w.Header().Set("Content-Type", as.kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="bao-cao-%d-%s.%s"`, year, place, r.FormValue("as")))
	_, _ = w.Write(b.Bytes())
	return nil
}

// maxEvidence is how many entries a page shows; the rest is loactl report --why.
const maxEvidence = 1000

// reportWhy is what a row is made of.
func (d *Desk) reportWhy(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, year, err := d.asked(r, v)
	if err != nil {
		return err
	}
	row := r.FormValue("row")
	var all []report.Evidence
	more := 0
	rep, err := d.o.Tools.Why(place, year, row, func(e report.Evidence) {
		if len(all) == maxEvidence {
			more++
			return
		}
		all = append(all, e)
	})
	if err != nil {
		return err
	}
	if _, ok := rep.Row(row); !ok {
		return errNone
	}
	title, heads, cells := rep.Explain(row, v.lang, all)
	item, of := strings.CutPrefix(row, "coverage/")
	if !of {
		item = ""
	}
	d.show(w, r, v, http.StatusOK, "why", map[string]any{"Item": item, "Title": title, "Heads": heads, "Entries": all, "Cells": cells, "More": more, "Row": row, "Place": place, "Year": year})
	return nil
}

// reportWhyFile is all that a row is made of, an entry a line, in JSON. It is sent as it is
// read: a year of a province does not fit in memory.
func (d *Desk) reportWhyFile(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, year, err := d.asked(r, v)
	if err != nil {
		return err
	}
	row := r.FormValue("row")
	lines := json.NewEncoder(w)
	begun := false
	rep, err := d.o.Tools.Why(place, year, row, func(e report.Evidence) {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
			w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d-%s.jsonl"`, fileName(row), year, fileName(place)))
		}
		_ = lines.Encode(e) // whoever asked has gone
	})
	if err != nil && begun {
		d.o.Log.Error("desk: what a row is made of", "row", row, "err", err)
		panic(http.ErrAbortHandler) // what was sent is not all, and must not look like it
	}
	if _, ok := rep.Row(row); err == nil && !begun && !ok {
		return errNone
	}
	return err
}

// fileName is a text of which nothing can be a part of a path or of a header.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, s)
}
