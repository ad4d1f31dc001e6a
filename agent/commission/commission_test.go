package commission

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
)

// A drawer keeps values, until it breaks.
type drawer struct {
	of     map[string][]byte
	broken error
}

func (d *drawer) Put(name string, data []byte) error {
	if d.broken != nil {
		return d.broken
	}
	d.of[name] = append([]byte(nil), data...)
	return nil
}

func (d *drawer) Get(name string) ([]byte, error) {
	if data, ok := d.of[name]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (d *drawer) Delete(name string) error {
	if d.broken == nil {
		delete(d.of, name)
	}
	return d.broken
}

var (
	key   = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
	other = ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32)))
	noon  = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
)

func open(t *testing.T, d *drawer) *Book {
	t.Helper()
	b, err := Open(d, "tp-1", "orangepi-zero", key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func markAll(t *testing.T, b *Book, but map[Step]Result) {
	t.Helper()
	for _, s := range Steps() {
		r := Pass
		if but[s] != "" {
			r = but[s]
		}
		if err := b.Mark(Mark{Step: s, Result: r, Value: "v", At: noon}); err != nil {
			t.Fatal(err)
		}
	}
}

// It goes on after a power cut at any step, and ends in a record that its key signed.
func TestInterruptedAtEveryStep(t *testing.T) {
	d := &drawer{of: map[string][]byte{}}
	for i, s := range Steps() {
		b := open(t, d)
		if got := len(b.Draft()); got != i {
			t.Fatalf("after %d steps and a power cut %d are known", i, got)
		}
		if _, err := b.Sign("An", "1", noon, clock.Signed); !errors.Is(err, ErrOpen) {
			t.Fatalf("signed with %d steps: %v", i, err)
		}
		if err := b.Mark(Mark{Step: s, Result: Pass, At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, d)
	if _, err := b.Sign("  ", "1", noon, clock.Signed); err == nil {
		t.Error("signed by nobody")
	}
	if b.Passed() {
		t.Error("passed before it is signed")
	}
	if _, err := b.Sign("Nguyễn Văn An", "0.5", noon, clock.Signed); err != nil || !b.Passed() || len(b.Draft()) != 0 {
		t.Fatalf("%v, %v", err, b.Draft())
	}
	r, sum := open(t, d).Record()
	if r == nil || r.By != "Nguyễn Văn An" || len(r.Marks) != 12 || len(sum) != 64 {
		t.Errorf("%+v %s", r, sum)
	}
}

func TestWhatCountsAsPassed(t *testing.T) {
	for name, c := range map[string]struct {
		but  map[Step]Result
		want bool
	}{
		"all":     {nil, true},
		"no amp":  {map[Step]Result{Amp: NA, Board: NA}, true},
		"one bad": {map[Step]Result{Speaker: Fail}, false},
		"nothing": {maps.Collect(func(yield func(Step, Result) bool) {
			for _, s := range Steps() {
				if !yield(s, NA) {
					return
				}
			}
		}), false},
	} {
		d := &drawer{of: map[string][]byte{}}
		b := open(t, d)
		markAll(t, b, c.but)
		if _, err := b.Sign("An", "1", noon, clock.RTC); err != nil {
			t.Fatal(err)
		}
		if b.Passed() != c.want || open(t, d).Passed() != c.want {
			t.Errorf("%s: passed is %v", name, !c.want)
		}
	}
}

// The record of another key, name or board says nothing of this box, nor one that was
// changed by a byte.
func TestOnlyItsOwnRecordCounts(t *testing.T) {
	d := &drawer{of: map[string][]byte{}}
	b := open(t, d)
	markAll(t, b, nil)
	if _, err := b.Sign("An", "1", noon, clock.RTC); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]struct {
		device, board string
		key           ed25519.PrivateKey
		change        bool
	}{
		"key":     {"tp-1", "orangepi-zero", other, false},
		"name":    {"tp-2", "orangepi-zero", key, false},
		"board":   {"tp-1", "raspberrypi", key, false},
		"changed": {"tp-1", "orangepi-zero", key, true},
	} {
		c := &drawer{of: maps.Clone(d.of)}
		if o.change {
			c.of[recordName] = []byte(strings.Replace(string(d.of[recordName]), "A", "B", 1))
		}
		b, err := Open(c, o.device, o.board, o.key)
		if err == nil || b.Passed() {
			t.Errorf("another %s: passed %v, error %v", name, b.Passed(), err)
		}
	}
}

func TestBadMarksAndABrokenDisk(t *testing.T) {
	d := &drawer{of: map[string][]byte{}}
	b := open(t, d)
	for _, m := range []Mark{{Step: "x", Result: Pass}, {Step: Amp, Result: "yes"}, {}} {
		if b.Mark(m) == nil {
			t.Errorf("%+v was taken", m)
		}
	}
	if err := b.Mark(Mark{Step: Amp, Result: Pass, Value: strings.Repeat("ế", 500)}); err != nil || len(b.Draft()[0].Value) > maxValue {
		t.Errorf("%v, %d", err, len(b.Draft()[0].Value))
	}
	d.broken = errors.New("read-only")
	if b.Mark(Mark{Step: Clock, Result: Pass}) == nil || len(b.Draft()) != 1 {
		t.Error("a mark that is not on the disk counts")
	}
	d.broken = nil
	d.of[draftName] = []byte("{")
	if b, err := Open(d, "tp-1", "orangepi-zero", key); err == nil || len(b.Draft()) != 0 {
		t.Error("a damaged draft is not told")
	}
	if err := b.Restart(); err != nil || len(b.Draft()) != 0 {
		t.Error(err)
	}
	markAll(t, b, nil)
	if _, err := b.Sign("An", "1", noon, clock.RTC); err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(); err != nil || b.Passed() || open(t, d).Passed() {
		t.Error("it is not forgotten")
	}
}
