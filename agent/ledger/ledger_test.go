package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

// small makes segments of 8 KiB, about 25 entries.
func small() Opts { return Opts{SegmentBytes: 2 * maxLine, MaxBytes: 1 << 20} }

func open(t testing.TB, dir string, o Opts) *Ledger {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func entry(i int) Entry {
	return Entry{
		Time: time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour), Clock: clock.RTC,
		Kind: End, ID: fmt.Sprintf("26734/schedule/morning/s1@2026-11-23T05:30/%d", i), Class: plan.Normal, Origin: plan.Own,
		Lang: "vi", Place: "26734", Title: "Bản tin sáng", Result: plan.Heard, HeardS: 61.5, LevelDBFS: -21.3, Proof: "mixer",
	}
}

func fill(t testing.TB, l *Ledger, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if _, err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func seqs(es []Entry) (out []int64) {
	for _, e := range es {
		out = append(out, e.Seq)
	}
	return out
}

func verified(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Verify(); err != nil {
		t.Fatal(err)
	}
}

func TestAppendAndReadBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, small())
	var want []Entry
	for i := range 200 {
		e, err := l.Append(entry(i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	verified(t, l)
	for range 2 {
		got, err := l.Query(Query{})
		if err != nil || len(got) != 200 {
			t.Fatalf("%d entries, %v", len(got), err)
		}
		for i := range got {
			if got[i].Hash != want[i].Hash || got[i].Prev != want[i].Prev || got[i].ID != want[i].ID || !got[i].Time.Equal(want[i].Time) || got[i].HeardS != 61.5 {
				t.Fatalf("entry %d:\n%+v\n%+v", i, got[i], want[i])
			}
			if i > 0 && got[i].Prev != got[i-1].Hash {
				t.Fatalf("entry %d does not follow", i)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir, small())
		verified(t, l)
	}
	if st := l.Status(); st.First != 1 || st.Last != 200 || st.Synced != 200 {
		t.Errorf("%+v", st)
	}
	e, err := l.Append(entry(200))
	if err != nil || e.Seq != 201 || e.Prev != want[199].Hash {
		t.Fatalf("%+v, %v", e, err)
	}
}

func TestQuery(t *testing.T) {
	l := open(t, t.TempDir(), small())
	for i := range 300 {
		e := entry(i)
		if i%10 == 0 {
			e.Kind, e.Code, e.Board = Refused, plan.QuietHours, i%100 == 0
		}
		if i%7 == 0 {
			e.Class = plan.Emergency
		}
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	at := func(i int) time.Time { return entry(i).Time }
	for name, tt := range map[string]struct {
		q    Query
		want []int64
	}{
		"of a board":       {Query{Kind: Refused, Board: true}, []int64{1, 101, 201}},
		"last three":       {Query{Limit: 3}, []int64{298, 299, 300}},
		"last three after": {Query{Limit: 3, After: 298}, []int64{299, 300}},
		"half open span":   {Query{From: at(100), Until: at(103)}, []int64{101, 102, 103}},
		"id":               {Query{ID: entry(42).ID}, []int64{43}},
		"no such id":       {Query{ID: "x"}, nil},
		"kind in a span":   {Query{Kind: Refused, From: at(0), Until: at(25)}, []int64{1, 11, 21}},
		"class, newest":    {Query{Class: plan.Emergency, Limit: 2}, []int64{288, 295}},
		"before all":       {Query{Until: at(0)}, nil},
		"after all":        {Query{After: 300}, nil},
	} {
		got, err := l.Query(tt.q)
		if err != nil || !slices.Equal(seqs(got), tt.want) {
			t.Errorf("%s: %v, %v, want %v", name, seqs(got), err, tt.want)
		}
		var each []int64
		tt.q.Limit = 0
		if err := l.Each(tt.q, func(e Entry) bool { each = append(each, e.Seq); return true }); err != nil || len(each) < len(tt.want) {
			t.Errorf("%s: Each gives %v, %v", name, each, err)
		}
	}
	if got, err := l.Last(2); err != nil || !slices.Equal(seqs(got), []int64{299, 300}) {
		t.Errorf("Last = %v, %v", seqs(got), err)
	}
}

// A clock that stepped back must not hide entries from a query by time.
func TestQueryAfterTheClockSteppedBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, small())
	fill(t, l, 1000, 1100)
	fill(t, l, 0, 100)
	fill(t, l, 2000, 2100)
	l = open(t, dir, small()) // spans come from the headers now
	got, err := l.Query(Query{From: entry(10).Time, Until: entry(13).Time})
	if err != nil || !slices.Equal(seqs(got), []int64{112, 113, 114}) {
		t.Fatalf("%v, %v", seqs(got), err)
	}
}

func TestWhatCannotBeWrittenIsMadeWritable(t *testing.T) {
	l := open(t, t.TempDir(), small())
	e := entry(1)
	e.LevelDBFS, e.PeakDBFS, e.HeardS = math.Inf(-1), math.NaN(), math.Inf(1)
	e.Title = strings.Repeat("\x01ế\xff", 1000)
	e.Detail = strings.Repeat("\x02", 10_000)
	e.ID = strings.Repeat("<&>\"", 1000)
	got, err := l.Append(e)
	if err != nil {
		t.Fatal(err)
	}
	if got.LevelDBFS != -120 || got.PeakDBFS != 0 || got.HeardS != 0 {
		t.Errorf("%+v", got)
	}
	verified(t, l)
	back, err := l.Last(1)
	if err != nil || len(back) != 1 || back[0].Hash != got.Hash {
		t.Fatalf("%v, %v", back, err)
	}
}

// Every byte that is changed is found, and where.
func TestVerifyFindsEveryChange(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, small())
	fill(t, l, 1, 60)
	verified(t, l)
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(files) < 3 {
		t.Fatalf("%d segments", len(files))
	}
	clean, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	headerEnd := bytes.IndexByte(clean, '\n') + 1
	for i := headerEnd; i < len(clean); i += 13 {
		b := bytes.Clone(clean)
		b[i] ^= 0x04
		if err := os.WriteFile(files[1], b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.Verify(); err == nil || !strings.Contains(err.Error(), filepath.Base(files[1])) && !strings.Contains(err.Error(), filepath.Base(files[2])) {
			t.Fatalf("byte %d of %q changed to %q: %v", i, clean[i], b[i], err)
		}
	}
	for name, harm := range map[string]func() error{
		"line taken out": func() error {
			lines := bytes.SplitAfter(clean, []byte("\n"))
			return os.WriteFile(files[1], bytes.Join(slices.Delete(lines, 3, 4), nil), 0o600)
		},
		"lines exchanged": func() error {
			lines := bytes.SplitAfter(clean, []byte("\n"))
			lines[3], lines[4] = lines[4], lines[3]
			return os.WriteFile(files[1], bytes.Join(lines, nil), 0o600)
		},
		"cut short":       func() error { return os.WriteFile(files[1], clean[:len(clean)-200], 0o600) },
		"segment missing": func() error { return os.Remove(files[1]) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if err := l.Verify(); err == nil {
			t.Errorf("%s was not found", name)
		}
	}
	if err := os.WriteFile(files[1], clean, 0o600); err != nil {
		t.Fatal(err)
	}
	verified(t, l)
}

// Whatever a power cut leaves after the last whole line goes, is counted, and
// nothing before it does.
func TestTornTail(t *testing.T) {
	for name, tear := range map[string]func([]byte) []byte{
		"half a line":      func(b []byte) []byte { return b[:len(b)-20] },
		"newline missing":  func(b []byte) []byte { return b[:len(b)-1] },
		"zeros after":      func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
		"rubbish lines":    func(b []byte) []byte { return append(b, "rubbish\n{}\n"...) },
		"last byte of all": func(b []byte) []byte { b[len(b)-3] ^= 1; return b },
		"a wrong hash":     func(b []byte) []byte { b[len(b)-10] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir, Opts{})
			fill(t, l, 1, 10)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
			b, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], tear(b), 0o600); err != nil {
				t.Fatal(err)
			}
			l = open(t, dir, Opts{})
			verified(t, l)
			got, err := l.Query(Query{})
			if err != nil || len(got) < 10 {
				t.Fatalf("%d entries, %v", len(got), err)
			}
			last := got[len(got)-1]
			if last.Kind != Event || last.Code != plan.Storage || !strings.Contains(last.Detail, "torn tail") {
				t.Fatalf("it is not written down: %+v", last)
			}
			for i, e := range got[:len(got)-1] {
				if e.ID != entry(i+1).ID {
					t.Fatalf("entry %d is %s", i+1, e.ID)
				}
			}
		})
	}
}

// A card that damages a line in the middle costs that line and its neighbour's
// proof, not the rest.
func TestDamageInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Opts{})
	fill(t, l, 1, 20)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	b, _ := os.ReadFile(files[0])
	lines := bytes.SplitAfter(b, []byte("\n"))
	copy(lines[10], "@@@@@@@@@@")
	copy(lines[10][len(lines[10])-20:], "@@@@@@@@@@")
	if err := os.WriteFile(files[0], bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	var reported []string
	l = open(t, dir, Opts{Report: func(code string, err error) { reported = append(reported, fmt.Sprint(code, err != nil)) }})
	if !slices.Equal(reported, []string{CodeBroken + "true"}) {
		t.Errorf("reported %v", reported)
	}
	fill(t, l, 21, 22)
	got, err := l.Query(Query{})
	if err == nil {
		t.Error("Query does not tell of the damage")
	}
	if len(got) != 20 || got[19].Seq != 22 {
		t.Fatalf("%v", seqs(got))
	}
	if err := l.Verify(); err == nil || !strings.Contains(err.Error(), "entry 10") {
		t.Fatalf("Verify = %v", err)
	}
	// The centre gets what is whole on both sides of the damage.
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	var sent []int64
	for from := int64(1); ; {
		x, err := l.Segment(from)
		if err != nil {
			break
		}
		es, err := x.Check()
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, seqs(es)...)
		from = x.To + 1
	}
	if !slices.Equal(sent, seqs(got)) {
		t.Errorf("sent %v", sent)
	}
}

func TestRotationKeepsTheChainVerifiable(t *testing.T) {
	dir := t.TempDir()
	o := small()
	o.MaxBytes = 5 * o.SegmentBytes
	var reports []string
	o.Report = func(code string, err error) { reports = append(reports, code) }
	l := open(t, dir, o)
	fill(t, l, 1, 500)
	st := l.Status()
	if st.Bytes > o.MaxBytes || st.First == 1 || st.Last < 500 {
		t.Fatalf("%+v", st)
	}
	verified(t, l)
	if !slices.Contains(reports, CodeUnsent) {
		t.Error("dropping what the centre has not got was not reported")
	}
	notes, err := l.Query(Query{Kind: Event})
	if err != nil || len(notes) == 0 || notes[0].Count == 0 {
		t.Fatalf("nor written down: %v, %v", notes, err)
	}
	l = open(t, dir, o)
	verified(t, l)
	if again := l.Status(); again.First != st.First || again.Last != st.Last {
		t.Fatalf("%+v, then %+v", st, again)
	}

	// What the centre has may go without a word.
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	seq, head := l.Head()
	if err := l.Acked(seq, head); err != nil {
		t.Fatal(err)
	}
	reports = nil
	before := len(notes)
	fill(t, l, 1, 60)
	if slices.Contains(reports, CodeUnsent) {
		t.Error("dropping acknowledged entries was reported")
	}
	if notes, _ = l.Query(Query{Kind: Event, After: seq}); len(notes) > 1 {
		t.Errorf("%d new notes beside %d", len(notes), before)
	}
}

// 100,000 entries as they usually are fit the default size.
func TestHoldsAHundredThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 40 MB")
	}
	dir := t.TempDir()
	l := open(t, dir, Opts{})
	const n = 100_000
	began := time.Now()
	fill(t, l, 1, n)
	wrote := time.Since(began)
	if st := l.Status(); st.First != 1 || st.Last != n {
		t.Fatalf("%+v", st)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	l = open(t, dir, Opts{})
	opened := time.Since(began)
	began = time.Now()
	verified(t, l)
	read := time.Since(began)
	began = time.Now()
	if got, err := l.Query(Query{From: entry(n - 48).Time}); err != nil || len(got) != 49 {
		t.Fatalf("%d, %v", len(got), err)
	}
	day := time.Since(began)
	t.Logf("%d entries, %.1f MB: append %v each, open %v, verify %v, last two days %v",
		n, float64(l.Status().Bytes)/1e6, wrote/n, opened, read, day)
	if opened > 3*time.Second {
		t.Errorf("opening takes %v: it must not read a year", opened)
	}
}

// The stated bound: urgent kinds at once, others within SyncBound.
func TestSyncBound(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(dir, Opts{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		append1 := func(k Kind) int64 {
			e, err := l.Append(Entry{Kind: k})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return e.Seq
		}
		for _, k := range []Kind{Start, End, Alert, Mute} {
			if seq := append1(k); l.Status().Synced != seq {
				t.Errorf("%s is not synced at once", k)
			}
		}
		first := append1(Event)
		if l.Status().Synced >= first {
			t.Error("an event is synced at once: flash dies of that")
		}
		time.Sleep(SyncBound - time.Millisecond)
		append1(Event) // a later one must not put the first off
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if l.Status().Synced < first {
			t.Errorf("not synced after %v", SyncBound)
		}
		last := append1(Event)
		cancel()
		<-done
		if l.Status().Synced != last {
			t.Error("not synced when Run ended")
		}
	})
}

func TestExport(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Opts{SegmentBytes: 64 << 10, MaxBytes: 8 << 20})
	fill(t, l, 1, 3000)
	if x, err := l.Segment(2900); err == nil && x.To > l.Status().Synced {
		t.Errorf("entry %d left the box, synced is %d", x.To, l.Status().Synced)
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	from, n := l.Unsent()
	if from != 1 || n != 3000 {
		t.Fatalf("Unsent = %d, %d", from, n)
	}
	prev, next, packets := "", int64(1), 0
	for {
		x, err := l.Segment(next)
		if err != nil {
			break
		}
		packets++
		if len(x.Data) > MaxExport {
			t.Fatalf("%d bytes", len(x.Data))
		}
		es, err := x.Check()
		if err != nil {
			t.Fatal(err)
		}
		if x.From != next || es[0].Seq != next || prev != "" && x.Prev != prev {
			t.Fatalf("from %d with %.8s, want %d with %.8s", x.From, x.Prev, next, prev)
		}
		prev, next = x.Head, x.To+1
		if err := l.Acked(x.To, x.Head); err != nil {
			t.Fatal(err)
		}
	}
	if seq, head := l.Head(); next != seq+1 || prev != head {
		t.Fatalf("sent up to %d, the head is %d", next-1, seq)
	}
	if _, n := l.Unsent(); n != 0 {
		t.Errorf("%d still unsent", n)
	}
	t.Logf("3000 entries in %d exports", packets)
	l = open(t, dir, Opts{})
	if from, n := l.Unsent(); from != 3001 || n != 0 {
		t.Errorf("after reopening: Unsent = %d, %d", from, n)
	}
}

func TestForgedAcknowledgementChangesNothing(t *testing.T) {
	l := open(t, t.TempDir(), Opts{})
	fill(t, l, 1, 10)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	_, head := l.Head()
	for name, tt := range map[string]struct {
		seq  int64
		head string
	}{"foreign head": {10, strings.Repeat("0", 64)}, "another's head": {9, head}, "the future": {11, head}, "no head": {5, ""}} {
		if err := l.Acked(tt.seq, tt.head); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if from, _ := l.Unsent(); from != 1 {
		t.Errorf("Unsent from %d", from)
	}
}

func TestCheckRefusesAForgedExport(t *testing.T) {
	l := open(t, t.TempDir(), Opts{})
	fill(t, l, 1, 10)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	x, err := l.Segment(3)
	if err != nil {
		t.Fatal(err)
	}
	if es, err := x.Check(); err != nil || len(es) != 8 {
		t.Fatalf("%d, %v", len(es), err)
	}
	bomb, err := pack(make([]byte, 20<<20))
	if err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]func(*Export){
		"head":        func(x *Export) { x.Head = strings.Repeat("0", 64) },
		"prev":        func(x *Export) { x.Prev = strings.Repeat("0", 64) },
		"prev, short": func(x *Export) { x.Prev = "0" },
		"from":        func(x *Export) { x.From++ },
		"to":          func(x *Export) { x.To-- },
		"cut short":   func(x *Export) { x.Data = x.Data[:len(x.Data)/2] },
		"no gzip":     func(x *Export) { x.Data = []byte("{}") },
		"a bomb":      func(x *Export) { x.Data = bomb },
		"too large":   func(x *Export) { x.Data = make([]byte, MaxExport+1) },
		"empty":       func(x *Export) { x.Data, _ = pack(nil) },
	} {
		y := x
		harm(&y)
		if _, err := y.Check(); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestChainsOfTwoBoxesDiffer(t *testing.T) {
	a, b := open(t, t.TempDir(), Opts{}), open(t, t.TempDir(), Opts{})
	fill(t, a, 1, 1)
	fill(t, b, 1, 1)
	_, ha := a.Head()
	_, hb := b.Head()
	if ha == hb {
		t.Fatal("equal entries on two boxes have one hash: a lost ledger could be taken for another")
	}
}

func TestAppendAfterClose(t *testing.T) {
	l := open(t, t.TempDir(), Opts{})
	fill(t, l, 1, 3)
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(entry(4)); err == nil {
		t.Error("Append after Close")
	}
	if es, err := l.Last(5); err != nil || len(es) != 3 {
		t.Errorf("%v, %v", es, err)
	}
}

// Reading does not disturb writing, and sees only whole entries.
func TestReadWhileWriting(t *testing.T) {
	o := small()
	o.MaxBytes = 4 * o.SegmentBytes
	l := open(t, t.TempDir(), o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- l.Run(ctx) }()
	go func() { // waited for below
		var err error
		for i := 0; i < 1000 && err == nil; i++ {
			_, err = l.Append(entry(i))
		}
		cancel()
		done <- err
	}()
	for ctx.Err() == nil {
		es, err := l.Last(40)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(es); i++ {
			if es[i].Seq != es[i-1].Seq+1 {
				t.Fatalf("a gap: %v", seqs(es))
			}
		}
		l.Status()
		if x, err := l.Segment(1); err == nil {
			if _, err := x.Check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	verified(t, l)
}

// Whatever a segment holds, opening it gives a ledger that verifies from
// where it goes on and never panics.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	l, err := Open(dir, Opts{})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		if _, err := l.Append(entry(i)); err != nil {
			f.Fatal(err)
		}
	}
	l.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	b, err := os.ReadFile(files[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Add([]byte(`{"ledger":1,"first":1,"prev":"` + strings.Repeat("0", 64) + "\"}\n"))
	f.Add([]byte("\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 1), b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(dir, Opts{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		e, err := l.Append(entry(1))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := l.Last(1)
		if len(got) != 1 || got[0].Hash != e.Hash {
			t.Fatalf("appended %d, read %v", e.Seq, seqs(got))
		}
		l.Verify()
		if err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		for from := int64(0); ; {
			x, err := l.Segment(from)
			if err != nil {
				break
			}
			if _, err := x.Check(); err != nil {
				t.Fatal(err)
			}
			from = x.To + 1
		}
	})
}

// An export comes from the network at the centre: whatever it holds, what Check
// lets through is a chain from Prev to Head.
func FuzzCheck(f *testing.F) {
	l := open(f, f.TempDir(), Opts{})
	fill(f, l, 1, 3)
	if err := l.Sync(); err != nil {
		f.Fatal(err)
	}
	x, err := l.Segment(1)
	if err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(x.Data))
	if err != nil {
		f.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain, x.Prev, x.Head, int64(1), int64(3))
	f.Add(plain[:len(plain)-1], x.Prev, x.Head, int64(1), int64(3))
	f.Add([]byte("\n"), x.Prev, x.Prev, int64(1), int64(0))
	f.Fuzz(func(t *testing.T, plain []byte, prev, head string, from, to int64) {
		data, err := pack(plain)
		if err != nil {
			t.Fatal(err)
		}
		es, err := Export{From: from, To: to, Prev: prev, Head: head, Data: data}.Check()
		if err != nil {
			return
		}
		for i, e := range es {
			if e.Seq != from+int64(i) || e.Prev != prev {
				t.Fatalf("entry %d follows %.12s, from %d", e.Seq, e.Prev, from)
			}
			prev = e.Hash
		}
		if prev != head || es[len(es)-1].Seq != to {
			t.Fatalf("it ends with %.12s", prev)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir(), Opts{})
	e := entry(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Append(e); err != nil {
			b.Fatal(err)
		}
	}
}
