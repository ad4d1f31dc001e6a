package console

import (
	"sync"
	"time"

	"loa/agent/passcode"
)

// A Login lets technicians in who know the box's code. One serves all lines and all
// lives of a box in one process, so that neither makes guessing quicker. It is safe for
// concurrent use.
type Login struct {
	mu    sync.Mutex
	fails int
	next  time.Time            // no code is looked at before
	open  map[string]time.Time // lines that somebody has opened, and until when that holds
}

// NewLogin makes one that nobody has opened yet.
func NewLogin() *Login { return &Login{open: make(map[string]time.Time)} }

// free is how many wrong codes cost nothing: people mistype.
const free = 2

// longestWait bounds how long somebody waits who has typed many wrong ones.
const longestWait = time.Minute

// Wait is how long it is until a code is looked at again.
func (l *Login) Wait(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.next.Sub(now))
}

// Try reports whether typed is the code of which sealed is the sum. What is no code at
// all is not counted: noise must not keep anybody out.
func (l *Login) Try(sealed, typed string, now time.Time) bool {
	if _, ok := passcode.Parse(typed); !ok {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.next) {
		return false
	}
	if passcode.Matches(sealed, typed) {
		l.fails, l.next = 0, time.Time{}
		return true
	}
	if l.fails++; l.fails > free {
		l.next = now.Add(min(time.Second<<min(l.fails-free, 10), longestWait))
	}
	return false
}

// hold lets a line be open until then, also when the box begins anew in the same
// process: a technician who tries settings is not asked again.
func (l *Login) hold(line string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[line] = until
}

// anew is how long a box may take to begin anew.
const anew = time.Minute

// linger lets a line that is open be so until the box has begun anew, and no longer:
// whoever pulls the adapter meanwhile has left.
func (l *Login) linger(line string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := now.Add(anew); l.open[line].After(until) {
		l.open[line] = until
	}
}

func (l *Login) close(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, line)
}

func (l *Login) isOpen(line string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.open[line])
}
