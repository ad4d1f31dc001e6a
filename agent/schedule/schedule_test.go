package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
)

// starts is what a week of the plan comes to, as "Mon 05:30 id".
func starts(p *plan.Plan, from, to time.Time) string {
	var b strings.Builder
	for _, o := range Span(p, from, to) {
		b.WriteString(o.Start.In(hcm).Format("Mon 15:04:05 ") + strings.TrimPrefix(o.ID, commune+"/schedule/d/") + "\n")
	}
	return b.String()
}

func TestCalendar(t *testing.T) {
	for _, tt := range []struct {
		what string
		slot plan.Slot
		zone string
		want string
	}{
		{"on some days", plan.Slot{Days: []string{"wed", "sun"}, At: []string{"05:30"}, ForS: 60}, "+07:00", `
			Wed 05:30:00 s@2026-11-25T05:30/0
			Sun 05:30:00 s@2026-11-29T05:30/0
		`},
		{"dates go before days", plan.Slot{Days: []string{"mon"}, Dates: []string{"2026-11-24", "2026-12-24"}, At: []string{"05:30"}, ForS: 60}, "+07:00", `
			Tue 05:30:00 s@2026-11-24T05:30/0
		`},
		{"exceptions go before all", plan.Slot{Dates: []string{"2026-11-24", "2026-11-25"}, Except: []string{"2026-11-24"}, At: []string{"05:30"}, ForS: 60}, "+07:00", `
			Wed 05:30:00 s@2026-11-25T05:30/0
		`},
		{"to the second, twice a day, said twice", plan.Slot{Days: []string{"mon"}, At: []string{"17:00", "05:30:15", "17:00"}, ForS: 60}, "+07:00", `
			Mon 05:30:15 s@2026-11-23T05:30:15/0
			Mon 17:00:00 s@2026-11-23T17:00/0
		`},
		{"every so often, across midnight", plan.Slot{Days: []string{"mon"}, Every: &plan.Every{From: "22:30", Until: "01:30", Minutes: 60}, ForS: 60}, "+07:00", `
			Mon 22:30:00 s@2026-11-23T22:30/0
			Mon 23:30:00 s@2026-11-23T23:30/0
			Tue 00:30:00 s@2026-11-23T24:30/0
		`},
		{"until is not among them", plan.Slot{Days: []string{"mon"}, Every: &plan.Every{From: "07:00", Until: "08:00", Minutes: 30}, ForS: 60}, "+07:00", `
			Mon 07:00:00 s@2026-11-23T07:00/0
			Mon 07:30:00 s@2026-11-23T07:30/0
		`},
		{"by the clock of another zone", plan.Slot{Days: []string{"mon"}, At: []string{"05:30"}, ForS: 60}, "Europe/Berlin", `
			Mon 11:30:00 s@2026-11-23T05:30/0
		`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			tt.slot.ID, tt.slot.Items = "s", []plan.Item{ref("b")}
			d := sched("d", tt.slot)
			d.Zone = tt.zone
			want := strings.ReplaceAll(strings.TrimPrefix(tt.want, "\n"), "\t", "")
			if got := starts(newPlan(d, bulletin("b", plan.Normal, 30)), monday, monday.AddDate(0, 0, 7)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// When Berlin's clocks go back, half past two comes twice and the slot once;
// when they go forward it is left out, and the slot comes an hour later.
func TestDaylightSaving(t *testing.T) {
	d := sched("d", slot("s", "02:30", 60, ref("b")))
	d.Zone = "Europe/Berlin"
	d.ValidFrom = time.Time{}
	b := bulletin("b", plan.Normal, 30)
	for _, tt := range []struct{ date, want string }{
		{"2027-10-31", "2027-10-31T00:30:00Z"},
		{"2027-03-28", "2027-03-28T01:30:00Z"},
		{"2027-03-29", "2027-03-29T00:30:00Z"},
	} {
		day, _ := time.Parse(time.DateOnly, tt.date)
		got := Span(newPlan(d, b), day.Add(-time.Hour), day.Add(20*time.Hour))
		if len(got) != 1 || got[0].Start.UTC().Format(time.RFC3339) != tt.want {
			t.Errorf("%s: %v", tt.date, got)
		}
	}
}

func TestItemsFollowOneAnother(t *testing.T) {
	s := slot("s1", "05:30", 3600, plan.Item{Chime: "gong"}, ref("news"), ref("weather"))
	s.GapS, s.VolumePercent, s.StartAt = 5, 70, true
	p := newPlan(sched("morning", s), bulletin("news", plan.Normal, 300), bulletin("weather", plan.PriorityC, 120))
	g := progress()
	gong, _ := sound.ChimeLength("gong")

	if os, until := Due(p, g, on("05:29:59")); len(os) != 0 || !until.Equal(on("05:30")) {
		t.Errorf("before the slot: %v until %v", ids(os), until)
	}
	o := due(t, p, g, on("05:30"))
	if o.ID != "26734/schedule/morning/s1@2026-11-23T05:30/0" || o.Slot != "26734/schedule/morning/s1@2026-11-23T05:30" {
		t.Errorf("it is called %q in %q", o.ID, o.Slot)
	}
	if !o.Together || o.Volume != 70 || o.Length != gong || !o.End.Equal(on("06:30")) || o.Signer != commune || o.Holders != 1 {
		t.Errorf("the gong is %+v", o)
	}
	end := on("05:30:10")
	End(&g, &o, end)
	if os, until := Due(p, g, end); len(os) != 0 || !until.Equal(end.Add(5*time.Second)) {
		t.Errorf("in the gap: %v until %v", ids(os), until)
	}
	o = due(t, p, g, end.Add(5*time.Second))
	if o.Title != "news" || !o.Together || o.Class != plan.Normal || o.Length != 300*time.Second {
		t.Errorf("second is %+v", o)
	}
	End(&g, &o, on("05:36"))
	if o = due(t, p, g, on("05:40")); o.Title != "weather" || o.Class != plan.PriorityC {
		t.Errorf("third is %+v", o)
	}
	End(&g, &o, on("05:42"))
	if os, until := Due(p, g, on("05:42")); len(os) != 0 || !until.Equal(on("06:30")) {
		t.Errorf("all have ended: %v until %v", ids(os), until)
	}
}

// Two runs of one row never sound at once.
func TestARunEndsWhenTheNextBegins(t *testing.T) {
	s := slot("s", "", 3600, ref("b"))
	s.At, s.Every = nil, &plan.Every{From: "08:00", Until: "09:00", Minutes: 20}
	o := due(t, newPlan(sched("d", s), bulletin("b", plan.Normal, 3000)), progress(), on("08:25"))
	if !o.Start.Equal(on("08:20")) || !o.End.Equal(on("08:40")) {
		t.Errorf("from %v to %v", o.Start, o.End)
	}
}

func TestLoops(t *testing.T) {
	for _, tt := range []struct {
		loops int
		want  []string
	}{
		{0, []string{"0", "1"}},
		{1, []string{"0", "1"}},
		{2, []string{"0/0", "1/0", "0/1", "1/1"}},
		{-1, []string{"0/0", "1/0", "0/1", "1/1", "0/2"}},
	} {
		s := slot("s", "08:00", 270, ref("a"), ref("b"))
		s.Loops = tt.loops
		p, g := newPlan(sched("d", s), bulletin("a", plan.Normal, 60), bulletin("b", plan.Normal, 50)), progress()
		var got []string
		for now := on("08:00"); ; {
			os, _ := Due(p, g, now)
			if len(os) == 0 {
				break
			}
			got = append(got, strings.TrimPrefix(os[0].ID, os[0].Slot+"/"))
			now = now.Add(os[0].Length)
			End(&g, &os[0], now)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("loops %d: %v; want %v", tt.loops, got, tt.want)
		}
	}
}

// Recordings that fail at once must not be tried a thousand times a second.
func TestALoopTakesASecond(t *testing.T) {
	s := slot("s", "08:00", 3600, ref("a"))
	s.Loops = -1
	p, g := newPlan(sched("d", s), bulletin("a", plan.Normal, 60)), progress()
	tried := 0
	var until time.Time
	for now := on("08:00"); now.Before(on("08:00:10")); now = until {
		var os []plan.Occurrence
		for os, until = Due(p, g, now); len(os) > 0; os, until = Due(p, g, now) {
			End(&g, &os[0], now)
			tried++
		}
	}
	if tried != 10 {
		t.Errorf("tried %d times in ten seconds", tried)
	}
	o := due(t, p, g, on("08:00:20"))
	Strike(&g, &o)
	if os, until := Due(p, g, on("08:00:20")); len(os) != 0 || !until.Equal(on("09:00")) {
		t.Errorf("struck out for all loops, and yet %v until %v", ids(os), until)
	}
}

func TestInterruptedGoesOnWhileItFits(t *testing.T) {
	s := slot("s", "08:00", 600, ref("long"), ref("short"))
	p := newPlan(sched("d", s), bulletin("long", plan.Normal, 300), bulletin("short", plan.Normal, 60))
	g := progress()
	o := due(t, p, g, on("08:00"))
	Begin(&g, &o)
	Interrupt(&g, &o, 100*time.Second)
	os, until := Due(p, g, on("08:06:30"))
	if len(os) != 1 || os[0].Title != "long" || os[0].At != 100*time.Second || !until.Equal(on("08:06:40").Add(1)) {
		t.Fatalf("200 s are left in 210 s: %v until %v", os, until)
	}
	if o := due(t, p, g, on("08:06:40")); o.Title != "long" {
		t.Errorf("200 s fit into 200 s: %s", o.Title)
	}
	if o := due(t, p, g, on("08:06:41")); o.Title != "short" || o.At != 0 {
		t.Errorf("200 s do not fit into 199 s: %s", o.Title)
	}
	// Once it goes on nobody asks again.
	g.Sounding = o.ID
	if o := due(t, p, g, on("08:09")); o.Title != "long" {
		t.Errorf("what sounds is cut off: %s", o.Title)
	}
}

// An item that is longer than its slot was meant to be cut.
func TestLongerThanItsSlotGoesOn(t *testing.T) {
	p := newPlan(sched("d", slot("s", "08:00", 600, ref("music"))), bulletin("music", plan.Normal, 7200))
	g := progress()
	o := due(t, p, g, on("08:00"))
	Interrupt(&g, &o, time.Minute)
	if o := due(t, p, g, on("08:09:59")); o.At != time.Minute || !o.End.Equal(on("08:10")) {
		t.Errorf("the music goes on as %+v", o)
	}
	if os, _ := Due(p, g, on("08:10")); len(os) != 0 {
		t.Errorf("%v sounds past its slot", ids(os))
	}
}

func TestRestartJoinsTheTimeline(t *testing.T) {
	s := slot("s", "08:00", 1800, ref("a"), ref("b"), ref("a"))
	s.GapS = 10
	p := newPlan(sched("d", s), bulletin("a", plan.Normal, 100), bulletin("b", plan.Normal, 200))
	item := func(o plan.Occurrence) string { return strings.TrimPrefix(o.ID, o.Slot+"/") }
	for _, tt := range []struct {
		since, now string
		item       string
		at         time.Duration
	}{
		{"07:59:59", "08:05", "0", 0}, // it was there when the slot began
		{"08:00", "08:00", "0", 0},
		{"08:00:30", "08:00:30", "0", 30 * time.Second},
		{"08:00:30", "08:07", "0", 30 * time.Second}, // something else sounded meanwhile
		{"08:01:50", "08:01:50", "1", 0},
		{"08:03", "08:03", "1", 70 * time.Second},
		{"08:06", "08:06", "2", 40 * time.Second},
	} {
		o := due(t, p, NewProgress(on(tt.since)), on(tt.now))
		if item(o) != tt.item || o.At != tt.at {
			t.Errorf("since %s, at %s: item %s at %v; want %s at %v", tt.since, tt.now, item(o), o.At, tt.item, tt.at)
		}
	}
	g := NewProgress(on("08:01:45")) // in the first gap
	if os, until := Due(p, g, on("08:01:45")); len(os) != 0 || !until.Equal(on("08:01:50")) {
		t.Errorf("in the gap %v until %v", ids(os), until)
	}
	if os, _ := Due(p, NewProgress(on("08:08")), on("08:08")); len(os) != 0 {
		t.Errorf("all has passed, and yet %v", ids(os))
	}
	// What ended is not joined, what follows is.
	g = NewProgress(on("08:03"))
	g.Ended[commune+"/schedule/d/s@2026-11-23T08:00/1"] = true
	if o := due(t, p, g, on("08:03")); item(o) != "2" || o.At != 0 {
		t.Errorf("after an ended item: %+v", o)
	}
	p.Schedules[sched("d").Key()].Slots[0].Loops = -1
	if o := due(t, p, NewProgress(on("08:15")), on("08:15")); item(o) != "1/2" && item(o) != "0/2" {
		t.Errorf("a quarter of an hour later the loop is at %s", item(o))
	}
}

func TestRelayKeepsItsTime(t *testing.T) {
	relay := plan.Item{Relay: &plan.Relay{URLs: []string{"https://a.vn/x"}, Title: "thời sự", Class: plan.PriorityC, Origin: plan.Central, Lang: "vi", ForS: 600}}
	p := newPlan(sched("d", slot("s", "08:00", 1800, ref("a"), relay, ref("b"))), bulletin("a", plan.Normal, 120), bulletin("b", plan.Normal, 60))
	g := progress()
	o := due(t, p, g, on("08:00"))
	End(&g, &o, on("08:05")) // it took longer: something came between
	o = due(t, p, g, on("08:05"))
	if o.Title != "thời sự" || o.Class != plan.PriorityC || o.Origin != plan.Central || !o.End.Equal(on("08:12")) || o.At != 0 {
		t.Errorf("the relay is %+v", o)
	}
	Interrupt(&g, &o, 3*time.Minute)
	if o = due(t, p, g, on("08:11")); o.Title != "thời sự" || o.At != 0 || !o.End.Equal(on("08:12")) {
		t.Errorf("after an interruption it is %+v", o)
	}
	if o = due(t, p, g, on("08:12")); o.Title != "b" {
		t.Errorf("the programme is over, and %+v sounds", o)
	}
	relay.Relay.ForS = 0
	if o = due(t, p, g, on("08:11")); !o.End.Equal(on("08:30")) || o.Length != 0 {
		t.Errorf("to the end of the slot: %+v", o)
	}
}

func TestWhatCannotSoundSaysWhy(t *testing.T) {
	other := ref("news")
	other.Ref.SHA256 = "sha-of-another"
	gone := bulletin("gone", plan.Normal, 60)
	gone.Withdrawn = true
	old := bulletin("old", plan.Normal, 60)
	old.ValidUntil = on("08:00")
	young := bulletin("young", plan.Normal, 60)
	young.ValidFrom = on("09:00")
	for _, tt := range []struct {
		item plan.Item
		code plan.Code
	}{
		{ref("nowhere"), plan.MediaMissing},
		{other, plan.Conflict},
		{ref("gone"), plan.Revoked},
		{ref("old"), plan.Expired},
		{ref("young"), plan.NotYet},
		{ref("storm"), plan.WrongClass},
		{ref("drill"), plan.WrongClass},
		{plan.Item{Chime: "bell"}, plan.Unsupported},
	} {
		p := newPlan(sched("d", slot("s", "08:00", 600, tt.item, ref("news"))), bulletin("news", plan.Normal, 60),
			gone, old, young, bulletin("storm", plan.Emergency, 60), bulletin("drill", plan.Drill, 60))
		g := progress()
		o := due(t, p, g, on("08:00"))
		if o.Err == nil || o.Err.Code != tt.code || o.Err.Msg == "" {
			t.Errorf("%+v: %v; want %s", tt.item, o.Err, tt.code)
		}
		Strike(&g, &o)
		if o := due(t, p, g, on("08:00")); o.Title != "news" || o.Err != nil {
			t.Errorf("after %s comes %+v", tt.code, o)
		}
	}
}

// What has no recording is only seen, be it pages or a text: nothing of it is missing.
func TestWhatIsOnlySeenIsNotMissing(t *testing.T) {
	b := bulletin("text", plan.Normal, 60)
	b.Audio, b.Text = nil, "Họp dân"
	p := newPlan(sched("d", slot("s", "08:00", 600, ref("text"), ref("news"))), bulletin("news", plan.Normal, 60), b)
	if o := due(t, p, progress(), on("08:00")); o.Title != "news" || !o.Start.Equal(on("08:00")) {
		t.Errorf("%+v sounds, want the news at once", o)
	}
	if lapses := Missed(p, progress(), on("07:00"), on("09:00")); len(lapses) != 1 || lapses[0].Title != "news" {
		t.Errorf("%+v was missed", lapses)
	}
}

func TestDocumentsEnd(t *testing.T) {
	b := bulletin("a", plan.Normal, 600)
	b.ValidUntil = on("08:05")
	d := sched("d", slot("s", "08:00", 900, ref("a"), ref("b")))
	p := newPlan(d, b, bulletin("b", plan.Normal, 600))
	if o := due(t, p, progress(), on("08:00")); !o.End.Equal(on("08:05")) {
		t.Errorf("the bulletin's life is over at 08:05, not %v", o.End)
	}
	if o := due(t, p, progress(), on("08:05")); o.Err == nil || o.Err.Code != plan.Expired {
		t.Errorf("an expired bulletin is %+v", o)
	}
	d.ValidUntil = on("08:02")
	p = newPlan(d, b)
	if os, until := Due(p, progress(), on("08:00")); len(os) != 1 || !os[0].End.Equal(on("08:02")) || !until.Equal(on("08:02")) {
		t.Errorf("the schedule's life is over at 08:02: %v until %v", os, until)
	}
	if os, _ := Due(p, progress(), on("08:02")); len(os) != 0 {
		t.Errorf("an expired schedule gives %v", ids(os))
	}
	d.ValidUntil, d.ValidFrom = always.ValidUntil, on("08:01")
	if os, _ := Due(newPlan(d, b), progress(), on("08:03")); len(os) != 0 {
		t.Errorf("the slot began before the schedule: %v", ids(os))
	}
	d.ValidFrom, d.Withdrawn = time.Time{}, true
	if os, _ := Due(newPlan(d, b), progress(), on("08:03")); len(os) != 0 {
		t.Errorf("a withdrawn schedule gives %v", ids(os))
	}
}

// The nearest place decides in which order priority bulletins sound.
func TestTheCommunesOrder(t *testing.T) {
	d := sched("d", slot("s", "08:00", 600, ref("b")), slot("u", "08:00", 600, ref("a")))
	d.Order = []plan.Ref{{ID: "a"}, {ID: "b", Kind: plan.KindBulletin, Place: commune}}
	theirs := sched("theirs")
	theirs.Place, theirs.Issued, theirs.Order = province, on("07:00"), []plan.Ref{{Place: commune, ID: "b"}}
	p := newPlan(d, theirs, bulletin("a", plan.PriorityC, 60), bulletin("b", plan.PriorityC, 60))
	ranks := map[string]int{}
	os, _ := Due(p, progress(), on("08:00"))
	for _, o := range os {
		ranks[o.Title] = o.Rank
	}
	if ranks["a"] != 1 || ranks["b"] != 2 {
		t.Errorf("ranks are %v", ranks)
	}
}

func TestForget(t *testing.T) {
	p := newPlan(act(plan.KindPlay, "x", "08:00", "08:10", ref("b")), alertSet(commune, "flood", plan.Alert{ID: "a"}))
	g := progress()
	keep := []string{
		"26734/schedule/d/s@2026-11-23T08:00/0", "26734/schedule/d/s@2026-11-23T08:00", "26734/schedule/d/s@2026-11-20T23:50/0/3",
		"26734/act.play/x", "26734/alert/flood/a@00112233/1", "26734/alert/flood/a@00112233",
	}
	drop := []string{"26734/schedule/d/s@2026-11-19T08:00/0", "26734/act.play/y", "26734/alert/flood/b@00112233/1", "local/1", ""}
	for _, id := range append(keep, drop...) {
		g.Ended[id], g.Missed[id], g.At[id], g.Last[id], g.Refused[id] = true, true, 1, on("08:00"), plan.Muted
	}
	// An alarm that was cleared may be taken back for as long as anything is remembered.
	cleared := "26734/alert/flood/b@00112233"
	g.Last[cleared], g.Last[cleared+"/1"] = on("12:00").AddDate(0, 0, -2), on("12:00").AddDate(0, 0, -4)
	Forget(&g, p, on("12:00").AddDate(0, 0, -3))
	if g.Last[cleared].IsZero() {
		t.Error("it is not known any more that an alarm has sounded")
	}
	delete(g.Last, cleared)
	for _, id := range keep {
		if !g.Ended[id] || !g.Missed[id] || g.At[id] == 0 || g.Last[id].IsZero() || g.Refused[id] == "" {
			t.Errorf("%s is forgotten", id)
		}
	}
	if len(g.Ended)+len(g.Missed)+len(g.At)+len(g.Last)+len(g.Refused) != 5*len(keep) {
		t.Errorf("too much is remembered: %v", g)
	}
}

func TestItemID(t *testing.T) {
	for id, want := range map[string]string{
		"26734/schedule/d/s@2026-11-23T08:00/3":   "26734/schedule/d/s@2026-11-23T08:00/3",
		"26734/schedule/d/s@2026-11-23T08:00/3/7": "26734/schedule/d/s@2026-11-23T08:00/3",
		"26734/schedule/d/s@2026-11-23T08:00":     "26734/schedule/d/s@2026-11-23T08:00",
		"26734/alert/flood/a@00112233/1":          "26734/alert/flood/a@00112233/1",
		"26734/act.play/x":                        "26734/act.play/x",
		"":                                        "",
	} {
		if got := ItemID(id); got != want {
			t.Errorf("ItemID(%q) = %q; want %q", id, got, want)
		}
	}
}
