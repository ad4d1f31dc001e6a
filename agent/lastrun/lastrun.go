// Package lastrun keeps why the agent ended: it writes that a run began, and finds at the
// next start what became of it.
package lastrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"loa/agent/config"
)

// A Why is how a run ended.
type Why string

// The ways.
const (
	First    Why = "first"    // there was no run before
	Ended    Why = "ended"    // it was told to: by the system, a reset, an update
	Failed   Why = "failed"   // it gave up with an error
	Panicked Why = "panicked" // it crashed; Text is what it said
	Killed   Why = "killed"   // it vanished while the system ran on: killed, or out of memory
	Watchdog Why = "watchdog" // the hardware's watchdog reset the board
	Power    Why = "power"    // the board lost its power, or was reset by hand
)

// A Last is how the run before this one ended.
type Last struct {
	Why     Why       `json:"why"`
	Version string    `json:"version,omitempty"` // that ran
	Began   time.Time `json:"began,omitzero"`    // by the clock of then
	Ended   time.Time `json:"ended,omitzero"`    // known only where it was told to end
	Code    int       `json:"exit_code"`
	Text    string    `json:"text,omitempty"` // the reason, the error, or what a crash said
	Runs    int       `json:"runs"`           // that the box counts
}

// A mark is what is on the disk.
type mark struct {
	Boot    string    `json:"boot"` // the kernel's, fresh at every start of the board
	Version string    `json:"version"`
	Began   time.Time `json:"began"`
	Runs    int       `json:"runs"`
	Ended   time.Time `json:"ended,omitzero"`
	Why     Why       `json:"why,omitempty"`
	Code    int       `json:"exit_code,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// maxText bounds what is kept of a crash: its message and the goroutine that it was in.
const maxText = 4 << 10

// A Run is one that has begun.
type Run struct {
	dir  string
	mark mark
}

// Begin reads how the last run ended and writes that this one begins, in dir. From then
// on a crash is written there too. root moves /proc and /sys. Only one agent may work on
// dir. An error means that it is not kept this time; Last is good all the same.
func Begin(dir, root, version string, now time.Time) (*Run, Last, error) {
	r := &Run{dir: dir, mark: mark{Boot: firstLine(config.Move(root, "/proc/sys/kernel/random/boot_id")), Version: version, Began: now, Runs: 1}}
	last := r.judge(root)
	r.mark.Runs = last.Runs + 1
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return r, last, fmt.Errorf("cannot keep why the agent ends: %w", err)
	}
	err := r.write()
	crash, cerr := os.OpenFile(r.crash(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if cerr == nil {
		cerr = debug.SetCrashOutput(crash, debug.CrashOptions{})
		crash.Close() // the runtime has a descriptor of its own
	}
	if err = errors.Join(err, cerr); err != nil {
		err = fmt.Errorf("cannot keep why the agent ends: %w", err)
	}
	return r, last, err
}

func (r *Run) file() string  { return filepath.Join(r.dir, "run") }
func (r *Run) crash() string { return filepath.Join(r.dir, "crash") }

// judge says how the last run ended.
func (r *Run) judge(root string) Last {
	data, err := os.ReadFile(r.file())
	var m mark
	if err != nil || json.Unmarshal(data, &m) != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Last{Why: First}
		}
		return Last{Why: Power, Text: "the mark of the last run is damaged"}
	}
	last := Last{Version: m.Version, Began: m.Began, Ended: m.Ended, Code: m.Code, Text: m.Text, Runs: m.Runs}
	switch said := readCrash(r.crash()); {
	case said != "":
		last.Why, last.Code, last.Text = Panicked, 2, said
	case !m.Ended.IsZero():
		last.Why = m.Why
	case m.Boot == r.mark.Boot:
		last.Why, last.Code = Killed, 137
	case watchdogBit(root):
		last.Why = Watchdog
	default:
		last.Why = Power
	}
	return last
}

// readCrash is the beginning of what a crash said.
func readCrash(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, maxText)) // as much as there is
	return strings.ToValidUTF8(strings.TrimSpace(string(data)), "�")
}

// watchdogBit reports whether the hardware says that its watchdog reset the board: bit
// WDIOF_CARDRESET of the kernel's bootstatus.
func watchdogBit(root string) bool {
	var bits int
	_, err := fmt.Sscan(firstLine(config.Move(root, "/sys/class/watchdog/watchdog0/bootstatus")), &bits)
	return err == nil && bits&0x20 != 0
}

// End writes that the run ends as it was told to, or gives up with an error.
func (r *Run) End(why Why, code int, text string, now time.Time) error {
	r.mark.Why, r.mark.Code, r.mark.Ended = why, code, now
	r.mark.Text = strings.ToValidUTF8(text[:min(len(text), maxText)], "")
	return r.write()
}

// write puts the mark in place whole. A power cut leaves the one before, which is judged
// the same: it has no end.
func (r *Run) write() error {
	data, err := json.Marshal(r.mark)
	if err != nil {
		return err
	}
	fresh := r.file() + ".new"
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, r.file())
}

func firstLine(file string) string {
	data, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}
