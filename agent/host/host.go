// Package host asks root for the few things that only root may do on a box.
//
// The agent has no right to reboot the machine, to set its clock or its network. It
// puts a request into a directory of its own, one small file; a path unit of systemd
// sees it and starts "agent host" as root, which does what was asked and puts an
// answer into another directory. What can be asked is a closed table.
//
//	/run/loa/draft   requests are written here
//	/run/loa/ask     and moved here whole; root takes them away before it acts
//	/run/loa/told    answers, until whoever asked has read them
//
// All three belong to the agent's user, so root believes nothing in them: see [Server].
package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// Dir is where requests and answers lie on a box, and Seen what root remembers.
const (
	Dir  = "/run/loa"
	Seen = "/run/loa-host"
)

const (
	drafts  = "draft"
	asks    = "ask"
	answers = "told"

	maxFile   = 4 << 10 // bytes of a request, and of an answer
	maxReason = 200     // bytes
	suffix    = ".json"
)

// freshFor is how long a request counts. Root takes it within a second; one that lay
// longer is no longer what anybody waits for.
const freshFor = 30 * time.Second

// A request is one file.
type request struct {
	ID   string          `json:"id"`        // its name, fresh
	Boot string          `json:"boot"`      // of the kernel, so that a request dies with it
	At   int64           `json:"uptime_ms"` // when it was asked, since boot
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args,omitempty"`
}

// An answer is one file, too.
type answer struct {
	ID    string `json:"id"`
	Error string `json:"error,omitempty"` // why it was not done
}

// What the verbs take besides their name.
type (
	rebootArgs struct {
		Reason string `json:"reason"` // for the log
	}
	timeArgs struct {
		UnixMS int64  `json:"unix_ms"`       // at the uptime of the request
		RTC    string `json:"rtc,omitempty"` // a battery clock to set along, such as /dev/rtc0
	}
)

func (a rebootArgs) check() error {
	if a.Reason == "" || len(a.Reason) > maxReason || strings.ContainsFunc(a.Reason, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return fmt.Errorf("a reboot needs a reason in one line of at most %d bytes", maxReason)
	}
	return nil
}

// What a clock of a box can be set to.
var (
	earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (a timeArgs) check() error {
	if t := time.UnixMilli(a.UnixMS); t.Before(earliest) || t.After(latest) {
		return fmt.Errorf("%s is no time to set a clock to", t.UTC().Format(time.DateOnly))
	}
	n, isRTC := strings.CutPrefix(a.RTC, "/dev/rtc")
	if a.RTC != "" && (!isRTC || len(n) != 1 || n[0] < '0' || n[0] > '9') {
		return errors.New("a battery clock is /dev/rtc0 to /dev/rtc9")
	}
	return nil
}

// decode reads one JSON value of which every key is known, and nothing behind it.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is something behind it")
	}
	return nil
}

// boot names the kernel's run, and says how long it lasts already, sleep included.
func boot() (id string, up time.Duration, err error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", 0, err
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return "", 0, err
	}
	return strings.TrimSpace(string(b)), time.Duration(t.Nano()), nil
}
