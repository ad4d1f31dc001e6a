package channel

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/quiet"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, quiet.Vietnam)

func covers(place, top string) bool { return strings.HasPrefix(place, top) }

func bulletin(id, place string, class plan.Class, issued time.Time) authority.Issued {
	t := message.Topic{Dir: message.DirPlace, Leaf: message.LeafDoc, Kind: plan.KindBulletin, Place: place, ID: id}
	return authority.Issued{Topic: t, Doc: plan.Bulletin{
		Head: plan.Head{Place: place, ID: id, Issued: issued}, Class: class, Lang: "vi", Title: "Tiêm chủng", Text: "Sáng thứ Bảy, tại trạm y tế.",
		Validity: plan.Validity{ValidUntil: issued.Add(72 * time.Hour)},
	}}
}

func alerts(place string, issued time.Time, retracted []string, all ...plan.Alert) authority.Issued {
	set := plan.AlertSet{Head: plan.Head{Place: place, ID: "office", Issued: issued}, Office: "office", Alerts: all}
	for _, id := range retracted {
		set.Retracted = append(set.Retracted, plan.Retraction{ID: id, Until: issued.Add(time.Hour)})
	}
	return authority.Issued{Topic: message.Topic{Dir: message.DirPlace, Leaf: message.LeafAlert, Place: place, Office: "office"}, Doc: set}
}

func flood(id, headline string, until time.Time) plan.Alert {
	return plan.Alert{ID: id, Headline: headline, Instruction: "Đi sơ tán ngay.", Until: until}
}

// A town is a memory with its channels, and takes everything that is due.
type town struct {
	t   *testing.T
	c   Config
	m   *Memory
	now time.Time
}

func newTown(t *testing.T, settings string) *town {
	t.Helper()
	c, err := Parse([]byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	v := &town{t, c, NewMemory(), noon}
	v.m.Turn(c, noon)
	return v
}

const page = `[[channel]]
name = "fb"
kind = "facebook"
on = true
places = ["26734"]
classes = ["emergency", "priority", "normal"]
quiet = "21:00-06:00"
per_day = 2
token_file = "t"
page = "1"
`

// post gives what went out, each as what it says and its wording.
func (v *town) post(after time.Duration, all ...authority.Issued) (said []string) {
	v.now = v.now.Add(after)
	v.m.Turn(v.c, v.now)
	items, falseAlarm := Items(all)
	for _, p := range Due(v.c, items, falseAlarm, v.m, covers, v.now) {
		v.m.Begin(p, v.now)
		v.m.End(p, "ref", nil, v.now)
		said = append(said, strings.TrimSpace(p.To+" "+p.Head(p.Place)))
	}
	return said
}

func (v *town) want(what string, got []string, want ...string) {
	v.t.Helper()
	if !slices.Equal(got, want) {
		v.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAnAlertIsPostedOnceInEachWording(t *testing.T) {
	v := newTown(t, page)
	until := noon.Add(3 * time.Hour)
	set := func(headline string) authority.Issued {
		return alerts("26734", v.now, nil, flood("lu", headline, until))
	}
	v.want("new", v.post(0, set("Lũ về")), "KHẨN CẤP – 26734: Lũ về")
	for range 30 { // the Yunnan case: signed anew every four minutes
		v.want("signed again", v.post(4*time.Minute, set("Lũ về")))
	}
	v.want("another wording", v.post(time.Minute, set("Lũ về, nước lên nhanh")), "KHẨN CẤP – 26734: Lũ về, nước lên nhanh")
	v.want("over", v.post(time.Minute, alerts("26734", v.now, nil)), "HẾT BÁO ĐỘNG – 26734: Lũ về, nước lên nhanh")
	v.want("over, once", v.post(time.Minute, alerts("26734", v.now, nil)))
	v.want("it begins again", v.post(time.Minute, set("Lũ về, nước lên nhanh")), "KHẨN CẤP – 26734: Lũ về, nước lên nhanh")
	v.want("once", v.post(time.Minute, set("Lũ về, nước lên nhanh")))
	v.want("and is over again", v.post(time.Minute, alerts("26734", v.now, nil)), "HẾT BÁO ĐỘNG – 26734: Lũ về, nước lên nhanh")
}

func TestAFalseAlarmIsTakenBack(t *testing.T) {
	v := newTown(t, page)
	v.post(0, alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(time.Hour))))
	got := v.post(time.Minute, alerts("26734", v.now, []string{"lu"}))
	v.want("taken back", got, "BÁO NHẦM – 26734: Lũ về")
	w := newTown(t, page)
	w.want("whoever was not told is not told of it", w.post(0, alerts("26734", noon, []string{"lu"})))
	x := newTown(t, page)
	x.post(0, alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(time.Hour))))
	x.want("one that came to its end by itself", x.post(time.Hour, alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(time.Hour)))))
}

func TestBulletins(t *testing.T) {
	v := newTown(t, page)
	old := bulletin("cu", "26734", plan.Normal, noon.Add(-time.Hour))
	v.want("from before the channel", v.post(0, old))
	one := bulletin("tin", "26734", plan.Normal, noon.Add(time.Minute))
	v.want("before its time", v.post(0, one))
	v.want("new", v.post(time.Minute, one), "26734: Tiêm chủng")
	v.want("again", v.post(time.Minute, one))
	far := bulletin("xa", "01", plan.Normal, v.now)
	below := bulletin("ap", "2673401", plan.Normal, v.now)
	above := bulletin("tinh", "26", plan.PriorityC, v.now)
	v.want("elsewhere", v.post(0, far))
	v.want("below", v.post(0, below), "2673401: Tiêm chủng")
	v.want("more than two a day", v.post(time.Minute, above))
	v.want("an alert all the same", v.post(0, alerts("26", v.now, nil, flood("b", "Bão", v.now.Add(time.Hour)))), "KHẨN CẤP – 26: Bão")
	v.want("the day after, no news any more", v.post(24*time.Hour, above))
	v.now = time.Date(2026, 11, 29, 22, 0, 0, 0, quiet.Vietnam)
	night := bulletin("dem", "26734", plan.Normal, v.now)
	v.want("at night", v.post(0, night))
	v.want("in the morning", v.post(8*time.Hour, night), "26734: Tiêm chủng")
	english := bulletin("en", "26734", plan.Normal, v.now)
	doc := english.Doc.(plan.Bulletin)
	doc.Lang = "en"
	english.Doc = doc
	v.want("in another language", v.post(0, english))
	doc.Lang, doc.Withdrawn = "vi", true
	english.Doc = doc
	v.want("withdrawn", v.post(0, english))
}

// What rings in a pocket is silent at night without being told so, but for an emergency.
func TestTelephonesAreQuietAtNight(t *testing.T) {
	telephones := "[[channel]]\nname = \"t\"\nkind = \"webpush\"\non = true\nplaces = [\"26734\"]\nclasses = [\"emergency\", \"normal\"]\n"
	for settings, atNight := range map[string]bool{telephones: false, telephones + "quiet = \"00:00-00:00\"\n": true} {
		v := newTown(t, settings)
		v.now = time.Date(2026, 11, 29, 21, 0, 0, 0, quiet.Vietnam)
		news := bulletin("tin", "26734", plan.Normal, v.now)
		if got := v.post(0, news); (len(got) > 0) != atNight {
			t.Errorf("at nine in the evening: %q", got)
		}
		if got := v.post(8*time.Hour, news); len(got) > 0 {
			t.Errorf("at five in the morning: %q", got)
		}
		v.want("an alert at night", v.post(0, news, alerts("26734", v.now, nil, flood("lu", "Lũ về", v.now.Add(2*time.Hour)))), "KHẨN CẤP – 26734: Lũ về")
		if got := v.post(30*time.Minute, news, alerts("26734", v.now, nil, flood("lu", "Lũ về", v.now.Add(2*time.Hour)))); (len(got) > 0) == atNight {
			t.Errorf("at half past five: %q", got)
		}
	}
}

func TestNothingGoesOutThatIsOff(t *testing.T) {
	v := newTown(t, strings.Replace(page, "on = true", "on = false", 1))
	v.want("off", v.post(0, alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(time.Hour)))))
}

const modemChannel = `[[channel]]
name = "sms"
kind = "modem"
on = true
places = ["26"]
port = "/dev/null"
to_file = "numbers"
`

func TestEachNumberIsToldOfItsPlace(t *testing.T) {
	v := newTown(t, modemChannel)
	v.c.Channels[0].to = []recipient{{"+84901", ""}, {"+84902", "26734"}, {"+84903", "26999"}}
	got := v.post(0, alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(time.Hour))), bulletin("tin", "26734", plan.Normal, noon))
	v.want("an alert, and no bulletin", got, "+84901 KHẨN CẤP – 26734: Lũ về", "+84902 KHẨN CẤP – 26734: Lũ về")
	v.want("over", v.post(time.Minute, alerts("26734", v.now, nil)), "+84901 HẾT BÁO ĐỘNG – 26734: Lũ về", "+84902 HẾT BÁO ĐỘNG – 26734: Lũ về")
}

func TestTries(t *testing.T) {
	v := newTown(t, page)
	set := alerts("26734", noon, nil, flood("lu", "Lũ về", noon.Add(60*time.Hour)))
	news := bulletin("tin", "26734", plan.Normal, noon)
	items, none := Items([]authority.Issued{set, news})
	due := func() []Post { return Due(v.c, items, none, v.m, covers, v.now) }
	all := due()
	if len(all) != 2 || all[0].Class != plan.Emergency {
		t.Fatalf("%+v", all)
	}
	for _, p := range all {
		v.m.Begin(p, v.now)
	}
	if got := due(); len(got) != 1 || got[0].Class != plan.Emergency {
		t.Errorf("after a crash while both went out: %+v; want the alert alone", got)
	}
	v.m.End(all[1], "", &failure{text: "no"}, v.now)
	v.m.End(all[0], "", errors.New("no route"), v.now)
	if got := due(); len(got) != 0 {
		t.Errorf("at once after a failure: %+v", got)
	}
	tries, again := 1, 0
	v.m.Lines[all[1].ID()] = Line{Post: all[1], State: Waiting, At: v.now, Tries: 1}
	for range 24 * 60 {
		v.now = v.now.Add(time.Minute)
		for _, p := range due() {
			if p.Class == plan.Emergency {
				again++
			} else {
				tries++
			}
			v.m.Begin(p, v.now)
			v.m.End(p, "", errors.New("no route"), v.now)
		}
	}
	if tries != mostTries {
		t.Errorf("%d tries in a day, want %d", tries, mostTries)
	}
	if again < 280 || again > 300 {
		t.Errorf("an alert was tried %d times in a day, want one in five minutes", again)
	}
}
