package clock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// NTPFacts are what is known of the client that steers the host's clock.
type NTPFacts struct {
	Synced bool          `json:"synced"`
	Error  time.Duration `json:"max_error_ns,omitempty"` // how far the kernel thinks it may be off; 0: not known
	Last   time.Time     `json:"last,omitzero"`          // systemd-timesyncd's last answer; zero: none, or another client
	Client string        `json:"client,omitempty"`       // systemd-timesyncd or chrony; empty: nobody is seen
}

// readNTP asks the kernel's clock discipline: an NTP client that steers it clears
// STA_UNSYNC, and the kernel sets it again when 16 s of error may have built up since,
// or when somebody sets the clock. Anybody may ask. See adjtimex(2). chrony does so only
// with rtcsync in its settings, which Debian's have; without, its clock counts as not
// synced. In a sandbox that forbids even the question, the file counts that timesyncd
// touches at every answer.
func readNTP(root string, now time.Time) (n NTPFacts) {
	run := filepath.Join("/", root, "run")
	if info, err := os.Stat(filepath.Join(run, "systemd/timesync/synchronized")); err == nil {
		n.Last, n.Client = info.ModTime(), "systemd-timesyncd"
	} else if _, err := os.Stat(filepath.Join(run, "chrony/chronyd.pid")); err == nil {
		n.Client = "chrony"
	}
	var t unix.Timex
	if st, err := unix.Adjtimex(&t); err == nil {
		n.Synced = st != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
		n.Error = time.Duration(t.Maxerror) * time.Microsecond
		return n
	}
	n.Synced = fresh(n.Last, now)
	return n
}

// timesyncLife is how old timesyncd's last answer may be: it asks every 34 minutes at
// least, and one answer may be lost.
const timesyncLife = 80 * time.Minute

// fresh reports whether an answer of then still counts. One of the future is of another
// clock.
func fresh(then, now time.Time) bool {
	age := now.Sub(then)
	return !then.IsZero() && age >= 0 && age < timesyncLife
}

// readRTC reads the battery clock behind a device such as /dev/rtc1. The kernel
// shows it as since_epoch, in whole seconds of UTC; a clock with an empty
// battery refuses the read (EINVAL: its oscillator had stopped) or counts from its own
// year zero. Without a chip it is fs.ErrNotExist. It may take as long as its bus.
func readRTC(root, device string) (time.Time, error) {
	b, err := os.ReadFile(filepath.Join("/", root, "sys/class/rtc", filepath.Base(device), "since_epoch"))
	if errors.Is(err, unix.EINVAL) {
		return time.Time{}, errStopped
	}
	if err != nil {
		return time.Time{}, err
	}
	s, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s says %.40q, which is no time", device, b)
	}
	if s <= 0 {
		return time.Time{}, errStopped
	}
	return time.Unix(s, 0).UTC(), nil
}

var errStopped = errors.New("it had stopped and knows no time")
