package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/report"
)

// told makes a box's own ledger of entries, signed with the key that it was handed, and
// takes it into the authority's archive.
func (w *world) told(box string, entries ...ledger.Entry) {
	w.t.Helper()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		w.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(au.BoxDir(box), "etc", "loa", "box.key"))
	if err != nil {
		w.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := ledger.Open(w.t.TempDir(), ledger.Opts{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer l.Close()
	for _, e := range entries {
		if _, err := l.Append(e); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := l.Sync(); err != nil {
		w.t.Fatal(err)
	}
	pub, err := plan.ParseKey(au.EveryBox()[box].Key)
	if err != nil {
		w.t.Fatal(err)
	}
	for from := int64(1); ; {
		x, err := l.Segment(from)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		raw := message.EncodeSegment(message.LedgerHead{Device: box, From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key.(ed25519.PrivateKey))
		if _, err := ledgers(au).Add(box, raw, pub); err != nil {
			w.t.Fatal(err)
		}
		from = x.To + 1
	}
}

// From the boxes of an authority, one of them revoked since, to the three files, and
// back from a number to its entry.
func TestReport(t *testing.T) {
	w := newWorld(t)
	w.now = func() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, vietnam) }
	w.sample()
	w.must("box", "add", "box-2", "--place", "26734", "--board", "commune-led-128x32", "--as", "74-1,74-2")
	end := ledger.Entry{
		Kind: ledger.End, Time: time.Date(2026, 12, 14, 23, 59, 59, 0, vietnam), Clock: clock.RTC, ID: "26734/schedule/sang/s@x/0",
		Item: "26734/bulletin/tin", Title: "Bản tin tối", Class: plan.Normal, Origin: plan.Own, Lang: "vi", Place: "26734",
		Result: plan.Heard, PlannedS: 61.5, AirS: 61.5, HeardS: 60, Proof: "mixer",
	}
	w.told("box-1", end)
	end.Time = time.Date(2026, 2, 3, 5, 31, 0, 0, vietnam)
	w.told("box-2", end)
	w.now = func() time.Time { return time.Date(2026, 4, 1, 8, 0, 0, 0, vietnam) }
	w.must("box", "revoke", "box-2", "--why", "stolen")

	out := filepath.Join(w.dir, "out")
	files := map[string][]byte{}
	for range 2 {
		printed := w.must("report", "--year", "2026", "--out", out)
		for _, ext := range []string{".csv", ".xlsx", ".html"} {
			name := filepath.Join(out, "report-2026"+ext)
			data, err := os.ReadFile(name)
			if err != nil || !strings.Contains(printed, name) {
				t.Fatalf("%v; printed:\n%s", err, printed)
			}
			if before := files[ext]; before != nil && !bytes.Equal(before, data) {
				t.Errorf("%s made again is another", ext)
			}
			files[ext] = data
		}
	}
	for _, want := range []string{
		"air-class/normal,normal,air time,seconds,123.000,0", "air-place/26734,An Sơn,times (own),count,2,0", "coverage/26734/bulletin/tin,Bản tin tối,whole,count,2,0",
		"indicator/places-speaking,\"Places with working speakers, of those with a box\",number,count,1,0",
	} {
		if !strings.Contains(string(files[".csv"]), want) {
			t.Errorf("the CSV has no %s:\n%s", want, files[".csv"])
		}
	}
	w.must("report", "--year", "2026", "26734", "--out", out, "--lang", "vi")
	html, err := os.ReadFile(filepath.Join(out, "bao-cao-2026-26734.html"))
	if err != nil || !strings.Contains(string(html), "Địa bàn: An Sơn (26734)") {
		t.Errorf("of one place: %v\n%s", err, html)
	}

	why := w.must("report", "--year", "2026", "--why", "air-class/normal")
	if strings.Count(why, "times=1, air time=61.500s, measured sound=60.000s") != 2 || !strings.Contains(why, "times=2, air time=123.000s, measured sound=120.000s") || !strings.Contains(why, "2026-12-14 23:59:59") {
		t.Errorf("why:\n%s", why)
	}
	if vi := w.must("report", "--year", "2026", "--why", "air-class/normal", "--lang", "vi"); !strings.Contains(vi, "lượt=2, thời lượng phát=123.000s") {
		t.Errorf("why in Vietnamese:\n%s", vi)
	}
	for at, note := range map[time.Time]string{
		time.Date(2026, 12, 15, 0, 0, 0, 0, vietnam):    "",
		time.Date(2026, 12, 14, 23, 0, 0, 0, vietnam):   "NOTE: the window of 2026 ends with 2026-12-14",
		time.Date(2025, 12, 14, 23, 59, 59, 0, vietnam): "NOTE: the window of 2026 begins on 2025-12-15",
	} {
		w.now = func() time.Time { return at }
		w.must("report", "--year", "2026", "--out", out)
		if csv, err := os.ReadFile(filepath.Join(out, "report-2026.csv")); err != nil || !bytes.Equal(csv, files[".csv"]) || !strings.HasPrefix(w.err.String(), note) || note == "" && w.err.Len() > 0 {
			t.Errorf("at %v: %v %q", at, err, w.err.String())
		}
	}
	var e report.Evidence
	if err := json.Unmarshal([]byte(strings.Split(w.must("report", "--year", "2026", "--why", "air-box/box-1", "--json"), "\n")[0]), &e); err != nil || e.Device != "box-1" || e.Seq != 1 || len(e.Hash) != 64 || e.Cells[1] != 61500 {
		t.Errorf("why --json: %+v, %v", e, err)
	}

	w.fails(exitFailed, "no row", "report", "--year", "2026", "--why", "air-class/none")
	w.fails(exitFailed, "no place", "report", "--year", "2026", "99", "--out", out)
	w.fails(exitUsage, "--year 2026", "report", "--out", out)
	w.fails(exitUsage, "choose one", "report", "--year", "2026")
}

// Somebody who edits a ledger makes a smaller report, and it says so.
func TestReportOfADamagedArchive(t *testing.T) {
	w := newWorld(t)
	w.now = func() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, vietnam) }
	w.sample()
	w.told("box-1", ledger.Entry{Kind: ledger.End, Time: time.Date(2026, 3, 1, 6, 0, 0, 0, vietnam), Clock: clock.RTC, ID: "x", Class: plan.Normal, AirS: 10})
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(au.Dir(), "ledger", "box-1", "*.seg"))
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-20] ^= 1
	if err := os.WriteFile(names[0], raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(au.Dir(), "ledger", "stranger"), 0o700); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(w.dir, "out")
	if printed := w.must("report", "--year", "2026", "--out", out); !strings.Contains(printed, "2 boxes") {
		t.Errorf("printed:\n%s", printed)
	}
	csv, err := os.ReadFile(filepath.Join(out, "report-2026.csv"))
	if err != nil || !strings.Contains(string(csv), "lost/box-1,box-1,damaged,count,1,0") || !strings.Contains(string(csv), "lost/stranger,stranger,damaged,count,1,0") {
		t.Errorf("%v\n%s", err, csv)
	}
}

// What has become of a bulletin since is no matter of the year's report.
func TestBulletinsOfThatTime(t *testing.T) {
	w := newWorld(t)
	day := func(n int) time.Time { return time.Date(2026, 4, n, 8, 0, 0, 0, vietnam) }
	w.now = func() time.Time { return day(1) }
	w.sample()
	sign := func(n int, id, title string) {
		w.now = func() time.Time { return day(n) }
		w.must("bulletin", "sign", w.file("b.toml", "id = \""+id+"\"\nplace = \"26734\"\ntitle = \""+title+"\"\ntext = \"Phát quang đường làng\"\nvalid_until = "+day(n+5).Format(time.RFC3339)+"\n"), "--as", "26734-1")
	}
	sign(2, "phat-quang", "Phát quang")
	sign(4, "phat-quang", "Phát quang lần hai")
	sign(5, "tiem-chung", "Tiêm chủng")
	w.now = func() time.Time { return day(6) }
	w.must("bulletin", "withdraw", "tiem-chung", "--as", "26734-1")
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "", 3: "Phát quang", 5: "Phát quang lần hai, Tiêm chủng", 7: "Phát quang lần hai, Tiêm chủng"} {
		all, err := bulletinsUntil(au, day(n).Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, b := range all {
			titles = append(titles, b.Title)
		}
		if got := strings.Join(titles, ", "); got != want {
			t.Errorf("until April %d: %q, want %q", n, got, want)
		}
	}
}
