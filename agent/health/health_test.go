package health

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Conditions() {
		if seen[c.Code] {
			t.Errorf("%s stands in the table twice", c.Code)
		}
		seen[c.Code] = true
		for what, s := range map[string]string{"code": c.Code, "VI": c.VI, "EN": c.EN, "DoVI": c.DoVI, "DoEN": c.DoEN} {
			if strings.TrimSpace(s) == "" || strings.TrimSpace(s) != s {
				t.Errorf("%s: %s is %q", c.Code, what, s)
			}
			if !norm.NFC.IsNormalString(s) {
				t.Errorf("%s: %s is not NFC: %q", c.Code, what, s)
			}
		}
		if (c.PartVI == "") != (c.PartEN == "") {
			t.Errorf("%s names a part in one language only: %q, %q", c.Code, c.PartVI, c.PartEN)
		}
		if ascii(c.VI) || ascii(c.DoVI) {
			t.Errorf("%s: Vietnamese without diacritics: %q, %q", c.Code, c.VI, c.DoVI)
		}
		if !ascii(c.EN) || !ascii(c.DoEN) || !ascii(c.PartEN) {
			t.Errorf("%s: the English text is not English: %q, %q, %q", c.Code, c.EN, c.DoEN, c.PartEN)
		}
	}
}

// Every code that a room reports has its row: a condition in no language helps
// nobody on a ladder.
func TestEveryReportedCodeHasARow(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`\bCode[A-Z]\w*\s+=\s"([a-z-]+)"|\b[Rr]eport(?:Of)?\("([a-z-]+)"|\bSet(?:Of)?\("([a-z]+-[a-z-]+)"`)
	senses := regexp.MustCompile(`(?m)^\t[A-Z]\w+\s+= "([a-z-]+)"`)
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found := said.FindAllSubmatch(text, -1)
		if strings.HasPrefix(f, "../sense/") {
			found = append(found, senses.FindAllSubmatch(text, -1)...)
		}
		for _, m := range found {
			code := string(bytes.Join(m[1:], nil))
			n++
			if _, ok := Lookup(code); !ok {
				t.Errorf("%s reports %q, which has no row in table.go", f, code)
			}
		}
	}
	if n < 35 {
		t.Errorf("only %d codes found: does the expression still match how rooms report?", n)
	}
}

func ascii(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func codes(as []Active) string {
	var out []string
	for _, a := range as {
		out = append(out, a.Code)
	}
	return strings.Join(out, " ")
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, nil)
		h.Set("broker-unreachable", "no route")
		began := time.Now()
		if got := h.Active(time.Now()); len(got) != 0 {
			t.Fatalf("told at once: %v", codes(got))
		}
		if want := began.Add(2 * time.Minute); !h.Next().Equal(want) {
			t.Fatalf("Next = %v, want %v", h.Next(), want)
		}
		time.Sleep(2*time.Minute - time.Nanosecond)
		if got := h.Active(time.Now()); len(got) != 0 {
			t.Fatal("told before its patience was over")
		}
		time.Sleep(time.Nanosecond)
		got := h.Active(time.Now())
		if len(got) != 1 || !got[0].Since.Equal(began) || got[0].Detail != "no route" {
			t.Fatalf("after its patience: %+v", got)
		}
		if !h.Next().IsZero() {
			t.Errorf("Next = %v though nothing waits", h.Next())
		}
		h.Clear("broker-unreachable")
		if got := h.Active(time.Now()); len(got) != 0 {
			t.Fatalf("still active: %v", codes(got))
		}
	})
}

func TestWorstFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, nil)
		h.Set("muted", "")
		time.Sleep(time.Second)
		h.Set("storage-full", "")
		time.Sleep(time.Second)
		h.Set("amp-fault", "")
		h.Set("unassigned", "")
		if got := codes(h.Active(time.Now())); got != "amp-fault storage-full unassigned muted" {
			t.Fatalf("order: %s", got)
		}
	})
}

// One line when it starts, one when it is over, whatever happens between.
func TestLogSaysItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := New(slog.New(slog.NewTextHandler(&log, nil)), nil)
		for range 10_000 {
			h.Report("amp-fault", errors.New("line 6: EBUSY"))
			h.Active(time.Now())
			time.Sleep(100 * time.Millisecond)
		}
		h.Report("amp-fault", nil)
		h.Report("amp-fault", nil)
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "count=10000") {
			t.Fatalf("%d lines:\n%s", n, log.String())
		}
	})
}

func TestBriefConditionIsHistoryOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := New(slog.New(slog.NewTextHandler(&log, nil)), nil)
		h.Set("broker-unreachable", "gone")
		time.Sleep(time.Minute)
		h.Clear("broker-unreachable")
		past := h.History()
		if len(past) != 1 || !past[0].Brief || past[0].Until.Sub(past[0].Since) != time.Minute {
			t.Fatalf("history: %+v", past)
		}
		if log.Len() != 0 {
			t.Fatalf("logged: %s", log.String())
		}
	})
}

func TestThingsHoldTheConditionUntilTheLast(t *testing.T) {
	h := New(nil, nil)
	for i := range 20 {
		h.ReportOf("media-digest", fmt.Sprintf("%02d", i), errors.New("wrong"))
	}
	got := h.Active(time.Now())
	if len(got) != 1 || len(got[0].Things) != shown || got[0].More != 4 || got[0].Things[0] != "00" || got[0].Count != 20 {
		t.Fatalf("%+v", got)
	}
	for i := range 19 {
		h.ReportOf("media-digest", fmt.Sprintf("%02d", i), nil)
	}
	h.ReportOf("media-digest", "never raised", nil)
	got = h.Active(time.Now())
	if len(got) != 1 || len(got[0].Things) != 1 || got[0].Things[0] != "19" {
		t.Fatalf("%+v", got)
	}
	h.ReportOf("media-digest", "19", nil)
	if got = h.Active(time.Now()); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestChangedWakesOncePerChange(t *testing.T) {
	h := New(nil, nil)
	woken := func() bool {
		select {
		case <-h.Changed():
			return true
		default:
			return false
		}
	}
	h.Set("muted", "a")
	if !woken() {
		t.Error("no wake when it began")
	}
	h.Set("muted", "b")
	if woken() {
		t.Error("woken by a repetition")
	}
	h.Clear("muted")
	if !woken() {
		t.Error("no wake when it ended")
	}
	h.Clear("muted")
	if woken() {
		t.Error("woken by nothing")
	}
}

func TestUnknownCodeIsStillTold(t *testing.T) {
	h := New(nil, nil)
	h.Set("no-such-row", "x")
	if got := h.Active(time.Now()); len(got) != 1 || got[0].EN != "no-such-row" || got[0].Severity != Fault {
		t.Fatalf("%+v", got)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := New(nil, nil)
	for i := range 2 * maxHistory {
		h.Set("muted", fmt.Sprint(i))
		h.Clear("muted")
	}
	past := h.History()
	if len(past) != maxHistory || past[maxHistory-1].Detail != fmt.Sprint(2*maxHistory-1) {
		t.Fatalf("%d, last %+v", len(past), past[len(past)-1])
	}
}

// A clock that is put back by years must not hide a condition for years.
func TestClockPutBack(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	h := New(nil, func() time.Time { return now })
	h.Set("broker-unreachable", "")
	now = now.AddDate(-3, 0, 0)
	h.Active(now)
	now = now.Add(2 * time.Minute)
	if len(h.Active(now)) != 1 {
		t.Fatal("hidden by a step of the clock")
	}
}

func TestLongDetailIsCutBetweenLetters(t *testing.T) {
	h := New(nil, nil)
	h.Set("muted", strings.Repeat("ệ", 500))
	if d := h.Active(time.Now())[0].Detail; len(d) > maxDetail+3 || !utf8.ValidString(d) {
		t.Fatalf("%d bytes, valid %v", len(d), utf8.ValidString(d))
	}
}

// What does not hold long enough to be told can still be asked for.
func TestFreshIsWhatActiveDoesNotTellYet(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	h := New(nil, func() time.Time { return now })
	h.Set("broker-unreachable", "dial")
	h.Set("storage-full", "")
	if f := h.Fresh(now); len(f) != 1 || f[0].Code != "broker-unreachable" || f[0].Detail != "dial" || len(h.Active(now)) != 1 {
		t.Errorf("at first: %+v", f)
	}
	now = now.Add(2 * time.Minute)
	if f := h.Fresh(now); len(f) != 0 || len(h.Active(now)) != 2 {
		t.Errorf("after its patience: %+v", f)
	}
}

// Of a full disk one reads first that it is full, whatever came of it and when.
func TestCausesStandBeforeTheirEffects(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	order := func(codes ...string) string {
		h := New(nil, func() time.Time { return now })
		for _, c := range codes {
			now = now.Add(time.Second)
			h.Set(c, "")
		}
		var got []string
		for _, a := range h.Active(now.Add(time.Hour)) {
			got = append(got, a.Code)
		}
		return strings.Join(got, " ")
	}
	for _, c := range [][2]string{
		{order("amp-fault", "ledger-lost", "outbox-fault", "storage-full"), "storage-full amp-fault ledger-lost outbox-fault"},
		{order("outbox-fault", "unassigned", "storage-full"), "storage-full outbox-fault unassigned"},
		{order("amp-fault", "storage-full"), "amp-fault storage-full"},
		{order("ledger-lost", "storage-readonly"), "storage-readonly ledger-lost"},
		{order("sink-lost", "clock-missing", "supply-low"), "supply-low sink-lost clock-missing"}, // no new sound card mends a weak supply
	} {
		if c[0] != c[1] {
			t.Errorf("%s; want %s", c[0], c[1])
		}
	}
	for cause, list := range effects {
		for _, code := range append(list, cause) {
			if _, ok := Lookup(code); !ok {
				t.Errorf("effects of %s: there is no condition %q", cause, code)
			}
		}
	}
}

// What breaks at a box is told within 100 s (EN 54-16), and most of that belongs to whoever
// looks: a patience takes the rest. What waits longer does so for a reason.
func TestPatienceEndsInTime(t *testing.T) {
	longer := map[string]string{
		"broker-unreachable": "mobile networks drop for minutes, and there is nobody to tell",
		"panel-hot":          "it cools down when a cloud comes, and loses nothing meanwhile",
		"update-stuck":       "the release that runs goes on",
		"clock-untrusted":    "a start without a battery clock: the first answers take a minute",
	}
	for _, c := range Conditions() {
		_, waits := longer[c.Code]
		if late := c.PartEN != "" && c.Patience > time.Minute; late != waits {
			t.Errorf("%s is told after %v", c.Code, c.Patience)
		}
	}
}
