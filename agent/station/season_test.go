package station_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// Kinds of trouble that a season may have. One that is off is off because a box
// still fails it, in the way that is said here.
const (
	withStops      = true // after a restart a stopped slot goes on, and a stopped alarm has its next round
	withBootsAhead = true // a clock that is months ahead at boot: what ended is forgotten, what was missed never said
	withWordless   = true // an alarm whose words are missing sounds its tone with every restart
	withSteps      = true // a jump while something sounds counts as air time, or ends it as revoked
	withFullDays   = true // what the day's cap cuts is said to be revoked; what it refused is missed after a restart
	withMissing    = true // an item refused for its missing recording is missed after a restart
	withCutsAtBoot = true // what was missed is written in part when the power fails again, and then never
	withTornTails  = true // half a line in the ledger hides what was missed before it was cut off
)

// TestSeason lets weeks pass in the life of a whole box: real trust, store,
// ledger, player and speaker. The power fails in good order and out of it, the
// clock jumps both ways and is wrong at boot, for days nothing arrives, alarms and
// acts come at any time. Then the ledger is held against the programme.
func TestSeason(t *testing.T) {
	seeds, days := 3, 20
	if testing.Short() || emulated {
		seeds, days = 1, 2
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *trusttest.World) { newSeason(t, w, seed, days).live() })
		})
	}
}

// The programme of every day, and the law. The oracle knows it from here.
var (
	programme = []seasonSlot{
		{"night", "03:00", 60, 2, []seasonItem{{"a", 10}}}, // in quiet hours
		{"morning", "05:30", 180, 2, []seasonItem{{"a", 10}, {"bb", 8}}},
		{"noon", "11:00", 900, 180, []seasonItem{{"a", 10}, {"bb", 8}, {"a", 10}}},
		{"evening", "17:00", 300, 2, []seasonItem{{"ccc", 20}, {"a", 10}, {"bb", 8}}},
		{"late", "20:59:50", 300, 2, []seasonItem{{"ccc", 20}, {"bb", 8}}}, // into quiet hours
	}
	quietFrom, quietUntil = "21:00", "05:00"
)

// dayCap is in seconds; the programme of a day takes 94.
var dayCap = map[bool]int{true: 100, false: 1000}[withFullDays]

type seasonSlot struct {
	id, at    string
	forS, gap int // s
	items     []seasonItem
}

type seasonItem struct {
	bulletin string
	seconds  int
}

// A season is a box that lives for a while, and what befell it.
type season struct {
	*rig // the life it is in; stopped while it is off
	t    *testing.T
	x    *rand.Rand
	w    *trusttest.World
	days int

	on    bool
	line  bool            // connected
	lacks map[string]bool // recordings, over the lives
	gone  map[string]time.Time
	skew  time.Duration
	level clock.Level
	wrong time.Time // since when the clock is not to be trusted; zero: it is right
	sent  int       // messages
	items map[string]plan.Item

	story    []string
	awake    []stretch // its lives
	troubles []stretch
	marks    []mark
	asked    []string // acts that arrived in good health
}

// A stretch of true time.
type stretch struct {
	from, to time.Time
	what     string
}

// A mark says that the box's clock was off by skew from entry seq on.
type mark struct {
	seq  int64
	skew time.Duration
}

func newSeason(t *testing.T, w *trusttest.World, seed uint64, days int) *season {
	return &season{
		t: t, w: w, x: rand.New(rand.NewPCG(seed, 11)), days: days, line: true,
		lacks: map[string]bool{}, gone: map[string]time.Time{}, items: map[string]plan.Item{},
	}
}

func (s *season) tell(format string, a ...any) {
	s.story = append(s.story, time.Now().In(vietnam).Format("01-02 15:04:05 ")+fmt.Sprintf(format, a...))
}

func (s *season) trouble(what string, from, to time.Time) {
	s.troubles = append(s.troubles, stretch{from, to, what})
}

// live lets the season pass and judges it.
func (s *season) live() {
	s.boot(s.t.TempDir(), 0, clock.Signed)
	s.teach()
	first := time.Now()
	for _, e := range s.events(first) {
		if d := time.Until(e.at); d > 0 {
			time.Sleep(d)
		}
		synctest.Wait()
		if time.Since(e.at) > time.Minute && !e.always {
			continue // the box was off
		}
		e.do()
	}
	time.Sleep(time.Until(first.AddDate(0, 0, s.days).Add(time.Hour)))
	synctest.Wait()
	for _, name := range []string{"a", "bb", "ccc", "flood"} {
		s.lose(name, false)
	}
	s.put(0, clock.Signed)
	s.halt()
	s.judge(first)
	if s.t.Failed() {
		s.t.Logf("what befell it:\n%s", strings.Join(s.story, "\n"))
	}
}

// teach brings the documents.
func (s *season) teach() {
	s.hear(s.w.Setup()[:4]...)
	p := s.w.Policy()
	p.QuietHours, p.AirtimeDayS = []plan.Span{{From: quietFrom, Until: quietUntil}}, dayCap
	s.hear(trusttest.Seal(p, a1, a2))
	for name, seconds := range map[string]int{"a": 10, "bb": 8, "ccc": 20} {
		b := bulletin(s.w, name, time.Duration(seconds)*time.Second)
		s.hear(trusttest.Seal(b, a1))
		s.items[name] = item(b)
	}
	day := s.w.Schedule(here, "day")
	day.Slots = nil
	for _, p := range programme {
		slot := plan.Slot{ID: p.id, At: []string{p.at}, ForS: p.forS, GapS: p.gap}
		for _, it := range p.items {
			slot.Items = append(slot.Items, s.items[it.bulletin])
		}
		day.Slots = append(day.Slots, slot)
	}
	words := s.w.Bulletin(here, "flood", plan.Emergency)
	s.items["flood"] = item(words)
	s.hear(trusttest.Seal(day, a1), trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2))
	if n := len(s.written(ledger.Refused)); n != 0 {
		s.t.Fatalf("%d documents are refused", n)
	}
}

type seasonEvent struct {
	at     time.Time
	do     func()
	always bool // also when the box was off at its time: it ends a trouble
}

// events are what is to befall the box, in order.
func (s *season) events(first time.Time) (all []seasonEvent) {
	x := s.x
	add := func(at time.Time, do func()) { all = append(all, seasonEvent{at: at, do: do}) }
	always := func(at time.Time, do func()) { all = append(all, seasonEvent{at, do, true}) }
	seconds := func(from, to int) time.Duration { return time.Duration(from+x.IntN(to-from)) * time.Second }
	midnight := first.In(vietnam).Truncate(24 * time.Hour).Add(-7 * time.Hour)
	for day := range s.days {
		today := midnight.AddDate(0, 0, day+1)
		moment := func() time.Time {
			if x.IntN(4) == 0 {
				return today.Add(seconds(0, 86400))
			}
			slot := programme[x.IntN(len(programme))]
			return slot.on(today).Add(seconds(-20, 150))
		}
		often := func(percent int, do func(at time.Time)) {
			if x.IntN(100) < percent {
				do(moment())
			}
		}
		// The supply is switched with the lamps, or by somebody who leaves.
		if x.IntN(2) == 0 {
			add(today.Add(11*time.Hour+20*time.Minute), func() { s.restart(false, 5*time.Hour+30*time.Minute) })
		}
		if x.IntN(2) == 0 {
			add(today.Add(21*time.Hour+10*time.Minute), func() { s.restart(true, 5*time.Hour+40*time.Minute) })
		}
		often(45, func(at time.Time) {
			hard, off := x.IntN(2) == 0, seconds(1, 600)
			add(at, func() { s.restart(hard, off) })
		})
		often(30, func(at time.Time) {
			hard, off := x.IntN(2) == 0, seconds(1, 20)
			add(at, func() { s.restart(hard, off) })
		})
		often(8, func(at time.Time) { off := seconds(3600, 40*3600); add(at, func() { s.restart(true, off) }) })
		often(12, func(at time.Time) {
			off, lost := seconds(1, 3600), seconds(20, 900)
			add(at, func() { s.restartUnsure(off, -off, clock.Floor) })
			always(at.Add(off+lost), func() { s.put(0, clock.Signed) })
		})
		if withBootsAhead {
			often(8, func(at time.Time) {
				off, lost := seconds(1, 600), seconds(20, 900)
				add(at, func() { s.restartUnsure(off, 100*24*time.Hour, clock.RTC) })
				always(at.Add(off+lost), func() { s.put(0, clock.Signed) })
			})
		}
		if withSteps {
			often(20, func(at time.Time) {
				by := seconds(60, 5400) * time.Duration(1-2*x.IntN(2))
				back := at.Add(seconds(300, 7200))
				level := []clock.Level{clock.NTP, clock.RTC}[x.IntN(2)]
				add(at, func() { s.put(by, level) })
				always(back, func() { s.put(0, clock.Signed) })
			})
		}
		for range 1 + x.IntN(3) {
			often(50, func(at time.Time) { kind := x.IntN(3); add(at, func() { s.play(kind) }) })
		}
		often(40, func(at time.Time) {
			repeat, gap := 1+x.IntN(3), x.IntN(20)
			add(at, func() { s.alarm(repeat, gap) })
			if withWordless && x.IntN(4) == 0 {
				back := at.Add(seconds(10, 400))
				add(at.Add(-time.Second), func() { s.lose("flood", true) })
				always(back, func() { s.lose("flood", false) })
			}
		})
		if withStops {
			often(10, func(at time.Time) { add(at, func() { s.stopAct(plan.Normal, a1) }) })
			often(10, func(at time.Time) { add(at, s.stopLocal) })
			// What was stopped is over, though nothing but the ledger remembers the stop.
			often(20, func(time.Time) {
				at := today.Add(11*time.Hour + seconds(1, 100))
				add(at, func() { s.stopAct(plan.Normal, a1) })
				add(at.Add(seconds(301, 400)), func() { s.restart(x.IntN(2) == 0, 3*time.Second) })
			})
			often(20, func(at time.Time) {
				add(at, func() { s.alarm(3, 150) })
				add(at.Add(seconds(5, 60)), func() { s.stopAct(plan.Emergency, trusttest.Prov1, trusttest.Prov2) })
				add(at.Add(seconds(370, 500)), func() { s.restart(x.IntN(2) == 0, 3*time.Second) })
			})
		}
		if withWordless { // the siren must not howl with every start
			often(20, func(at time.Time) {
				add(at, func() { s.lose("flood", true); s.alarm(1, 0) })
				add(at.Add(40*time.Second), func() { s.restart(x.IntN(2) == 0, 3*time.Second) })
				add(at.Add(80*time.Second), func() { s.restart(x.IntN(2) == 0, 3*time.Second) })
				always(at.Add(120*time.Second), func() { s.lose("flood", false) })
			})
		}
		evening := today.Add(17 * time.Hour)
		if withTornTails { // what was written last is half a line, and the slot is over at the next boot
			often(20, func(time.Time) { add(evening.Add(300*time.Millisecond), func() { s.restart(true, 10*time.Minute) }) })
		}
		if withCutsAtBoot { // what a boot wrote of the hours before is lost in part
			often(20, func(time.Time) {
				add(evening.Add(-time.Minute), func() { s.restart(true, 10*time.Minute) })
				add(evening.Add(9*time.Minute), func() { s.restart(true, 3*time.Second) })
			})
		}
		often(10, func(at time.Time) { d := seconds(30, 600); add(at, func() { s.mute(d) }) })
		often(10, func(at time.Time) { d := seconds(30, 600); add(at, func() { s.localMode(d) }) })
		if withMissing {
			often(10, func(at time.Time) {
				back := at.Add(seconds(60, 3600))
				name := []string{"a", "bb", "ccc"}[x.IntN(3)]
				add(at, func() { s.lose(name, true) })
				always(back, func() { s.lose(name, false) })
			})
		}
	}
	off := midnight.AddDate(0, 0, 1+s.days/2).Add(seconds(0, 86400))
	add(off, func() { s.tell("nothing arrives"); s.line = false })
	always(off.Add(80*time.Hour), func() { s.tell("connected"); s.line = true })
	slices.SortStableFunc(all, func(a, b seasonEvent) int { return a.at.Compare(b.at) })
	return all
}

// on is when the slot begins on a day.
func (p *seasonSlot) on(day time.Time) time.Time {
	d, err := plan.ParseClock(p.at)
	if err != nil {
		panic(err)
	}
	return day.Add(d)
}

// boot begins a life.
func (s *season) boot(dir string, skew time.Duration, level clock.Level) {
	s.rig = newRig(s.t, s.w, dir, func(r *rig) {
		r.clock.skew, r.clock.level = skew, level
		r.card.Deaf = true
		r.media.lacks = s.lacks
	})
	seq, _ := s.ledger.Head()
	s.marks = slices.DeleteFunc(s.marks, func(m mark) bool { return m.seq > seq+1 })
	s.marks = append(s.marks, mark{seq + 1, skew})
	s.clockIs(skew, level)
	s.on = true
	s.awake = append(s.awake, stretch{from: time.Now()})
	synctest.Wait()
}

// clockIs notes how wrong the box's clock is from now on.
func (s *season) clockIs(skew time.Duration, level clock.Level) {
	s.skew, s.level = skew, level
	switch right := skew == 0 && level >= clock.RTC; {
	case right && !s.wrong.IsZero():
		s.trouble("clock", s.wrong, time.Now())
		s.wrong = time.Time{}
	case !right && s.wrong.IsZero():
		s.wrong = time.Now()
	}
}

// halt ends a life in good order.
func (s *season) halt() {
	s.stop()
	s.on = false
	s.awake[len(s.awake)-1].to = time.Now()
}

// cut takes the power away: nothing more is said, and what was not on the disk is
// gone. It gives the directory as the next life finds it.
func (s *season) cut() string {
	if up := time.Since(s.awake[len(s.awake)-1].from); !withCutsAtBoot && up < 5*time.Second {
		time.Sleep(5*time.Second - up)
	}
	dir := s.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		s.t.Fatal(err)
	}
	s.tear(dir)
	s.halt()
	os.RemoveAll(s.dir)
	return dir
}

// tear cuts the ledger off somewhere behind what was surely synced: what was
// waited for, what is older than the ledger's bound, and of the urgent entries
// those older than half a second, which a card may take.
func (s *season) tear(dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "ledger", "*.jsonl"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no ledger: %v", err)
	}
	slices.Sort(files)
	last := files[len(files)-1]
	raw, err := os.ReadFile(last)
	if err != nil {
		s.t.Fatal(err)
	}
	raw = bytes.TrimRight(raw, "\x00")
	synced, now, safe, at := s.ledger.Status().Synced, time.Now().Add(s.skew), 0, 0
	for line := range bytes.Lines(raw) {
		at += len(line)
		var e ledger.Entry
		if json.Unmarshal(line, &e) != nil || e.Seq == 0 {
			safe = at // the head of the file
			continue
		}
		age := now.Sub(e.Time)
		urgent := slices.Contains([]ledger.Kind{ledger.Start, ledger.Pause, ledger.End, ledger.Alert, ledger.Mute}, e.Kind)
		if e.Seq <= synced || age > ledger.SyncBound || urgent && age > 500*time.Millisecond {
			safe = at
		}
	}
	keep := safe + s.x.IntN(len(raw)-safe+1)
	if !withTornTails {
		keep = safe + bytes.LastIndexByte(raw[safe:keep], '\n') + 1
	}
	if err := os.WriteFile(last, raw[:keep], 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// restart takes the box off for a while.
func (s *season) restart(hard bool, off time.Duration) {
	s.boot(s.down(hard, off), s.skew, s.level)
}

// restartUnsure is a power cut after which the clock says something else.
func (s *season) restartUnsure(off, skew time.Duration, level clock.Level) {
	dir := s.down(true, off)
	s.tell("the clock is off by %v, trust %v", skew, level)
	s.boot(dir, skew, level)
}

// down takes the power away for a while and gives the directory that is left.
func (s *season) down(hard bool, off time.Duration) (dir string) {
	s.tell("off for %v, in good order: %v", off, !hard)
	from := time.Now()
	if dir = s.dir; hard {
		dir = s.cut()
	} else {
		s.halt()
	}
	time.Sleep(off)
	s.trouble("off", from, time.Now())
	return dir
}

// put makes the box's clock jump until it is off by skew.
func (s *season) put(skew time.Duration, level clock.Level) {
	s.tell("the clock jumps and is off by %v, trust %v", skew, level)
	by := skew - s.skew
	s.clock.set(level)
	s.clockIs(skew, level)
	if by != 0 {
		seq, _ := s.ledger.Head()
		s.marks = append(s.marks, mark{seq + 1, skew})
		s.clock.step(by)
		d := min(by.Abs(), 3*time.Hour) // what it jumped over, and goes through again
		s.trouble("clock", time.Now().Add(-d), time.Now().Add(d))
	}
	synctest.Wait()
}

// now is the world's authority at this moment, with a sign of life before what it
// says; ok is false when the box does not hear it.
func (s *season) now() (w *trusttest.World, id string, ok bool) {
	if !s.line {
		return nil, "", false
	}
	s.sent++
	alive := time.Since(s.w.Now)
	s.hear(trusttest.Seal(s.beat(alive, int64(s.sent+1)), trusttest.Pulse))
	return s.w.Later(alive), fmt.Sprintf("x%d", s.sent), true
}

func (s *season) play(kind int) {
	w, id, ok := s.now()
	if !ok {
		return
	}
	a := w.Gong(here, id)
	if kind > 0 {
		a = w.Play(here, id, s.items[[]string{"bb", "ccc"}[kind-1]])
	}
	s.tell("play %s, kind %d", id, kind)
	s.trouble("act", time.Now(), a.Until.Add(time.Minute))
	if s.wrong.IsZero() {
		s.asked = append(s.asked, here+"/act.play/"+id)
	}
	s.hear(trusttest.Seal(a, a1))
}

func (s *season) alarm(repeat, gap int) {
	w, id, ok := s.now()
	if !ok {
		return
	}
	set := w.Alerts(here, trusttest.Office, id)
	al := &set.Alerts[0]
	al.Bulletin, al.Repeat, al.GapS, al.Until = s.items["flood"].Ref, repeat, gap, w.Now.Add(10*time.Minute)
	s.tell("alarm %s, %d times", id, repeat)
	s.trouble("alert", time.Now(), al.Until)
	s.hear(trusttest.Seal(set, trusttest.Warner1, trusttest.Warner2))
}

func (s *season) stopAct(class plan.Class, signers ...string) {
	if w, id, ok := s.now(); ok {
		s.tell("act.stop %s of class %s", id, class)
		s.trouble("stop", time.Now(), time.Now().Add(5*time.Minute))
		s.hear(trusttest.Seal(w.Stop(here, id, class), signers...))
	}
}

func (s *season) stopLocal() {
	s.tell("a technician stops what sounds")
	s.trouble("stop", time.Now(), time.Now())
	if _, err := s.StopLocal(s.t.Context()); err != nil {
		s.t.Error(err)
	}
}

func (s *season) mute(d time.Duration) {
	if w, id, ok := s.now(); ok {
		s.tell("mute for %v", d)
		s.trouble("mute", time.Now(), time.Now().Add(d))
		s.hear(trusttest.Seal(w.Mute(id, d), trusttest.Prov1))
	}
}

func (s *season) localMode(d time.Duration) {
	s.tell("local mode for %v", d)
	s.trouble("local", time.Now(), time.Now().Add(d))
	if _, err := s.LocalMode(s.t.Context(), d, ""); err != nil {
		s.t.Error(err)
	}
}

// lose takes a recording from the box, or brings it.
func (s *season) lose(name string, gone bool) {
	s.tell("the recording of %s is gone: %v", name, gone)
	sha := strings.Repeat("ab", 32)
	if name != "flood" {
		sha = strings.Repeat(string("0123456789abcdef"[len(name)]), 64)
	}
	switch _, was := s.gone[name]; {
	case gone && !was:
		s.gone[name] = time.Now()
	case !gone && was:
		s.trouble("media", s.gone[name], time.Now().Add(time.Second))
		delete(s.gone, name)
	}
	s.media.lack(sha, gone)
	synctest.Wait()
}
