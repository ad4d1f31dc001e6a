package schedule

import (
	"time"

	"loa/agent/plan"
)

// turn is the item of an open run that has or awaits its turn, as it is counted
// and, if it has it, as it is due.
func (v *view) turn(l *timeline) (n int, o plan.Occurrence, due bool) {
	rounds := l.rounds()
	if v.g.Ended[l.id] || v.struckWhole(l) {
		return rounds, o, false
	}
	first := v.joined(l)
	var over time.Time // when a live programme in the run was over
	for n = first; n < rounds; n++ {
		loop, b := n/len(l.bodies), &l.bodies[n%len(l.bodies)]
		if begin := l.run.start.Add(l.begins(loop)); v.now.Before(begin) {
			v.edge(begin)
			return n, o, false
		}
		if b.seen || v.ended(l, n) || b.err != nil && loop > first/len(l.bodies) {
			continue // what cannot sound is said in one loop
		}
		if begin := v.afterGap(l, n, first, over); v.now.Before(begin) {
			v.edge(begin)
			return n, o, false
		}
		o = v.occurrence(l, n)
		v.edge(o.End)
		if o.Err == nil && !v.now.Before(o.End) {
			over = o.End
			continue
		}
		v.goOn(l, n, &o)
		if v.fits(&o, l.end.Sub(l.run.start)) {
			return n, o, true
		}
	}
	return rounds, plan.Occurrence{}, false
}

// joined is the item with which this run of the agent took up the slot.
func (v *view) joined(l *timeline) int {
	if !l.run.start.Before(v.since) || l.slot.Drill == plan.Soundless {
		return 0 // a silent drill may come at any time of its slot
	}
	return l.first(v.since.Sub(l.run.start))
}

// ended reports whether item n has sounded or was struck out.
func (v *view) ended(l *timeline, n int) bool {
	v.buf = l.append(v.buf[:0], n)
	if v.g.Ended[string(v.buf)] {
		return true
	}
	v.buf = l.appendItem(v.buf[:0], n)
	return v.g.Ended[string(v.buf)]
}

// struckWhole reports whether every item is struck out for all loops.
func (v *view) struckWhole(l *timeline) bool {
	for n := range l.bodies {
		v.buf = l.appendItem(v.buf[:0], n)
		if !v.g.Ended[string(v.buf)] {
			return false
		}
	}
	return true
}

// afterGap is when item n may begin: a gap after what ended last in the run, or
// in its own time when the run was joined in a gap.
func (v *view) afterGap(l *timeline, n, first int, over time.Time) time.Time {
	// An end that lies ahead was written before the clock went back.
	if last := v.g.Last[l.id]; last.After(over) && !last.After(v.now) {
		over = last
	}
	if !over.IsZero() {
		return over.Add(time.Duration(l.slot.GapS) * time.Second)
	}
	if n == first && n > 0 {
		return l.start(n)
	}
	return time.Time{}
}

// goOn sets where item n begins or goes on. A live programme has no place to go
// on from, only so much less to come.
func (v *view) goOn(l *timeline, n int, o *plan.Occurrence) {
	at, interrupted := v.g.At[o.ID]
	switch {
	case o.Silent: // whole or not at all
	case l.bodies[n%len(l.bodies)].relay:
		if o.Length > 0 {
			o.Length = max(1, o.Length-at)
		}
	case interrupted:
		o.At = at
	case n == v.joined(l) && o.Start.Before(v.since):
		o.At = v.since.Sub(o.Start)
	}
}

// fits reports whether o, if it was interrupted, may still go on in its slot of
// so long. One that sounds again is not asked.
func (v *view) fits(o *plan.Occurrence, slot time.Duration) bool {
	if o.At == 0 || o.Err != nil || o.Length == 0 || o.Length > slot || o.ID == v.g.Sounding {
		return true
	}
	if _, interrupted := v.g.At[o.ID]; !interrupted {
		return true
	}
	last := o.End.Add(o.At - o.Length)
	v.edge(last.Add(1))
	return !v.now.After(last)
}
