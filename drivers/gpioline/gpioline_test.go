package gpioline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
)

// fakePin behaves as a line of gpioioctl: after a failed first Out it takes
// itself for an output without a descriptor, until it is closed.
type fakePin struct {
	levels []gpio.Level
	fail   int // this many first Outs fail
	broken bool
	closed int
}

func (p *fakePin) Out(l gpio.Level) error {
	if p.broken {
		return errors.New("inappropriate ioctl for device")
	}
	if p.fail > 0 {
		p.fail--
		p.broken = true
		return errors.New("line_request ioctl: device or resource busy")
	}
	p.levels = append(p.levels, l)
	return nil
}

func (p *fakePin) Close() { p.broken = false; p.closed++ }

func TestPolarity(t *testing.T) {
	for _, c := range []struct {
		name string
		on   gpio.Level
		want []gpio.Level
	}{
		{"active high", gpio.High, []gpio.Level{gpio.Low, gpio.High, gpio.Low}},
		{"active low", gpio.Low, []gpio.Level{gpio.High, gpio.Low, gpio.High}},
	} {
		pin := &fakePin{}
		line := &chipLine{pin: pin, on: c.on}
		for _, on := range []bool{false, true, false} {
			if err := line.set(on); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(pin.levels, c.want) {
			t.Errorf("%s: off, on, off made %v", c.name, pin.levels)
		}
	}
}

// A busy line is closed before it is tried again, or periph would write to
// file descriptor 0.
func TestBusyLineIsClosedBeforeTheNextTry(t *testing.T) {
	pin := &fakePin{fail: 1}
	for range 2 {
		line := &chipLine{pin: pin, on: gpio.High}
		if err := line.set(false); err == nil {
			return
		}
		if err := line.close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("the line did not come back after it was busy once")
}

func TestNoChipSaysWhatIsThere(t *testing.T) {
	_, err := openChip(Line{Chip: []string{"no-such-chip"}, Offset: 3})
	if err == nil || !strings.Contains(err.Error(), "chip") {
		t.Errorf("openChip: %v", err)
	}
}

func TestLineArgsRoundTrip(t *testing.T) {
	for _, l := range []Line{
		{Emulated: "/var/lib/x y/amp.line"},
		{Chip: []string{"1c20800.pinctrl"}, Offset: 6},
		{Chip: []string{"pinctrl-bcm2711", "pinctrl-bcm2835"}, Offset: 17, ActiveLow: true},
	} {
		got, err := parseLine(l.args())
		if err != nil || got.String() != l.String() || got.ActiveLow != l.ActiveLow || !slices.Equal(got.Chip, l.Chip) {
			t.Errorf("%v became %v, %v", l, got, err)
		}
	}
	for _, args := range [][]string{nil, {"emulated"}, {"gpio", "6"}, {"gpio", "six", "high", "x"}, {"gpio", "6", "up", "x"}, {"gpio", "6", "low"}} {
		if l, err := parseLine(args); err == nil {
			t.Errorf("%q was taken for %v", args, l)
		}
	}
}

func TestEmulatedLineKeepsItsLevel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	first, err := openEmulated(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true, true} {
		if err := first.set(on); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openEmulated(path); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("a second owner: %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	edges, err := Edges(path)
	if err != nil || len(edges) != 2 || edges[0].On || !edges[1].On || edges[1].PID != os.Getpid() {
		t.Fatalf("edges %+v, %v", edges, err)
	}

	// The next owner's first write is an edge, because the level was kept.
	if err := Off(Line{Emulated: path}); err != nil {
		t.Fatal(err)
	}
	if err := Off(Line{Emulated: path}); err != nil {
		t.Fatal(err)
	}
	if edges, _ = Edges(path); len(edges) != 3 || edges[2].On {
		t.Errorf("edges after Off, twice: %+v", edges)
	}
}

func TestEmulatedLineStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	line := "2026-11-24T05:30:00.123456789Z on pid 1\n2026-11-24T06:30:00.123456789Z off pid 1\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, maxEdges/len(line)+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Off(Line{Emulated: path}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxEdges*6/10 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if edges, err := Edges(path); err != nil || edges[len(edges)-1].On {
		t.Errorf("edges after the cut: %v", err)
	}
}

func TestForeignFileIsNoLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("not a line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openEmulated(path); err == nil {
		t.Error("openEmulated took notes for a line")
	}
	if _, err := Edges(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Edges: %v", err)
	}
}

func FuzzEdges(f *testing.F) {
	f.Add([]byte("2026-11-24T05:30:00.123456789Z on pid 1\n2026-11-24T06:30:00Z off pid 77\n"))
	f.Add([]byte("x on pid 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		edges, err := parseEdges(data)
		if err == nil && len(edges) > len(data) {
			t.Error("more edges than bytes")
		}
	})
}

// run starts an Amp on line, to be ended by stop.
func run(t *testing.T, o Opts) (a *Amp, stop func()) {
	t.Helper()
	o.Command = guardCommand
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }() // stop waits for it
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return a, stop
}

// guardPID is the process of a's guard. Without one the test must end here: a
// signal to process 0 goes to the whole group, to make and the shell above it.
func guardPID(t *testing.T, a *Amp) int {
	t.Helper()
	pid := a.PID()
	if pid <= 0 {
		t.Fatal("there is no guard")
	}
	return pid
}

// levels is the line's story without its times.
func levels(t *testing.T, path string) string {
	t.Helper()
	edges, err := Edges(path)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, e := range edges {
		s = append(s, map[bool]string{true: "on", false: "off"}[e.On])
	}
	return strings.Join(s, " ")
}

func TestAmp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	a, stop := run(t, Opts{Line: Line{Emulated: path}})
	for _, on := range []bool{true, true, false, true} {
		if err := a.Set(on); err != nil {
			t.Fatal(err)
		}
	}
	if got := levels(t, path); got != "off on off on" {
		t.Errorf("the line went %s", got)
	}
	stop()
	if got := levels(t, path); got != "off on off on off" {
		t.Errorf("after Run: %s", got)
	}
	if err := a.Set(false); err != nil {
		t.Errorf("off after the end: %v", err)
	}
	if err := a.Set(true); err == nil {
		t.Error("on after the end succeeded")
	}
}

// Starting the agent after it was killed together with its guard must switch
// off what they left on.
func TestFirstWriteIsOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	left, err := openEmulated(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(left.set(true), left.close()); err != nil {
		t.Fatal(err)
	}
	reports := make(chan error, 10)
	run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { reports <- err }})
	if err := <-reports; err != nil {
		t.Fatal(err)
	}
	if got := levels(t, path); got != "on off" {
		t.Errorf("the line went %s", got)
	}
}

func TestKilledGuardIsReplacedWithTheLineOffInBetween(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	reports := make(chan error, 100)
	a, _ := run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { reports <- err }})
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	if err := <-reports; err != nil {
		t.Fatal(err)
	}
	const kills = 20
	var slowest time.Duration
	for range kills {
		pid := guardPID(t, a)
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		killed := time.Now()
		if err := <-reports; err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("report %v", err)
		}
		if err := <-reports; err != nil {
			t.Fatal(err)
		}
		edges, err := Edges(path)
		if err != nil {
			t.Fatal(err)
		}
		off := edges[len(edges)-2]
		slowest = max(slowest, off.At.Sub(killed))
		if !edges[len(edges)-1].On || off.On || off.PID == pid {
			t.Fatalf("edges after a kill of %d: %+v", pid, edges[len(edges)-2:])
		}
	}
	if slowest > limit && os.Getenv("LOA_RUNNER") == "" { // an emulator has no time
		t.Errorf("the line was off %v after a guard's death", slowest)
	}
	t.Logf("%d guards killed; off at the latest after %v", kills, slowest.Round(time.Millisecond))
}

// A stopped guard cannot be told from a dead one, except that it must be killed.
// missed waits for the report that a stopped guard is missed.
func missed(t *testing.T, reports <-chan error) {
	t.Helper()
	if err := <-reports; err == nil {
		t.Error("a stopped guard is well")
	}
}

// again waits until there is another guard.
func again(reports <-chan error) {
	for err := range reports {
		if err == nil {
			return
		}
	}
}

// A guard that hangs while the amplifier rests must not be found by the next alarm.
func TestAGuardThatHangsAtRestIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	reports := make(chan error, 100)
	a, _ := run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { reports <- err }})
	if err := <-reports; err != nil {
		t.Fatal(err)
	}
	pid := guardPID(t, a)
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped(t, pid)
	began := time.Now()
	missed(t, reports)
	if d := time.Since(began); d > answerTime+2*restEvery && os.Getenv("LOA_RUNNER") == "" {
		t.Errorf("noticed after %v", d)
	}
	again(reports)
	if err := a.Set(true); err != nil {
		t.Error(err)
	}
}

// How often it is fed changes with the line; what is on stays on, and what was off for
// long is on at once.
func TestTheLineStaysAsItIsWanted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	a, _ := run(t, Opts{Line: Line{Emulated: path}})
	for range 2 {
		if err := a.Set(true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * starveIn) // its guard is a process: its time is real
		if err := a.Set(false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * restEvery) // and so is the time between two meals
	}
	if got := levels(t, path); got != "off on off on off" && os.Getenv("LOA_RUNNER") == "" {
		t.Errorf("the line went %s", got)
	}
}

func TestStoppedGuardIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	reports := make(chan error, 100)
	a, _ := run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { reports <- err }})
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	if err := <-reports; err != nil {
		t.Fatal(err)
	}
	pid := guardPID(t, a)
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped(t, pid)
	if err := a.Set(false); err != nil && os.Getenv("LOA_RUNNER") == "" { // an emulator has no time
		t.Error(err)
	}
	missed(t, reports)
	again(reports)
	if now := guardPID(t, a); now == pid {
		t.Error("a stopped guard obeyed")
	}
	if got := levels(t, path); got != "off on off" {
		t.Errorf("the line went %s", got)
	}
}

// stopped waits until all threads of pid have stopped.
func stopped(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		still := slices.ContainsFunc(tasks, func(path string) bool {
			stat, err := os.ReadFile(path)
			return err == nil && stat[bytes.LastIndexByte(stat, ')')+2] != 'T'
		})
		if !still {
			return
		}
	}
	t.Fatalf("process %d does not stop", pid)
}

func TestUnusableLineIsReportedAndRetried(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "later", "amp.line")
	reports := make(chan error, 100)
	a, _ := run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { reports <- err }})
	if err := <-reports; err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Fatalf("report %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for err := range reports {
		if err == nil {
			break
		}
	}
	if err := a.Set(true); err != nil {
		t.Error(err)
	}
}
