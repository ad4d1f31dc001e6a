package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// hall is five boxes of a commune, of which each has made something else of one bulletin,
// and one that it was not for.
func hall(t *testing.T) *rig {
	r := newRig(t)
	r.in.Bulletins = []Bulletin{{Key: "26734/bulletin/tin", Title: "=Bản tin sáng", Place: "26734", Issued: at("2026-04-30 08:00:00")}}
	for _, name := range []string{"d-1", "d-2", "d-3", "d-4"} {
		r.box(name, "26734", nil)
	}
	r.box("d-5", "26734-1", func(b *Box) { b.Panel = true })
	r.box("d-6", "26737", nil)
	whole := turn("2026-05-01 05:31:00", 60)
	weak := turn("2026-05-01 05:31:00", 60)
	weak.Result, weak.HeardS = plan.Partial, 20
	refused := ledger.Entry{Kind: ledger.Refused, Time: at("2026-05-01 05:30:00"), ID: whole.ID, Item: whole.Item, Title: whole.Title, Class: plan.Normal, Place: "26734", Result: plan.Refused, Code: plan.QuietHours}
	shown := ledger.Entry{Kind: ledger.Shown, Time: at("2026-05-01 05:31:00"), Due: at("2026-05-01 05:30:00"), ID: whole.ID, Item: whole.Item, Title: whole.Title, Class: plan.Normal, Place: "26734", AirS: 60, SeenS: 60, Proof: "panel", Count: 1}
	other := turn("2026-05-01 06:31:00", 60)
	other.Item = "26734/bulletin/khac"
	last := turn("2025-05-01 05:31:00", 60) // of the year before
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 100, last, weak, other, whole)...)
	r.arrives("d-2", "2026-05-02 08:00:00", r.writes("d-2", 100, weak)...)
	r.arrives("d-3", "2026-05-02 08:00:00", r.writes("d-3", 100, refused)...)
	r.arrives("d-5", "2026-05-02 08:00:00", r.writes("d-5", 100, shown)...)
	return r
}

// For one bulletin each box that it was for is named, with what it made of it and the entry
// that says so; the boxes are those of the report's row.
func TestTrace(t *testing.T) {
	r := hall(t)
	title, all, err := Trace(r.in, Year(2026), "26734/bulletin/tin")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range all {
		got = append(got, fmt.Sprintf("%s %s %s %d of %d: %s|%s", x.Box, x.Place, x.Best, x.Proof.Seq, len(x.Entries), x.Verdict("en"), x.Why("en")))
	}
	want := []string{
		"d-1 26734 whole 4 of 2: whole|",
		"d-2 26734 partly 1 of 1: partly|partial",
		"d-3 26734 not 1 of 1: not|refused; quiet-hours: " + plan.QuietHours.Sentence().EN,
		"d-4 26734 no-word 0 of 0: no word|",
		"d-5 26734-1 no-word 0 of 1: no word; its board showed it|",
	}
	if !slices.Equal(got, want) || title != "=Bản tin sáng" {
		t.Errorf("of %q:\n%s\nwant\n%s", title, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	row, _ := r.make(2026).Row("coverage/26734/bulletin/tin")
	counted := make([]int64, len(row.Cells))
	for _, x := range all {
		for i, c := range Columns("coverage") {
			if c.ID == x.Best || c.ID == "for" && x.Best != "" || c.ID == "shown-boxes" && x.Seen {
				counted[i]++
			}
		}
	}
	if !slices.Equal(counted, row.Cells) {
		t.Errorf("the boxes come to %v, the report says %v", counted, row.Cells)
	}
	r.in.Top = "26737"
	if _, all, err := Trace(r.in, Year(2026), "26734/bulletin/tin"); err != nil || len(all) != 0 {
		t.Errorf("another commune is told of %d boxes, %v", len(all), err)
	}
	r.in.Top = ""
	if title, all, err := Trace(r.in, Year(2026), "26734/bulletin/none"); err != nil || len(all) != 0 || title != "" {
		t.Errorf("of none: %q, %d boxes, %v", title, len(all), err)
	}
}

// Of a box that said a lot the last is kept.
func TestTraceIsBounded(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	var entries []ledger.Entry
	for i := range maxTold + 7 {
		e := turn(fmt.Sprintf("2026-05-%02d %02d:30:00", 1+i/20, i%20), 10)
		e.HeardS, e.Result = 0, plan.Silent
		entries = append(entries, e)
	}
	r.arrives("d-1", "2026-06-02 08:00:00", r.writes("d-1", 500, entries...)...)
	_, all, err := Trace(r.in, Year(2026), "26734/bulletin/tin")
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	if x := all[0]; len(x.Entries) != maxTold || x.More != 7 || x.Entries[maxTold-1].Seq != maxTold+7 || x.Why("en") != "silent" {
		t.Errorf("%d entries and %d more, the last %d, because %s", len(x.Entries), x.More, x.Entries[len(x.Entries)-1].Seq, x.Why("en"))
	}
}

func TestTraceCSV(t *testing.T) {
	r := hall(t)
	r.in.Boxes[0].Label = "=cmd"
	_, all, err := Trace(r.in, Year(2026), "26734/bulletin/tin")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages {
		var b bytes.Buffer
		if err := WriteTraceCSV(&b, lang, all); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 1+len(all) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if rows[1][1] != "'=cmd" || rows[1][5] != "60.000" || rows[1][8] != "4" || len(rows[1][9]) != 64 {
			t.Errorf("%v", rows[1])
		}
	}
}
