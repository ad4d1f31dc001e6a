package archive

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
)

// segments are what a box sends of a ledger with so many entries, one in each.
func segments(t *testing.T, key ed25519.PrivateKey, name string, n int) (all [][]byte) {
	t.Helper()
	l, err := ledger.Open(t.TempDir(), ledger.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range n {
		e, err := l.Append(ledger.Entry{Kind: ledger.Event, Detail: fmt.Sprint(name, i), Time: time.Unix(int64(i), 0)})
		if err == nil {
			err = l.Sync()
		}
		if err != nil {
			t.Fatal(err)
		}
		x, err := l.Segment(e.Seq)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, message.EncodeSegment(message.LedgerHead{Device: "d-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key))
	}
	return all
}

func TestForkIsKept(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := Open(t.TempDir())
	for _, s := range segments(t, key, "one", 3) {
		if _, err := a.Add("d-1", s, pub); err != nil {
			t.Fatal(err)
		}
	}
	if a.Forked("d-1") {
		t.Error("forked before anything was wrong")
	}
	other := segments(t, key, "another", 3)
	for _, s := range other {
		if _, err := a.Add("d-1", s, pub); !errors.Is(err, ErrFork) {
			t.Errorf("another past was taken: %v", err)
		}
	}
	kept, err := os.ReadFile(filepath.Join(a.dir, "d-1", forkFile))
	if !a.Forked("d-1") || err != nil || string(kept) != string(other[0]) {
		t.Errorf("the first proof of it is not kept: %v", err)
	}
	if r, err := a.Verify("d-1", pub); err != nil || r.Entries != 3 {
		t.Errorf("the ledger itself: %+v, %v", r, err)
	}
}

func TestEachArrived(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := Open(t.TempDir())
	for _, s := range segments(t, key, "one", 2) {
		if _, err := a.Add("d-1", s, pub); err != nil {
			t.Fatal(err)
		}
	}
	names, err := a.files("d-1")
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		when := time.Unix(int64(1000*(i+1)), 0)
		if err := os.Chtimes(filepath.Join(a.dir, "d-1", n), when, when); err != nil {
			t.Fatal(err)
		}
	}
	var came []int64
	if err := a.EachArrived("d-1", pub, func(_ ledger.Entry, at time.Time) bool { came = append(came, at.Unix()); return true }); err != nil || len(came) != 2 || came[0] != 1000 || came[1] != 2000 {
		t.Errorf("%v, %v", came, err)
	}
}
