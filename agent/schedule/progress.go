package schedule

import (
	"strings"
	"time"

	"loa/agent/plan"
)

// Series is what o has in common with what follows it: the slot of an item, the
// alert of a round, an act's own ID. Progress.Last is kept by it, and ending it
// ends all of it.
func Series(o *plan.Occurrence) string {
	if o.Slot != "" {
		return o.Slot
	}
	if o.By.Kind == plan.KindAlert {
		return o.ID[:strings.LastIndexByte(o.ID, '/')]
	}
	return o.ID
}

// ItemID is the part of an occurrence's ID that is the same in all loops of its
// slot. Marking it as ended keeps an item that was refused for good from being
// tried again in the next loop.
func ItemID(id string) string {
	slot, item, ok := cutSlot(id)
	if !ok {
		return id
	}
	if i := strings.IndexByte(item, '/'); i >= 0 {
		return slot + "/" + item[:i]
	}
	return id
}

// cutSlot cuts the ID of a slot's item after the name of the slot.
func cutSlot(id string) (slot, item string, ok bool) {
	at := strings.IndexByte(id, '@')
	if at < 0 || !strings.Contains(id[:at], "/"+string(plan.KindSchedule)+"/") {
		return "", "", false
	}
	i := strings.IndexByte(id[at:], '/')
	if i < 0 {
		return "", "", false
	}
	return id[:at+i], id[at+i+1:], true
}

// NewProgress is the progress of a run of the agent that begins now.
func NewProgress(now time.Time) plan.Progress {
	return plan.Progress{
		Since:   now,
		Ended:   make(map[string]bool),
		At:      make(map[string]time.Duration),
		Last:    make(map[string]time.Time),
		Missed:  make(map[string]bool),
		Refused: make(map[string]plan.Code),
	}
}

// Begin notes that o has the speaker. What refused it before does so no more.
func Begin(g *plan.Progress, o *plan.Occurrence) {
	g.Sounding = o.ID
	delete(g.Refused, o.ID)
}

// End notes that o came to its end at now and is not to sound again.
func End(g *plan.Progress, o *plan.Occurrence, now time.Time) {
	done(g, o.ID)
	g.Last[Series(o)] = now
}

// Interrupt notes that o lost the speaker when it had come to at. What lost it in
// its first instant begins anew.
func Interrupt(g *plan.Progress, o *plan.Occurrence, at time.Duration) {
	if g.Sounding == o.ID {
		g.Sounding = ""
	}
	if at > 0 {
		g.At[o.ID] = at
	}
}

// Strike notes that o was refused for good, in this loop and in all others.
func Strike(g *plan.Progress, o *plan.Occurrence) {
	done(g, o.ID)
	g.Ended[ItemID(o.ID)] = true
}

// Close notes that a lapse was written down. What it names is over, but for what
// was missed: that the clock has passed it does not bar it, should the clock turn
// out to have been ahead.
func Close(g *plan.Progress, l *Lapse) {
	if l.Result == plan.Missed {
		g.Missed[l.ID] = true
		return
	}
	done(g, l.ID)
	g.Ended[l.Ends] = true
}

func done(g *plan.Progress, id string) {
	g.Ended[id] = true
	delete(g.At, id)
	delete(g.Refused, id)
	if g.Sounding == id {
		g.Sounding = ""
	}
}

// Forget drops what can no longer matter: of slots that started before the day
// of before, and of acts and alerts that the plan does not hold any more. before
// must be earlier than the clock can ever be set back to. Of the alerts named in
// hidden, as SET/ALERT, nothing is dropped: they may yet be in the plan again.
func Forget(g *plan.Progress, p *plan.Plan, before time.Time, hidden ...string) {
	keep := newKeeper(p, before)
	for _, name := range hidden {
		keep.here[name] = true
	}
	for id := range g.Ended {
		if !keep.holds(id) {
			delete(g.Ended, id)
		}
	}
	for id := range g.At {
		if !keep.holds(id) {
			delete(g.At, id)
		}
	}
	for id, at := range g.Last {
		// An alarm that was cleared may still be taken back.
		if !keep.holds(id) && !(isAlarm(id) && at.After(before)) {
			delete(g.Last, id)
		}
	}
	for id := range g.Missed {
		if !keep.holds(id) {
			delete(g.Missed, id)
		}
	}
	for id := range g.Refused {
		if !keep.holds(id) {
			delete(g.Refused, id)
		}
	}
}

// A keeper knows what to remember.
type keeper struct {
	before string // date
	here   map[string]bool
}

func newKeeper(p *plan.Plan, before time.Time) keeper {
	k := keeper{
		before: plan.DateOf(before, time.UTC).String(),
		here:   make(map[string]bool),
	}
	for i := range p.Acts {
		k.here[ActID(&p.Acts[i].Head)] = true
	}
	for _, set := range p.Alerts {
		for i := range set.Alerts {
			k.here[set.Key().String()+"/"+set.Alerts[i].ID] = true
		}
		for i := range set.Retracted {
			k.here[set.Key().String()+"/"+set.Retracted[i].ID] = true
		}
	}
	return k
}

func (k *keeper) holds(id string) bool {
	name, rest, dated := strings.Cut(id, "@")
	if !dated || !strings.Contains(name, "/"+string(plan.KindSchedule)+"/") {
		return k.here[name]
	}
	return len(rest) >= len(k.before) && rest[:len(k.before)] >= k.before
}
