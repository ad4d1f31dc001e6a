package ahead_test

import (
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// flood is an alert of now with a siren and the words of bulletin storm.
func flood(p *plan.Plan, from time.Time, repeat int) plan.AlertSet {
	it := ref("storm")
	set := plan.AlertSet{Head: head(commune, plan.KindAlert, "flood"), Office: "flood", Alerts: []plan.Alert{{
		ID: "a", Headline: "bão", Bulletin: it.Ref, Tone: "gong", Repeat: repeat, From: from, Until: from.Add(time.Hour),
	}}}
	p.Alerts = map[plan.Key]plan.AlertSet{set.Key(): set}
	return set
}

// midway is a box on which o has sounded for so long.
func midway(o plan.Occurrence, now time.Time, sounded time.Duration) ahead.State {
	g := schedule.NewProgress(now.AddDate(0, 0, -1))
	schedule.Begin(&g, &o)
	g.At[o.ID] = o.At + sounded
	var u policy.Usage
	u.Begin(o, now.Add(-sounded))
	return ahead.State{Progress: g, Usage: u, Clock: clock.Signed}
}

// due is the one thing that is due at now.
func due(t *testing.T, p *plan.Plan, now time.Time) plan.Occurrence {
	t.Helper()
	all, _ := schedule.Due(p, schedule.NewProgress(now.AddDate(0, 0, -1)), now)
	if len(all) != 1 {
		t.Fatalf("due is %+v", all)
	}
	return all[0]
}

// An item that began late sounds on to its slot's end, though one that had been
// interrupted there would not be taken up again.
func TestWhatSoundsGoesOn(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"08:00"}, ForS: 300, Items: []plan.Item{ref("news")}}, bulletin(commune, "news", plan.Normal, 240))
	now := first.Add(8*time.Hour + 3*time.Minute)
	compare(t, ahead.Continue(p, midway(due(t, &p, now), now, time.Minute), now, now.Add(time.Hour)), `
		08:03:00-08:05:00 d/s@2026-12-15T08:00/0 100% cut 1m0s 
	`)
	waits := midway(due(t, &p, now), now, time.Minute)
	waits.Progress.Sounding = ""
	if lines := ahead.Continue(p, waits, now, now.Add(time.Hour)); len(lines) != 0 {
		t.Errorf("an item that was interrupted and does not fit any more:\n%s", story(lines))
	}
}

// What sounds is asked for the rest of its air time, not for a beginning.
func TestACapCutsWhatSoundsWhenItIsReached(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"12:00"}, ForS: 60, Items: []plan.Item{ref("news")}},
		bulletin(commune, "news", plan.Normal, 240), bulletin(commune, "storm", plan.Emergency, 300))
	law(&p, func(l *plan.Policy) { l.EmergencyHourS = 180 })
	now := first.Add(8 * time.Hour)
	flood(&p, now.Add(-time.Minute), 1)
	alarm := due(t, &p, now)
	lines := ahead.Continue(p, midway(alarm, now, time.Minute), now, now.Add(10*time.Minute))
	if len(lines) != 1 || !lines[0].Sounds || lines[0].Code != plan.Airtime || clockOf(lines[0].At) != "08:00:00" || clockOf(lines[0].Until) != "08:02:00" {
		t.Errorf("ahead is\n%s", story(lines))
	}
	if u := midway(alarm, now, time.Minute).Usage; policy.Allow(nil, u, alarm, now).Code != plan.Accepted {
		t.Error("the test's own box does not sound it")
	}
}

func TestAClockThatIsNotSure(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"08:00"}, ForS: 900, Items: []plan.Item{ref("news"), ref("weather")}},
		bulletin(commune, "news", plan.Normal, 240), bulletin(commune, "weather", plan.Normal, 120), bulletin(commune, "storm", plan.Emergency, 60))
	from := first.Add(7 * time.Hour)
	flood(&p, from.Add(30*time.Minute), 1)
	for level, want := range map[clock.Level]string{
		clock.NTP: `
			07:30:00-07:31:04 alarm 100%
			08:00:00 d/s@2026-12-15T08:00/0 refused: clock
			08:04:00 d/s@2026-12-15T08:00/1 refused: clock
		`,
		clock.Floor: `
			07:30:00 alarm refused: clock
			08:00:00 d/s@2026-12-15T08:00/0 refused: clock
			08:04:00 d/s@2026-12-15T08:00/1 refused: clock
		`,
	} {
		lines := ahead.Continue(p, ahead.State{Progress: schedule.NewProgress(from), Clock: level}, from, from.Add(3*time.Hour))
		for i := range lines {
			l := &lines[i]
			if l.Code == plan.ClockCode && (l.Why == "" || l.VI == "") {
				t.Errorf("%s does not explain itself", l.Occurrence.ID)
			}
			if l.Occurrence.Class == plan.Emergency {
				l.Occurrence.ID = "x/alarm"
			}
			l.Until = l.Until.Truncate(time.Second) // the gong has no whole seconds
		}
		compare(t, lines, want)
		if l := lines[1]; clockOf(l.Until) != "08:15:00" {
			t.Errorf("at %v the slot is refused until %s, want its end", level, clockOf(l.Until))
		}
	}
}

func TestARecordingThatIsNotThere(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"08:00"}, ForS: 900, Items: []plan.Item{ref("news"), ref("weather")}},
		bulletin(commune, "news", plan.Normal, 240), bulletin(commune, "weather", plan.Normal, 120), bulletin(commune, "storm", plan.Emergency, 60))
	from := first.Add(7 * time.Hour)
	s := ahead.State{Progress: schedule.NewProgress(from), Clock: clock.RTC, Missing: map[string]plan.Code{"audio-of-news": plan.MediaMissing}}
	compare(t, ahead.Continue(p, s, from, from.Add(3*time.Hour)), `
		08:00:00 d/s@2026-12-15T08:00/0 refused: media-missing
		08:00:00-08:02:00 d/s@2026-12-15T08:00/1 100%
	`)
	s.Missing["audio-of-news"] = plan.MediaDigest
	if l := ahead.Continue(p, s, from, from.Add(3*time.Hour))[0]; l.Code != plan.MediaDigest || l.Why == "" || l.VI == "" {
		t.Errorf("of a spoilt recording: %+v", l)
	}
	// Somebody asked for it now: it waits for the recording as long as it may.
	it := ref("news")
	a := plan.Act{Head: head(commune, plan.KindPlay, "x"), Item: &it, Until: from.Add(5 * time.Minute)}
	a.Issued = from
	p.Acts = []plan.Act{a}
	if l := ahead.Continue(p, s, from, from.Add(time.Hour))[0]; l.Sounds || l.Code != plan.MediaDigest || !l.Until.Equal(a.Until) {
		t.Errorf("of an act: %+v", l)
	}
}

// The tone of an alarm sounds once without its words, and they are waited for.
func TestAnAlarmWithoutItsWords(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"08:00"}, ForS: 60, Items: []plan.Item{ref("news")}},
		bulletin(commune, "news", plan.Normal, 60), bulletin(commune, "storm", plan.Emergency, 60))
	from := first.Add(7*time.Hour + 59*time.Minute + 59*time.Second)
	flood(&p, from, 3)
	s := ahead.State{Progress: schedule.NewProgress(from), Clock: clock.RTC, Missing: map[string]plan.Code{"audio-of-storm": plan.MediaMissing}}
	lines := ahead.Continue(p, s, from, from.Add(2*time.Hour))
	if len(lines) != 2 {
		t.Fatalf("ahead is\n%s", story(lines))
	}
	tone := lines[0]
	if tone.Occurrence.Class != plan.Emergency || tone.Until.Sub(tone.At) != gong || tone.Left != time.Minute || tone.Code != plan.MediaMissing {
		t.Errorf("the tone: %+v", tone)
	}
	if news := lines[1]; !news.Sounds || !news.At.Equal(tone.Until) {
		t.Errorf("the programme after it: %+v", news)
	}
	if len(s.Toned) != 0 {
		t.Error("looking ahead changed what the box remembers")
	}
	s.Toned = map[string]bool{tone.Occurrence.ID: true}
	lines = ahead.Continue(p, s, from, from.Add(2*time.Hour))
	if len(lines) != 2 || lines[0].Sounds || lines[0].Code != plan.MediaMissing || !lines[1].Sounds {
		t.Errorf("when the tone has sounded, ahead is\n%s", story(lines))
	}
}

// What waits behind an item that is held back is held back by the same.
func TestAWholeSlotIsHeldBackForOneReason(t *testing.T) {
	p := one(plan.Slot{ID: "s", At: []string{"03:15"}, ForS: 600, Items: []plan.Item{ref("news"), ref("weather")}},
		bulletin(commune, "news", plan.Normal, 240), bulletin(commune, "weather", plan.Normal, 120))
	p.Policies = nil
	lines := day(p)
	compare(t, lines, `
		03:15:00 d/s@2026-12-15T03:15/0 refused: quiet-hours
		03:19:00 d/s@2026-12-15T03:15/1 refused: quiet-hours
	`)
	if lines[1].Why != lines[0].Why || lines[1].VI != lines[0].VI {
		t.Errorf("for two reasons: %+v", lines)
	}
}
