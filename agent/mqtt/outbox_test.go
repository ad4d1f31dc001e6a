package mqtt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func reopen(t *testing.T, dir string) *outbox {
	t.Helper()
	b, err := openOutbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ids(b *outbox) (ids []string) {
	for _, e := range b.live {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestOutboxSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	b := reopen(t, dir)
	for i := range 5 {
		if err := b.add("t", fmt.Sprint(i), []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.add("t", "3", []byte("again")); err != nil {
		t.Fatal(err)
	}
	if err := b.remove(b.live[1].N); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b = reopen(t, dir)
		if got := fmt.Sprint(ids(b)); got != "[0 2 3 4]" {
			t.Fatalf("after a restart: %s", got)
		}
	}
	if !bytes.Equal(b.live[2].Payload, []byte{3}) {
		t.Errorf("payload of 3 is %v", b.live[2].Payload)
	}
	if err := b.add("t", "5", nil); err != nil {
		t.Fatal(err)
	}
	if last := b.live[len(b.live)-1].N; last != 6 {
		t.Errorf("number %d was given twice or one was left out", last)
	}
}

// Whatever a power cut leaves of the tail, every line before it counts.
func TestOutboxTornAnywhere(t *testing.T) {
	dir := t.TempDir()
	b := reopen(t, dir)
	var ends []int64
	for i := range 8 {
		b.add("loa/v1/d/box-1/ack", fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 20))
		ends = append(ends, b.size)
	}
	name := filepath.Join(dir, outboxFile)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(data) {
		if err := os.WriteFile(name, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, end := range ends {
			if int64(cut) >= end {
				whole++
			}
		}
		b := reopen(t, dir)
		if len(b.live) != whole {
			t.Fatalf("cut at %d: %d messages, want %d", cut, len(b.live), whole)
		}
		b.add("t", "new", nil)
		if b = reopen(t, dir); len(b.live) != whole+1 || b.skipped != 0 {
			t.Fatalf("cut at %d, then one more: %d messages, %d damaged lines", cut, len(b.live), b.skipped)
		}
		b.file.Close()
	}
}

// A flipped bit costs the line it is in.
func TestOutboxBitFlips(t *testing.T) {
	dir := t.TempDir()
	b := reopen(t, dir)
	for i := range 20 {
		b.add("t", fmt.Sprint(i), []byte("payload"))
	}
	name := filepath.Join(dir, outboxFile)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		bad := bytes.Clone(data)
		bad[rnd.IntN(len(bad))] ^= 1 << rnd.IntN(8)
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		b := reopen(t, dir)
		if len(b.live) < 18 { // a flip in a line feed takes two
			t.Fatalf("one bit cost %d messages", 20-len(b.live))
		}
		b.file.Close()
	}
}

// A month of sending does not make the file grow.
func TestOutboxStaysSmall(t *testing.T) {
	b := reopen(t, t.TempDir())
	for i := range 2000 {
		b.live = append(b.live, entry{N: int64(i + 1), ID: fmt.Sprint(i), Payload: make([]byte, 600)})
		b.last++
		if err := b.append(b.live[0].line()); err != nil {
			t.Fatal(err)
		}
		if err := b.remove(b.live[0].N); err != nil {
			t.Fatal(err)
		}
		if b.size > outboxWaste+2000 {
			t.Fatalf("%d bytes for nothing waiting", b.size)
		}
	}
}

// On a disk that fails, messages wait in memory, and are written when it works.
func TestOutboxOnAFailingDisk(t *testing.T) {
	dir := t.TempDir()
	b := reopen(t, dir)
	b.add("t", "0", nil)
	b.file.Close() // every write fails from here
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := b.add("t", "1", nil); err == nil {
		t.Fatal("add succeeded on a dead disk")
	}
	if err := b.add("t", "2", nil); err == nil {
		t.Fatal("add succeeded on a dead disk")
	}
	if len(b.live) != 3 {
		t.Fatalf("%d messages in memory, want 3", len(b.live))
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.remove(b.live[0].N); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(ids(reopen(t, dir))); got != "[1 2]" {
		t.Errorf("on the mended disk: %s", got)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	dir := t.TempDir()
	b := reopen(t, dir)
	var failed int
	for i := range 40 {
		if err := b.add("t", fmt.Sprint(i), make([]byte, 512<<10)); err != nil {
			failed++
		}
	}
	if failed == 0 || len(b.live) != 40 {
		t.Errorf("%d refused, %d in memory", failed, len(b.live))
	}
	info, err := os.Stat(filepath.Join(dir, outboxFile))
	if err != nil || info.Size() > outboxBytes {
		t.Errorf("the file has %d bytes: %v", info.Size(), err)
	}
}

func FuzzOutbox(f *testing.F) {
	f.Add(entry{N: 1, Topic: "t", ID: "a", Payload: []byte("x")}.line())
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := new(outbox)
		b.replay(data)
		for _, e := range b.live {
			if e.N <= 0 || e.Gone {
				t.Fatalf("took %+v", e)
			}
		}
	})
}
