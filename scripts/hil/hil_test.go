package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loa/boards"
	"loa/scripts/heard"
	"loa/scripts/hil/tape"
)

func TestMaster(t *testing.T) {
	x := master(1, 2*time.Second)
	file := filepath.Join(t.TempDir(), "x.wav")
	if err := os.WriteFile(file, wav(x, masterRate), 0o644); err != nil {
		t.Fatal(err)
	}
	got, rate, err := heard.ReadWAV(file)
	if err != nil || rate != masterRate || len(got) != len(x) {
		t.Fatalf("%d samples at %d Hz, %v", len(got), rate, err)
	}
	if m := heard.Find(x, masterRate, got, rate); m.Score < 0.9999 {
		t.Errorf("it is not like itself: %.4f", m.Score)
	}
	if m := heard.Find(x, masterRate, master(2, 2*time.Second), masterRate); m.Score > 0.5 {
		t.Errorf("two are alike: %.3f", m.Score)
	}
}

// What a session writes into a board file is what the box then finds wrong, and nothing else.
func TestInstead(t *testing.T) {
	text, err := os.ReadFile("../../boards/virt-arm64.toml")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := boards.Parse("virt-arm64.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range suite {
		if s.setup.board == nil {
			continue
		}
		changed := s.setup.board(string(text))
		lines := strings.Split(changed, "\n")
		differ := 0
		for i, line := range strings.Split(string(text), "\n") {
			if line != lines[i] {
				differ++
			}
		}
		b, err := boards.Parse("changed.toml", []byte(changed))
		if err != nil || differ != 1 {
			t.Errorf("%s: %d lines are different, %v", s.name, differ, err)
		}
		if b.Name != whole.Name {
			t.Errorf("%s: it is another board", s.name)
		}
	}
}

func TestWaits(t *testing.T) {
	code := bytes.Repeat([]byte{0x1f, 0x20, 0x03, 0xd5}, 100) // nop
	copy(code[40:], append(call(sysFutex), svc...))
	copy(code[80:], append(call(64), svc...))                                 // write
	copy(code[120:], append(append(call(sysNanosleep), code[:8]...), svc...)) // some instructions later
	copy(code[162:], append(call(sysFutex), svc...))                          // no instruction begins there
	got := waits(code, sysEpollPwait, sysFutex, sysNanosleep)
	if len(got) != 2 || got[0] != 44 || got[1] != 132 {
		t.Errorf("got %v, want 44 and 132", got)
	}
}

// body is a box's memory with pages of a program in it.
type body struct {
	Surgeon
	ram []byte
}

func (b *body) RAM(context.Context) ([]byte, uint64, error) { return b.ram, 0x4000_0000, nil }
func (b *body) Poke(_ context.Context, address uint64, data []byte) error {
	copy(b.ram[address-0x4000_0000:], data)
	return nil
}

func TestFreezeAndThaw(t *testing.T) {
	file := make([]byte, 3*page)
	for i := range file {
		file[i] = byte(i * 7)
	}
	copy(file[page+96:], append(call(sysFutex), svc...))
	ram := make([]byte, 16*page)
	copy(ram[5*page:], file[page:2*page])
	copy(ram[9*page:], file[page:2*page])
	ram[9*page+1]++ // like it, and another one
	was := bytes.Clone(ram)
	b := &body{ram: ram}
	r := &rig{Target: Target{Surgeon: b}}
	patches, err := r.freeze(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ram[5*page+100:][:4], spin) || len(patches) != 1 {
		t.Errorf("%d places are changed", len(patches))
	}
	if err := r.thaw(t.Context(), patches); err != nil || !bytes.Equal(ram, was) {
		t.Errorf("it is not as it was, %v", err)
	}
	if _, err := r.freeze(t.Context(), file[:page]); err == nil {
		t.Error("a program that never waits was frozen")
	}
}

// What cannot be tried is said; where CI runs, main makes a failure of it.
func TestSkips(t *testing.T) {
	o := options{board: "virt-arm64", out: t.TempDir(), only: regexp.MustCompile("")}
	var skip skipped
	t.Setenv("PATH", t.TempDir())
	if err := run(t.Context(), o, io.Discard); !errors.As(err, &skip) || !strings.Contains(err.Error(), "qemu-system-aarch64") {
		t.Errorf("%v", err)
	}
	o.board = "desk"
	if err := run(t.Context(), o, io.Discard); err == nil || errors.As(err, &skip) {
		t.Errorf("%v", err)
	}
}

func TestATableSaysWhatFailed(t *testing.T) {
	var out bytes.Buffer
	steps := []step{
		{"first", time.Minute, func(context.Context, *rig) (string, error) { return "1 s", nil }},
		{"second", time.Minute, func(context.Context, *rig) (string, error) { return "", errors.New("it fell down") }},
		{"third", time.Minute, func(context.Context, *rig) (string, error) { t.Error("tried after a failure"); return "", nil }},
		{"fourth", time.Millisecond, nil},
	}
	tried, failed := climb(t.Context(), "s", steps, &rig{dir: "/somewhere"}, &out)
	if tried != 2 || failed != 1 {
		t.Errorf("%d tried, %d failed", tried, failed)
	}
	for _, want := range []string{"s: first", "pass  1 s", "FAILED", "it fell down", "/somewhere", "s: third", "not tried"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}

func TestAmpOnSincePowerOn(t *testing.T) {
	line := 5
	r := &rig{firstEdge: 1, kind: boards.Board{Amp: boards.Amp{Line: &line, Active: "high"}}}
	now := time.Now()
	r.GPIO = edges{{At: now.Add(-time.Hour), Line: 5, High: true}, {At: now.Add(-time.Second), Line: 5, High: true}, {At: now, Line: 5}}
	if on := r.ampOn(); len(on) != 1 || on[0].To.Sub(on[0].From) != time.Second {
		t.Errorf("%v", on)
	}
}

type edges []tape.Edge

func (e edges) Edges() []tape.Edge                   { return e }
func (edges) Drive(context.Context, int, bool) error { return nil }
