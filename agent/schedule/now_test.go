package schedule

import (
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/voice"
)

func TestPlayNow(t *testing.T) {
	a := act(plan.KindPlay, "x1", "08:00", "08:10", ref("b"))
	a.Repeat, a.VolumePercent = 2, 60
	p, g := newPlan(a, bulletin("b", plan.Normal, 60)), progress()
	o := due(t, p, g, on("08:00"))
	if o.ID != "26734/act.play/x1" || o.Slot != "" || o.Repeat != 2 || o.Length != 2*time.Minute || o.Volume != 60 || !o.End.Equal(on("08:10")) {
		t.Errorf("it is %+v", o)
	}
	// The sender's clock may be ahead: what is asked for now does not wait for it.
	due(t, p, g, on("07:59"))
	if os, _ := Due(p, g, on("08:10")); len(os) != 0 {
		t.Errorf("an act is over and gives %v", ids(os))
	}
	End(&g, &o, on("08:02"))
	if os, _ := Due(p, g, on("08:03")); len(os) != 0 {
		t.Errorf("an act that ended gives %v", ids(os))
	}
}

// The act's life says until when it may begin, for_s how long it may last.
func TestPlayForLongerThanTheActLives(t *testing.T) {
	a := act(plan.KindPlay, "x1", "08:00", "08:10", ref("b"))
	a.ForS = 1800
	p, g := newPlan(a, bulletin("b", plan.Normal, 3600)), progress()
	o := due(t, p, g, on("08:09"))
	if !o.End.Equal(on("08:30")) {
		t.Errorf("it ends at %v", o.End)
	}
	Begin(&g, &o)
	due(t, p, g, on("08:20"))
	Interrupt(&g, &o, 5*time.Minute)
	if o := due(t, p, g, on("08:20")); o.At != 5*time.Minute {
		t.Errorf("it goes on at %v", o.At)
	}
	if os, _ := Due(p, g, on("08:30")); len(os) != 0 {
		t.Error("it sounds for longer than for_s")
	}
	if os, _ := Due(p, progress(), on("08:10")); len(os) != 0 {
		t.Error("it begins after the act's life")
	}
}

func TestClassOfAnAct(t *testing.T) {
	live := plan.Item{Relay: &plan.Relay{URLs: []string{"alsa:mic"}, Class: plan.Normal}}
	for _, tt := range []struct {
		what string
		kind plan.Kind
		item plan.Item
		says plan.Class
		want plan.Class
		code plan.Code
	}{
		{"a bulletin's own class", plan.KindPlay, ref("storm"), "", plan.Emergency, ""},
		{"which the act cannot lower", plan.KindPlay, ref("storm"), plan.Normal, plan.Emergency, ""},
		{"nor raise", plan.KindPlay, ref("news"), plan.Emergency, plan.Normal, ""},
		{"a person at the microphone", plan.KindPlay, live, plan.Live, plan.Live, ""},
		{"a drill of a normal bulletin", plan.KindDrill, ref("news"), "", plan.Drill, ""},
		{"a drill", plan.KindDrill, ref("exercise"), "", plan.Drill, ""},
		{"a drill that cries wolf", plan.KindDrill, ref("storm"), "", plan.Emergency, plan.WrongClass},
		{"a drill without its preface", plan.KindPlay, ref("exercise"), "", plan.Drill, plan.DrillPreface},
	} {
		a := act(tt.kind, "x", "08:00", "08:10", tt.item)
		a.Class = tt.says
		p := newPlan(a, bulletin("storm", plan.Emergency, 60), bulletin("news", plan.Normal, 60), bulletin("exercise", plan.Drill, 60))
		o := due(t, p, progress(), on("08:00"))
		code := plan.Accepted
		if o.Err != nil {
			code = o.Err.Code
		}
		if o.Class != tt.want || code != tt.code {
			t.Errorf("%s: class %q, code %q; want %q, %q", tt.what, o.Class, code, tt.want, tt.code)
		}
	}
}

// Somebody speaks: behind a chime if one was asked for, until for_s after it was asked.
func TestLiveTalk(t *testing.T) {
	a := plan.Act{Head: head(plan.KindLive, "talk-1"), Until: on("08:00").Add(30 * time.Second), ForS: 600, VolumePercent: 70, Reason: "Họp dân"}
	a.Issued = on("08:00")
	p, g := newPlan(a), progress()
	o := due(t, p, g, on("08:00"))
	talk := plan.Talk{Place: "26734", Session: "talk-1"}
	if o.ID != "26734/act.live/talk-1" || o.Class != plan.Live || o.Title != "Họp dân" || len(o.Parts) != 1 || *o.Parts[0].Live != talk || o.Length != 0 || o.Volume != 70 || !o.End.Equal(on("08:10")) {
		t.Errorf("it is %+v", o)
	}
	Begin(&g, &o)
	due(t, p, g, on("08:05"))
	Interrupt(&g, &o, 3*time.Minute) // by an alarm
	due(t, p, g, on("08:06"))
	if os, _ := Due(p, g, on("08:10")); len(os) != 0 {
		t.Error("it lasts for longer than for_s")
	}
	if os, _ := Due(p, progress(), on("08:01")); len(os) != 0 {
		t.Error("it begins after the act's life")
	}
	a.Item = &plan.Item{Chime: "two-tone"}
	if o := due(t, newPlan(a), progress(), on("08:00")); len(o.Parts) != 2 || o.Parts[0].Chime != "two-tone" || o.Parts[1].Live == nil || o.Class != plan.Live {
		t.Errorf("with a chime it is %+v", o)
	}
	stop := plan.Act{Head: head(plan.KindStop, "s"), Until: on("08:10"), Classes: []plan.Class{plan.Live}}
	stop.Issued = on("08:02")
	if os, _ := Due(newPlan(a, stop), g, on("08:03")); len(os) != 0 {
		t.Errorf("a stop leaves %v", ids(os))
	}
}

func TestDrillSaysSoInEveryRound(t *testing.T) {
	a := act(plan.KindDrill, "x", "08:00", "08:10", ref("exercise"))
	a.Repeat = 3
	o := due(t, newPlan(a, bulletin("exercise", plan.Drill, 60)), progress(), on("08:00"))
	tone, _ := sound.ChimeLength("drill")
	said := voice.PhraseLength("vi", voice.Drill)
	if o.Repeat != 3 || len(o.Parts) != 3 || o.Parts[0].Chime != "drill" || o.Parts[1].Phrase != voice.Drill ||
		said < 3*time.Second || o.Length != 3*(tone+said+time.Minute) {
		t.Errorf("the drill is %+v", o)
	}
}

// A slot that says so is a drill, with its preface; a silent one waits for whatever sounds
// and is not shown, and a box that comes late does it whole.
func TestSlotOfADrill(t *testing.T) {
	p := func(way plan.Rehearse, item plan.Item) *plan.Plan {
		s := slot("s", "08:00", 600, item)
		s.Drill = way
		return newPlan(sched("d", s), bulletin("exercise", plan.Drill, 60), bulletin("news", plan.Normal, 60), bulletin("storm", plan.Emergency, 60))
	}
	o := due(t, p(plan.Audible, ref("exercise")), progress(), on("08:00"))
	if o.Class != plan.Drill || o.Silent || len(o.Parts) != 3 || o.Parts[0].Chime != "drill" || o.Parts[1].Phrase != voice.Drill || o.Err != nil {
		t.Errorf("audible: %+v", o)
	}
	late := progress()
	late.Since = on("08:05")
	for _, g := range []plan.Progress{progress(), late} {
		o = due(t, p(plan.Soundless, ref("exercise")), g, on("08:05"))
		if o.Class != plan.Test || !o.Silent || len(o.Parts) != 3 || o.At != 0 || len(o.Pages) > 0 || o.Err != nil {
			t.Errorf("silent: %+v", o)
		}
	}
	if seen, _ := Shown(p(plan.Soundless, ref("exercise")), on("08:00")); len(seen) > 0 {
		t.Errorf("a silent drill is shown: %v", ids(seen))
	}
	for _, item := range []plan.Item{ref("news"), ref("storm")} {
		if o := due(t, p(plan.Audible, item), progress(), on("08:00")); o.Err == nil || o.Err.Code != plan.WrongClass {
			t.Errorf("a drill of %s: %v", item.Ref.ID, o.Err)
		}
	}
}

func TestSelfTest(t *testing.T) {
	a := plan.Act{Head: head(plan.KindTest, "t"), Until: on("08:10"), Command: "tone"}
	if o := due(t, newPlan(a), progress(), on("08:00")); o.Class != plan.Test || o.Parts[0].Chime != "test" {
		t.Errorf("the tone is %+v", o)
	}
	a.Command = "disk"
	if os, _ := Due(newPlan(a), progress(), on("08:00")); len(os) != 0 {
		t.Errorf("a test without sound gives %v", ids(os))
	}
}

func TestStop(t *testing.T) {
	s := slot("s", "08:00", 3600, ref("news"), ref("health"))
	play := act(plan.KindPlay, "x", "08:04", "08:14", ref("news"))
	docs := func(more ...any) *plan.Plan {
		return newPlan(append(more, sched("d", s), play, bulletin("news", plan.Normal, 600), bulletin("health", plan.PriorityC, 60),
			alertSet(province, "flood", plan.Alert{ID: "a", Headline: "nước lên", From: on("08:00"), Until: on("10:00")}))...)
	}
	stop := stopAct("stop", "08:05", plan.Normal)
	count := func(p *plan.Plan, at string) int {
		os, _ := Due(p, progress(), on(at))
		return len(os)
	}
	above, signedAbove := stopAct("stop", "08:05", plan.Emergency), stopAct("stop", "08:05", plan.Emergency)
	above.Place = province
	signedAbove.Proof.Signer = province
	early := stopAct("stop", "07:59", plan.Normal, plan.Emergency)
	late := stopAct("stop", "08:05", plan.PriorityC)
	for _, tt := range []struct {
		what string
		stop plan.Act
		want int
	}{
		{"the slot and the act", stop, 1},
		{"another class", late, 3},
		{"a stop from before", early, 3},
		{"a commune cannot stop the province", stopAct("stop", "08:05", plan.Emergency), 3},
		{"the province can", above, 2},
		{"or who signs for the province, at one commune", signedAbove, 2},
	} {
		if got := count(docs(tt.stop), "08:06"); got != tt.want {
			t.Errorf("%s: %d are due; want %d", tt.what, got, tt.want)
		}
	}
	market := docs(stopAct("stop", "08:05", plan.Normal))
	market.Groups = []string{"cho"}
	market.Acts[0].Place, market.Acts[0].Proof.Signer = "cho", "cho"
	if got := count(market, "08:06"); got != 3 {
		t.Errorf("a group stopped the commune's own programme: %d are due; want 3", got)
	}
	// The slot does not go on with what it has of another class, and the stop's
	// own end brings nothing back.
	p, g := docs(stop), progress()
	lapses := Missed(p, g, on("08:00"), on("08:06"))
	if len(lapses) != 2 || lapses[0].Stop.ID != "stop" || lapses[0].Ends != "26734/schedule/d/s@2026-11-23T08:00" {
		t.Fatalf("the stop ended %+v", lapses)
	}
	for i := range lapses {
		Close(&g, &lapses[i])
	}
	p.Acts = nil
	if os, _ := Due(p, g, on("08:30")); len(os) != 1 || os[0].Class != plan.Emergency {
		t.Errorf("after the stop's end %v come back", ids(os))
	}
}

func flood(repeat, gapS int) plan.Alert {
	return plan.Alert{
		ID: "a", Headline: "nước lên", Bulletin: ref("words").Ref, Repeat: repeat, GapS: gapS, From: on("10:00"), Until: on("11:00"),
	}
}

func TestAlert(t *testing.T) {
	p, g := newPlan(alertSet(commune, "flood", flood(0, 60)), bulletin("words", plan.Normal, 30)), progress()
	if os, until := Due(p, g, on("09:30")); len(os) != 0 || !until.Equal(on("10:00")) {
		t.Errorf("too early: %v until %v", ids(os), until)
	}
	now := on("10:00")
	for round := range 3 {
		o := due(t, p, g, now)
		if o.Class != plan.Emergency || len(o.Parts) != 2 || o.Parts[0].Chime != "siren" || o.Repeat != 1 || !o.End.Equal(on("11:00")) {
			t.Fatalf("round %d is %+v", round, o)
		}
		if !strings.HasPrefix(o.ID, "26734/alert/flood/a@") || !strings.HasSuffix(o.ID, []string{"/0", "/1", "/2"}[round]) {
			t.Errorf("round %d is called %s", round, o.ID)
		}
		now = now.Add(o.Length)
		End(&g, &o, now)
		if os, _ := Due(p, g, now.Add(59*time.Second)); len(os) != 0 {
			t.Errorf("in the gap %v", ids(os))
		}
		now = now.Add(time.Minute)
	}
	if os, _ := Due(p, g, now); len(os) != 0 {
		t.Errorf("after three rounds %v", ids(os))
	}
	if os, _ := Due(p, progress(), on("11:00")); len(os) != 0 {
		t.Errorf("after its end %v", ids(os))
	}
}

// Sent again it does not sound again; corrected it does.
func TestAlertIsKnownByWhatIsHeard(t *testing.T) {
	set := alertSet(commune, "flood", flood(1, 0))
	words := bulletin("words", plan.Normal, 30)
	p, g := newPlan(set, words), progress()
	o := due(t, p, g, on("10:00"))
	End(&g, &o, on("10:01"))
	set.Issued = on("10:05")
	set.Alerts[0].Until = on("12:00")
	if os, _ := Due(newPlan(set, words), g, on("10:06")); len(os) != 0 {
		t.Errorf("sent again it sounds again: %v", ids(os))
	}
	set.Alerts[0].Instruction = "lên chỗ cao"
	due(t, newPlan(set, words), g, on("10:06"))
}

// Half an alarm is better than none, and the words are not lost.
func TestAlertBeforeItsWords(t *testing.T) {
	p, g := newPlan(alertSet(commune, "flood", flood(1, 0))), progress()
	o := due(t, p, g, on("10:00"))
	if len(o.Parts) != 1 || o.Parts[0].Chime != "siren" || o.Err != nil {
		t.Fatalf("without words it is %+v", o)
	}
	End(&g, &o, on("10:01"))
	words := bulletin("words", plan.Emergency, 30)
	p.Bulletins[words.Key()] = words
	if o := due(t, p, g, on("10:02")); len(o.Parts) != 2 || o.Length == 0 {
		t.Errorf("with words it is %+v", o)
	}
}

func TestAlertsTakeTurns(t *testing.T) {
	set := alertSet(commune, "flood", flood(2, 0), flood(2, 0))
	set.Alerts[1].ID = "b"
	p, g := newPlan(set, bulletin("words", plan.Normal, 30)), progress()
	var story []string
	for now := on("10:00"); ; {
		os, _ := Due(p, g, now)
		if len(os) == 0 {
			break
		}
		o := os[0]
		story = append(story, o.ID[len("26734/alert/flood/"):][:1]+o.ID[len(o.ID)-1:])
		Begin(&g, &o)
		now = now.Add(o.Length)
		End(&g, &o, now)
	}
	if got := strings.Join(story, " "); got != "a0 b0 a1 b1" {
		t.Errorf("they sound as %s", got)
	}
}

// A sentence is not cut by what was heard before, only by news.
func TestARoundIsNotCutByARepetition(t *testing.T) {
	wide := alertSet(province, "storm", flood(3, 30))
	p, g := newPlan(alertSet(commune, "flood", flood(3, 0)), wide, bulletin("words", plan.Normal, 30)), progress()
	os, _ := Due(p, g, on("10:00"))
	if len(os) != 2 {
		t.Fatalf("two new alerts: %v", ids(os))
	}
	var mine, theirs plan.Occurrence
	for _, o := range os {
		if o.Width == 0 {
			mine = o
		} else {
			theirs = o
		}
	}
	Begin(&g, &mine)
	if os, _ := Due(p, g, on("10:00:01")); len(os) != 2 {
		t.Error("the arbiter must see the wider alert's first round")
	}
	End(&g, &theirs, on("10:00"))
	if os, _ := Due(p, g, on("10:00:40")); len(os) != 1 || os[0].ID != mine.ID {
		t.Errorf("the wider alert's second round is due in the narrower one's first: %v", ids(os))
	}
}

func TestCancelledByAnotherOffice(t *testing.T) {
	over := alertSet(province, "centre")
	over.Cancel = []plan.Cancel{{Place: commune, Office: "flood", ID: "a"}}
	p := newPlan(alertSet(commune, "flood", flood(3, 0)), over, bulletin("words", plan.Normal, 30))
	if os, _ := Due(p, progress(), on("10:00")); len(os) != 0 {
		t.Errorf("cancelled, and yet %v", ids(os))
	}
}
