package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
)

// A year is twelve days, the same of each month, from the next that is to come.
func TestDrillDays(t *testing.T) {
	clock := 9 * time.Hour
	loud := []time.Month{time.March, time.December}
	for now, first := range map[string]string{
		"2026-11-05T08:59:59+07:00": "2026-11-05",
		"2026-11-05T09:00:00+07:00": "2026-12-05",
		"2026-12-31T23:00:00Z":      "2027-01-05", // 1 January here
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		silent, heard, last := drillDays(at, clock, 5, 12, loud)
		all := append(slices.Clone(silent), heard...)
		slices.Sort(all)
		if len(silent) != 10 || len(heard) != 2 || all[0] != first || last.In(vietnam).Format(time.DateOnly) != all[11] {
			t.Errorf("%s: silent %v, heard %v, the last at %v", now, silent, heard, last)
		}
	}
}

// The plan is judged as a box would before it is signed; and its drills have results as
// those that somebody begins.
func TestDrillPlan(t *testing.T) {
	w := newWorld(t).sample().online()
	w.tone("dt.wav", 2, 0.5)
	year := time.Now().AddDate(0, 13, 0).Format(time.RFC3339)
	file := w.file("b.toml", "id = \"dt\"\nplace = \"26734\"\ntitle = \"Diễn tập\"\nclass = \"drill\"\ntext = \"a\"\nvalid_until = "+year+"\n[[audio]]\nfile = \"dt.wav\"\n")
	w.must("bulletin", "sign", file, "--as", "26734-1")
	w.fails(exitUsage, "--day", "drill", "plan", "26734", "--bulletin", "dt", "--as", "26734-1", "--day", "31")
	w.fails(exitUsage, "--audible", "drill", "plan", "26734", "--bulletin", "dt", "--as", "26734-1", "--audible", "13")
	w.fails(exitUsage, "time of day", "drill", "plan", "26734", "--bulletin", "dt", "--as", "26734-1", "--at", "9h")
	out := w.must("drill", "plan", "26734", "--bulletin", "dt", "--as", "26734-1")
	if strings.Count(out, "09:00  silent") != 8 || strings.Count(out, "09:00  heard") != 4 {
		t.Errorf("%s", out)
	}
	if out := w.must("drill", "plan", "26734", "--bulletin", "dt", "--as", "26734-1", "--audible", "none", "--lang", "vi"); strings.Count(out, "không tiếng") != 12 {
		t.Errorf("%s", out)
	}
	w.fails(exitFailed, "no drill yet", "drill", "result")

	// One of today, a minute ago.
	at := time.Now().Add(-time.Minute).In(vietnam).Truncate(time.Second)
	today := w.file("s.toml", "id = \"nay\"\nplace = \"26734\"\nvalid_until = "+until+"\n[[slots]]\nid = \"im\"\ndrill = \"silent\"\nat = [\""+at.Format(time.TimeOnly)+"\"]\nfor_s = 600\nitems = [{ bulletin = \"dt\" }, { bulletin = \"dt\" }]\n")
	w.must("schedule", "sign", today, "--as", "26734-1", "--yes")
	w.now = func() time.Time { return time.Now().AddDate(0, 0, 1).Add(time.Minute) }
	slot := "26734/schedule/nay/im@" + at.AddDate(0, 0, 1).Format("2006-01-02T15:04")
	if at.Second() != 0 {
		slot += at.Format(":05")
	}
	proven := ledger.Entry{Time: w.now(), Kind: ledger.End, Result: plan.Proven, Proof: "silence", ID: slot + "/0"}
	var r struct {
		ID             string
		Passed, Silent bool
		Boxes          []drillRow
	}
	w.must("box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	rest := proven
	rest.ID = slot + "/1"
	w.told("box-1", proven) // half of it
	w.told("box-2", proven, rest)
	if w.failed(&r, "drill", "result"); r.ID != slot || !r.Silent || r.Passed || r.Boxes[0].State != drillNotHeard || r.Boxes[1].State != drillProven {
		t.Errorf("%+v", r)
	}
}
