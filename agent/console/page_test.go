package console

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A long answer waits for who reads it: Enter goes on, q ends it, and any other line is
// the next command.
func TestALongAnswerStopsAtAScreen(t *testing.T) {
	f := fit()
	b := f.box()
	b.Log = func(n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("line %d.", i+1))
		}
		return lines
	}
	sitAt(t, New(b, Opts{}).At(Line{Wide: 80, High: 24, Idle: 15 * time.Minute}), func(d *desk) {
		page := func(keys string, first, last, left int) {
			t.Helper()
			got := d.types(keys)
			if !strings.Contains(got, fmt.Sprintf("line %d.\r\n", first)) || strings.Contains(got, fmt.Sprintf("line %d.", last+1)) {
				t.Errorf("after %q the screen shows %q, want lines %d to %d", keys, got, first, last)
			}
			if n := strings.Count(got, "line "); n != last-first+1 || n > 23 {
				t.Errorf("after %q it shows %d lines", keys, n)
			}
			if more := strings.Contains(got, "dòng nữa: Enter"); more != (left > 0) || left > 0 && !strings.Contains(got, fmt.Sprintf("còn %d dòng nữa", left)) {
				t.Errorf("after %q the screen shows %q, want %d left", keys, got, left)
			}
			if !strings.HasSuffix(got, prompt) { // also for a program that waits for it
				t.Errorf("after %q the prompt is %q", keys, got)
			}
		}
		page("log 23\r", 1, 23, 0) // a screen of it is no long one
		page("log 60\r", 1, 23, 37)
		page("\r", 24, 46, 14)
		time.Sleep(14 * time.Minute) // who reads is there
		page("\r", 47, 60, 0)
		time.Sleep(14 * time.Minute)
		page("log 60\r", 1, 23, 37)
		d.sees("q\r", prompt)
		d.sees("q\r", "Không có lệnh") // once too often ends no session
		d.sees("\x1b[A\r", "line 23.") // the q is not in the history
		d.sees("version\r", "loa 0.3.1")
		d.sees("log 60 --json\r", `"line 60."`) // a program reads it
		d.sees("log 60\r", "line 23.")
		time.Sleep(16 * time.Minute)
		if got := d.screen(); !strings.Contains(got, "tự thoát") {
			t.Errorf("a page keeps the session open: %q", got)
		}
		if err := <-d.over; err != nil {
			t.Error(err)
		}
		d.over <- nil
	})
}
