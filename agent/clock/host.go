package clock

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// kernelSynced asks the kernel's clock discipline: an NTP client that steers
// it clears STA_UNSYNC, and the kernel sets it again when 16 s of error may
// have built up since. See adjtimex(2).
func kernelSynced() bool {
	var t unix.Timex
	st, err := unix.Adjtimex(&t)
	return err == nil && st != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

// readRTC reads the battery clock behind a device such as /dev/rtc1. The kernel
// shows it as since_epoch, in whole seconds of UTC; a clock with an empty
// battery refuses the read or counts from its own year zero.
func readRTC(root, device string) (time.Time, bool) {
	if device == "" {
		return time.Time{}, false
	}
	b, err := os.ReadFile(filepath.Join("/", root, "sys/class/rtc", filepath.Base(device), "since_epoch"))
	if err != nil {
		return time.Time{}, false
	}
	s, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || s <= 0 {
		return time.Time{}, false
	}
	return time.Unix(s, 0).UTC(), true
}
