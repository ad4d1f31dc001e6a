package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const settings = `
[patience]
warning = "2h"

[[people]]
name = "An"
places = ["74"]
email = "an@tinh.example"
quiet = "21:00-06:00"

[[people]]
name = "Bình"
places = ["26734"]
severities = ["silent", "fault", "warning"]
webhook = "https://hook.example/loa"
secret_file = "/none"

[smtp]
server = "mail.tinh.example:587"
from = "loa@tinh.example"
`

func parse(t *testing.T, text string) Config {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func covers(place, top string) bool { return place == top || top == "74" }

func all(Trouble) bool { return true }

// A world is a memory in which time passes.
type world struct {
	t   *testing.T
	c   Config
	m   Memory
	now time.Time
	log []string // person: troubles, recoveries
}

// pass lets time go by, with what is wrong meanwhile; every message is sent.
func (w *world) pass(d time.Duration, active ...Trouble) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(time.Minute)
		w.m = w.m.Look(active, all, w.now)
		for _, msg := range Due(w.c, w.m, covers, w.now) {
			var parts []string
			for _, k := range msg.Troubles {
				parts = append(parts, "+"+k.key())
			}
			for _, k := range msg.Recovered {
				parts = append(parts, "-"+k.key())
			}
			w.log = append(w.log, fmt.Sprintf("%s %s %s", w.now.In(vietnam).Format("02 15:04"), msg.Person, strings.Join(parts, " ")))
			w.m = w.m.Sent(msg, w.now)
		}
	}
}

func (w *world) told(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.log, want) {
		w.t.Errorf("told\n%s\nwant\n%s", strings.Join(w.log, "\n"), strings.Join(want, "\n"))
	}
	w.log = nil
}

func begin(t *testing.T, clock string) *world {
	now, err := time.ParseInLocation("2006-01-02 15:04", clock, vietnam)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, c: parse(t, settings), now: now}
}

var (
	lost   = Trouble{Device: "d-1", Place: "26734", Code: "sink-lost", What: Fault}
	full   = Trouble{Device: "d-1", Place: "26734", Code: "storage-full", What: Warning}
	hushed = Trouble{Device: "d-9", Place: "26737", Code: Silent, What: Silent}
)

func TestPatience(t *testing.T) {
	w := begin(t, "2026-05-01 09:00")
	w.pass(29*time.Minute, lost)
	w.pass(time.Hour)
	w.told() // it mended itself
	w.pass(3*time.Hour, lost, full, hushed)
	w.told("01 11:00 An +d-1/sink-lost", "01 11:00 Bình +d-1/sink-lost", "01 11:30 An +d-9/silent", "01 12:30 Bình +d-1/storage-full")
}

func TestOncePerDayAndRecovery(t *testing.T) {
	w := begin(t, "2026-05-01 09:00")
	w.pass(50*time.Hour, lost)
	w.told(
		"01 09:31 An +d-1/sink-lost", "01 09:31 Bình +d-1/sink-lost",
		"02 09:31 An +d-1/sink-lost", "02 09:31 Bình +d-1/sink-lost",
		"03 09:31 An +d-1/sink-lost", "03 09:31 Bình +d-1/sink-lost")
	w.pass(9 * time.Minute)
	w.pass(5*time.Minute, lost) // it was not over
	w.told()
	w.pass(time.Hour)
	w.told("03 11:25 An -d-1/sink-lost", "03 11:25 Bình -d-1/sink-lost")
	w.pass(48 * time.Hour)
	w.told()
	if len(w.m.Known) != 0 {
		t.Errorf("it remembers %v", w.m.Known)
	}
	w.pass(time.Hour, hushed)
	w.pass(time.Hour, hushed)
	w.pass(time.Hour)
	w.told("05 13:15 An +d-9/silent", "05 14:25 An -d-9/silent") // Bình was not told of it, nor that it is over
}

func TestQuietHours(t *testing.T) {
	w := begin(t, "2026-05-01 20:40")
	w.pass(12*time.Hour, lost)
	w.told("01 21:11 Bình +d-1/sink-lost", "02 06:00 An +d-1/sink-lost")
}

func TestOneDigestForWhatComesTogether(t *testing.T) {
	w := begin(t, "2026-05-01 09:00")
	var many []Trouble
	for i := range 20 {
		many = append(many, Trouble{Device: fmt.Sprintf("d-%02d", i), Place: "26737", Code: "sink-lost", What: Fault})
		w.pass(time.Minute, many...)
	}
	w.pass(time.Hour, many...)
	if len(w.log) != 3 { // the first, and the rest in two
		t.Errorf("%d messages: %v", len(w.log), w.log)
	}
}

// What fails is tried again, later each time, and what is due then is told.
func TestFailures(t *testing.T) {
	w := begin(t, "2026-05-01 09:00")
	w.c.People = w.c.People[:1]
	var tries []time.Duration
	start := w.now
	for range 6 * 60 {
		w.now = w.now.Add(time.Minute)
		w.m = w.m.Look([]Trouble{lost}, all, w.now)
		for _, msg := range Due(w.c, w.m, covers, w.now) {
			tries = append(tries, w.now.Sub(start)/time.Minute)
			w.m = w.m.Failed(msg, w.now)
		}
	}
	if want := []time.Duration{31, 32, 34, 38, 46, 62, 94, 154, 214, 274, 334}; !slices.Equal(tries, want) {
		t.Errorf("tries after %v minutes, want %v", tries, want)
	}
	w.pass(time.Hour, lost, hushed)
	if len(w.log) != 1 || !strings.HasSuffix(w.log[0], "+d-1/sink-lost") {
		t.Errorf("told %v", w.log)
	}
}

func TestMistakesInSettings(t *testing.T) {
	for text, want := range map[string]string{
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nemial = \"a@b.c\"":                                                              "emial",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]":                                                                                 "either email or webhook",
		"[[people]]\nname = \"A\"\nemail = \"a@b.c\"":                                                                                 "name and places",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nemail = \"a@b.c\"":                                                              "smtp",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"http://x\"\nsecret_file = \"/x\"":                                   "https",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"https://x\"":                                                        "secret_file",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"https://x\"\nsecret_file = \"/x\"\nquiet = \"25:00-06:00\"":         "quiet",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"https://x\"\nsecret_file = \"/x\"\nseverities = [\"all\"]":          "severities",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nemail = \"a@b.c\\r\\nBcc: x@y.z\"\n[smtp]\nserver = \"x:25\"\nfrom = \"a@b.c\"": "no address",
		"[patience]\nfault = \"soon\"": "patience.fault",
		"[smtp]\nuser = \"x\"":         "password_file",
		"[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"https://x\"\nsecret_file = \"/x\"\n" + "[[people]]\nname = \"A\"\nplaces = [\"74\"]\nwebhook = \"https://x\"\nsecret_file = \"/x\"": "two called",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %q", text, err, want)
		}
	}
}

// An alert that waits is told at once, at night as well when it is urgent, to those who
// asked for it and have to do with its places, and once.
func TestPropose(t *testing.T) {
	c := parse(t, `
[smtp]
server = "mail.tinh.example:587"
from = "loa@tinh.example"
[[people]]
name = "An"
places = ["74"]
severities = ["alert"]
email = "an@tinh.example"
quiet = "21:00-06:00"
[[people]]
name = "Bình"
places = ["26734"]
severities = ["silent", "alert"]
email = "binh@tinh.example"
[[people]]
name = "Chi"
places = ["74"]
email = "chi@tinh.example"
[[people]]
name = "Dũng"
places = ["26737"]
severities = ["alert"]
email = "dung@tinh.example"
`)
	night := time.Date(2026, 11, 27, 23, 0, 0, 0, vietnam)
	for _, x := range []struct {
		p    Proposal
		told []string
		want string
	}{
		{Proposal{Places: []string{"26734"}, Urgent: true}, nil, "[An Bình]"},
		{Proposal{Places: []string{"26734"}}, nil, "[Bình]"},
		{Proposal{Places: []string{"74"}, Urgent: true}, nil, "[An Bình Dũng]"},
		{Proposal{Places: []string{"74"}, Urgent: true}, []string{"An", "Dũng"}, "[Bình]"},
	} {
		var who []string
		for _, m := range Propose(c, x.p, x.told, covers, night) {
			who = append(who, m.Person)
		}
		if got := fmt.Sprint(who); got != x.want {
			t.Errorf("%+v: %s; want %s", x.p, got, x.want)
		}
	}
	m := Propose(c, Proposal{Headline: "Bão\nsố 5", From: "KTTV", Places: []string{"74"}, Urgent: true, Command: "loactl alert --cap cap-1"}, nil, covers, night)[0]
	if got := m.subject("vi"); got != "Loa: chờ duyệt: Bão số 5" {
		t.Error(got)
	}
	if got := m.body("en"); !strings.Contains(got, "KTTV asks for") || !strings.Contains(got, "loactl alert --cap cap-1") {
		t.Error(got)
	}
}
