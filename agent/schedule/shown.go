package schedule

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
)

// Shown is everything that a board might show at now, by start and ID: every
// active alert, of each open slot the item whose time it is, every act while it
// lasts. Who of them has the board is not decided here.
//
// A board goes by the clock: what something higher has covered for a while is not
// made up for, and an alert is to be seen for as long as it is active, however
// often it has sounded. What a slot names and cannot be seen at all, because it has
// ended or is another than was meant, is there with its Err as long as the slot is
// open. until is as with [Due].
func Shown(p *plan.Plan, now time.Time) (shown []plan.Occurrence, until time.Time) {
	v := newView(p, plan.Progress{}, now)
	v.board = true
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
			l := v.timeline(r)
			if o, ok := v.standing(l); ok && v.stop(&o, r.start) == nil {
				shown = append(shown, o)
			}
			shown = v.broken(shown, l)
		})
	}
	v.acts(func(o plan.Occurrence, stop *plan.Act) {
		// It is seen while it would sound, and a reader's time at least.
		if o.Length > 0 {
			if end := o.Start.Add(max(o.Length, actSeen)); end.Before(o.End) {
				o.End = end
			}
		}
		v.edge(o.End)
		if stop == nil && len(o.Pages) > 0 && v.now.Before(o.End) {
			shown = append(shown, o)
		}
	}, nil)
	for _, set := range p.Alerts {
		for i := range set.Alerts {
			if o, ok := v.shownAlert(&set, &set.Alerts[i]); ok {
				shown = append(shown, o)
			}
		}
		for i := range set.Retracted {
			if o, ok := v.retraction(&set, &set.Retracted[i]); ok && v.stop(&o, o.Start) == nil {
				shown = append(shown, o)
			}
		}
	}
	slices.SortFunc(shown, byStart)
	return slices.CompactFunc(shown, func(a, b plan.Occurrence) bool { return a.ID == b.ID }), v.until
}

// actSeen is the least time for which an act is seen: somebody must have looked up.
const actSeen = 15 * time.Second

// standing is the item of an open run whose time it is, if it is one to be seen.
func (v *view) standing(l *timeline) (o plan.Occurrence, ok bool) {
	elapsed := v.now.Sub(l.run.start)
	n := l.first(elapsed)
	if n >= l.rounds() || l.bodies[n%len(l.bodies)].err != nil {
		return o, false
	}
	v.edge(l.start(n))
	if length := l.bodies[n%len(l.bodies)].length; length > 0 {
		v.edge(l.start(n).Add(length))
	}
	if v.now.Before(l.start(n)) { // in the gap before it
		return o, false
	}
	o = v.occurrence(l, n)
	o.At = max(0, v.now.Sub(o.Start))
	return o, len(o.Pages) > 0 && v.now.Before(o.End)
}

// broken adds the bulletins of an open run that cannot be resolved, as they stand in
// this round.
func (v *view) broken(shown []plan.Occurrence, l *timeline) []plan.Occurrence {
	round := min(int(v.now.Sub(l.run.start)/l.loop())*len(l.bodies), max(0, l.rounds()-len(l.bodies)))
	for i := range l.bodies {
		if b := &l.bodies[i]; b.err == nil || b.item.ID == "" {
			continue
		}
		if o := v.occurrence(l, round+i); v.stop(&o, l.run.start) == nil {
			shown = append(shown, o)
		}
	}
	return shown
}

// shownAlert is an active alert as it is seen: the pages of its bulletin, else its
// own words.
func (v *view) shownAlert(set *plan.AlertSet, a *plan.Alert) (o plan.Occurrence, ok bool) {
	v.edge(a.From)
	v.edge(a.Until)
	if v.now.Before(a.From) || !v.now.Before(a.Until) || v.cancelled(set, a) {
		return o, false
	}
	b := v.alertBody(set, a)
	if len(b.pages) == 0 {
		b.pages = a.Shown()
	}
	o = plan.Occurrence{ID: alertID(set, a, &b), Start: cmp.Or(a.From, set.Issued), End: a.Until}
	v.sign(&o, &set.Head)
	b.fill(&o)
	o.Issued = o.Start
	return o, v.stop(&o, o.Start) == nil
}

// SameAlert reports whether a and b are of one alert, as itself or in one of its
// rounds.
func SameAlert(a, b *plan.Occurrence) bool {
	return a.By == b.By && a.By.Kind == plan.KindAlert && alertStem(a.ID) == alertStem(b.ID)
}

// alertStem is an alert's ID without the number of a round.
func alertStem(id string) string {
	at := strings.LastIndexByte(id, '@')
	if i := strings.IndexByte(id[at+1:], '/'); i >= 0 {
		return id[:at+1+i]
	}
	return id
}
