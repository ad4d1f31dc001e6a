package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// notice is a bulletin that is only seen, for so many seconds.
func notice(id string, class plan.Class, seconds int) plan.Bulletin {
	b := bulletin(id, class, 1)
	b.Audio = nil
	b.Pages = []plan.Page{{Text: id, StayS: seconds}}
	return b
}

// pages is what a board might show, as its texts.
func pages(p *plan.Plan, at string) (texts []string, until time.Time) {
	os, until := Shown(p, on(at))
	for _, o := range os {
		for _, g := range o.Pages {
			texts = append(texts, g.Text)
		}
	}
	return texts, until
}

func TestABoardGoesByTheClock(t *testing.T) {
	spoken := bulletin("b", plan.Normal, 60)
	spoken.Pages = []plan.Page{{Text: "spoken"}}
	read := bulletin("r", plan.Normal, 30)
	read.Text = "its text"
	p := newPlan(
		notice("a", plan.Normal, 20), spoken, read,
		sched("s", plan.Slot{ID: "s1", At: []string{"06:00"}, ForS: 600, GapS: 10, Items: []plan.Item{ref("a"), ref("b"), {Chime: "gong"}, ref("r")}}),
	)
	gong := Span(p, on("06:00"), on("06:10"))
	for _, c := range []struct{ at, want, until string }{
		{"05:59:59", "", "06:00"},
		{"06:00", "a", "06:00:20"},
		{"06:00:20", "", "06:00:30"}, // the gap
		{"06:00:30", "spoken", "06:01:30"},
		{"06:01:45", "", ""}, // a chime has nothing to show
		{"06:01:55", "its text", ""},
		{"06:09:00", "", ""},
	} {
		got, until := pages(p, c.at)
		if strings.Join(got, " ") != c.want || c.until != "" && !until.Equal(on(c.until)) {
			t.Errorf("%s: %q until %s; want %q until %s", c.at, got, until.In(hcm).Format(time.TimeOnly), c.want, c.until)
		}
	}
	// What is only seen takes no time of the speaker, and is not missed by it.
	if len(gong) != 3 || !gong[0].Start.Equal(on("06:00")) || gong[0].Item.ID != "b" {
		t.Errorf("heard: %v", ids(gong))
	}
	if l := Missed(p, progress(), on("05:00"), on("07:00")); slices.ContainsFunc(l, func(l Lapse) bool { return l.Item.ID == "a" }) {
		t.Error("a notice without sound counts as missed")
	}
}

// A notice stays until its ticker has run through.
func TestATickerHasItsTime(t *testing.T) {
	n := notice("a", plan.Normal, 5)
	n.Ticker = strings.Repeat("chữ ", 30) // 120 letters: 20 s, and 6 s to cross a board
	p := newPlan(n, notice("b", plan.Normal, 40),
		sched("s", plan.Slot{ID: "s1", At: []string{"06:00"}, ForS: 3600, Items: []plan.Item{ref("a"), ref("b")}}))
	for at, want := range map[string]string{"06:00:00": "a", "06:00:25": "a", "06:00:26": "b"} {
		if got, _ := pages(p, at); strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	if os, _ := Shown(p, on("06:00")); len(os) != 1 || os[0].Ticker != n.Ticker {
		t.Errorf("shown: %+v", os)
	}
}

func TestABoardAloneGoesRound(t *testing.T) {
	p := newPlan(notice("a", plan.Normal, 20), notice("b", plan.Normal, 40),
		sched("s", plan.Slot{ID: "s1", At: []string{"06:00"}, ForS: 16 * 3600, Loops: -1, Items: []plan.Item{ref("a"), ref("b")}}))
	for at, want := range map[string]string{"06:00:10": "a", "06:00:30": "b", "06:01:10": "a", "21:59:30": "b", "22:00": ""} {
		if got, _ := pages(p, at); strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	for _, now := range []string{"06:00", "12:00", "21:59:59"} {
		if os, _ := Due(p, progress(), on(now)); len(os) != 0 {
			t.Errorf("%s: the speaker gets %v", now, ids(os))
		}
	}
}

func TestAnAlertIsSeenAsLongAsItLasts(t *testing.T) {
	flood := plan.Alert{ID: "a1", Headline: "Lũ quét", Instruction: "Lên chỗ cao", Repeat: 1, Until: on("12:00")}
	set := alertSet(commune, "flood", flood)
	p := newPlan(set)
	// Its one round has sounded.
	g := progress()
	o := due(t, p, g, on("09:00"))
	End(&g, &o, on("09:01"))
	if os, _ := Due(p, g, on("10:00")); len(os) != 0 {
		t.Fatalf("it sounds again: %v", ids(os))
	}
	got, until := pages(p, "10:00")
	if strings.Join(got, "|") != "Lũ quét|Lên chỗ cao" || !until.Equal(on("12:00")) {
		t.Errorf("seen: %q until %v", got, until)
	}
	seen, _ := Shown(p, on("10:00"))
	if !SameAlert(&o, &seen[0]) || seen[0].Class != plan.Emergency {
		t.Errorf("%s and %s are one alert", o.ID, seen[0].ID)
	}
	for _, gone := range []*plan.Plan{
		newPlan(alertSet(commune, "flood")),
		newPlan(set, stopAct("x", "09:30", plan.Emergency)),
		newPlan(set, func() plan.AlertSet {
			s := alertSet(province, "rescue")
			s.Cancel = []plan.Cancel{{Place: commune, Office: "flood", ID: "a1"}}
			return s
		}()),
	} {
		if got, _ := pages(gone, "10:00"); len(got) != 0 {
			t.Errorf("still seen: %q", got)
		}
	}
	if got, _ := pages(p, "12:00"); len(got) != 0 {
		t.Errorf("seen past its end: %q", got)
	}
}

func TestAnActIsSeenWhileItSounds(t *testing.T) {
	b := bulletin("b", plan.Normal, 40)
	b.Pages = []plan.Page{{Text: "now"}}
	spoken := newPlan(b, act(plan.KindPlay, "x", "10:00", "10:10", ref("b")))
	silent := newPlan(notice("n", plan.Normal, 3), act(plan.KindPlay, "y", "10:00", "10:10", ref("n")))
	for _, c := range []struct {
		p        *plan.Plan
		at, want string
	}{
		{spoken, "10:00", "now"}, {spoken, "10:00:39", "now"}, {spoken, "10:00:40", ""},
		{silent, "10:00:14", "n"}, {silent, "10:00:15", ""},
	} {
		if got, _ := pages(c.p, c.at); strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.at, got, c.want)
		}
	}
	if os, _ := Due(silent, progress(), on("10:00")); len(os) != 0 {
		t.Errorf("the speaker gets %v", ids(os))
	}
}
