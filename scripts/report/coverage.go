package report

import (
	"cmp"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// A cover is what is known of one bulletin.
type cover struct {
	title       string
	titled      time.Time
	places      map[string]bool // for which it sounded, or was issued
	first, last time.Time
	told        map[int]bool // boxes that told of its sound
}

// A verdict is the best that a box has made of a bulletin, and the entry that proves it.
type verdict struct {
	rank int
	ref  Ref
	late bool
}

// What a box has heard of a bulletin at best.
const (
	not = iota + 1
	partly
	whole
)

// cover is that of the bulletin which an entry is about.
func (m *maker) cover(e ledger.Entry, item string, at time.Time) *cover {
	c := m.covers[item]
	if c == nil {
		c = &cover{places: make(map[string]bool), told: make(map[int]bool), first: at, last: at}
		m.covers[item] = c
	}
	c.span(at)
	if e.Place != "" {
		c.places[e.Place] = true
	}
	if at.After(c.titled) || at.Equal(c.titled) && e.Title > c.title {
		c.title, c.titled = e.Title, at
	}
	return c
}

// subject is the bulletin that an entry is about, or the alert where its words are
// in no bulletin; empty: neither.
func subject(e ledger.Entry) string {
	if e.Item != "" {
		return e.Item
	}
	// place/alert/office/id@content/round
	alert, _, ok := strings.Cut(e.ID, "@")
	if parts := strings.Split(alert, "/"); !ok || len(parts) != 4 || parts[1] != string(plan.KindAlert) {
		return ""
	}
	return alert
}

func (c *cover) span(at time.Time) {
	if at.Before(c.first) {
		c.first = at
	}
	if at.After(c.last) {
		c.last = at
	}
}

// covered keeps the best that the box has made of a bulletin. Only what was measured
// counts as heard.
func (f *fold) covered(e ledger.Entry) {
	item := subject(e)
	if item == "" || e.Class == plan.Drill || e.Class == plan.Test {
		return
	}
	f.m.cover(e, item, e.Time).told[f.index] = true
	rank := not
	if e.HeardS > 0 && e.Proof != "" && e.Kind != ledger.Refused {
		rank = partly
		if e.Kind == ledger.End && e.Result == plan.Heard {
			rank = whole
		}
	}
	if rank > f.best[item].rank {
		f.best[item] = verdict{rank, f.ref, f.late}
	}
}

// judge hands on what the box has made of every bulletin.
func (f *fold) judge() {
	for _, item := range inOrder(f.best) {
		v := f.best[item]
		cells := make([]int64, 6)
		cells[0], cells[map[int]int{whole: 1, partly: 2, not: 3}[v.rank]] = 1, 1
		f.m.add("coverage", item, v.ref, v.late, cells...)
	}
	for _, item := range inOrder(f.seen) {
		v := f.seen[item]
		f.m.add("coverage", item, v.ref, v.late, 0, 0, 0, 0, 0, 1)
	}
}

// absent counts, for every bulletin, the boxes that it was for and that have told
// nothing of it: those below the places that it was for, while it went round.
func (m *maker) absent() {
	for _, b := range m.in.Bulletins {
		if b.Drill || !m.w.Has(b.Issued) {
			continue
		}
		c := m.covers[b.Key]
		if c == nil {
			c = &cover{places: map[string]bool{b.Place: true}, told: make(map[int]bool), first: b.Issued, last: b.Issued}
			m.covers[b.Key] = c
		}
		c.title = cmp.Or(b.Title, c.title)
	}
	for _, item := range inOrder(m.covers) {
		c := m.covers[item]
		if m.in.Top == "" || len(c.told) > 0 {
			m.row("coverage", item)
		}
		for i, b := range m.in.Boxes {
			if c.told[i] || b.Added.After(c.last) || !b.Revoked.IsZero() && b.Revoked.Before(c.first) {
				continue
			}
			up := m.where(b.Name, c.last)
			for _, p := range up {
				if c.places[p] {
					m.add("coverage", item, Ref{Device: b.Name, Note: "books"}, false, 1, 0, 0, 0, 1, 0)
					break
				}
			}
		}
	}
}
