package policy

import (
	"testing"
	"time"

	"loa/agent/plan"
)

func TestSeen(t *testing.T) {
	law := plan.DefaultPolicy("26734") // quiet hours 21:00–05:30
	law.BannedWords = []string{"cá cược"}
	law.ValidUntil = time.Date(2027, 1, 1, 0, 0, 0, 0, vietnam)
	night := time.Date(2026, 11, 23, 3, 15, 0, 0, vietnam)
	show := func(class plan.Class, text string) plan.Code {
		return Seen([]plan.Policy{law}, plan.Occurrence{Class: class, Pages: []plan.Page{{Text: text}}}, night).Code
	}
	if c := show(plan.Normal, "Lịch tiêm chủng"); c != plan.Accepted {
		t.Errorf("a page at night: %s; quiet hours are about sound", c)
	}
	if c := show(plan.Normal, "Nhà cái CÁ CƯỢC số 1"); c != plan.Scope {
		t.Errorf("a page with banned words: %q", c)
	}
	if c := show(plan.Normal, "Nuôi cá cuợc sống tốt"); c != plan.Accepted {
		t.Errorf("other words: %s", c)
	}
	ticker := plan.Occurrence{Class: plan.Normal, Ticker: "Nhà cái cá cược số 1"}
	if c := Seen([]plan.Policy{law}, ticker, night).Code; c != plan.Scope {
		t.Errorf("a ticker with banned words: %q", c)
	}
	broken := plan.Occurrence{Err: &plan.Error{Code: plan.Conflict}}
	if v := Seen(nil, broken, night); v.Code != plan.Conflict {
		t.Errorf("what schedule refused: %q", v.Code)
	}
}

func TestBrightness(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 11, 23, h, m, 0, 0, vietnam) }
	law := func(place string, bs ...plan.Volume) plan.Policy {
		p := plan.DefaultPolicy(place)
		p.ValidUntil = at(0, 0).AddDate(1, 0, 0)
		p.Brightness = bs
		return p
	}
	span := func(from, until string, percent int) plan.Volume {
		return plan.Volume{Span: plan.Span{From: from, Until: until}, Percent: percent}
	}
	commune := law("26734", span("18:00", "22:00", 40), span("22:00", "05:00", 10))
	province := law("74", span("19:00", "23:00", 30))
	for _, c := range []struct {
		now   time.Time
		want  int
		set   bool
		until time.Time
	}{
		{at(12, 0), 100, false, at(18, 0)},
		{at(18, 0), 40, true, at(19, 0)},
		{at(19, 0), 30, true, at(22, 0)},
		{at(22, 30), 10, true, at(23, 0)},
		{at(23, 30), 10, true, at(29, 0)},
	} {
		got, set, until := Brightness([]plan.Policy{commune, province}, c.now)
		if got != c.want || set != c.set || !until.Equal(c.until) {
			t.Errorf("%s: %d %%, %v, until %s; want %d %%, %v, %s", c.now.Format("15:04"), got, set, until, c.want, c.set, c.until)
		}
	}
	if got, set, _ := Brightness(nil, at(22, 0)); got != 100 || set {
		t.Errorf("without a policy: %d %%, %v", got, set)
	}
}
