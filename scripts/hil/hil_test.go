package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/boards"
	"loa/scripts/heard"
	"loa/scripts/hil/qemu"
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

// The emulator's card runs dry on a busy machine: that is told, and no failure. A sound
// that is another one is.
func TestListen(t *testing.T) {
	const rate = masterRate // 3 s are 6 pieces
	want := master(1, 3*time.Second)
	quiet := make([]float64, len(want))
	for i, v := range want {
		quiet[i] = v / 2
	}
	silence := make([]float64, rate/5)
	got := slices.Concat(silence, quiet[:18000], silence, quiet[18000:36000], silence, quiet[36000:], silence)
	h := listen(want, rate, got, rate)
	if h.err() != nil || h.lost != 1 || h.gaps != 400*time.Millisecond || h.gain < 0.49 || h.gain > 0.51 || h.score < 0.99 {
		t.Errorf("%+v, %v", h, h.err())
	}
	if h := listen(want, rate, slices.Concat(silence, quiet, silence), rate); h.lost != 0 || h.gaps.Abs() > time.Millisecond || h.at != 200*time.Millisecond || h.err() != nil {
		t.Errorf("as it was sent: %+v, %v", h, h.err())
	}
	for name, other := range map[string][]float64{
		"another sound": master(2, 3*time.Second), "nothing": nil,
		"half of it": want[:rate], "the wrong way round": slices.Concat(want[rate:], want[:rate]),
	} {
		if h := listen(want, rate, other, rate); h.err() == nil {
			t.Errorf("%s: %+v", name, h)
		}
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

// program is a file for 64-bit ARM of one page of headers, code and names.
func program(code []byte) []byte {
	file := make([]byte, page)
	le := binary.LittleEndian
	copy(file, "\x7fELF\x02\x01\x01")
	le.PutUint16(file[16:], uint16(elf.ET_EXEC))
	le.PutUint16(file[18:], uint16(elf.EM_AARCH64))
	le.PutUint32(file[20:], 1)
	le.PutUint16(file[52:], 64) // its own size
	names := "\x00.text\x00.data\x00.names\x00"
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Off: page, Size: uint64(len(code))},
		{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Off: page + uint64(len(code)), Size: uint64(len(code))},
		{Name: 13, Type: uint32(elf.SHT_STRTAB), Off: page + 2*uint64(len(code)), Size: uint64(len(names))},
	}
	file = append(append(append(file, code...), code...), names...) // the same once more as data
	le.PutUint64(file[40:], uint64(len(file)))
	le.PutUint16(file[58:], 64)
	le.PutUint16(file[60:], uint16(len(sections)))
	le.PutUint16(file[62:], 3)
	b := bytes.NewBuffer(file)
	binary.Write(b, le, sections)
	return b.Bytes()
}

// code is two pages of nothing, with a call in each and something that only looks like one.
func code() []byte {
	c := bytes.Repeat([]byte{0x1f, 0x20, 0x03, 0xd5}, 2*page/4)
	copy(c[96:], svc)
	copy(c[page+8:], svc)
	copy(c[page+102:], svc) // no instruction begins there
	c[page+16] = 1          // so that no page is like the other
	return c
}

func TestCalls(t *testing.T) {
	got, err := calls(program(code()))
	if err != nil || len(got) != 2 || got[0] != page+96 || got[1] != 2*page+8 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := calls([]byte("#!/bin/sh")); err == nil {
		t.Error("a script has calls")
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
	file := program(code())
	ram := make([]byte, 16*page)
	copy(ram[5*page:], file[page:2*page])
	copy(ram[9*page:], file[2*page:3*page])
	copy(ram[11*page:], file[page:2*page])
	ram[11*page+1]++ // like it, and another one
	was := bytes.Clone(ram)
	r := &rig{Target: Target{Surgeon: &body{ram: ram}}}
	patches, err := r.freeze(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ram[5*page+96:][:4], spin) || !bytes.Equal(ram[9*page+8:][:4], spin) || len(patches) != 2 {
		t.Errorf("%d places are changed", len(patches))
	}
	if err := r.thaw(t.Context(), patches); err != nil || !bytes.Equal(ram, was) {
		t.Errorf("it is not as it was, %v", err)
	}
	clear(ram)
	if _, err := r.freeze(t.Context(), file); err == nil {
		t.Error("a program that does not run was frozen")
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

func TestWhatIsTriedWhere(t *testing.T) {
	names := func(o options) (all string) {
		kind, _ := qemu.KindOf(o.board)
		for _, s := range suite {
			if o.takes(s) && s.lacks(kind) == "" {
				all += s.name + ";"
			}
		}
		return all
	}
	every := regexp.MustCompile("")
	if got := names(options{board: "virt-arm64", only: every}); got != "everyday;power cuts;" {
		t.Errorf("the short path is %q", got)
	}
	if got := names(options{board: "virt-arm64", only: regexp.MustCompile("^frozen$")}); got != "frozen;" {
		t.Errorf("asked for frozen: %q", got)
	}
	if got := names(options{board: "orangepi-zero", all: true, only: every}); got != "starts;storm;line and board;slots;updates refused;update that does not run;address;" {
		t.Errorf("where nothing can be listened to: %q", got)
	}
	if got := names(options{board: "virt-armhf", all: true, only: every}); strings.Contains(got, "frozen") || !strings.Contains(got, "everyday;") {
		t.Errorf("with 32 bits: %q", got)
	}
}

func TestAmpOnSincePowerOn(t *testing.T) {
	line := 5
	r := &rig{lives: []life{{}, {edges: 1}}, kind: boards.Board{Amp: boards.Amp{Line: &line, Active: "high"}}}
	now := time.Now()
	r.GPIO = edges{{At: now.Add(-time.Hour), Line: 5, High: true}, {At: now.Add(-time.Second), Line: 5, High: true}, {At: now, Line: 5}}
	if on := r.ampOn(); len(on) != 1 || on[0].To.Sub(on[0].From) != time.Second {
		t.Errorf("%v", on)
	}
}

// A box that writes without end fails, and one that plays does not.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		wrote      int64
		programmes int
		took       time.Duration
		ok         bool
	}{
		{100 << 10, 0, time.Minute, true},
		{300 << 10, 0, time.Minute, false},
		{2 << 20, 1, time.Minute, true},
		{5 << 20, 2, 10 * time.Second, false},
	} {
		if err := within(c.wrote, c.programmes, c.took); (err == nil) != c.ok {
			t.Errorf("%d bytes, %d programmes, %v: %v", c.wrote, c.programmes, c.took, err)
		}
	}
}

type edges []tape.Edge

func (e edges) Edges() []tape.Edge                   { return e }
func (edges) Drive(context.Context, int, bool) error { return nil }

// Each edge is judged by the life of the box in which it came: what a power cut switched off
// has no edge of its own.
func TestStray(t *testing.T) {
	line, now := 5, time.Now()
	r := &rig{centre: &centre{}, kind: boards.Board{Amp: boards.Amp{Line: &line, Active: "high"}}}
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	r.centre.mean(ago(100), 20*time.Second)
	high := func(s int) tape.Edge { return tape.Edge{At: ago(s), Line: 5, High: true} }
	low := func(s int) tape.Edge { return tape.Edge{At: ago(s), Line: 5} }
	for name, c := range map[string]struct {
		edges []tape.Edge
		lives []life
		ok    bool
	}{
		"as meant":                  {[]tape.Edge{high(100), low(80)}, []life{{}}, true},
		"cut while it sounds":       {[]tape.Edge{high(100), high(85), low(82)}, []life{{ended: ago(95)}, {edges: 1}}, true},
		"stays on":                  {[]tape.Edge{high(100)}, []life{{}}, false},
		"while it starts":           {[]tape.Edge{high(100), low(80), high(60), low(59)}, []life{{ended: ago(70)}, {edges: 2}}, false},
		"a line of somebody else's": {[]tape.Edge{{At: ago(90), Line: 4, High: true}}, []life{{}}, false},
	} {
		r.GPIO, r.lives = edges(c.edges), c.lives
		if figure, err := r.stray(now); (err == nil) != c.ok {
			t.Errorf("%s: %s, %v", name, figure, err)
		}
	}
}
