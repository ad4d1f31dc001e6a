package schedule

import (
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// told is lapses as "item result code".
func told(lapses []Lapse) string {
	var b strings.Builder
	for _, l := range lapses {
		b.WriteString(l.ID[strings.LastIndex(l.ID, "T")+1:] + " " + string(l.Result) + " " + string(l.Code) + "\n")
	}
	return b.String()
}

func compareLapses(t *testing.T, lapses []Lapse, want string) {
	t.Helper()
	if got := told(lapses); got != strings.ReplaceAll(strings.TrimPrefix(want, "\n"), "\t", "") {
		t.Errorf("lapses are\n%s\nwant\n%s", got, want)
	}
}

func programme() *plan.Plan {
	return newPlan(
		sched("d", slot("s", "08:00", 600, ref("a"), ref("b"), ref("a")), slot("u", "09:00", 600, ref("b"))),
		bulletin("a", plan.Normal, 100), bulletin("b", plan.Normal, 200))
}

func TestMissedWhileTheBoxWasOff(t *testing.T) {
	g := NewProgress(on("08:03")) // in the second item
	g.Ended[commune+"/schedule/d/s@2026-11-23T08:00/0"] = true
	compareLapses(t, Missed(programme(), g, on("07:00"), on("08:03")), "")
	compareLapses(t, Missed(programme(), NewProgress(on("08:03")), on("07:00"), on("08:03")), "08:00/0 missed \n")
	compareLapses(t, Missed(programme(), NewProgress(on("12:00")), on("07:00"), on("12:00")), `
		08:00/0 missed 
		08:00/1 missed 
		08:00/2 missed 
		09:00/0 missed 
	`)
	compareLapses(t, Missed(programme(), NewProgress(on("12:00")), on("08:30"), on("12:00")), "09:00/0 missed \n")
	compareLapses(t, Missed(programme(), NewProgress(on("12:00")), on("08:30"), on("08:59")), "")
}

// What was missed by a clock that ran ahead may yet come.
func TestMissedMayYetCome(t *testing.T) {
	p, g := programme(), NewProgress(on("12:00"))
	for _, l := range Missed(p, g, on("07:00"), on("12:00")) {
		Close(&g, &l)
	}
	if again := Missed(p, g, on("07:00"), on("12:00")); len(again) != 0 {
		t.Errorf("written down twice: %s", told(again))
	}
	g.Since = on("08:59")
	due(t, p, g, on("09:00"))
}

func TestNeverHadItsTurn(t *testing.T) {
	p, g := programme(), progress()
	o := due(t, p, g, on("08:00"))
	End(&g, &o, on("08:01:40"))
	g.Refused[commune+"/schedule/d/s@2026-11-23T08:00/1"] = plan.Muted
	compareLapses(t, Missed(p, g, on("08:00"), on("08:09:59")), "")
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), `
		08:00/1 refused muted
		08:00/2 refused muted
	`)
	// The mute was over, and it began: nothing holds back what comes behind it.
	second := due(t, p, g, on("08:01:40"))
	Begin(&g, &second)
	End(&g, &second, on("08:10"))
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), "08:00/2 pre-empted priority\n")
}

func TestCutByALawAndNotGoingOn(t *testing.T) {
	p, g := programme(), progress()
	first := due(t, p, g, on("08:00"))
	Begin(&g, &first)
	g.Refused[first.ID] = plan.QuietHours
	Interrupt(&g, &first, 50*time.Second)
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), `
		08:00/0 partial quiet-hours
		08:00/1 refused quiet-hours
		08:00/2 refused quiet-hours
	`)
	Begin(&g, &first) // the hours are over, but something else takes the speaker
	Interrupt(&g, &first, 60*time.Second)
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), `
		08:00/0 pre-empted priority
		08:00/1 pre-empted priority
		08:00/2 pre-empted priority
	`)
}

func TestInterruptedAndNotGoingOn(t *testing.T) {
	p, g := programme(), progress()
	first := due(t, p, g, on("08:00"))
	Interrupt(&g, &first, 50*time.Second)
	compareLapses(t, Missed(p, g, on("08:00"), on("08:09:10")), "")
	lapses := Missed(p, g, on("08:00"), on("08:09:11"))
	compareLapses(t, lapses, "08:00/0 pre-empted priority\n")
	if len(lapses) == 1 && lapses[0].At != 50*time.Second {
		t.Errorf("it stopped at %v", lapses[0].At)
	}
}

// What nobody had asked for when the slot began was not missed.
func TestDocumentThatCameLater(t *testing.T) {
	p := programme()
	d := p.Schedules[sched("d").Key()]
	d.Issued = on("08:30")
	p.Schedules[d.Key()] = d
	compareLapses(t, Missed(p, NewProgress(on("12:00")), on("07:00"), on("12:00")), "09:00/0 missed \n")
}

func TestEndlessLoopCountsOnce(t *testing.T) {
	s := slot("s", "08:00", 600, ref("a"))
	s.Loops = -1
	p, g := newPlan(sched("d", s), bulletin("a", plan.Normal, 100)), progress()
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), "08:00/0/0 pre-empted priority\n")
	g.Ended[commune+"/schedule/d/s@2026-11-23T08:00/0/0"] = true
	g.At[commune+"/schedule/d/s@2026-11-23T08:00/0/1"] = time.Second
	compareLapses(t, Missed(p, g, on("08:00"), on("08:10")), "08:00/0/1 pre-empted priority\n")
}
