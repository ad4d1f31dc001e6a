package station_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// The oracle reads the ledger of a season as an auditor would, with the programme
// in the other hand. It asks nobody who decided.

// An airing is one turn at the speaker, in true time.
type airing struct {
	ledger.Entry // its start
	from, to     time.Time
	skew         time.Duration
	closed       ledger.Entry
}

func (a *airing) lasted() time.Duration { return a.to.Sub(a.from) }

// A planned is one item of one slot on one day.
type plannedItem struct {
	id        string
	slot      *seasonSlot
	due, from time.Time // from: of the slot
	until     time.Time // of the slot
	length    time.Duration
	day       time.Time
}

type verdicts struct {
	s        *season
	entries  []ledger.Entry
	airings  []*airing
	of       map[string][]*airing
	finals   map[string][]ledger.Entry
	refusals map[string][]ledger.Entry
	tally    map[string]int
	wrong    int
}

func (s *season) judge(first time.Time) {
	if err := s.ledger.Verify(); err != nil {
		s.t.Error(err)
	}
	entries, err := s.ledger.Query(ledger.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	v := &verdicts{
		s: s, entries: entries, of: map[string][]*airing{}, tally: map[string]int{},
		finals: map[string][]ledger.Entry{}, refusals: map[string][]ledger.Entry{},
	}
	v.read()
	v.replays()
	v.stops()
	v.quiet()
	v.caps()
	planned := s.planned(first)
	for _, p := range planned {
		v.item(p)
	}
	for _, id := range s.asked {
		v.act(id)
	}
	s.t.Logf("%d items planned over %d days, %d wrong: %v; %d lives, %d acts, %d turns at the speaker", len(planned), s.days, v.wrong, v.tally, len(s.awake), len(s.asked), len(v.airings))
	if v.tally["heard"] < len(planned)/3 {
		s.t.Error("too much trouble: hardly anything was heard")
	}
}

// planned is the programme of the season, worked out by hand.
func (s *season) planned(first time.Time) (all []plannedItem) {
	midnight := first.In(vietnam).Truncate(24 * time.Hour).Add(-7 * time.Hour)
	last := first.AddDate(0, 0, s.days)
	for day := midnight; day.Before(last); day = day.AddDate(0, 0, 1) {
		for i := range programme {
			p := &programme[i]
			from := p.on(day)
			until := from.Add(time.Duration(p.forS) * time.Second)
			if from.Before(first) || until.After(last) {
				continue
			}
			due := from
			for n, it := range p.items {
				length := time.Duration(it.seconds) * time.Second
				all = append(all, plannedItem{
					id:   fmt.Sprintf("%s/schedule/day/%s@%sT%s/%d", here, p.id, day.In(vietnam).Format(time.DateOnly), p.at, n),
					slot: p, due: due, from: from, until: until, length: length, day: day,
				})
				due = due.Add(length + time.Duration(p.gap)*time.Second)
			}
		}
	}
	return all
}

// true is when an entry was written, by a clock that is always right.
func (v *verdicts) when(e ledger.Entry) (at time.Time, skew time.Duration) {
	for _, m := range v.s.marks {
		if m.seq <= e.Seq {
			skew = m.skew
		}
	}
	return e.Time.Add(-skew), skew
}

const cutOff = "the agent ended while it sounded"

func (v *verdicts) read() {
	open := map[string]*airing{}
	for _, e := range v.entries {
		at, skew := v.when(e)
		switch e.Kind {
		case ledger.Start:
			a := &airing{Entry: e, from: at, skew: skew}
			if old := open[e.ID]; old != nil {
				v.fail("%s begins at %s and had not ended", e.ID, at)
			}
			open[e.ID] = a
			v.airings, v.of[e.ID] = append(v.airings, a), append(v.of[e.ID], a)
		case ledger.Pause, ledger.End:
			if a := open[e.ID]; a != nil {
				a.to, a.closed = at, e
				if e.Detail == cutOff {
					i := slices.IndexFunc(v.s.awake, func(l stretch) bool { return !a.from.After(l.to) })
					a.to = v.s.awake[i].to
				}
				delete(open, e.ID)
			}
			if e.Kind == ledger.End {
				v.finals[e.ID] = append(v.finals[e.ID], e)
			}
		case ledger.Refused:
			v.refusals[e.ID] = append(v.refusals[e.ID], e)
		}
	}
	for id := range open {
		v.fail("%s began and never ended", id)
	}
}

func (v *verdicts) errorf(at time.Time, format string, a ...any) {
	v.fail("%s: %s", at.In(vietnam).Format("01-02 15:04:05"), fmt.Sprintf(format, a...))
}

func (v *verdicts) fail(format string, a ...any) {
	v.wrong++
	v.s.t.Errorf(format, a...)
}

// replays: nothing that ended sounds again, and nothing sounds for longer than it
// is, but for what a slot goes through again when the clock has gone back.
func (v *verdicts) replays() {
	for id, turns := range v.of {
		var end *ledger.Entry
		for i := range v.finals[id] {
			if v.finals[id][i].Result != plan.Missed {
				end = &v.finals[id][i]
				break
			}
		}
		var all time.Duration
		for _, a := range turns {
			all += a.lasted()
			if end != nil && a.Seq > end.Seq {
				v.errorf(a.from, "%s sounds again; it ended as %s %s", id, end.Result, end.Code)
			}
		}
		length := time.Duration(turns[0].PlannedS * float64(time.Second))
		last := turns[len(turns)-1]
		again := turns[0].Slot != "" && v.trouble(turns[0].from, last.to, "clock")
		if turns[0].closed.Code == plan.MediaMissing { // the tone alone, and then with its words
			length += turns[0].lasted()
		}
		if all > length+2*time.Second && !again {
			v.errorf(turns[0].from, "%s sounded for %v of %v, in %d turns", id, all, length, len(turns))
		}
	}
}

// stops: of what was stopped nothing sounds again, nor what stood behind it in its
// slot, nor another round.
func (v *verdicts) stops() {
	series := func(id string) string { return id[:strings.LastIndexByte(id, '/')+1] }
	for id, ends := range v.finals {
		for _, e := range ends {
			if !strings.HasPrefix(e.Detail, "stopped by ") || e.Slot == "" && e.Class != plan.Emergency {
				continue
			}
			for _, a := range v.airings {
				if a.Seq > e.Seq && series(a.ID) == series(id) {
					v.errorf(a.from, "%s sounds, and was %s", a.ID, e.Detail)
				}
			}
		}
	}
}

// quiet: in quiet hours nothing sounds but emergencies.
func (v *verdicts) quiet() {
	from, _ := plan.ParseClock(quietFrom)
	until, _ := plan.ParseClock(quietUntil)
	for _, a := range v.airings {
		if a.Class == plan.Emergency {
			continue
		}
		begin := a.Time.In(vietnam)
		clock := begin.Sub(time.Date(begin.Year(), begin.Month(), begin.Day(), 0, 0, 0, 0, vietnam))
		if clock < until || clock >= from || clock+a.lasted() > from+time.Second {
			v.errorf(a.from, "%s sounds from %s on the box's clock for %v, in quiet hours", a.ID, begin.Format("15:04:05"), a.lasted())
		}
	}
}

// used is how much of a day's air time was used before an entry: truly, and as a
// box counts that does not know when the power went.
func (v *verdicts) used(day string, before int64) (least, most time.Duration) {
	for _, a := range v.airings {
		if a.Class == plan.Emergency || a.Seq >= before || v.dayOf(a) != day {
			continue
		}
		least, most = least+a.lasted(), most+a.lasted()
		if a.closed.Detail == cutOff {
			most += max(0, time.Duration((a.PlannedS-a.AtS)*float64(time.Second))-a.lasted())
		}
	}
	return least, most
}

// dayOf is the day on which a turn counts.
func (v *verdicts) dayOf(a *airing) string {
	if _, date, ok := strings.Cut(a.Slot, "@"); ok {
		return date[:len(time.DateOnly)]
	}
	return a.Time.In(vietnam).Format(time.DateOnly)
}

// caps: no day has more sound than the law allows.
func (v *verdicts) caps() {
	days := map[string]bool{}
	for _, a := range v.airings {
		days[v.dayOf(a)] = true
	}
	for day := range days {
		if least, _ := v.used(day, 1<<62); least > time.Duration(dayCap+1)*time.Second {
			v.fail("%s: %v sounded, the law allows %d s", day, least, dayCap)
		}
	}
}

// trouble reports whether one of these befell the box between from and to; none
// named: any.
func (v *verdicts) trouble(from, to time.Time, what ...string) bool {
	return slices.ContainsFunc(v.s.troubles, func(x stretch) bool {
		return (len(what) == 0 || slices.Contains(what, x.what)) && x.from.Before(to) && x.to.After(from)
	})
}

// item: it was heard once, or has one true word why not.
func (v *verdicts) item(p plannedItem) {
	turns, finals := v.of[p.id], v.finals[p.id]
	wide := func(what ...string) bool {
		return v.trouble(p.from.Add(-2*time.Hour), p.until.Add(2*time.Hour), what...)
	}
	_, most := v.used(p.day.In(vietnam).Format(time.DateOnly), 1<<62)
	calm := !v.trouble(p.from.Add(-2*time.Minute), p.until.Add(2*time.Minute)) && !wide("clock")
	if calm && p.slot.id != "night" && p.slot.id != "late" && most+p.length < time.Duration(dayCap-1)*time.Second {
		v.tally["calm"]++
		switch {
		case len(turns) != 1 || len(finals) == 0 || finals[len(finals)-1].Result != plan.Heard:
			v.errorf(p.due, "%s lies in no trouble: %d turns, ended as %+v", p.id, len(turns), results(finals))
		case turns[0].from.Sub(p.due).Abs() > 2*time.Second || (turns[0].lasted()-p.length).Abs() > 2*time.Second:
			v.errorf(p.due, "%s lies in no trouble and sounded at %s for %v", p.id, turns[0].from.In(vietnam).Format("15:04:05"), turns[0].lasted())
		}
	}
	if len(finals) == 2 && finals[0].Result == plan.Missed && wide("clock") {
		finals = finals[1:] // the clock had passed it over and went back
	}
	switch {
	case len(finals) > 1:
		v.errorf(p.due, "%s has %d endings: %v", p.id, len(finals), results(finals))
	case len(finals) == 0 && !v.struck(p) && !v.stopped(p):
		v.errorf(p.due, "%s vanished; %d turns, refusals %v", p.id, len(turns), results(v.refusals[p.id]))
	case len(finals) == 1:
		v.tally[string(finals[0].Result)]++
		if why := v.untrue(p, finals[0], wide); why != "" {
			v.errorf(p.due, "%s ended as %s %q (%s): %s", p.id, finals[0].Result, finals[0].Code, finals[0].Detail, why)
		}
	}
}

func results(es []ledger.Entry) (all []string) {
	for _, e := range es {
		all = append(all, fmt.Sprintf("%s %s %s", e.Time.In(vietnam).Format("01-02 15:04:05"), e.Result, e.Code))
	}
	return all
}

// struck reports whether an item was refused for good, which is its last word.
func (v *verdicts) struck(p plannedItem) bool {
	for _, e := range v.refusals[p.id] {
		switch e.Code {
		case plan.Airtime:
			if _, most := v.used(p.day.In(vietnam).Format(time.DateOnly), e.Seq); most < time.Duration(dayCap-2)*time.Second {
				v.errorf(p.due, "%s is refused: airtime, and %v were used", p.id, most)
			}
		case plan.MediaMissing:
			if !v.trouble(p.from, p.until, "media") {
				v.errorf(p.due, "%s is refused: media-missing, and nothing was", p.id)
			}
		default:
			continue
		}
		v.tally["struck"]++
		return true
	}
	return false
}

// stopped reports whether a stop ended the whole slot.
func (v *verdicts) stopped(p plannedItem) bool {
	slot := p.id[:strings.LastIndexByte(p.id, '/')+1]
	for id, ends := range v.finals {
		if strings.HasPrefix(id, slot) && slices.ContainsFunc(ends, func(e ledger.Entry) bool { return strings.HasPrefix(e.Detail, "stopped by ") }) {
			v.tally["stopped"]++
			return true
		}
	}
	return false
}

// untrue says what is wrong with the last word on an item; empty: it is true.
func (v *verdicts) untrue(p plannedItem, e ledger.Entry, wide func(...string) bool) string {
	in := func(what ...string) bool {
		return v.trouble(p.from.Add(-time.Second), p.until.Add(time.Second), what...) || wide("clock")
	}
	stopped := strings.HasPrefix(e.Detail, "stopped")
	turns := v.of[p.id]
	switch {
	case stopped && !in("stop"):
		return "nobody stopped it"
	case stopped:
		return ""
	case e.Result == plan.Heard && len(turns) == 0:
		return "it never sounded"
	case e.Result == plan.Heard:
		return ""
	case e.Result == plan.Missed && !in("off"):
		return "the box was on, and sure of the time"
	case e.Result == plan.Missed:
		return ""
	}
	switch e.Code {
	case plan.Priority:
		if !in("alert", "act") {
			return "nothing else had the speaker"
		}
	case plan.QuietHours:
		if p.slot.id != "night" && p.slot.id != "late" && !wide("clock") {
			return "it was not quiet hours"
		}
	case plan.Muted:
		if !in("mute") {
			return "there was no mute"
		}
	case plan.LocalMode:
		if !in("local", "stop") {
			return "there was no technician"
		}
	case plan.MediaMissing:
		if !in("media") {
			return "its recording was there"
		}
	case plan.ClockCode:
		if !wide("clock") {
			return "the clock was sure"
		}
	case plan.Airtime:
		if _, most := v.used(p.day.In(vietnam).Format(time.DateOnly), e.Seq); most < time.Duration(dayCap-2)*time.Second {
			return fmt.Sprintf("only %v were used", most)
		}
	case plan.Accepted:
		if !in() {
			return "nothing befell it"
		}
	default:
		return "nothing of the kind"
	}
	return ""
}

// act: what somebody asked for in good health has one last word.
func (v *verdicts) act(id string) {
	switch n := len(v.finals[id]); {
	case n > 1:
		v.fail("%s has %d endings: %v", id, n, results(v.finals[id]))
	case n == 0 && len(v.refusals[id]) == 0:
		v.fail("%s vanished; %d turns", id, len(v.of[id]))
	}
}
