package report

import (
	"cmp"
	"math"
	"regexp"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// A fold goes through one box's ledger.
type fold struct {
	m     *maker
	index int // of the box
	box   Box

	ref  Ref  // of the entry at hand
	late bool // it came too late

	seq    int64     // of the last entry
	sure   time.Time // of the last entry whose clock was right: what follows in the chain came later
	lastUp time.Time // when the box was last seen running, in this run; zero: a new run
	upTo   time.Time // up to when running has been counted

	began  map[string]time.Time // by occurrence: when its turn began
	heard  map[string]int64     // by occurrence: heard in this run of the agent, as the entries add it up
	faults map[string]fault     // by code: what holds
	best   map[string]verdict   // by bulletin
	seen   map[string]verdict
}

type fault struct {
	since time.Time
	ref   Ref
	late  bool
}

func newFold(m *maker, index int, b Box) *fold {
	return &fold{
		m: m, index: index, box: b, began: make(map[string]time.Time), heard: make(map[string]int64),
		faults: make(map[string]fault), best: make(map[string]verdict), seen: make(map[string]verdict),
	}
}

// surely is the least trust in the clock at which an entry's time is believed. Below
// it a box lets nothing sound that goes by the time.
const surely = clock.NTP

// entry takes the next entry.
func (f *fold) entry(e ledger.Entry, arrived time.Time) {
	f.ref = Ref{Device: f.box.Name, Seq: e.Seq, Hash: e.Hash, Time: e.Time}
	f.late = !arrived.Before(f.m.w.Due)
	dated := e.Clock >= surely
	at := e.Time
	if !dated && !f.sure.IsZero() {
		at = f.sure
	}
	f.chained(e, at)
	f.seq = e.Seq
	if e.Kind == ledger.Boot {
		f.lastUp = time.Time{}
		clear(f.heard)
		f.lapse()
	}
	if f.m.w.Has(at) {
		f.count(at, "ledger", f.box.Name, 1, flag(f.late))
	}
	switch {
	case dated:
		f.ran(e)
		f.sure = e.Time
		if f.m.w.Has(at) && at.After(f.m.asOf) {
			f.m.asOf = at
		}
		f.dated(e)
	default:
		f.undated(e, at)
	}
}

func (f *fold) dated(e ledger.Entry) {
	switch e.Kind {
	case ledger.Start:
		f.began[e.ID] = e.Time
	case ledger.Pause, ledger.End:
		f.sounded(e)
	case ledger.Shown:
		f.shown(e)
	case ledger.Refused:
		f.refused(e)
	case ledger.Fault:
		f.fault(e)
	case ledger.Event:
		if e.Code == plan.Storage && f.m.w.Has(e.Time) {
			f.count(e.Time, "lost", f.box.Name, 0, 0, 0, 0, 0, int64(max(1, e.Count)))
		}
	}
}

// undated counts apart what a box wrote without knowing the time. Its place in the
// chain says after what it came.
func (f *fold) undated(e ledger.Entry, at time.Time) {
	delete(f.began, e.ID)
	var air, heard int64
	if e.Kind == ledger.Pause || e.Kind == ledger.End {
		air, heard = millis(e.AirS), f.more(e)
	}
	if f.m.w.Has(at) {
		f.count(at, "undated", key(string(e.Kind)), 1, air, heard)
	}
}

// chained notices entries that never came.
func (f *fold) chained(e ledger.Entry, at time.Time) {
	if e.Seq == f.seq+1 {
		return
	}
	f.lastUp = time.Time{}
	clear(f.heard)
	clear(f.began)
	if f.m.w.meets(f.sure, at) {
		f.count(at, "lost", f.box.Name, e.Seq-f.seq-1, 1, 0, 0, 0, 0)
	}
}

// ran counts the time since the entry before as time in which the agent ran: between
// two entries of one run it did. Where the clock was set nothing is counted.
func (f *fold) ran(e ledger.Entry) {
	from := f.lastUp
	if from.Before(f.upTo) {
		from = f.upTo
	}
	if !f.lastUp.IsZero() && e.Kind != ledger.Clock && e.Time.After(from) {
		f.upTo = e.Time
		length := f.m.w.length(from, e.Time)
		from, _ = f.m.w.cut(from, e.Time)
		for i, p := range f.m.where(f.box.Name, from) {
			f.add("uptime-place", p, 0, own(i, length), 0, length)
		}
		f.count(from, "uptime-box", f.box.Name, 0, length)
	}
	f.lastUp = e.Time
}

// sounded counts a turn at the speaker.
func (f *fold) sounded(e ledger.Entry) {
	air, heard := millis(e.AirS), f.more(e)
	until := e.Time
	from := until.Add(-time.Duration(air) * time.Millisecond)
	if began, ok := f.began[e.ID]; ok && air > 0 { // the entry of what a power cut ended comes with the next boot
		from, until = began, began.Add(time.Duration(air)*time.Millisecond)
	}
	delete(f.began, e.ID)
	w := f.m.w
	aired, proven := w.share(air, from, until), w.share(heard, from, until)
	if e.Proof == "" {
		proven = 0 // nobody measured it
	}
	in := w.Has(e.Time)
	var times int64
	if e.Kind == ledger.End && in && (e.AirS > 0 || e.HeardS > 0) {
		times = 1
	}
	at := e.Time
	if !in && aired+proven > 0 {
		at, _ = w.cut(from, until)
	}
	up := f.m.where(f.box.Name, at)
	if up == nil {
		return
	}
	class := one(string(e.Class), classes)
	if e.Class == plan.Drill || e.Class == plan.Test {
		f.add("apart", class, times, aired, proven, 0)
		return
	}
	f.add("air-class", class, times, aired, proven)
	f.add("air-origin", one(string(e.Origin), origins), times, aired, proven)
	f.add("air-lang", language(e.Lang), times, aired, proven)
	f.add("air-box", f.box.Name, times, aired, proven)
	for i, p := range up {
		f.add("air-place", p, own(i, times), own(i, aired), own(i, proven), times, aired, proven)
		if _, ok := f.m.spoke[p]; !ok && proven > 0 {
			f.m.spoke[p] = f.ref
		}
	}
	f.add("proof", key(e.Proof), aired, proven)
	if e.Kind == ledger.End && in {
		f.add("result", key(string(e.Result)), 1)
	}
	if in {
		f.covered(e)
	}
}

// more is what an entry adds to what was heard of its occurrence: entries of one run
// of the agent tell it from the occurrence's beginning.
func (f *fold) more(e ledger.Entry) int64 {
	heard := millis(e.HeardS)
	before := f.heard[e.ID]
	if e.Kind == ledger.End {
		delete(f.heard, e.ID)
	} else {
		f.heard[e.ID] = max(heard, before)
	}
	return max(0, heard-before)
}

// shown counts what a board showed from Due on.
func (f *fold) shown(e ledger.Entry) {
	w, air := f.m.w, millis(e.AirS)
	from, until := e.Due, e.Due.Add(time.Duration(air)*time.Millisecond)
	on, seen := w.share(air, from, until), w.share(min(millis(e.SeenS), air), from, until)
	var times int64
	if w.Has(e.Due) {
		times = int64(max(1, e.Count))
	}
	at, _ := w.cut(from, until)
	if f.m.where(f.box.Name, at) == nil || times+on == 0 {
		return
	}
	class := one(string(e.Class), classes)
	if e.Class == plan.Drill || e.Class == plan.Test {
		f.add("apart", class, 0, 0, 0, seen)
		return
	}
	f.add("board-class", class, times, on, seen)
	f.add("board-proof", key(e.Proof), times, on, seen)
	if seen > 0 {
		if _, ok := f.m.showed[f.box.Name]; !ok && e.Proof == "panel" {
			f.m.showed[f.box.Name] = f.ref
		}
		if item := subject(e); e.Proof == "panel" && item != "" {
			f.m.cover(e, item, at)
			if _, ok := f.seen[item]; !ok {
				f.seen[item] = verdict{1, f.ref, f.late}
			}
		}
	}
}

func (f *fold) refused(e ledger.Entry) {
	if !f.m.w.Has(e.Time) {
		return
	}
	n := int64(max(1, e.Count))
	code := one(string(e.Code), codes)
	if e.Board {
		f.count(e.Time, "refused", code, 0, n)
		return
	}
	f.count(e.Time, "refused", code, n, 0)
	if f.m.where(f.box.Name, e.Time) != nil {
		f.covered(e)
	}
}

// fault counts a condition that came, and how long it lasted once it went.
func (f *fold) fault(e ledger.Entry) {
	code := key(strings.TrimPrefix(e.ID, "health/"))
	if e.Ends == "" {
		if f.m.w.Has(e.Time) {
			f.count(e.Time, "fault", code, 1, 0)
		}
		f.faults[code] = fault{e.Time, f.ref, f.late}
		return
	}
	if began, ok := f.faults[code]; ok {
		at, _ := f.m.w.cut(began.since, e.Time)
		f.count(at, "fault", code, 0, f.m.w.length(began.since, e.Time))
		delete(f.faults, code)
	}
}

// lapse ends the conditions that hold: with a run of the agent, or with the ledger,
// they have lasted as long as the box has told of itself.
func (f *fold) lapse() {
	ref, late := f.ref, f.late
	for _, code := range inOrder(f.faults) {
		o := f.faults[code]
		f.ref, f.late = o.ref, o.late
		at, _ := f.m.w.cut(o.since, f.sure)
		f.count(at, "fault", code, 0, f.m.w.length(o.since, f.sure))
	}
	clear(f.faults)
	f.ref, f.late = ref, late
}

// end closes a ledger: forked or not, and what was wrong with reading it.
func (f *fold) end(forked bool, err error) {
	f.lapse()
	f.judge()
	f.late = false
	f.ref = Ref{Device: f.box.Name, Note: "ledger"}
	if err != nil {
		f.ref.Note = err.Error()
	}
	at, _ := f.m.w.cut(f.box.Added, f.m.w.Until)
	f.count(at, "lost", f.box.Name, 0, 0, flag(forked), flag(err != nil && !forked), 0, 0)
}

// count adds to a row if the report is about the place where the box stood.
func (f *fold) count(at time.Time, table, key string, cells ...int64) {
	if f.m.where(f.box.Name, at) != nil {
		f.add(table, key, cells...)
	}
}

func (f *fold) add(table, key string, cells ...int64) { f.m.add(table, key, f.ref, f.late, cells...) }

// own is what the place itself has of something, and those above it have not.
func own(i int, n int64) int64 {
	if i > 0 {
		return 0
	}
	return n
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// longest is more than any turn lasts; a box that says more is wrong.
const longest = 48 * time.Hour

// millis is a length that an entry tells, in whole milliseconds.
func millis(s float64) int64 {
	if !(s > 0) {
		return 0
	}
	return int64(min(math.Round(s*1000), float64(longest.Milliseconds())))
}

var plain = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// key is a word of an entry as the key of a row. A box may say anything.
func key(s string) string {
	if s == "" {
		return nothing
	}
	if !plain.MatchString(s) {
		return other
	}
	return s
}

// other is the key of what a report has no word for.
const other = "other"

func one(s string, known []string) string {
	for _, k := range known {
		if s == k {
			return s
		}
	}
	if s == "" {
		return nothing
	}
	return other
}

func language(s string) string { return cmp.Or(key(strings.ToLower(s)), nothing) }
