package ledger

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/store/powertest"
)

var (
	kills = flag.Int("kills", 20, "how often TestKill kills the writer")
	cuts  = flag.Int("cuts", 10, "how often TestPowerCut cuts the power")
)

// writerDir makes the test binary a writer that is to be killed.
const writerDir = "LOA_LEDGER_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		write(dir)
	}
	os.Exit(m.Run())
}

// write appends until it is killed and says each number once Append has
// returned it.
func write(dir string) {
	l, err := Open(dir, small())
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	go l.Run(context.Background()) // dies with the process
	for i := 0; ; i++ {
		e, err := l.Append(entry(i))
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(e.Seq, e.Hash)
	}
}

// The process is killed at random instants. Every entry that Append returned
// is there with its hash, and the chain verifies from one life to the next.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	total, lost, broken := 0, 0, 0
	for range *kills {
		lines := powertest.Life(t, writerDir+"="+dir, 5*time.Millisecond)
		if len(lines) == 0 {
			continue
		}
		total += len(lines)
		var last int64
		var hash string
		if _, err := fmt.Sscan(lines[len(lines)-1], &last, &hash); err != nil {
			t.Fatalf("the writer said %q", lines[len(lines)-1])
		}
		l, err := Open(dir, small())
		if err != nil {
			t.Fatal(err)
		}
		es, err := l.Query(Query{After: last - 1})
		if err != nil || len(es) == 0 || es[0].Seq != last || es[0].Hash != hash {
			lost++
			t.Errorf("entry %d %.12s was acknowledged, there is %v, %v", last, hash, es, err)
		}
		if err := l.Verify(); err != nil {
			broken++
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d entries acknowledged, %d lost, %d chains broken", *kills, total, lost, broken)
}

// The power is cut at random instants: every entry that was synced is there.
func TestPowerCut(t *testing.T) {
	d := powertest.New(t, 16)
	synced := map[int64]string{}
	first, lost := int64(1), 0
	o := Opts{SegmentBytes: 16 << 10, MaxBytes: 256 << 10}
	for range *cuts {
		l, err := Open(d.Dir(), o)
		if err != nil {
			t.Fatal(err)
		}
		verified(t, l)
		first = l.Status().First
		es, err := l.Query(Query{})
		if err != nil {
			t.Fatal(err)
		}
		have := map[int64]string{}
		for _, e := range es {
			have[e.Seq] = e.Hash
		}
		for seq, hash := range synced {
			if seq < first {
				delete(synced, seq) // rotated away
			} else if have[seq] != hash {
				t.Fatalf("entry %d was synced as %.12s, now it is %.12s", seq, hash, have[seq])
			}
		}
		cut := make(chan struct{})
		var dark atomic.Bool
		go func() { // waited for below
			time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
			dark.Store(true)
			d.Cut()
			close(cut)
		}()
		var pending []Entry
		for i := 0; ; i++ {
			e, err := l.Append(entry(i))
			if err != nil {
				break
			}
			pending = append(pending, e)
			if i%7 != 0 {
				continue
			}
			// A sync that the cut overtakes may claim success: ext4 forgets the
			// transaction that it aborted. Without power nobody would hear it.
			if err := l.Sync(); err != nil || dark.Load() {
				break
			}
			for _, e := range pending {
				synced[e.Seq] = e.Hash
			}
			pending = nil
		}
		lost += len(pending)
		<-cut
		_ = l.Close()
		d.Boot()
	}
	t.Logf("%d power cuts: %d synced entries kept, at most %d others lost, the chain whole", *cuts, len(synced), lost)
}

// The ledger is written on while the disk is full: into the room it set aside,
// then over its oldest entries. What it loses at last it counts.
func TestFullDisk(t *testing.T) {
	d := powertest.New(t, 16)
	var lostReports []bool
	o := Opts{SegmentBytes: 64 << 10, MaxBytes: 8 << 20, Report: func(code string, err error) {
		if code == CodeLost {
			lostReports = append(lostReports, err != nil)
		}
	}}
	l := open(t, d.Dir(), o)
	fill(t, l, 1, 1000) // several segments
	seq, head := l.Head()
	if err := errors.Join(l.Sync(), l.Acked(seq, head)); err != nil {
		t.Fatal(err)
	}
	filler := d.Fill()
	for i := range 5000 {
		if _, err := l.Append(entry(i)); err != nil {
			t.Fatalf("entry %d on a full disk: %v", i, err)
		}
	}
	verified(t, l)
	if st := l.Status(); st.First == 1 || st.Lost != 0 {
		t.Errorf("%+v", st)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1, 10)
	verified(t, l)
	if len(lostReports) != 0 {
		t.Errorf("reported lost: %v", lostReports)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	d := powertest.New(t, 16)
	l, err := Open(d.Dir(), Opts{})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1, 20)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	d.ReadOnly()
	reports := map[string]bool{}
	l, err = Open(d.Dir(), Opts{Report: func(code string, err error) { reports[code] = err != nil }})
	if err != nil {
		t.Fatalf("a read-only ledger cannot be opened: %v", err)
	}
	verified(t, l)
	_, err = l.Append(entry(21))
	var code *plan.Error
	if !errors.Is(err, syscall.EROFS) || !errors.As(err, &code) || code.Code != plan.Storage {
		t.Fatalf("Append = %v", err)
	}
	if st := l.Status(); st.Lost != 1 || !reports[CodeLost] {
		t.Errorf("%+v, %v", st, reports)
	}
	if es, err := l.Last(1); err != nil || len(es) != 1 || es[0].Seq != 20 {
		t.Errorf("%v, %v", es, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Entries that could not be written are counted, and the count is the next
// thing that is.
func TestLostEntriesAreCounted(t *testing.T) {
	reports := []string{}
	l := open(t, t.TempDir(), Opts{Report: func(code string, err error) { reports = append(reports, code+strconv.FormatBool(err != nil)) }})
	fill(t, l, 1, 3)
	good := l.file
	broken, err := os.Open(os.DevNull) // read-only: every write to it fails
	if err != nil {
		t.Fatal(err)
	}
	l.file = broken
	for i := range 5 {
		if _, err := l.Append(entry(i)); err == nil {
			t.Fatal("written into nothing")
		}
	}
	l.file = good
	broken.Close()
	fill(t, l, 4, 4)
	es, err := l.Last(2)
	if err != nil || len(es) != 2 || es[0].Kind != Event || es[0].Count != 5 || es[1].Seq != 5 {
		t.Fatalf("%+v, %v", es, err)
	}
	verified(t, l)
	if got := strings.Join(reports, " "); got != CodeLost+"true "+CodeLost+"false" {
		t.Errorf("reported %s", got)
	}
}
