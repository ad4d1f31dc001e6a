package speaker

import (
	"log/slog"
	"sync"
	"time"
)

// line is the amplifier's line with what it was last set to. The loop and the
// guard of a hanging sink may set it at once.
type line struct {
	amp    Amp
	log    *slog.Logger
	report func(err error)

	mu sync.Mutex
	ampState
	known bool // it was set once, so that on is true
}

// ampState is how the line was left.
type ampState struct {
	on    bool
	since time.Time // of on
	err   error     // of the last Set
	again time.Time // when to try again; zero: no fault
}

// ampRetry spaces the tries to set a line that has failed.
const ampRetry = time.Second

// set brings the line to on unless it is there, or has just failed. It says
// whether the line is on, and since when.
func (l *line) set(on bool) (time.Time, bool) {
	l.mu.Lock()
	now := time.Now()
	if l.known && l.err == nil && l.on == on || now.Before(l.again) {
		defer l.mu.Unlock()
		return l.since, l.on
	}
	was := l.err
	l.try(on, now)
	st := l.ampState
	l.mu.Unlock()
	l.tell(on, was, st.err)
	return st.since, st.on
}

// try sets the line. l.mu is held.
func (l *line) try(on bool, now time.Time) {
	l.err, l.again = nil, time.Time{}
	if l.amp != nil {
		l.err = l.amp.Set(on)
	}
	if l.err != nil {
		l.again = now.Add(ampRetry)
		return
	}
	if !l.known || l.on != on {
		l.since = now
	}
	l.known, l.on = true, on
}

// tell says what is new about the fault. l.mu is not held, so that who is told
// may ask for the speaker's status.
func (l *line) tell(on bool, was, err error) {
	if text(was) == text(err) {
		return
	}
	if err != nil {
		l.log.Error("cannot set the amplifier's line", "on", on, "err", err)
	} else {
		l.log.Info("the amplifier's line can be set again", "on", on)
	}
	l.report(err)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// state is how the line was left.
func (l *line) state() ampState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ampState
}

// off switches off for good, trying three times, and gives the state before.
func (l *line) off() ampState {
	l.mu.Lock()
	before := l.ampState
	for range 3 {
		if l.try(false, time.Now()); l.err == nil {
			break
		}
	}
	err := l.err
	l.mu.Unlock()
	l.tell(false, before.err, err)
	return before
}
