package report

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// A Told is what one box has made of one bulletin, in a row of the table of coverage.
type Told struct {
	Box   string `json:"box"`
	Label string `json:"name,omitempty"` // as people call it
	Place string `json:"place"`          // where it stood
	// Best is the column of the table of coverage in which it counts: whole, partly, not,
	// no-word. It is empty where it was not for this box's speaker.
	Best    string         `json:"best,omitempty"`
	Seen    bool           `json:"seen,omitempty"` // its board has shown it
	Proof   Ref            `json:"proof"`          // the entry that says so
	Entries []ledger.Entry `json:"entries"`        // all about it, or the last of them
	More    int            `json:"more,omitempty"` // that came before these
}

// maxTold is how many entries of one box are kept.
const maxTold = 100

// Trace is what stands behind the row of coverage of one bulletin: each box that it was
// for, and what that has told of it in a window. The title is empty when there is none.
func Trace(in Input, w Window, item string) (title string, all []Told, err error) {
	heard := tap{in.Ledgers, w, item, make(map[string][]ledger.Entry), make(map[string]int)}
	in.Ledgers = heard
	at := make(map[string]int)
	r, err := Why(in, w, "coverage/"+item, func(e Evidence) {
		i, ok := at[e.Device]
		if !ok {
			i = len(all)
			at[e.Device] = i
			all = append(all, Told{Box: e.Device, Proof: e.Ref, Entries: heard.entries[e.Device], More: heard.more[e.Device]})
			if all[i].Entries == nil {
				all[i].Entries = []ledger.Entry{}
			}
		}
		for n, c := range Columns("coverage") {
			switch {
			case e.Cells[n] == 0 || c.ID == "for":
			case c.ID == "shown-boxes":
				all[i].Seen = true
			default:
				all[i].Best, all[i].Proof = c.ID, e.Ref
			}
		}
	})
	if err != nil {
		return "", nil, err
	}
	row, ok := r.Row("coverage/" + item)
	if !ok {
		return "", nil, nil
	}
	labels := make(map[string]string)
	for _, b := range in.Boxes {
		labels[b.Name] = b.Label
	}
	for i := range all {
		t := &all[i]
		when := t.Proof.Time
		if when.IsZero() {
			when = w.Until.Add(-time.Second)
		}
		t.Label = labels[t.Box]
		if up := in.Books.Stood(t.Box, when); len(up) > 0 {
			t.Place = up[0]
		}
	}
	slices.SortFunc(all, func(x, y Told) int { return strings.Compare(x.Box, y.Box) })
	return row.Name, all, nil
}

// A tap keeps the entries about one bulletin as they are read.
type tap struct {
	Ledgers
	w       Window
	item    string
	entries map[string][]ledger.Entry
	more    map[string]int
}

func (t tap) Entries(device string, f func(ledger.Entry, time.Time)) error {
	return t.Ledgers.Entries(device, func(e ledger.Entry, arrived time.Time) {
		if subject(e) == t.item && (t.w.Has(e.Time) || t.w.Has(e.Due)) {
			all := append(t.entries[device], e)
			if len(all) > maxTold {
				all = slices.Delete(all, 0, 1)
				t.more[device]++
			}
			t.entries[device] = all
		}
		f(e, arrived)
	})
}

// proof is the entry by which a box counts, or the last where that is kept no more.
func (t Told) proof() ledger.Entry {
	if t.Proof.Seq == 0 {
		return ledger.Entry{}
	}
	i := slices.IndexFunc(t.Entries, func(e ledger.Entry) bool { return e.Seq == t.Proof.Seq })
	if i < 0 {
		i = len(t.Entries) - 1
	}
	return t.Entries[i]
}

// Verdict is what a box made of it, in words.
func (t Told) Verdict(lang string) string {
	var said []string
	if t.Best != "" {
		said = append(said, text(lang, "column."+t.Best))
	}
	if t.Seen {
		said = append(said, text(lang, "trace.seen"))
	}
	return strings.Join(said, "; ")
}

// Why is what kept it from being heard as a whole, as far as the box has said; empty: it was.
func (t Told) Why(lang string) string {
	e := t.proof()
	if t.Best == "whole" || e.Seq == 0 {
		return ""
	}
	return Spoken(e, lang)
}

// Spoken is what an entry about a bulletin says, in words.
func Spoken(e ledger.Entry, lang string) string {
	said := []string{label(lang, "undated", Row{Key: key(string(e.Kind))})}
	if e.Result != "" {
		said[0] = label(lang, "result", Row{Key: key(string(e.Result))})
	}
	if e.Result == plan.Heard && e.Proof == "" {
		said = append(said, label(lang, "proof", Row{Key: nothing}))
	}
	if e.Code != "" {
		said = append(said, label(lang, "refused", Row{Key: one(string(e.Code), codes)}))
	}
	return strings.Join(said, "; ")
}

// Measured is how sure that is, in words; empty: it says nothing of it.
func Measured(e ledger.Entry, lang string) string {
	if e.Proof == "" {
		return ""
	}
	return label(lang, "proof", Row{Key: key(e.Proof)})
}

// WriteTraceCSV writes a box a line, with the mark by which Excel knows UTF-8.
func WriteTraceCSV(w io.Writer, lang string, all []Told) error {
	c, put, err := lines(w)
	if err != nil {
		return err
	}
	var heads []string
	for _, h := range []string{"box", "name", "place", "best", "why", "heard", "planned", "time", "entry", "hash"} {
		heads = append(heads, text(lang, "trace."+h))
	}
	put(heads...)
	for _, t := range all {
		e := t.proof()
		when, seq := "", ""
		if !t.Proof.Time.IsZero() {
			when = t.Proof.Time.In(zone).Format(time.RFC3339)
		}
		if t.Proof.Seq > 0 {
			seq = strconv.FormatInt(t.Proof.Seq, 10)
		}
		put(t.Box, t.Label, t.Place, t.Verdict(lang), t.Why(lang), seconds(millis(e.HeardS)), seconds(millis(e.PlannedS)), when, seq, t.Proof.Hash)
	}
	c.Flush()
	return c.Error()
}
