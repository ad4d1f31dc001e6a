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

// readRTC reads the first battery clock that gives a time. The kernel shows
// each as rtcN/since_epoch, in whole seconds of UTC; a clock with an empty
// battery refuses the read or counts from its own year zero.
func readRTC(root string) (time.Time, bool) {
	files, _ := filepath.Glob(filepath.Join("/", root, "sys/class/rtc/rtc*/since_epoch"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		s, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		if err != nil || s <= 0 {
			continue
		}
		return time.Unix(s, 0).UTC(), true
	}
	return time.Time{}, false
}
