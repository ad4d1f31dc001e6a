// Package ahead says what will sound and what a board will show in a stretch of time,
// and what will be refused, by the same functions that decide on the box.
package ahead

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/agent/arbiter"
	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// A Line is one stretch of sound, one of a board, or one thing that will not be heard
// or seen as asked.
type Line struct {
	At         time.Time
	Until      time.Time // a refusal: when it is lifted, or nothing is left to refuse; At if it is for good
	Occurrence plan.Occurrence
	Sounds     bool
	Shows      bool // on the board, until it is over or something else has it
	Times      int  // when it shows, how often it comes on: items of a slot go round
	Volume     int  // percent, when it sounds
	// Code is why it will not sound, or, when it sounds, why it stops before its
	// end: priority when something higher takes the speaker. It is empty for what
	// sounds to its end, or to its slot's end.
	Code    plan.Code
	Left    time.Duration // when it sounds, how much of it is not heard in this stretch
	Why, VI string        // of Code, in English and Vietnamese
}

// Run is what the plan comes to in [from, to), for a box that has played nothing
// of it yet, is sure of the time and has every recording: a slot that is open at
// from is joined where its timeline stands. Lines are in order of time. u is the
// air time that was used, and how the box stands; it is not changed.
//
// Alerts and acts are those of now; what may still be sent is not known.
func Run(p plan.Plan, u policy.Usage, from, to time.Time) []Line {
	return Continue(p, Fresh(u, from), from, to)
}

// Fresh is the state of such a box. It has no board.
func Fresh(u policy.Usage, from time.Time) State {
	return State{Progress: schedule.NewProgress(from), Usage: u, Clock: clock.Signed}
}

// Continue is like Run for a box as it stands. What it has at hand and how sure it
// is of the time may become more; what is said is what comes about if it does not.
func Continue(p plan.Plan, s State, from, to time.Time) []Line {
	d := dryRun{
		p: &p, g: clone(s.Progress), u: s.Usage.Clone(), level: s.Clock, missing: s.Missing, toned: make(map[string]bool),
		now: from, from: from, open: -1,
		seenOnly: s.SeenOnly, board: boardRun{there: s.Board},
		said: make(map[string]plan.Code), barred: make(map[string]int), held: make(map[string]policy.Verdict),
	}
	maps.Copy(d.toned, s.Toned)
	for _, k := range slices.SortedFunc(maps.Keys(p.Policies), byName) {
		d.policies = append(d.policies, p.Policies[k])
	}
	d.goOn()
	for d.now.Before(to) {
		d.step(to)
	}
	d.close(to, plan.Accepted)
	d.turnTo(nil, to)
	if !d.seenOnly {
		d.lapses(to)
	}
	slices.SortStableFunc(d.lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return d.lines
}

func byName(a, b plan.Key) int { return cmp.Compare(a.String(), b.String()) }

func clone(g plan.Progress) plan.Progress {
	c := schedule.NewProgress(g.Since)
	maps.Copy(c.Ended, g.Ended)
	maps.Copy(c.At, g.At)
	maps.Copy(c.Last, g.Last)
	maps.Copy(c.Missed, g.Missed)
	maps.Copy(c.Refused, g.Refused)
	c.Sounding = g.Sounding
	return c
}

// A dryRun is a box whose time passes as fast as it can decide.
type dryRun struct {
	p        *plan.Plan
	policies []plan.Policy
	g        plan.Progress
	u        policy.Usage
	level    clock.Level
	missing  map[string]plan.Code
	toned    map[string]bool
	from     time.Time
	now      time.Time
	lines    []Line
	seenOnly bool
	board    boardRun
	open     int // the line that sounds; -1: none
	said     map[string]plan.Code
	barred   map[string]int            // the lines of what is refused for now, by ID
	held     map[string]policy.Verdict // what keeps a slot waiting, by its name
	allowed  []plan.Occurrence
	verdicts map[string]policy.Verdict // of allowed
}

// step decides at d.now and goes on to the next moment at which something changes.
func (d *dryRun) step(to time.Time) {
	next := to
	if !d.seenOnly {
		next = d.judge()
	}
	holder, waiting := arbiter.Choose(d.allowed)
	d.conflicts(holder, waiting)
	d.give(holder)
	if to.Before(next) {
		next = to
	}
	ends := false
	if holder != nil {
		if end := d.end(); !end.After(next) {
			next, ends = end, true
		}
	}
	d.watch(next)
	if ends {
		d.finish(next)
	}
	if !next.After(d.now) {
		next = d.now.Add(time.Millisecond) // an item without length: time must pass
	}
	d.now = next
}

// judge asks schedule and policy until nothing new is refused for good, and
// returns when to ask again.
func (d *dryRun) judge() (next time.Time) {
	for {
		due, until := schedule.Due(d.p, d.g, d.now)
		next, d.allowed = until, d.allowed[:0]
		d.verdicts = make(map[string]policy.Verdict, len(due))
		d.over(due)
		struck := false
		for _, o := range due {
			v := d.allow(&o)
			if v.Until.Before(next) {
				next = v.Until
			}
			if v.Code == plan.Accepted {
				d.allowed = append(d.allowed, o)
				d.verdicts[o.ID] = v
				delete(d.barred, o.ID)
				continue
			}
			d.refuse(o, v)
			if v.Final {
				schedule.Strike(&d.g, &o)
				struck = true
			}
		}
		if !struck {
			return next
		}
	}
}

// over ends the refusals of what is not due any more: an act has outlived its
// time long before the quiet hours end.
func (d *dryRun) over(due []plan.Occurrence) {
	for id, i := range d.barred {
		if !slices.ContainsFunc(due, func(o plan.Occurrence) bool { return o.ID == id }) {
			d.lines[i].Until = d.now
			delete(d.barred, id)
		}
	}
}

// refuse says once that o may not sound, or cuts it if it does.
func (d *dryRun) refuse(o plan.Occurrence, v policy.Verdict) {
	if d.open >= 0 && d.lines[d.open].Occurrence.ID == o.ID {
		d.lines[d.open].Why, d.lines[d.open].VI = v.Why, v.VI
		d.close(d.now, v.Code)
		d.said[o.ID] = v.Code
		return
	}
	if d.said[o.ID] == v.Code {
		if i, ok := d.barred[o.ID]; ok && !v.Final {
			d.lines[i].Until = v.Until
		}
		return
	}
	d.said[o.ID] = v.Code
	l := Line{At: d.now, Until: d.now, Occurrence: o, Code: v.Code, Why: v.Why, VI: v.VI}
	if !v.Final {
		l.Until = v.Until
		d.g.Refused[o.ID] = v.Code
		d.barred[o.ID] = len(d.lines)
		if o.Slot != "" {
			d.held[o.Slot] = v
		}
	}
	d.lines = append(d.lines, l)
}

// give lets holder sound instead of what sounds now.
func (d *dryRun) give(holder *plan.Occurrence) {
	if holder == nil {
		d.close(d.now, plan.Accepted)
		return
	}
	if d.open >= 0 && d.lines[d.open].Occurrence.ID == holder.ID {
		return
	}
	d.close(d.now, plan.Priority)
	d.open = len(d.lines)
	d.lines = append(d.lines, Line{
		At: d.now, Occurrence: *holder, Sounds: true, Volume: d.verdicts[holder.ID].VolumePercent,
	})
	schedule.Begin(&d.g, holder)
	d.u.Begin(*holder, d.now)
}

// end is when what sounds now has sounded to its end.
func (d *dryRun) end() time.Time {
	l := &d.lines[d.open]
	o := &l.Occurrence
	if o.Length == 0 {
		return o.End
	}
	if end := l.At.Add(o.Length - o.At - d.silent(o)); end.Before(o.End) {
		return end
	}
	return o.End
}

// finish ends what sounds, for good.
func (d *dryRun) finish(end time.Time) {
	l := &d.lines[d.open]
	l.Until, l.Left = end, left(l, end)
	wordless := d.tonesFirst(&l.Occurrence)
	if wordless {
		l.Code = plan.MediaMissing
		l.Why, l.VI = "its words are not on the box", "chưa có bản ghi lời trong máy"
	}
	if wordless && !l.Occurrence.Spoken() {
		d.toned[l.Occurrence.ID], d.said[l.Occurrence.ID] = true, plan.MediaMissing
		d.g.Sounding = ""
	} else {
		schedule.End(&d.g, &l.Occurrence, end)
	}
	d.u.End(end)
	d.open = -1
}

// close interrupts what sounds.
func (d *dryRun) close(at time.Time, why plan.Code) {
	if d.open < 0 {
		return
	}
	l := &d.lines[d.open]
	l.Until, l.Left, l.Code = at, left(l, at), why
	if why == plan.Priority {
		l.Why, l.VI = "something of a higher order takes the speaker", "nhường loa cho nội dung ưu tiên hơn"
	}
	schedule.Interrupt(&d.g, &l.Occurrence, l.Occurrence.At+at.Sub(l.At))
	d.u.End(at)
	d.open = -1
}

func left(l *Line, at time.Time) time.Duration {
	if l.Occurrence.Length == 0 {
		return 0
	}
	return max(0, l.Occurrence.Length-l.Occurrence.At-at.Sub(l.At))
}

// conflicts says once of each priority bulletin that waits for another, neither
// being in the commune's order: the commune decides, and until it has, the
// earlier planned goes first.
func (d *dryRun) conflicts(holder *plan.Occurrence, waiting []plan.Occurrence) {
	var first *plan.Occurrence
	if holder != nil && undecided(holder) {
		first = holder
	}
	for i := range waiting {
		o := &waiting[i]
		switch {
		case !undecided(o):
		case first == nil:
			first = o
		case o.Item != first.Item && d.said[o.ID] == plan.Accepted:
			d.said[o.ID] = plan.Priority
			d.lines = append(d.lines, Line{
				At: d.now, Until: d.now, Occurrence: *o, Code: plan.Priority,
				Why: fmt.Sprintf("%q and %q have priority at the same time: the commune should say in which order", first.Title, o.Title),
				VI:  fmt.Sprintf("%q và %q cùng là tin ưu tiên vào một lúc: xã cần quyết định thứ tự", first.Title, o.Title),
			})
		}
	}
}

func undecided(o *plan.Occurrence) bool {
	return o.Class == plan.PriorityC && o.Rank == 0 && o.Item.Kind == plan.KindBulletin
}

// lapses says what never has its turn.
func (d *dryRun) lapses(to time.Time) {
	for _, l := range schedule.Missed(d.p, d.g, d.from, to) {
		// What was cut or refused has its line, and what passed before is no news.
		if l.At > 0 || l.Result == plan.Missed || l.Start.Before(d.from) || l.Result == plan.Refused && d.said[l.ID] != plan.Accepted {
			continue
		}
		line := Line{
			At: l.Start, Until: l.Start, Occurrence: l.Occurrence, Code: l.Code,
			Why: "other things have the speaker until its slot ends",
			VI:  "loa bận nội dung khác cho đến hết khung giờ",
		}
		if l.Result == plan.Refused { // by what held back the one before it
			line.Why, line.VI = d.held[l.Slot].Why, d.held[l.Slot].VI
		}
		d.lines = append(d.lines, line)
	}
}
