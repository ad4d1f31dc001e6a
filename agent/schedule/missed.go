package schedule

import (
	"slices"
	"time"

	"loa/agent/plan"
)

// A Lapse is an occurrence that was planned and will not sound (any more).
type Lapse struct {
	plan.Occurrence
	Result plan.Result // missed, pre-empted, refused or, when a refusal cut it short, partial
	Code   plan.Code   // why it was refused; priority when something else had the speaker
	Stop   plan.Key    // the act.stop that ended it, if one did
	Ends   string      // what is over with it: itself, its whole slot or its alert
}

// Missed is what should have sounded from from on and cannot any more, though
// nothing ended it: what passed while the box was off or not sure of the time,
// what never had its turn, what did not fit any more after an interruption, what
// a stop silenced. Whoever writes one down calls [Close], and it does not come
// again.
//
// From should not be long ago: all of it is gone through. Of a slot that repeats
// its items to its end, only the first loop and what was interrupted count. What
// was planned by a document that had not been issued when the slot began was not
// missed.
func Missed(p *plan.Plan, g plan.Progress, from, now time.Time) []Lapse {
	v := newView(p, g, now)
	var lapses []Lapse
	for _, s := range p.Schedules {
		if s.Withdrawn {
			continue
		}
		runs(&s, from, now, func(r *run) {
			if r.counts() && !r.start.After(now) && r.end.After(from) && !r.start.Before(s.Issued) {
				lapses = append(lapses, v.lapses(v.timeline(r))...)
			}
		})
	}
	stopped := func(o plan.Occurrence, stop *plan.Act) {
		if stop != nil {
			lapses = append(lapses, silenced(o, stop))
		}
	}
	v.acts(stopped, func(o plan.Occurrence) { lapses = append(lapses, v.expired(o)) })
	for _, a := range v.alarms() {
		stopped(a.o, a.stop)
	}
	slices.SortFunc(lapses, func(a, b Lapse) int { return byStart(a.Occurrence, b.Occurrence) })
	return slices.CompactFunc(lapses, func(a, b Lapse) bool { return a.ID == b.ID })
}

func silenced(o plan.Occurrence, stop *plan.Act) Lapse {
	return Lapse{Occurrence: o, Result: plan.Preempted, Stop: stop.Key(), Ends: Series(&o)}
}

// expired is an act that did not have its turn, or not to its end, before its
// time was over.
func (v *view) expired(o plan.Occurrence) Lapse {
	l := Lapse{Occurrence: o, Result: plan.Preempted, Code: plan.Priority, Ends: o.ID}
	switch code, refused := v.g.Refused[o.ID]; {
	case o.At > 0 && refused:
		l.Result, l.Code = plan.Partial, code
	case o.At > 0:
	case refused:
		l.Result, l.Code = plan.Refused, code
	case o.Err != nil:
		l.Result, l.Code = plan.Refused, o.Err.Code
	}
	return l
}

// lapses is what is over of one run that has begun.
func (v *view) lapses(l *timeline) []Lapse {
	if v.g.Ended[l.id] {
		return nil
	}
	passed := l.rounds()
	if v.now.Before(l.end) {
		n, o, due := v.turn(l)
		if due {
			if stop := v.stop(&o, l.run.start); stop != nil {
				return []Lapse{silenced(o, stop)}
			}
		}
		passed = n
	}
	var lapses []Lapse
	var held plan.Code // what keeps an item waiting keeps those behind it waiting
	for n := range passed {
		endless := l.slot.Loops < 0 && n >= len(l.bodies)
		if endless && len(v.g.At) == 0 || !l.start(n).Before(l.end) {
			break
		}
		again := n >= len(l.bodies) && l.bodies[n%len(l.bodies)].err != nil
		v.buf = l.append(v.buf[:0], n)
		told := v.g.Missed[string(v.buf)]
		if again || told || l.bodies[n%len(l.bodies)].seen || v.ended(l, n) || endless && !v.interrupted(l, n) {
			continue
		}
		lapse := v.lapse(l, n)
		switch {
		case lapse.Result == plan.Refused && lapse.Err == nil, lapse.Result == plan.Partial:
			held = lapse.Code
		case lapse.Result == plan.Preempted && lapse.At == 0 && held != plan.Accepted:
			lapse.Result, lapse.Code = plan.Refused, held
		}
		lapses = append(lapses, lapse)
	}
	return lapses
}

func (v *view) interrupted(l *timeline, n int) bool {
	v.buf = l.append(v.buf[:0], n)
	return v.g.At[string(v.buf)] > 0
}

// lapse says why item n did not sound.
func (v *view) lapse(l *timeline, n int) Lapse {
	o := v.occurrence(l, n)
	o.At = v.g.At[o.ID]
	lapse := Lapse{Occurrence: o, Result: plan.Preempted, Code: plan.Priority, Ends: o.ID}
	refused, wasRefused := v.g.Refused[o.ID]
	switch {
	case o.At > 0 && wasRefused:
		lapse.Result, lapse.Code = plan.Partial, refused
	case o.At > 0:
	case wasRefused:
		lapse.Result, lapse.Code = plan.Refused, refused
	case n < v.joined(l) || !l.end.After(v.since):
		lapse.Result, lapse.Code = plan.Missed, plan.Accepted
	case o.Err != nil:
		lapse.Result, lapse.Code = plan.Refused, o.Err.Code
	}
	return lapse
}
