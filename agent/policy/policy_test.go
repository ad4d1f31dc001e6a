package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/viet"
)

// expect asks for a verdict and compares code and, unless it is empty, the time
// of day at which it may change.
func expect(t *testing.T, what string, v Verdict, code plan.Code, until string) {
	t.Helper()
	if v.Code != code {
		t.Errorf("%s: %q (%s); want %q", what, v.Code, v.Why, code)
	}
	if until != "" && !v.Until.Equal(on(until)) {
		t.Errorf("%s: until %v; want %s", what, v.Until.In(hcm), until)
	}
	if code != plan.Accepted && (v.Why == "" || v.VI == "" || v.Why == v.VI) {
		t.Errorf("%s: the refusal explains itself as %q and %q", what, v.Why, v.VI)
	}
}

func TestDefaultQuietHours(t *testing.T) {
	o := item(plan.Normal, "05:00")
	for _, tt := range []struct {
		at    string
		code  plan.Code
		until string
	}{
		{"00:00", plan.QuietHours, "05:30"},
		{"05:29:59", plan.QuietHours, "05:30"},
		{"05:30", plan.Accepted, "21:00"},
		{"20:59:59", plan.Accepted, "21:00"},
		{"21:00", plan.QuietHours, "29:30"},
	} {
		expect(t, tt.at, Allow(nil, Usage{}, o, on(tt.at)), tt.code, tt.until)
	}
	expired := rule(func(p *plan.Policy) { p.ValidUntil = on("01:00") })
	expect(t, "expired policy", Allow(laws(expired), Usage{}, o, on("03:15")), plan.QuietHours, "05:30")
	expiring := rule(func(p *plan.Policy) { p.ValidUntil = on("04:00") })
	expect(t, "policy about to end", Allow(laws(expiring), Usage{}, o, on("03:15")), plan.Accepted, "04:00")
	withdrawn := rule(func(p *plan.Policy) { p.Withdrawn = true })
	expect(t, "withdrawn policy", Allow(laws(withdrawn), Usage{}, o, on("03:15")), plan.QuietHours, "05:30")
	expect(t, "a policy that wants none", Allow(laws(rule(nil)), Usage{}, o, on("03:15")), plan.Accepted, "")
	expect(t, "policy begins", Allow(laws(rule(func(p *plan.Policy) { p.ValidFrom = on("04:00") })), Usage{}, o, on("03:15")), plan.QuietHours, "04:00")
}

func TestOnlyAnEmergencyPassesQuietHours(t *testing.T) {
	for _, c := range []plan.Class{plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test, ""} {
		expect(t, "class "+string(c), Allow(nil, Usage{}, item(c, "03:15"), on("03:15")), plan.QuietHours, "05:30")
	}
	expect(t, "emergency", Allow(nil, Usage{}, alert("a"), on("03:15")), plan.Accepted, "")
}

func TestTheStrictestQuietHoursHold(t *testing.T) {
	own := rule(func(p *plan.Policy) { p.QuietHours = []plan.Span{{From: "22:00", Until: "05:00"}} })
	above := rule(func(p *plan.Policy) {
		p.Place = "79"
		p.QuietHours = []plan.Span{{From: "21:30", Until: "04:00"}, {From: "12:00", Until: "13:00", Days: []string{"mon"}}}
	})
	abroad := rule(func(p *plan.Policy) { p.Zone, p.QuietHours = "UTC", []plan.Span{{From: "07:00", Until: "08:00"}} }) // 14:00 here
	o := item(plan.Normal, "05:00")
	for _, tt := range []struct {
		at    string
		code  plan.Code
		until string
	}{
		{"04:30", plan.QuietHours, "05:00"},
		{"03:30", plan.QuietHours, "04:00"}, // the province's end: who is quiet longest stands in the reason
		{"06:00", plan.Accepted, "12:00"},
		{"12:30", plan.QuietHours, "13:00"},
		{"13:30", plan.Accepted, "14:00"},
		{"14:30", plan.QuietHours, "15:00"},
		{"21:30", plan.QuietHours, "22:00"},
	} {
		expect(t, tt.at, Allow(laws(own, above, abroad), Usage{}, o, on(tt.at)), tt.code, tt.until)
	}
	tuesday := on("12:30").AddDate(0, 0, 1)
	expect(t, "not on Tuesday", Allow(laws(above), Usage{}, o, tuesday), plan.Accepted, "")
}

// A span that begins on a Monday night belongs to the Monday until it ends.
func TestSpanBelongsToTheDayOnWhichItBegins(t *testing.T) {
	p := rule(func(p *plan.Policy) {
		p.QuietHours = []plan.Span{{From: "20:00", Until: "06:00", Days: []string{"mon"}}}
	})
	o := item(plan.Normal, "05:00")
	expect(t, "Monday early", Allow(laws(p), Usage{}, o, on("03:00")), plan.Accepted, "20:00")
	expect(t, "Tuesday early", Allow(laws(p), Usage{}, o, on("27:00")), plan.QuietHours, "30:00")
	whole := rule(func(p *plan.Policy) { p.QuietHours = []plan.Span{{From: "06:00", Until: "06:00"}} })
	expect(t, "all day", Allow(laws(whole), Usage{}, o, on("12:00")), plan.QuietHours, "30:00")
}

func TestMute(t *testing.T) {
	var u Usage
	u.Mutes = []plan.Act{mute(on("08:00"), on("10:00"), "lan")}
	p := laws(rule(nil))
	expect(t, "muted", Allow(p, u, item(plan.PriorityC, "09:00"), on("09:00")), plan.Muted, "10:00")
	expect(t, "over", Allow(p, u, item(plan.PriorityC, "09:00"), on("10:00")), plan.Accepted, "")
	expect(t, "spares emergency", Allow(p, u, alert("a"), on("09:00")), plan.Accepted, "")
	u.Mutes[0].Proof.Holders = []string{"lan", "minh"}
	expect(t, "two holders silence an emergency", Allow(p, u, alert("a"), on("09:00")), plan.Muted, "10:00")
	u.Mutes = []plan.Act{mute(on("08:00"), on("80:00"), "lan")}
	expect(t, "never longer than a day", Allow(p, u, item(plan.Normal, "09:00"), on("31:59")), plan.Muted, "32:00")
	expect(t, "a day later", Allow(p, u, item(plan.Normal, "09:00"), on("32:00")), plan.Accepted, "")
	u.Mutes = []plan.Act{mute(on("08:30"), on("09:00"), "lan"), mute(on("08:00"), on("10:00"), "lan")}
	expect(t, "cut short, not yet over", Allow(p, u, item(plan.Normal, "08:30"), on("08:59")), plan.Muted, "09:00")
	expect(t, "cut short", Allow(p, u, item(plan.Normal, "09:00"), on("09:00")), plan.Accepted, "")
	u.Mutes[1].Proof.Signer = "74"
	expect(t, "another place's mute stays", Allow(p, u, item(plan.Normal, "09:00"), on("09:00")), plan.Muted, "10:00")
}

func TestLocalMode(t *testing.T) {
	var u Usage
	u.LocalUntil = on("09:30")
	expect(t, "a technician at the horn", Allow(laws(rule(nil)), u, alert("a"), on("09:00")), plan.LocalMode, "09:30")
	local := plan.Occurrence{ID: "local/1", Class: plan.Test, Length: time.Second}
	expect(t, "the technician's own tone", Allow(laws(rule(nil)), u, local, on("09:00")), plan.Accepted, "09:30")
	expect(t, "gone", Allow(laws(rule(nil)), u, alert("a"), on("09:30")), plan.Accepted, "")
}

func TestWhatScheduleRefusedStaysRefused(t *testing.T) {
	o := item(plan.Normal, "09:00")
	o.Err = &plan.Error{Code: plan.Conflict, Msg: "another bulletin"}
	v := Allow(laws(rule(nil)), Usage{}, o, on("09:00"))
	expect(t, "conflict", v, plan.Conflict, "")
	if !v.Final {
		t.Error("the next item must have its turn")
	}
}

func TestRelayHosts(t *testing.T) {
	relay := func(urls ...string) plan.Occurrence {
		o := item(plan.Normal, "09:00")
		o.Item, o.Parts = plan.Key{}, []plan.Part{{Relay: &plan.Relay{URLs: urls}}}
		return o
	}
	own := rule(func(p *plan.Policy) { p.RelayHosts = []string{"a.vn", "b.vn"} })
	above := rule(func(p *plan.Policy) { p.Place, p.RelayHosts = "79", []string{"B.vn", "c.vn"} })
	silent := rule(func(p *plan.Policy) { p.Place = "80" })
	unripe := rule(func(p *plan.Policy) { p.ID, p.RelayHosts, p.RipeAt = "more", []string{"a.vn"}, on("10:00") })
	for _, tt := range []struct {
		what string
		ps   []plan.Policy
		urls []string
		code plan.Code
	}{
		{"listed", laws(own), []string{"https://a.vn/x"}, plan.Accepted},
		{"in any case, with a port", laws(own), []string{"https://A.VN:8443/x"}, plan.Accepted},
		{"one that lists none does not mind", laws(own, silent), []string{"https://a.vn/x"}, plan.Accepted},
		{"listed by both", laws(own, above), []string{"https://b.vn/x"}, plan.Accepted},
		{"listed by one of two that list", laws(own, above), []string{"https://a.vn/x"}, plan.Scope},
		{"listed by nobody", laws(silent), []string{"https://a.vn/x"}, plan.Scope},
		{"no policy at all", nil, []string{"https://a.vn/x"}, plan.Scope},
		{"the second of a chain is not", laws(own), []string{"https://a.vn/x", "https://evil.vn/x"}, plan.Scope},
		{"a name that ends alike", laws(own), []string{"https://xa.vn/x"}, plan.Scope},
		{"not encrypted", laws(own), []string{"http://a.vn/x"}, plan.Scope},
		{"a host in the user's place", laws(own), []string{"https://a.vn@evil.vn/x"}, plan.Scope},
		{"no address", laws(own), []string{"://"}, plan.Scope},
		{"an input of the box", laws(silent), []string{"alsa:line-in"}, plan.Accepted},
		{"listed by one holder alone since today", laws(silent, unripe), []string{"https://a.vn/x"}, plan.Scope},
		{"listed before, and by one holder alone since today", laws(own, unripe), []string{"https://a.vn/x"}, plan.Accepted},
		{"not listed any more by one holder alone since today", laws(own, unripe), []string{"https://b.vn/x"}, plan.Scope},
	} {
		v := Allow(tt.ps, Usage{}, relay(tt.urls...), on("09:00"))
		expect(t, tt.what, v, tt.code, "")
		if v.Final != (tt.code != plan.Accepted) {
			t.Errorf("%s: final is %v", tt.what, v.Final)
		}
	}
	expect(t, "in the night it is the hour that counts", Allow(nil, Usage{}, relay("https://a.vn/x"), on("03:15")), plan.QuietHours, "05:30")
	if got := Hosts(laws(own, above, silent), on("09:00")); !slices.Equal(got, []string{"b.vn"}) {
		t.Errorf("Hosts = %v", got)
	}
	if got := Hosts(nil, on("09:00")); len(got) != 0 {
		t.Errorf("Hosts without policies = %v", got)
	}
}

func TestBannedWords(t *testing.T) {
	for _, tt := range []struct {
		word string
		code plan.Code
	}{
		{"nước", plan.Scope}, {"NƯỚC", plan.Scope}, {"bản tin", plan.Scope}, {"chiều nay", plan.Scope},
		{"nướ", plan.Accepted}, {"ước", plan.Accepted}, {"tin sán", plan.Accepted}, {"cá độ", plan.Accepted}, {" ", plan.Accepted},
	} {
		p := rule(func(p *plan.Policy) { p.BannedWords = []string{"xyz", tt.word} })
		expect(t, tt.word, Allow(laws(p), Usage{}, item(plan.Normal, "09:00"), on("09:00")), tt.code, "")
		expect(t, tt.word+" in an emergency", Allow(laws(p), Usage{}, alert("a"), on("09:00")), plan.Accepted, "")
	}
}

// A list of words is no good if a space gets past it.
func TestBannedWordsInDisguise(t *testing.T) {
	law := rule(func(p *plan.Policy) { p.BannedWords = []string{"cá cược", "ma túy"} })
	for text, code := range map[string]plan.Code{
		"C Á  C Ư Ợ C bóng đá":        plan.Scope,
		"\u0441á \u0441ược":           plan.Scope, // c of Cyrillic
		"ｃá　ｃược":                     plan.Scope,
		"Cá-cược":                     plan.Scope,
		"Ma tuý":                      plan.Scope,
		"Chợ bán cá, cược vỏ thùng":   plan.Accepted,
		"Con ma tuy nhỏ mà đáng sợ":   plan.Accepted,
		"Bà con nuôi cá. Cược xe sau": plan.Accepted,
	} {
		o := item(plan.Normal, "09:00")
		o.Text = text
		expect(t, text, Allow(laws(law), Usage{}, o, on("09:00")), code, "")
		b := &plan.Bulletin{Class: plan.Normal, Title: "Tin", Text: text, Ticker: text}
		if got := UnwantedIn(laws(law), b, on("09:00")); (len(got) == 1) != (code == plan.Scope) {
			t.Errorf("%s: before anybody signs: %+v", text, got)
		}
		if b.Class = plan.Emergency; len(UnwantedIn(laws(law), b, on("09:00"))) != 0 {
			t.Errorf("%s: an emergency may say everything", text)
		}
	}
}

// What is remembered of texts has its bounds.
func TestReadingsAreBounded(t *testing.T) {
	m := memory{known: map[string]viet.Words{}}
	for i := range 100 {
		m.of(fmt.Sprint(i) + strings.Repeat(" chữ", 2000))
		if m.bytes > maxMemory || len(m.known) == 0 || len(m.known) > 26 {
			t.Fatalf("%d texts of %d bytes", len(m.known), m.bytes)
		}
	}
}

func TestVolume(t *testing.T) {
	night := rule(func(p *plan.Policy) {
		p.VolumeCeilingPercent = 80
		p.Volumes = []plan.Volume{
			{Span: plan.Span{From: "19:00", Until: "06:00"}, Percent: 40},
			{Span: plan.Span{From: "18:00", Until: "20:00"}, Percent: 60},
		}
	})
	above := rule(func(p *plan.Policy) { p.Place, p.VolumeCeilingPercent = "79", 70 })
	loud := item(plan.Normal, "09:00")
	loud.Volume = 90
	soft := loud
	soft.Volume = 20
	for _, tt := range []struct {
		what string
		ps   []plan.Policy
		u    Usage
		o    plan.Occurrence
		at   string
		want int
	}{
		{"nothing says anything", laws(rule(nil)), Usage{}, item(plan.Normal, "09:00"), "09:00", 100},
		{"the slot says", laws(rule(nil)), Usage{}, loud, "09:00", 90},
		{"the box says", laws(rule(nil)), Usage{Box: Box{VolumePercent: 55}}, item(plan.Normal, "09:00"), "09:00", 55},
		{"the slot before the box", laws(rule(nil)), Usage{Box: Box{VolumePercent: 55}}, loud, "09:00", 90},
		{"ceiling", laws(night), Usage{}, loud, "09:00", 80},
		{"the lower ceiling", laws(night, above), Usage{}, loud, "09:00", 70},
		{"by the hour", laws(night), Usage{}, loud, "18:30", 60},
		{"the first hour that holds", laws(night), Usage{}, loud, "19:30", 40},
		{"softer than all", laws(night), Usage{}, soft, "19:30", 20},
		{"an emergency is heard at night", laws(night), Usage{}, alert("a"), "23:00", 80},
		{"an emergency does not ask the box", laws(rule(nil)), Usage{Box: Box{VolumePercent: 10}}, alert("a"), "23:00", 100},
		{"nobody has listened yet", laws(rule(nil)), Usage{Box: Box{Uncommissioned: true}}, alert("a"), "09:00", 30},
	} {
		v := Allow(tt.ps, tt.u, tt.o, on(tt.at))
		if v.Code != plan.Accepted || v.VolumePercent != tt.want {
			t.Errorf("%s: %d %% (%s); want %d", tt.what, v.VolumePercent, v.Code, tt.want)
		}
	}
	if v := Allow(laws(night), Usage{}, loud, on("17:00")); !v.Until.Equal(on("18:00")) {
		t.Errorf("the volume changes at 18:00, not %v", v.Until.In(hcm))
	}
}

func TestBoxOf(t *testing.T) {
	p := &plan.Plan{Acts: []plan.Act{mute(on("08:00"), on("10:00")), {Head: plan.Head{Kind: plan.KindPlay}}}}
	if b := BoxOf(p); !b.Uncommissioned || len(b.Mutes) != 1 {
		t.Errorf("a box that nobody commissioned is %+v", b)
	}
	p.Want.Settings = &plan.Settings{Commissioned: true, VolumePercent: 60}
	if b := BoxOf(p); b.Uncommissioned || b.VolumePercent != 60 {
		t.Errorf("a commissioned box is %+v", b)
	}
}

// Until is a promise, whatever sounds now.
func TestTheVerdictHoldsUntil(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	codes := map[plan.Code]int{}
	for range 4000 {
		ps, u, o := random(r)
		now := on("00:00").Add(time.Duration(r.Int64N(int64(48 * time.Hour))))
		if r.IntN(2) == 0 {
			running := o
			if r.IntN(2) == 0 {
				running.ID += "x"
			}
			u.Begin(running, now.Add(-time.Duration(r.IntN(700))*time.Second))
		}
		want := Allow(ps, u, o, now)
		codes[want.Code]++
		if !want.Until.After(now) || want.Until.After(now.Add(horizon)) {
			t.Fatalf("until is %v after now", want.Until.Sub(now))
		}
		for i := range 4 {
			at := now.Add(time.Duration(r.Int64N(int64(want.Until.Sub(now)))))
			if i == 0 {
				at = want.Until.Add(-1)
			}
			got := Allow(ps, u, o, at)
			got.Until, got.Why, got.VI = want.Until, want.Why, want.VI
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("at %v %+v until %v; %v later %+v\n%+v\n%+v", now, want, want.Until, at.Sub(now), got, ps, u)
			}
		}
	}
	for _, c := range []plan.Code{plan.Accepted, plan.QuietHours, plan.Airtime, plan.RepeatLimit, plan.Muted} {
		if codes[c] < 30 {
			t.Errorf("%q came up %d times only", c, codes[c])
		}
	}
}

func random(r *rand.Rand) ([]plan.Policy, Usage, plan.Occurrence) {
	var ps []plan.Policy
	for range r.IntN(3) {
		ps = append(ps, rule(func(p *plan.Policy) {
			p.Zone = []string{"+07:00", "Europe/Berlin"}[r.IntN(2)]
			clock := func() string { return on("00:00").Add(time.Duration(r.IntN(1440)) * time.Minute).Format("15:04") }
			for range r.IntN(3) {
				p.QuietHours = append(p.QuietHours, plan.Span{From: clock(), Until: clock(), Days: [][]string{nil, {"mon", "wed"}}[r.IntN(2)]})
			}
			p.Volumes = []plan.Volume{{Span: plan.Span{From: clock(), Until: clock()}, Percent: 10 + r.IntN(90)}}
			p.AirtimeDayS, p.AirtimeSessionS = r.IntN(2)*(60+r.IntN(4000)), r.IntN(2)*(60+r.IntN(2000))
			p.RepeatsPerDay, p.EmergencyHourS = r.IntN(4), r.IntN(2)*r.IntN(900)
			if r.IntN(4) == 0 {
				p.AirtimeDays = []string{"tue", "sat"}
			}
			if r.IntN(4) == 0 {
				p.ValidFrom = on(clock())
			}
		}))
	}
	pick := func() plan.Occurrence {
		switch r.IntN(3) {
		case 0:
			return alert([]string{"a", "b"}[r.IntN(2)])
		case 1:
			return act([]string{"x", "y"}[r.IntN(2)], plan.Normal)
		}
		return item(plan.Normal, []string{"09:00", "23:30"}[r.IntN(2)])
	}
	var u Usage
	for range r.IntN(8) {
		u = used(u, pick(), on("00:00").Add(time.Duration(r.IntN(2000))*time.Minute), time.Duration(r.IntN(500))*time.Second)
	}
	if r.IntN(3) == 0 {
		from := on("00:00").Add(time.Duration(r.IntN(2000)) * time.Minute)
		u.Mutes = []plan.Act{mute(from, from.Add(time.Duration(r.IntN(2000))*time.Minute), []string{"lan", "minh"}[:1+r.IntN(2)]...)}
	}
	o := pick()
	o.At = time.Duration(r.IntN(100)) * time.Second
	o.Holders = 1 + r.IntN(2)
	return ps, u, o
}

func BenchmarkAllow(b *testing.B) {
	ps := laws(rule(func(p *plan.Policy) {
		p.QuietHours, p.AirtimeDayS, p.RepeatsPerDay = []plan.Span{{From: "21:00", Until: "05:30"}}, 7200, 10
	}), rule(nil))
	var u Usage
	for i := range 200 {
		u = used(u, act("x", plan.Filler), on("00:00").Add(time.Duration(i)*7*time.Minute), time.Second)
	}
	o := item(plan.Normal, "09:00")
	b.ReportAllocs()
	for b.Loop() {
		Allow(ps, u, o, on("09:00"))
	}
}
