package store_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/store"
	"loa/agent/store/powertest"
)

var cuts = flag.Int("cuts", 10, "how often TestPowerCut cuts the power")

// The power is cut at a random instant of a writer at work. Every Put that
// returned is there afterwards, whole; the one that did not is there whole or
// not at all.
func TestPowerCut(t *testing.T) {
	d := powertest.New(t, 16)
	acked := map[string]int{}
	n := 0
	for range *cuts {
		s, err := store.Open(d.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if lost := s.Status().Damaged; len(lost) > 0 {
			t.Fatalf("damaged by a power cut: %+v", lost)
		}
		for name, v := range acked {
			got, err := s.Get(name)
			if err != nil {
				t.Fatalf("%s = %d was acknowledged: %v", name, v, err)
			}
			var have int
			if _, err := fmt.Sscanf(string(got), "%d\n", &have); err != nil || have < v || have > n || len(got) != size(have) {
				t.Fatalf("%s: %d was acknowledged, there are %d bytes beginning %.20q", name, v, len(got), got)
			}
		}
		// The cut comes from beside while Put is at work.
		cut := make(chan struct{})
		var dark atomic.Bool
		go func() { // waited for below
			time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
			dark.Store(true)
			d.Cut()
			close(cut)
		}()
		for {
			n++
			name := fmt.Sprintf("docs/26734/bulletin/b%d", n%7)
			b := append(fmt.Appendf(nil, "%d\n", n), make([]byte, size(n))...)[:size(n)]
			// A sync that the cut overtakes may claim success: ext4 forgets the
			// transaction that it aborted. Without power nobody would hear it.
			if err := s.Put(name, b); err != nil || dark.Load() {
				break
			}
			acked[name] = n
		}
		<-cut
		d.Boot()
	}
	t.Logf("%d power cuts, %d values written, none lost", *cuts, n)
}

func size(n int) int { return 100 + n%5*3000 }

// On a full disk documents are still written, and the store says that it is full.
func TestFullDisk(t *testing.T) {
	d := powertest.New(t, 16)
	s, err := store.Open(d.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put("docs/a", []byte("before")); err != nil || !s.Status().Reserve {
		t.Fatalf("%v, reserve %v", err, s.Status().Reserve)
	}
	reports := map[string]bool{}
	watch := func(code string, err error) { reports[code] = err != nil }
	s.Watch(watch)
	filler := d.Fill()
	for i := range 20 {
		if err := s.Put(fmt.Sprintf("docs/%d", i), make([]byte, 20_000)); err != nil {
			t.Fatalf("document %d on a full disk: %v", i, err)
		}
	}
	if s.Status().Reserve || !reports[store.CodeFull] {
		t.Errorf("the store does not say that the disk is full: %v", reports)
	}
	// Beyond the reserve nothing can help: the old value stays.
	var full error
	for i := 0; full == nil && i < 1000; i++ {
		full = s.Put("docs/a", append(make([]byte, 64_000), byte(i), byte(i>>8)))
		if full == nil {
			full = s.Put(fmt.Sprintf("more/%d", i), make([]byte, 64_000))
		}
	}
	var code *plan.Error
	if !errors.Is(full, syscall.ENOSPC) || !errors.As(full, &code) || code.Code != plan.Storage {
		t.Fatalf("the disk never got full: %v", full)
	}
	if s, err = store.Open(d.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("docs/a"); err != nil || len(s.Status().Damaged) > 0 {
		t.Fatalf("a full disk damaged something: %v, %+v", err, s.Status())
	}
	s.Watch(watch)
	if err := s.Put("docs/a", make([]byte, 70_000)); err == nil || !reports[store.CodeFull] {
		t.Fatalf("%v, reported %v", err, reports)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("docs/a", []byte("after")); err != nil || !s.Status().Reserve || reports[store.CodeFull] {
		t.Fatalf("with room again: %v, reserve %v, reported %v", err, s.Status().Reserve, reports)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	d := powertest.New(t, 16)
	s, err := store.Open(d.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put("docs/a", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	d.ReadOnly()
	if s, err = store.Open(d.Dir()); err != nil {
		t.Fatalf("a read-only disk cannot be opened: %v", err)
	}
	reports := map[string]bool{}
	s.Watch(func(code string, err error) { reports[code] = err != nil })
	err = s.Put("docs/a", []byte("lost"))
	var code *plan.Error
	if !reports[store.CodeReadOnly] || !errors.Is(err, syscall.EROFS) || !errors.As(err, &code) || code.Code != plan.Storage {
		t.Fatalf("Put = %v", err)
	}
	if got, err := s.Get("docs/a"); err != nil || string(got) != "kept" {
		t.Fatalf("Get = %q, %v", got, err)
	}
}
