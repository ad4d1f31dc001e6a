package ahead_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"loa/agent/arbiter"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
	"loa/agent/sound"
)

func TestMain(m *testing.M) {
	gong, _ = sound.ChimeLength("gong")
	twoTone, _ = sound.ChimeLength("two-tone")
	m.Run()
}

// An undisturbed year: every occurrence is heard once, in full, to the instant,
// and nothing else is.
func TestSimulatedYear(t *testing.T) {
	b := newBox(t, richPlan())
	b.live(nil)
	wants := expected()
	for _, w := range wants {
		h := b.heard[w.id]
		switch {
		case h == nil:
			b.missed++
			b.wrong("%s was never heard", w.id)
		case h.total > w.length || h.turns != 1:
			b.doubled++
			b.wrong("%s: heard for %v of %v in %d turns", w.id, h.total, w.length, h.turns)
		case !h.first.Equal(w.start) || h.total != w.length || !h.ended:
			b.wrong("%s: first heard %v for %v, ended %v; want %v for %v", w.id, h.first.In(zone), h.total, h.ended, w.start, w.length)
		}
		delete(b.heard, w.id)
	}
	for id, h := range b.heard {
		b.wrong("%s was heard at %v and is in no programme", id, h.first.In(zone))
	}
	for id, l := range b.lapsed {
		b.wrong("%s is said to be %s", id, l.Result)
	}
	t.Logf("%d occurrences, %d missed, %d doubled, %d decisions", len(wants), b.missed, b.doubled, b.decisions)
}

// A disturbed year: emergencies, acts, mutes, power cuts, a clock that jumps
// both ways, and a month in which nothing arrives. What lies in an undisturbed
// slot is heard as always; nothing is heard twice; of everything else the box
// can say what became of it.
func TestDisturbedYear(t *testing.T) {
	years := uint64(24)
	if os.Getenv("LOA_RUNNER") != "" { // an emulator, twenty times slower
		years = 2
	}
	for seed := range years {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, richPlan())
			events := disturbances(rand.New(rand.NewPCG(seed, 5)))
			b.live(events)
			b.judge(expected())
		})
	}
}

// A year must not leave more behind than a month.
func TestYearLeavesNothingBehind(t *testing.T) {
	b := newBox(t, richPlan())
	b.forgetful = true
	b.live(disturbances(rand.New(rand.NewPCG(99, 5))))
	early, late := b.memory[1], b.memory[len(b.memory)-1]
	if late > early+early/4+1<<20 {
		t.Errorf("%d kB in use after two months, %d kB after %d", early>>10, late>>10, len(b.memory))
	}
	t.Logf("%d kB in use after two months, %d kB after %d", early>>10, late>>10, len(b.memory))
}

// A box is a toy station with a toy player, driven by the real decisions.
type box struct {
	t         *testing.T
	p         *plan.Plan
	policies  []plan.Policy
	g         plan.Progress
	u         policy.Usage
	real      time.Time     // what time it is
	err       time.Duration // what the box's clock is off
	asked     time.Time     // up to when lapses were asked for, on the box's clock
	playing   *plan.Occurrence
	began     time.Time // of the turn, real
	turns     []policy.Use
	heard     map[string]*hearing
	lapsed    map[string]schedule.Lapse
	refused   map[string]plan.Code
	troubles  []trouble
	decisions int
	missed    int      // planned, and neither heard nor accounted for
	doubled   int      // heard for longer than they are
	wrongs    int      // that were found
	forgetful bool     // keeps no record of what was heard
	memory    []uint64 // bytes in use, month by month
}

// A hearing is how an occurrence was heard.
type hearing struct {
	o     plan.Occurrence
	first time.Time // on the box's clock
	total time.Duration
	turns int
	ended bool
}

// A trouble is a stretch of the box's time in which the programme may suffer.
type trouble struct {
	from, to time.Time
	what     string
}

// An event happens to a box at a moment of real time.
type event struct {
	at   time.Time
	what string
	do   func(*box)
}

func newBox(t *testing.T, p *plan.Plan) *box {
	b := &box{
		t: t, p: p, real: first, asked: first,
		heard: map[string]*hearing{}, lapsed: map[string]schedule.Lapse{}, refused: map[string]plan.Code{},
	}
	for _, law := range p.Policies {
		b.policies = append(b.policies, law)
	}
	b.boot()
	return b
}

func (b *box) now() time.Time { return b.real.Add(b.err) }

// boot starts a run of the agent: what ended is read from the ledger, all else is forgotten.
func (b *box) boot() {
	ended := b.g.Ended
	b.g = schedule.NewProgress(b.now())
	if ended != nil {
		b.g.Ended = ended
	}
	b.u = policy.Usage{}
	for _, x := range b.turns {
		b.u.Add(x)
	}
	b.stepped()
}

// stepped is what the box does when its clock has jumped.
func (b *box) stepped() {
	b.g.Since = b.now()
	if b.asked.After(b.now()) {
		b.asked = b.now()
	}
	b.lapses()
}

// live lets the year pass.
func (b *box) live(events []event) {
	month := first
	for b.real.Before(last) {
		next := last
		if len(events) > 0 {
			next = events[0].at
		}
		b.until(next)
		if len(events) > 0 {
			e := events[0]
			events = events[1:]
			e.do(b)
		}
		if b.forgetful && b.real.After(month) {
			month = b.real.AddDate(0, 1, 0)
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			b.memory = append(b.memory, m.HeapAlloc)
		}
	}
	b.interrupt()
	b.lapses()
}

// until lets time pass up to a moment of real time.
func (b *box) until(end time.Time) {
	for b.real.Before(end) {
		next := b.decide()
		if due := b.real.Add(next.Sub(b.now())); due.Before(end) {
			b.real = due
		} else {
			b.real = end
		}
		b.finish()
		if b.now().Sub(b.asked) >= 30*time.Minute {
			b.lapses()
		}
	}
}

// decide makes sound what is due, allowed and first, and says when to ask again.
func (b *box) decide() time.Time {
	b.decisions++
	now := b.now()
	b.forgetActs(now)
	b.u.Box = policy.BoxOf(b.p)
	var allowed []plan.Occurrence
	var until time.Time
	for struck := true; struck; {
		struck = false
		var due []plan.Occurrence
		due, until = schedule.Due(b.p, b.g, now)
		allowed = allowed[:0]
		for _, o := range due {
			v := policy.Allow(b.policies, b.u, o, now)
			if v.Until.Before(until) {
				until = v.Until
			}
			switch {
			case v.Code == plan.Accepted:
				allowed = append(allowed, o)
			case v.Final:
				b.refused[o.ID] = v.Code
				schedule.Strike(&b.g, &o)
				struck = true
			default:
				b.refused[o.ID] = v.Code
				b.g.Refused[o.ID] = v.Code
			}
		}
	}
	holder, _ := arbiter.Choose(allowed)
	b.give(holder)
	b.check(allowed, now)
	if b.playing != nil {
		if end := b.end(); end.Before(until) {
			until = end
		}
	}
	if !until.After(now) {
		b.t.Fatalf("at %v the answer holds until %v", now, until)
	}
	return until
}

func (b *box) give(holder *plan.Occurrence) {
	if holder == nil {
		b.interrupt()
		return
	}
	if b.playing != nil && b.playing.ID == holder.ID {
		return
	}
	b.interrupt()
	o := *holder
	b.playing, b.began = &o, b.real
	schedule.Begin(&b.g, &o)
	b.u.Begin(o, b.now())
	h := b.heard[o.ID]
	if h == nil {
		h = &hearing{o: o, first: b.now()}
		b.heard[o.ID] = h
	}
	if h.ended {
		b.t.Fatalf("%s ended and sounds again at %v", o.ID, b.now())
	}
	h.turns++
}

// end is when what plays is over, on the box's clock.
func (b *box) end() time.Time {
	o := b.playing
	end := o.End
	if o.Length > 0 {
		if full := b.began.Add(b.err + o.Length - o.At); full.Before(end) {
			end = full
		}
	}
	return end
}

// finish ends what plays when its time has come.
func (b *box) finish() {
	if b.playing == nil || b.now().Before(b.end()) {
		return
	}
	o := *b.playing
	b.silence()
	b.heard[o.ID].ended = true
	if b.forgetful {
		clear(b.heard)
		clear(b.lapsed)
		clear(b.refused)
		b.troubles = nil
	}
	schedule.End(&b.g, &o, b.now())
}

func (b *box) interrupt() {
	if b.playing == nil {
		return
	}
	o := *b.playing
	schedule.Interrupt(&b.g, &o, o.At+b.real.Sub(b.began))
	b.silence()
}

// silence ends the turn and writes it down.
func (b *box) silence() {
	o := b.playing
	b.heard[o.ID].total += b.real.Sub(b.began)
	b.turns = append(b.turns, policy.UseOf(*o, b.began.Add(b.err), b.real.Sub(b.began)))
	if n := len(b.turns); n > 500 {
		b.turns = slices.Clone(b.turns[n-300:])
	}
	b.u.End(b.now())
	b.playing = nil
}

// lapses writes down what can no longer sound.
func (b *box) lapses() {
	for _, l := range schedule.Missed(b.p, b.g, b.asked, b.now()) {
		b.lapsed[l.ID] = l
		schedule.Close(&b.g, &l)
	}
	b.asked = b.now()
	schedule.Forget(&b.g, b.p, b.now().AddDate(0, 0, -8))
}

func (b *box) forgetActs(now time.Time) {
	b.p.Acts = slices.DeleteFunc(b.p.Acts, func(a plan.Act) bool {
		until := a.Until
		if a.Kind == plan.KindMute {
			until = a.MuteUntil
		}
		return !now.Before(until)
	})
}

// check holds what sounds against the rules, without asking those who decided.
func (b *box) check(allowed []plan.Occurrence, now time.Time) {
	if b.playing == nil {
		if len(allowed) > 0 {
			b.t.Fatalf("silence at %v, though %s may sound", now, allowed[0].ID)
		}
		return
	}
	o := b.playing
	order := []plan.Class{plan.Emergency, plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test}
	for i := range allowed {
		other := &allowed[i]
		mine, theirs := slices.Index(order, o.Class), slices.Index(order, other.Class)
		if theirs < mine {
			b.t.Fatalf("%s sounds at %v while %s of class %s may", o.ID, now, other.ID, other.Class)
		}
		if theirs == mine && o.Class == plan.Emergency && other.Width > o.Width {
			b.t.Fatalf("%s sounds at %v while the wider %s may", o.ID, now, other.ID)
		}
	}
	clock := now.In(zone).Format("15:04:05")
	if o.Class != plan.Emergency && clock >= "01:00:00" && clock < "05:00:00" {
		b.t.Fatalf("%s sounds at %s, in the quiet hours", o.ID, clock)
	}
	if !now.Before(o.End) {
		b.t.Fatalf("%s sounds at %v and was to end at %v", o.ID, now, o.End)
	}
	for _, a := range b.p.Acts {
		if a.Kind == plan.KindMute && o.Class != plan.Emergency && now.Before(a.MuteUntil) {
			b.t.Fatalf("%s sounds at %v through a mute", o.ID, now)
		}
	}
}

// wrong says what the year did not keep, the first few times.
func (b *box) wrong(format string, a ...any) {
	b.t.Helper()
	if b.wrongs++; b.wrongs > 10 {
		b.t.Fail()
		return
	}
	b.t.Errorf(format, a...)
}

// judge compares the year with what was expected of it.
func (b *box) judge(wants []want) {
	t := b.t
	whole, disturbed, resumed, tally := 0, 0, 0, map[plan.Result]int{}
	for _, w := range wants {
		h, lapse := b.heard[w.id], b.lapsed[w.id]
		troubles := b.troublesOf(w)
		// A restart forgets where an item stopped and joins the timeline; only a
		// clock that goes back as well leads through the same minute again.
		if again := slices.Contains(troubles, powerCut) && slices.Contains(troubles, clockBack); h != nil && h.total > w.length && !again {
			b.doubled++
			b.wrong("%s was heard for %v of %v, in %v", w.id, h.total, w.length, troubles)
		}
		if len(troubles) > 0 {
			disturbed++
			switch {
			case h != nil && h.ended:
				if h.turns > 1 && h.total == w.length {
					resumed++
				}
			case lapse.ID != "":
				tally[lapse.Result]++
			case h == nil && !w.again:
				b.missed++
				b.wrong("%s vanished in %v", w.id, troubles)
			}
			continue
		}
		whole++
		if h == nil || !h.ended || h.total != w.length || !h.first.Equal(w.start) {
			if h == nil || h.total < w.length {
				b.missed++
			}
			b.wrong("%s lies in no trouble and was heard as %+v; want %v at %v (lapse %q)", w.id, h, w.length, w.start, lapse.Result)
		}
	}
	t.Logf("%d undisturbed, %d disturbed, %d missed, %d doubled: %d heard in full after an interruption, lapses %v; %d decisions", whole, disturbed, b.missed, b.doubled, resumed, tally, b.decisions)
	if whole < 3000 || disturbed < 300 || resumed < 10 || tally[plan.Missed] < 10 || tally[plan.Preempted] < 5 {
		t.Error("the year is not what it should be: too much or too little trouble")
	}
	for id, h := range b.heard {
		// A power cut makes an alert's round or an act begin anew; nothing else may.
		if h.o.Slot == "" && h.o.Length > 0 && h.total > h.o.Length && !b.cutAfter(h.first) {
			t.Errorf("%s was heard for %v of %v", id, h.total, h.o.Length)
		}
	}
	// A box that lives for years must not remember everything.
	if n := len(b.g.Ended) + len(b.g.At) + len(b.g.Last) + len(b.g.Missed) + len(b.g.Refused); n > 9*60 {
		t.Errorf("%d occurrences are remembered", n)
	}
}

// troublesOf is what disturbed the slot of w.
func (b *box) troublesOf(w want) (what []string) {
	for _, x := range b.troubles {
		// Noon's programmes lean on one another.
		if x.from.Before(w.slotEnd.Add(15*time.Minute)) && x.to.After(w.slot.Add(-15*time.Minute)) {
			what = append(what, x.what)
		}
	}
	return what
}

// cutAfter reports whether the power failed within an hour of t.
func (b *box) cutAfter(t time.Time) bool {
	return slices.ContainsFunc(b.troubles, func(x trouble) bool {
		return x.what == powerCut && !x.from.Before(t) && x.from.Before(t.Add(time.Hour))
	})
}
