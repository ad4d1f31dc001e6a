package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
)

func TestWindow(t *testing.T) {
	for _, y := range []int{2024, 2025, 2026, 2028} {
		w := Year(y)
		days := 365
		if y%4 == 0 { // the 29th of February of the same year lies within
			days = 366
		}
		if got := w.Until.Sub(w.From); got != time.Duration(days)*24*time.Hour {
			t.Errorf("%d has %v", y, got)
		}
		if !Year(y - 1).Until.Equal(w.From) {
			t.Errorf("%d does not begin where the year before ends", y)
		}
	}
	w := Year(2026)
	for s, want := range map[string]bool{
		"2025-12-14T23:59:59+07:00": false, "2025-12-15T00:00:00+07:00": true, "2025-12-14T17:00:00Z": true,
		"2026-12-14T23:59:59+07:00": true, "2026-12-15T00:00:00+07:00": false, "2026-12-14T16:59:59Z": true, "2026-12-14T17:00:00Z": false,
	} {
		if at, err := time.Parse(time.RFC3339, s); err != nil || w.Has(at) != want {
			t.Errorf("%s: %v, %v", s, w.Has(at), err)
		}
	}
}

// What stretches over many windows is shared out among them, and nothing is left.
func TestSharesAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		from := Year(2026).Until.Add(-time.Duration(rnd.Int64N(int64(longest))) / time.Millisecond * time.Millisecond)
		until := from.Add(time.Duration(rnd.Int64N(int64(longest))) / time.Millisecond * time.Millisecond)
		amount := rnd.Int64N(longest.Milliseconds())
		a, b := Year(2026).share(amount, from, until), Year(2027).share(amount, from, until)
		if a < 0 || b < 0 || a+b != amount {
			t.Fatalf("%d over %v to %v: %d and %d", amount, from, until, a, b)
		}
	}
}

// An item that sounds over midnight of the 14th counts in both years, each its part.
func TestTheEdgesOfTheYear(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	at12 := func(s string) ledger.Entry { return ledger.Entry{Kind: ledger.Refused, Code: plan.Muted, Time: at(s)} }
	r.arrives("d-1", "2026-12-16 08:00:00", r.writes("d-1", 100,
		at12("2025-12-14 23:59:59"), turn("2025-12-15 00:00:30", 60), at12("2025-12-15 00:00:00"),
		turn("2026-12-14 23:59:59", 10), at12("2026-12-14 23:59:59"), turn("2026-12-15 00:00:45", 60.5), at12("2026-12-15 00:00:00"))...)
	for y, want := range map[int]struct{ times, air, refused int64 }{
		2025: {0, 30_000, 1}, 2026: {2, 30_000 + 10_000 + 15_500, 2}, 2027: {1, 45_000, 1},
	} {
		rep := r.make(y)
		if row, _ := rep.Row("air-class/normal"); row.Cells[0] != want.times || row.Cells[1] != want.air || row.Cells[2] != want.air {
			t.Errorf("%d: %v, want %v", y, row.Cells, want)
		}
		if row, _ := rep.Row("refused/muted"); row.Cells[0] != want.refused {
			t.Errorf("%d: %d refusals", y, row.Cells[0])
		}
	}
}

func TestSumsAgree(t *testing.T) {
	r := year(t)
	rep := r.make(2026)
	total := rep.Table("air-class").Sum
	if total[0] == 0 || total[1] == 0 || total[2] == 0 || total[2] >= total[1] {
		t.Fatalf("nothing to compare: %v", total)
	}
	for _, table := range []string{"air-origin", "air-lang", "air-box"} {
		if got := rep.Table(table).Sum; !slices.Equal(got, total) {
			t.Errorf("%s: %v, want %v", table, got, total)
		}
	}
	if got := rep.Table("proof").Sum; !slices.Equal(got, total[1:]) {
		t.Errorf("proof: %v, want %v", got, total)
	}
	for _, table := range []string{"air-", "uptime-"} {
		want := rep.Table(table + "box").Sum
		own := make([]int64, len(want))
		for _, row := range rep.Table(table + "place").Rows {
			for i := range own {
				own[i] += row.Cells[i]
			}
		}
		if !slices.Equal(own, want) {
			t.Errorf("%splace: %v, the boxes %v", table, own, want)
		}
	}
	// Every place is the sum of the boxes at and below it.
	for _, table := range []string{"air-", "uptime-"} {
		for _, row := range rep.Table(table + "place").Rows {
			n := len(row.Cells) / 2
			sum := make([]int64, n)
			for _, b := range rep.Table(table + "box").Rows {
				if slices.Contains(r.in.Books.Stood(b.Key, time.Time{}), row.Key) || row.Key == "74" {
					for i := range sum {
						sum[i] += b.Cells[i]
					}
				}
			}
			if !slices.Equal(sum, row.Cells[n:]) {
				t.Errorf("%s: %v, its boxes %v", row.ID, row.Cells[n:], sum)
			}
		}
	}
	// And the whole by hand, from the entries.
	var air, apart int64
	for _, b := range r.in.Boxes {
		if err := r.in.Ledgers.Entries(b.Name, func(e ledger.Entry, _ time.Time) {
			if e.Kind != ledger.End && e.Kind != ledger.Pause || e.Clock < clock.NTP {
				return
			}
			n := Year(2026).length(e.Time.Add(-time.Duration(e.AirS*1000+0.5)*time.Millisecond), e.Time)
			if e.Class == plan.Drill || e.Class == plan.Test {
				apart += n
			} else {
				air += n
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got := rep.Table("apart").Sum[1]; air != total[1] || apart != got || apart == 0 {
		t.Errorf("by hand %d and %d apart, the report says %d and %d", air, apart, total[1], got)
	}
}

// files are a report as it is written.
func files(t *testing.T, r Report, lang string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for ext, write := range map[string]func(*bytes.Buffer) error{
		"csv": func(b *bytes.Buffer) error { return r.WriteCSV(b, lang) }, "xlsx": func(b *bytes.Buffer) error { return r.WriteXLSX(b, lang) },
		"html": func(b *bytes.Buffer) error { return r.WriteHTML(b, lang) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		all[ext] = b.Bytes()
	}
	return all
}

func TestTheSameDataGivesTheSameBytes(t *testing.T) {
	r := year(t)
	want := files(t, r.make(2026), "vi")
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		rnd.Shuffle(len(r.in.Boxes), func(i, j int) { r.in.Boxes[i], r.in.Boxes[j] = r.in.Boxes[j], r.in.Boxes[i] })
		rnd.Shuffle(len(r.in.Places), func(i, j int) { r.in.Places[i], r.in.Places[j] = r.in.Places[j], r.in.Places[i] })
		rnd.Shuffle(len(r.in.Bulletins), func(i, j int) {
			r.in.Bulletins[i], r.in.Bulletins[j] = r.in.Bulletins[j], r.in.Bulletins[i]
		})
		for ext, got := range files(t, r.make(2026), "vi") {
			if !bytes.Equal(got, want[ext]) {
				t.Errorf("%s differs", ext)
			}
		}
	}
}

// LOA_GOLDEN=write writes the goldens anew.
func TestGolden(t *testing.T) {
	rep := year(t).make(2026)
	for _, lang := range Languages {
		for ext, got := range files(t, rep, lang) {
			if ext == "xlsx" {
				continue
			}
			name := filepath.Join("testdata", "2026."+lang+"."+ext)
			if os.Getenv("LOA_GOLDEN") == "write" {
				if err := os.WriteFile(name, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is another:\n%s", name, firstDifference(got, want))
			}
		}
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// What stands behind a row sums up to it, and each entry named is there.
func TestWhyAddsUp(t *testing.T) {
	r := year(t)
	hashes := make(map[string]string)
	for _, b := range r.in.Boxes {
		if err := r.in.Ledgers.Entries(b.Name, func(e ledger.Entry, _ time.Time) { hashes[fmt.Sprint(b.Name, "/", e.Seq)] = e.Hash }); err != nil {
			t.Fatal(err)
		}
	}
	rep := r.make(2026)
	for _, table := range rep.Tables {
		for _, row := range table.Rows {
			sum := make([]int64, len(row.Cells))
			again, err := Why(r.in, Year(2026), row.ID, func(e Evidence) {
				for i, c := range e.Cells {
					sum[i] += c
				}
				if e.Seq != 0 && (hashes[fmt.Sprint(e.Device, "/", e.Seq)] != e.Hash || e.Time.IsZero()) {
					t.Errorf("%s names an entry that is not there: %+v", row.ID, e.Ref)
				}
				if e.Seq == 0 && e.Note == "" {
					t.Errorf("%s names nothing: %+v", row.ID, e)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if same, ok := again.Row(row.ID); !ok || !slices.Equal(sum, row.Cells) || !slices.Equal(same.Cells, row.Cells) {
				t.Errorf("%s is %v, its entries come to %v, its row is then %v", row.ID, row.Cells, sum, same.Cells)
			}
		}
	}
}

func TestTheWorkbookHasTheNumbers(t *testing.T) {
	rep := year(t).make(2026)
	f, err := excelize.OpenReader(bytes.NewReader(files(t, rep, "vi")["xlsx"]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, table := range rep.Tables {
		rows, err := f.GetRows(f.GetSheetList()[i+1], excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, row := range rows {
			if len(row) < 2 {
				continue
			}
			want, ok := rep.Row(row[0])
			if !ok {
				continue
			}
			found++
			for j, c := range want.Cells {
				text := fmt.Sprint(c)
				if table.Columns[j].Unit == Millis {
					text = strings.TrimRight(strings.TrimRight(seconds(c), "0"), ".")
				}
				if want.Pending {
					text = ""
				}
				if got := append(row, make([]string, 20)...)[2+j]; got != text {
					t.Errorf("%s, column %d: %q, want %q", want.ID, j, got, text)
				}
			}
		}
		if found != len(table.Rows) {
			t.Errorf("%s has %d rows, want %d", table.ID, found, len(table.Rows))
		}
	}
}

// What is missing, forked, damaged or late is in the report as that.
func TestWhatIsWrongIsSaid(t *testing.T) {
	rep := year(t).make(2026)
	row := func(id string) []int64 {
		r, _ := rep.Row(id)
		return append(r.Cells, make([]int64, 8)...)
	}
	if c := row("lost/d-2"); c[0] != 97 || c[1] != 1 || c[2] != 0 {
		t.Errorf("a lost stretch of 97 entries: %v", c)
	}
	if c := row("lost/d-3"); c[2] != 1 || c[3] != 0 {
		t.Errorf("a fork: %v", c)
	}
	if c := row("lost/d-5"); c[4] != 1 {
		t.Errorf("a box that has never said a thing: %v", c)
	}
	if _, ok := rep.Row("lost/d-1"); ok {
		t.Errorf("nothing of d-1 is lost: %v", row("lost/d-1"))
	}
	if c := row("ledger/d-1"); c[1] == 0 || c[1] >= c[0] {
		t.Errorf("late entries: %v", c)
	}
	if r, _ := rep.Row("air-box/d-1"); r.Late == 0 {
		t.Error("a row with late data is not marked")
	}
	if r, _ := rep.Row("air-box/d-2"); r.Late != 0 {
		t.Error("a row without late data is marked")
	}
	if c := row("undated/boot"); c[0] == 0 {
		t.Errorf("boots before the clock was right: %v", c)
	}
	if c := row("fault/sink-lost"); c[0] == 0 || c[1] != c[0]*5*3600_000 {
		t.Errorf("faults of five hours each: %v", c)
	}
}

func TestADamagedLedgerIsSaid(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 1, turn("2026-05-01 05:31:00", 60), turn("2026-05-02 05:31:00", 60), turn("2026-05-03 05:31:00", 60))...)
	names, _ := filepath.Glob(filepath.Join(r.dir, "archive", "d-1", "*.seg"))
	raw, err := os.ReadFile(names[1])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(names[1], raw, 0o600); err != nil {
		t.Fatal(err)
	}
	rep := r.make(2026)
	if row, _ := rep.Row("lost/d-1"); len(row.Cells) == 0 || row.Cells[3] != 1 {
		t.Errorf("damage: %v", row.Cells)
	}
	if row, _ := rep.Row("air-box/d-1"); row.Cells[1] != 60_000 {
		t.Errorf("what stands before the damage counts, what stands behind it cannot be trusted: %v", row.Cells)
	}
	if err := os.Remove(names[1]); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(names[1], 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(r.in, Year(2026)); err == nil {
		t.Error("a file that cannot be read is no reason for a smaller number")
	}
}

// A box is without its clock for a while: what it wrote then counts apart.
func TestWithoutAClockItCountsApart(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	lost := turn("2056-05-02 05:31:00", 60)
	lost.Clock = untrusted
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 100, turn("2026-05-01 05:31:00", 60), lost, turn("2026-05-03 05:31:00", 60))...)
	rep := r.make(2026)
	if row, _ := rep.Row("air-class/normal"); row.Cells[1] != 120_000 {
		t.Errorf("%v", row.Cells)
	}
	if row, _ := rep.Row("undated/end"); len(row.Cells) == 0 || row.Cells[0] != 1 || row.Cells[1] != 60_000 || row.Cells[2] != 60_000 {
		t.Errorf("%v", row.Cells)
	}
}

// A turn that was paused tells twice what was heard before; it counts once. After a
// crash the box begins to count anew.
func TestHeardCountsOnce(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	pause := func(end string, air, heard float64) ledger.Entry {
		e := turn(end, air)
		e.ID, e.Kind, e.HeardS, e.Result = "26734/schedule/s/1@x/0", ledger.Pause, heard, plan.Partial
		return e
	}
	end := pause("2026-05-01 06:05:00", 20, 35)
	end.Kind, end.Result = ledger.End, plan.Heard
	again := pause("2026-05-02 06:05:00", 20, 15) // in a run that does not know of the first
	again.Kind = ledger.End
	r.arrives("d-1", "2026-05-03 08:00:00", r.writes("d-1", 100,
		pause("2026-05-01 06:00:00", 20, 18), end,
		pause("2026-05-02 06:00:00", 20, 18), ledger.Entry{Kind: ledger.Boot, Time: at("2026-05-02 06:01:00")}, again)...)
	if row, _ := r.make(2026).Row("air-class/normal"); row.Cells[1] != 80_000 || row.Cells[2] != (35+18+15)*1000 {
		t.Errorf("%v", row.Cells)
	}
}

// A condition lasts until it goes, or until the box is off.
func TestFaultsLast(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	came := func(when string) ledger.Entry {
		return ledger.Entry{Kind: ledger.Fault, ID: "health/sink-lost", Time: at(when)}
	}
	went := came("2026-05-01 13:00:00")
	went.Ends = went.ID
	r.arrives("d-1", "2026-05-09 08:00:00", r.writes("d-1", 100,
		came("2026-05-01 12:00:00"), went,
		came("2026-05-02 12:00:00"), ledger.Entry{Kind: ledger.Console, Time: at("2026-05-02 14:00:00")}, ledger.Entry{Kind: ledger.Boot, Time: at("2026-05-05 12:00:00")},
		came("2026-05-05 12:01:00"), ledger.Entry{Kind: ledger.Console, Time: at("2026-05-05 12:31:00")})...)
	if row, _ := r.make(2026).Row("fault/sink-lost"); len(row.Cells) == 0 || row.Cells[0] != 3 || row.Cells[1] != (60+120+30)*60_000 {
		t.Errorf("%v", row.Cells)
	}
}

// What a power cut ended is written at the next start, perhaps days later: it sounded
// when it began. Nobody knows whether it was heard.
func TestAPowerCutOverTheEndOfTheYear(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	cut := turn("2026-12-18 07:00:00", 30)
	start := cut
	start.Kind, start.Time, start.AirS, start.HeardS, start.Result = ledger.Start, at("2026-12-14 23:59:50"), 0, 0, ""
	cut.HeardS, cut.Proof, cut.Result = 0, "", plan.Partial
	r.arrives("d-1", "2026-12-18 08:00:00", r.writes("d-1", 100, start, cut)...)
	for y, want := range map[int]int64{2026: 10_000, 2027: 20_000} {
		if row, _ := r.make(y).Row("air-class/normal"); len(row.Cells) == 0 || row.Cells[1] != want || row.Cells[2] != 0 {
			t.Errorf("%d: %v, want %d ms", y, row.Cells, want)
		}
	}
}

// A clock that goes back makes no box run twice in the same hour.
func TestUptimeCountsOnce(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	seen := func(when string, k ledger.Kind) ledger.Entry { return ledger.Entry{Kind: k, Time: at(when)} }
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 100,
		seen("2026-05-01 08:00:00", ledger.Boot), seen("2026-05-01 12:00:00", ledger.Console),
		seen("2026-05-01 10:00:00", ledger.Clock), seen("2026-05-01 13:00:00", ledger.Console),
		seen("2026-05-01 20:00:00", ledger.Boot), seen("2026-05-01 21:00:00", ledger.Console))...)
	if row, _ := r.make(2026).Row("uptime-box/d-1"); row.Cells[1] != 6*3600_000 {
		t.Errorf("it ran %s s, want six hours", seconds(row.Cells[1]))
	}
}

// Nothing that was not measured counts as heard, whatever the box says of it.
func TestUnprovenIsNotHeard(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	r.box("d-2", "26734", nil)
	unproven := turn("2026-05-01 05:31:00", 60)
	unproven.Proof = ""
	partial := turn("2026-05-01 05:31:00", 60)
	partial.Result, partial.HeardS = plan.Partial, 20
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 100, unproven)...)
	r.arrives("d-2", "2026-05-02 08:00:00", r.writes("d-2", 100, partial)...)
	r.box("d-3", "26734-1", nil) // says nothing
	r.box("d-4", "26737", nil)   // it was not for this one
	rep := r.make(2026)
	if row, _ := rep.Row("air-class/normal"); row.Cells[1] != 120_000 || row.Cells[2] != 20_000 {
		t.Errorf("%v", row.Cells)
	}
	if row, _ := rep.Row("coverage/26734/bulletin/tin"); !slices.Equal(row.Cells, []int64{3, 0, 1, 1, 1, 0}) || row.Name != "Bản tin sáng" {
		t.Errorf("for, whole, partly, not, no word, shown: %v of %q", row.Cells, row.Name)
	}
}

// A report of one place has what its boxes did, and nothing else.
func TestOfOnePlace(t *testing.T) {
	r := year(t)
	whole := r.make(2026)
	r.in.Top = "26734"
	part := r.make(2026)
	want, _ := whole.Row("air-place/26734")
	if got := part.Table("air-class").Sum; !slices.Equal(got, want.Cells[3:]) || got[1] == 0 {
		t.Errorf("%v, in the whole it is %v", got, want.Cells[3:])
	}
	for _, table := range part.Tables {
		for _, row := range table.Rows {
			if strings.Contains(row.ID, "d-3") || strings.Contains(row.ID, "26737") {
				t.Errorf("%s is of another place", row.ID)
			}
		}
	}
}

// What a box or an author writes is text wherever it is read.
func TestTextStaysText(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", func(b *Box) { b.Label = `=HYPERLINK("http://x")` })
	e := turn("2026-05-01 05:31:00", 60)
	e.Title, e.Lang, e.Class, e.Code = "+cmd|' /C calc'!A0<script>alert(1)</script>\x00", "=1+1", "=x", "<b>"
	r.arrives("d-1", "2026-05-02 08:00:00", r.writes("d-1", 100, e)...)
	all := files(t, r.make(2026), "vi")
	for _, line := range strings.Split(string(all["csv"]), "\r\n") {
		if strings.Contains(line, ",=") || strings.Contains(line, ",+") || strings.Contains(line, `,"=`) || strings.Contains(line, `,"+`) {
			t.Errorf("a formula: %s", line)
		}
	}
	if html := string(all["html"]); strings.Contains(html, "<script") || !strings.Contains(html, "&lt;script&gt;") {
		t.Error("a script in the page")
	}
	f, err := excelize.OpenReader(bytes.NewReader(all["xlsx"]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if list := f.GetSheetList(); list[1] != "01 Chỉ tiêu" || list[5] != "05 Thời lượng phát theo địa bàn" || list[9] != "09 Bảng điện tử thời gian hiển" {
		t.Errorf("sheets: %q", list)
	}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j := range row {
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if formula, err := f.GetCellFormula(sheet, cell); formula != "" || err != nil {
					t.Errorf("%s %s has the formula %q, %v", sheet, cell, formula, err)
				}
			}
		}
	}
}

// Every text of a report is there, in both languages.
func TestWords(t *testing.T) {
	need := []string{}
	for _, s := range specs {
		need = append(need, "table."+s.id)
		for _, c := range s.columns {
			need = append(need, "column."+c.ID)
		}
	}
	for prefix, keys := range map[string][]string{"class.": classes, "origin.": origins, "result.": results, "indicator.": indicators} {
		for _, k := range keys {
			need = append(need, prefix+k)
		}
	}
	for _, k := range []string{"box", "name", "place", "best", "why", "heard", "planned", "time", "entry", "hash", "seen"} {
		need = append(need, "trace."+k)
	}
	for _, k := range need {
		if _, ok := words[k]; !ok {
			t.Errorf("no words for %s", k)
		}
	}
	for k, w := range words {
		if w[0] == "" || w[1] == "" || strings.Count(w[0], "%") != strings.Count(w[1], "%") {
			t.Errorf("%s: %q", k, w)
		}
	}
}

// A commune merges in July: what it played before stays under its own code, what its box
// plays afterwards is the new one's, the province has both, and it is no commune without
// loudspeakers.
func TestACommuneMerges(t *testing.T) {
	r := newRig(t)
	r.box("d-1", "26734", nil)
	merger := at("2026-07-01 00:00:00")
	r.in.Books = stands{moved: func(_ string, t time.Time) []string {
		if t.Before(merger) {
			return []string{"26734", "74"}
		}
		return []string{"26737", "74"}
	}}
	for i := range r.in.Places {
		if p := &r.in.Places[i]; p.Code == "26734" {
			p.Parent, p.Ended = "26737", true
		}
	}
	r.arrives("d-1", "2026-12-16 08:00:00", r.writes("d-1", 100, turn("2026-06-30 05:31:00", 60), turn("2026-07-01 05:31:00", 30))...)
	rep := r.make(2026)
	for key, want := range map[string]int64{"26734": 60_000, "26737": 30_000, "74": 90_000} {
		if row, _ := rep.Row("air-place/" + key); len(row.Cells) < 5 || row.Cells[4] != want {
			t.Errorf("%s: %v, want %d ms", key, row.Cells, want)
		}
	}
	if row, _ := rep.Row("indicator/places-with-boxes"); row.Cells[0] != 1 || row.Cells[1] != 3 {
		t.Errorf("communes with loudspeakers: %v, want 1 of 3", row.Cells)
	}
}
