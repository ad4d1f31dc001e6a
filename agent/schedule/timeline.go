package schedule

import (
	"strconv"
	"time"

	"loa/agent/plan"
)

// loopLeast is the least time a loop takes. Items that all fail at once must not
// be tried a thousand times a second.
const loopLeast = time.Second

// A timeline is a run's items where they would stand if nothing came between.
// Items are counted over all loops: n is item n%len(bodies) of loop n/len(bodies).
type timeline struct {
	run
	id     string
	bodies []body
	offset []time.Duration // of the items in a loop; one more: where they end
	group  int             // with stagger, whether this box speaks first or second
}

func (v *view) timeline(r *run) *timeline {
	gap := time.Duration(r.slot.GapS) * time.Second
	l := &timeline{
		run:    *r,
		id:     r.id(),
		bodies: make([]body, len(r.slot.Items)),
		offset: make([]time.Duration, len(r.slot.Items)+1),
	}
	if set := v.p.Want.Settings; r.slot.Stagger && set != nil {
		l.group = set.StaggerGroup
	}
	for i := range r.slot.Items {
		b := v.body(&r.slot.Items[i], r.schedule.Place, gap)
		v.admit(&b, r.slot.Drill)
		takes := time.Duration(0) // what cannot sound takes no time
		if b.err == nil && !b.seen {
			takes = b.length + gap
			if b.length == 0 {
				takes = r.end.Sub(r.start) // to the end of the slot
			}
		}
		l.bodies[i], l.offset[i+1] = b, l.offset[i]+takes
	}
	return l
}

// admit says whether a slot may play b, and makes a drill of it where it is one.
func (v *view) admit(b *body, drill plan.Rehearse) {
	switch {
	case b.err != nil:
	case b.class == plan.Emergency || b.class == plan.Drill && drill == "":
		b.err = refuse(plan.WrongClass, "a schedule never plays %s: send it as an alert or an act", b.class)
	case drill == "":
	case b.class != plan.Drill:
		b.err = refuse(plan.WrongClass, "the slot is a drill, and this is %s", b.class)
	default:
		b.drill(v)
		if drill == plan.Soundless {
			// Nobody is to notice it: it waits for whatever sounds, and is not shown.
			b.silent, b.class, b.title = true, plan.Test, "diễn tập không tiếng: "+b.title
			b.pages, b.ticker = nil, ""
		}
	}
}

// loop is how long a loop takes: the items once round, and with stagger as long again,
// in which the boxes of the other group have them.
func (l *timeline) loop() time.Duration {
	if l.slot.Stagger {
		return 2 * l.once()
	}
	return l.once()
}

// once is how long the items take once round.
func (l *timeline) once() time.Duration { return max(loopLeast, l.offset[len(l.bodies)]) }

// begins is how far into the run a loop may begin. Without stagger it does when the one
// before has ended, however short that was.
func (l *timeline) begins(loop int) time.Duration {
	if l.slot.Stagger {
		return time.Duration(loop)*l.loop() + time.Duration(l.group)*l.once()
	}
	return time.Duration(loop) * loopLeast
}

// rounds is how many items the run has over all loops.
func (l *timeline) rounds() int {
	loops := l.slot.Loops
	switch {
	case l.offset[len(l.bodies)] == 0:
		loops = 1 // nothing can sound: say so once
	case loops < 0:
		// Items may turn out shorter than their documents say.
		loops = int(l.end.Sub(l.run.start)/loopLeast) + 1
	case loops == 0:
		loops = 1
	}
	return loops * len(l.bodies)
}

// at is how far into the run item n stands.
func (l *timeline) at(n int) time.Duration {
	return time.Duration(n/len(l.bodies))*l.loop() + time.Duration(l.group)*l.once() + l.offset[n%len(l.bodies)]
}

// start is when item n would start.
func (l *timeline) start(n int) time.Time { return l.run.start.Add(l.at(n)) }

// first is the first item that has not passed when the run is at elapsed.
func (l *timeline) first(elapsed time.Duration) int {
	if elapsed <= 0 || len(l.bodies) == 0 {
		return 0
	}
	n := int(elapsed/l.loop()) * len(l.bodies)
	for range l.bodies {
		if b := &l.bodies[n%len(l.bodies)]; b.err == nil && !b.seen && (b.length == 0 || l.at(n)+b.length > elapsed) {
			break
		}
		n++
	}
	return n
}

// append writes the ID of item n: "…/0", and "…/0/2" in the third of several loops.
func (l *timeline) append(b []byte, n int) []byte {
	b = l.appendItem(b, n)
	if l.slot.Loops != 0 && l.slot.Loops != 1 {
		b = append(b, '/')
		b = strconv.AppendInt(b, int64(n/len(l.bodies)), 10)
	}
	return b
}

// appendItem writes what the IDs of an item have in common over all loops.
func (l *timeline) appendItem(b []byte, n int) []byte {
	b = append(b, l.id...)
	b = append(b, '/')
	return strconv.AppendInt(b, int64(n%len(l.bodies)), 10)
}

// occurrence is item n as it is planned.
func (v *view) occurrence(l *timeline, n int) plan.Occurrence {
	b := &l.bodies[n%len(l.bodies)]
	o := plan.Occurrence{
		ID:       string(l.append(nil, n)),
		Slot:     l.id,
		Start:    l.start(n),
		End:      l.end,
		Volume:   l.slot.VolumePercent,
		Together: l.slot.StartAt && !b.relay,
	}
	if set := v.p.Want.Settings; o.Together && set != nil {
		o.Delay = time.Duration(set.DelayMS) * time.Millisecond
	}
	v.sign(&o, &l.schedule.Head)
	b.fill(&o)
	o.Rank = v.ranks[o.Item]
	// A live programme is over when it is over, however late it began here.
	if over := o.Start.Add(b.length); b.relay && b.length > 0 && o.End.After(over) {
		o.End = over
	}
	return o
}
