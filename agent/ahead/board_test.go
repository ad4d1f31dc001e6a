package ahead_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/plan"
	"loa/agent/policy"
)

// notice is a bulletin that is only seen.
func notice(id string, class plan.Class, seconds int) plan.Bulletin {
	b := bulletin(commune, id, class, 1)
	b.Audio = nil
	b.Pages = []plan.Page{{Text: "page of " + id, StayS: seconds}}
	return b
}

// seen is the lines of a day about the board, as a reader would tell them.
func seen(p plan.Plan, speaker bool) string {
	s := ahead.Fresh(policy.Usage{}, first)
	s.Board, s.SeenOnly = true, !speaker
	var b strings.Builder
	for _, l := range ahead.Continue(p, s, first, first.AddDate(0, 0, 1)) {
		switch {
		case l.Shows:
			fmt.Fprintf(&b, "%s-%s %s ×%d\n", clockOf(l.At), clockOf(l.Until), l.Occurrence.Title, l.Times)
		case !l.Sounds:
			fmt.Fprintf(&b, "%s %s refused: %s\n", clockOf(l.At), l.Occurrence.Title, l.Code)
		case !speaker:
			fmt.Fprintf(&b, "%s %s SOUNDS\n", clockOf(l.At), l.Occurrence.Title)
		}
	}
	return b.String()
}

func TestTheBoardOfADay(t *testing.T) {
	spoken := bulletin(commune, "spoken", plan.Normal, 60)
	spoken.Text = "read it, too"
	bad := notice("betting", plan.Normal, 15)
	bad.Pages[0].Text = "Cá cược bóng đá"
	p := one(plan.Slot{ID: "s", At: []string{"06:00"}, ForS: 3600, Loops: -1, Items: []plan.Item{ref("water"), ref("vaccine")}},
		notice("water", plan.Normal, 20), notice("vaccine", plan.Normal, 40), spoken, bad)
	s := p.Schedules[plan.Key{Place: commune, Kind: plan.KindSchedule, ID: "d"}]
	s.Slots = append(s.Slots,
		plan.Slot{ID: "noon", At: []string{"12:00"}, ForS: 600, Items: []plan.Item{ref("spoken"), ref("betting"), chime("gong")}})
	p.Schedules[s.Key()] = s
	law(&p, func(l *plan.Policy) { l.BannedWords = []string{"cá cược"} })
	want := `
06:00:00-06:59:20 water ×60
06:00:20-07:00:00 vaccine ×60
12:00:00-12:01:00 spoken ×1
12:01:00 betting refused: scope
`[1:]
	if got := seen(p, true); got != want {
		t.Errorf("the board shows\n%s\nwant\n%s", got, want)
	}

	// An alarm comes between, and what goes round has a second line after it.
	flood := plan.AlertSet{Head: head(commune, plan.KindAlert, "flood"), Office: "flood", Alerts: []plan.Alert{
		{ID: "a", Headline: "flood", Repeat: 1, From: first.Add(6*time.Hour + 30*time.Minute), Until: first.Add(6*time.Hour + 40*time.Minute)},
	}}
	p.Alerts = map[plan.Key]plan.AlertSet{flood.Key(): flood}
	got := seen(p, true)
	for _, line := range []string{
		"06:00:00-06:29:20 water ×30\n", "06:30:00-06:40:00 flood ×1\n", "06:40:00-06:59:20 water ×20\n", "06:40:20-07:00:00 vaccine ×20\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("with an alarm the board shows\n%s\nwant %s", got, line)
		}
	}

	// A box without a speaker tells the same, and nothing of sound.
	if quiet := seen(p, false); quiet != got {
		t.Errorf("without a speaker\n%s\nwith one\n%s", quiet, got)
	}
}

// What sounds late is seen while it sounds.
func TestTheBoardGoesWithWhatSounds(t *testing.T) {
	a, b := bulletin(commune, "a", plan.PriorityC, 120), bulletin(commune, "b", plan.Normal, 60)
	a.Text, b.Text = "a", "b"
	p := one(plan.Slot{ID: "s", At: []string{"06:00"}, ForS: 600, Items: []plan.Item{ref("a")}}, a, b)
	s := p.Schedules[plan.Key{Place: commune, Kind: plan.KindSchedule, ID: "d"}]
	s.Slots = append(s.Slots, plan.Slot{ID: "later", At: []string{"06:01"}, ForS: 600, Items: []plan.Item{ref("b")}})
	p.Schedules[s.Key()] = s
	want := "06:00:00-06:02:00 a ×1\n06:02:00-06:03:00 b ×1\n"
	if got := seen(p, true); got != want {
		t.Errorf("the board shows\n%s\nwant\n%s", got, want)
	}
}
