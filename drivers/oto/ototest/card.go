// Package ototest makes a sound card for tests: an ALSA plugin that takes frames
// in time and keeps what it played, to be opened by the real driver.
package ototest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A Card is a sound card that can be pulled out.
type Card struct {
	// Config is the ALSA configuration that names the card: the value of
	// ALSA_CONFIG_PATH for the process under test.
	Config string

	file, log, gone string
	format          Format
}

// A Format is the sample format the card is made for.
type Format string

// The formats. With S16 alsa-lib converts what oto writes; Float is what oto
// writes.
const (
	S16   Format = "S16_LE"
	Float Format = "FLOAT_LE"
)

// Opts are the choices of a Card; its zero value is 16 bit and a true clock.
type Opts struct {
	Format Format
	PPM    float64 // how much faster than true its clock runs
	// Plugin is the compiled plugin; empty: it is compiled with cc, or the test
	// is skipped where there is no compiler or no alsa-lib to compile with.
	Plugin string
	// Light makes a card whose own work is small, because it would be counted as the
	// player's: what it played is kept in memory, and it cannot be unplugged.
	Light bool
}

// New plugs in a card.
func New(t testing.TB, o Opts) *Card {
	t.Helper()
	if o.Format == "" {
		o.Format = S16
	}
	if o.Plugin == "" {
		o.Plugin = Plugin(t)
	}
	dir, unplug := t.TempDir(), ""
	if o.Light {
		var err error
		if dir, err = os.MkdirTemp("/dev/shm", "loa-card-"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
	}
	c := &Card{
		Config: filepath.Join(dir, "asound.conf"),
		file:   filepath.Join(dir, "played.raw"), log: filepath.Join(dir, "log"), gone: filepath.Join(dir, "gone"),
		format: o.Format,
	}
	if !o.Light {
		unplug = fmt.Sprintf("gone %q", c.gone)
	}
	conf := fmt.Sprintf(`pcm_type.paced { lib %q }
pcm.!default {
	type plug
	slave {
		pcm { type paced file %q log %q %s ppm %f format %s rate 48000 }
		rate 48000 format %[6]s channels 2
	}
}
`, o.Plugin, c.file, c.log, unplug, o.PPM, o.Format)
	if err := os.WriteFile(c.Config, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// Unplug pulls the card out.
func (c *Card) Unplug(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(c.gone, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Plug puts it back.
func (c *Card) Plug(t testing.TB) {
	t.Helper()
	if err := os.Remove(c.gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// Played is everything the card has taken so far, as 16-bit stereo, with the
// silence that oto puts before, between and after.
func (c *Card) Played(t testing.TB) []int16 {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	var p []int16
	if c.format == Float {
		for ; len(data) >= 4; data = data[4:] {
			v := float64(math.Float32frombits(binary.LittleEndian.Uint32(data))) * (1 << 15)
			if v != math.Trunc(v) {
				t.Fatalf("sample %d is %v/32768: no 16-bit value", len(p), v)
			}
			p = append(p, int16(v))
		}
	} else {
		for ; len(data) >= 2; data = data[2:] {
			p = append(p, int16(binary.LittleEndian.Uint16(data)))
		}
	}
	return p
}

// An Event is a line of the card's log.
type Event struct {
	At    float64 // seconds of CLOCK_MONOTONIC
	What  string  // open, start, stop, xrun, lost, close
	Frame int64   // how many frames it had taken
}

// Events are what happened to the card so far.
func (c *Card) Events(t testing.TB) []Event {
	t.Helper()
	data, err := os.ReadFile(c.log)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		var e Event
		if _, err := fmt.Sscan(s.Text(), &e.At, &e.What, &e.Frame); err != nil {
			t.Fatalf("%s: %q: %v", c.log, s.Text(), err)
		}
		events = append(events, e)
	}
	return events
}

// Self is the command that starts this test binary again: through the runner
// that LOA_RUNNER names where the kernel cannot start it, as under qemu-user.
func Self() []string {
	runner := strings.Fields(os.Getenv("LOA_RUNNER"))
	if len(runner) == 0 {
		return []string{"/proc/self/exe"}
	}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return append(runner, exe)
}

var compiled struct {
	sync.Once
	path string
	err  error
}

// Plugin compiles testdata/paced/paced.c, if that has not been done before, and
// is where the plugin lies. Without a C compiler or
// alsa-lib's headers the test is skipped.
func Plugin(t testing.TB) string {
	t.Helper()
	compiled.Do(func() { compiled.path, compiled.err = compile() })
	if compiled.err != nil {
		if errors.Is(compiled.err, exec.ErrNotFound) {
			t.Skip(compiled.err)
		}
		t.Fatal(compiled.err)
	}
	return compiled.path
}

func compile() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	source := filepath.Join(filepath.Dir(here), "../../../testdata/paced/paced.c")
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	if _, err := exec.LookPath(cc); err != nil {
		return "", err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	// Named after what it is made of: compiled once a machine, not once a test.
	name := fmt.Sprintf("libasound_module_pcm_paced-%d-%.8x.so", os.Getuid(), sha256.Sum256(append(text, cc...)))
	path := filepath.Join(os.TempDir(), name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	out, err := exec.Command(cc, "-O2", "-Wall", "-fPIC", "-DPIC", "-shared", "-o", fresh, source, "-lasound").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot compile the test card (it needs libasound2-dev): %w\n%s", err, out)
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", err
	}
	return path, nil
}
