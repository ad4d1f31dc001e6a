package ahead

import (
	"slices"
	"strings"
	"time"

	"loa/agent/arbiter"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// Unseen is something that may not be seen.
type Unseen struct {
	Occurrence plan.Occurrence
	Verdict    policy.Verdict
}

// Seen is what a board shows at now beside what sounds, in the order of precedence,
// what it may not show, what gives way, and until when that holds. sounds is nil where
// nothing does. What sounds is seen while it does, also when it began late; all alerts
// take turns.
func Seen(p *plan.Plan, policies []plan.Policy, sounds *plan.Occurrence, now time.Time) (shown, waiting []plan.Occurrence, refused []Unseen, until time.Time) {
	due, until := schedule.Shown(p, now)
	if sounds != nil && len(sounds.Pages) > 0 && sounds.By.Kind != plan.KindAlert {
		due = slices.DeleteFunc(due, func(o plan.Occurrence) bool { return o.ID == sounds.ID })
		due = append(due, *sounds)
	}
	allowed := due[:0]
	for _, o := range due {
		v := policy.Seen(policies, o, now)
		if v.Until.Before(until) {
			until = v.Until
		}
		if v.Code != plan.Accepted {
			refused = append(refused, Unseen{o, v})
			continue
		}
		allowed = append(allowed, o)
	}
	shown, waiting = arbiter.Panel(allowed, func(o *plan.Occurrence) bool {
		return sounds != nil && (o.ID == sounds.ID || schedule.SameAlert(sounds, o))
	})
	return shown, waiting, refused, until
}

// A boardRun is the board of a dry run.
type boardRun struct {
	there  bool
	ids    string         // of what is on
	on     []int          // its lines
	series map[string]int // the line of each item that goes round
	group  string         // the slot that goes round, or what else is on
}

// watch says what the board shows from now on until something else has the speaker.
func (d *dryRun) watch(until time.Time) {
	if !d.board.there {
		return
	}
	var sounds *plan.Occurrence
	if d.open >= 0 {
		o := d.lines[d.open].Occurrence
		sounds = &o
	}
	for at := d.now; at.Before(until); {
		shown, _, refused, next := Seen(d.p, d.policies, sounds, at)
		d.turnTo(shown, at)
		for _, u := range refused {
			d.unseen(u, at)
		}
		if !next.After(at) {
			next = at.Add(time.Millisecond)
		}
		at = next
	}
}

// turnTo lets the board show something from at on. What goes round in a slot is one
// line for each item, until something else comes between.
func (d *dryRun) turnTo(shown []plan.Occurrence, at time.Time) {
	b := &d.board
	ids := make([]string, len(shown))
	for i, o := range shown {
		ids[i] = o.ID
	}
	now := strings.Join(ids, "\n")
	if now == b.ids {
		return
	}
	for _, i := range b.on {
		d.lines[i].Until = at
	}
	b.ids, b.on = now, b.on[:0]
	if len(shown) == 0 {
		return
	}
	group := shown[0].Slot
	if group == "" {
		group = now
	}
	if group != b.group {
		b.group = group
		b.series = make(map[string]int)
	}
	for _, o := range shown {
		key := o.Slot + " " + o.Item.String()
		if o.Slot == "" {
			key = o.ID
		}
		i, again := b.series[key]
		if !again {
			i = len(d.lines)
			b.series[key] = i
			d.lines = append(d.lines, Line{At: at, Occurrence: o, Shows: true})
		}
		d.lines[i].Times++
		b.on = append(b.on, i)
	}
}

// unseen says once of something that it may not be seen, unless that is said already
// of its sound.
func (d *dryRun) unseen(u Unseen, at time.Time) {
	id := "board/" + u.Occurrence.ID
	if d.said[id] == u.Verdict.Code || d.said[u.Occurrence.ID] == u.Verdict.Code {
		return
	}
	d.said[id] = u.Verdict.Code
	d.lines = append(d.lines, Line{
		At: at, Until: at, Occurrence: u.Occurrence, Code: u.Verdict.Code, Why: u.Verdict.Why, VI: u.Verdict.VI,
	})
}
