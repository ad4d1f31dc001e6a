// Package schedule says what is due, given a plan and a time, and when that changes.
package schedule

import (
	"cmp"
	"slices"
	"time"

	"loa/agent/plan"
)

// horizon is how far ahead an answer may claim to hold.
const horizon = 24 * time.Hour

// Due is every occurrence that might sound at now, by start and ID: of each open
// slot the item whose turn it is, every active alert's next round, every act.
// Who of them does sound is not decided here, and a refused one (Err is set) is
// among them, so that someone writes it down.
//
// until is when the answer changes although neither the plan nor the progress
// does; it is after now and at most a day away.
//
// Within a slot the items follow one another: the first that has not ended has
// the turn. An occurrence that was interrupted goes on where it stopped, but only
// while the rest of it still fits its slot (one that is longer than the whole
// slot was meant to be cut). A slot that began before g.Since is joined where its
// timeline stood then. Nothing is due past its slot's end, past the life of what
// asks for it or of what it plays, or after it has ended.
//
// A Since that lies after now is not believed. Whoever sees the clock jump sets
// a new one.
func Due(p *plan.Plan, g plan.Progress, now time.Time) (due []plan.Occurrence, until time.Time) {
	v := newView(p, g, now)
	for _, s := range p.Schedules {
		if !v.alive(s.Validity) {
			continue
		}
		runs(&s, now, v.until, func(r *run) {
			v.edge(r.start)
			if v.now.Before(r.start) || !v.now.Before(r.end) || !r.counts() {
				return
			}
			v.edge(r.end)
			if _, o, ok := v.turn(v.timeline(r)); ok && v.stop(&o, r.start) == nil {
				due = append(due, o)
			}
		})
	}
	v.acts(func(o plan.Occurrence, stop *plan.Act) {
		if stop == nil {
			due = append(due, o)
		}
	}, nil)
	due = append(due, inTurn(v.alarms(), g.Sounding)...)
	due = append(due, v.retractions()...)
	slices.SortFunc(due, byStart)
	// Two equal times in one slot are one time.
	due = slices.CompactFunc(due, func(a, b plan.Occurrence) bool { return a.ID == b.ID })
	return due, v.until
}

// Span is every item of every slot whose planned start lies in [from, to), by
// start and ID: what would sound if nothing came between, nothing had ended and
// nothing else took the speaker.
func Span(p *plan.Plan, from, to time.Time) []plan.Occurrence {
	v := newView(p, plan.Progress{}, from)
	var all []plan.Occurrence
	for _, s := range p.Schedules {
		if s.Withdrawn {
			continue
		}
		runs(&s, from, to, func(r *run) {
			if !r.counts() {
				return
			}
			l := v.timeline(r)
			for n := l.first(from.Sub(r.start)); n < l.rounds(); n++ {
				start := l.start(n)
				if !start.Before(r.end) || !start.Before(to) {
					break
				}
				if b := &l.bodies[n%len(l.bodies)]; !b.seen && !start.Before(from) && (b.err == nil || n < len(l.bodies)) {
					all = append(all, v.occurrence(l, n))
				}
			}
		})
	}
	slices.SortFunc(all, byStart)
	return slices.CompactFunc(all, func(a, b plan.Occurrence) bool { return a.ID == b.ID })
}

func byStart(a, b plan.Occurrence) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
}

// A view is a plan and a progress looked at from one moment. until comes down
// with every time that an answer depends on.
type view struct {
	p     *plan.Plan
	g     plan.Progress
	now   time.Time
	until time.Time
	since time.Time
	ranks map[plan.Key]int
	board bool   // what is shown is asked for, not what sounds
	buf   []byte // for IDs that are only looked up
}

func newView(p *plan.Plan, g plan.Progress, now time.Time) *view {
	v := &view{p: p, g: g, now: now, until: now.Add(horizon), since: g.Since}
	if v.since.After(now) {
		v.edge(v.since)
		v.since = time.Time{}
	}
	v.rank()
	return v
}

// edge notes that the answer depends on whether t has come.
func (v *view) edge(t time.Time) {
	if t.After(v.now) && t.Before(v.until) {
		v.until = t
	}
}

// alive reports whether a document counts now.
func (v *view) alive(l plan.Validity) bool {
	if l.Withdrawn {
		return false
	}
	v.edge(l.ValidFrom)
	v.edge(l.ValidUntil)
	return l.At(v.now)
}

// rank reads the commune's order of priority bulletins: the commune decides, so
// the order in the schedule of the nearest place counts, of two the newer.
func (v *view) rank() {
	var best *plan.Schedule
	for _, s := range v.p.Schedules {
		if len(s.Order) == 0 || !v.alive(s.Validity) {
			continue
		}
		if best == nil || v.nearer(&s, best) < 0 {
			best = &s
		}
	}
	if best == nil {
		return
	}
	v.ranks = make(map[plan.Key]int, len(best.Order))
	for i, ref := range best.Order {
		k := key(ref, best.Place)
		if v.ranks[k] == 0 {
			v.ranks[k] = i + 1
		}
	}
}

func (v *view) nearer(a, b *plan.Schedule) int {
	return cmp.Or(
		cmp.Compare(v.width(a.Place), v.width(b.Place)),
		b.Issued.Compare(a.Issued),
		cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Place, b.Place),
	)
}

// width is how far above the box a place lies; what names the box itself, or is
// here without concerning it, is as narrow as can be.
func (v *view) width(place string) int { return max(0, v.p.Width(place)) }

func key(r plan.Ref, place string) plan.Key {
	return plan.Key{Place: cmp.Or(r.Place, place), Kind: cmp.Or(r.Kind, plan.KindBulletin), ID: r.ID}
}
