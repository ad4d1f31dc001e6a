package main

import (
	"bytes"
	"io"
	"sync"
)

// recent passes the log on and remembers its last lines for the console.
type recent struct {
	to io.Writer

	mu    sync.Mutex
	lines []string // a ring
	next  int
}

// recentLines is some minutes of a busy box in 60 KiB.
const recentLines = 300

func newRecent(to io.Writer) *recent { return &recent{to: to, lines: make([]string, 0, recentLines)} }

// Write takes one line of the log, as slog writes them.
func (r *recent) Write(p []byte) (int, error) {
	line := string(bytes.TrimRight(p, "\n"))
	r.mu.Lock()
	if len(r.lines) < recentLines {
		r.lines = append(r.lines, line)
	} else {
		r.lines[r.next] = line
	}
	r.next = (r.next + 1) % recentLines
	r.mu.Unlock()
	return r.to.Write(p)
}

// Last is the last n lines, oldest first.
func (r *recent) Last(n int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.lines
	if len(all) == recentLines {
		all = append(append([]string{}, r.lines[r.next:]...), r.lines[:r.next]...)
	}
	return append([]string{}, all[max(0, len(all)-n):]...)
}
