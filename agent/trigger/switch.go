package trigger

import (
	"slices"
	"time"
)

// A Switch knows a press from a bounce, and from a line that is on for another reason: it
// counts what lasts, after the line has been off. A line that is on when the box starts is
// a short, or a switch that somebody forgot, and no press; one that comes and goes is a
// loose wire, and none either until it has been quiet.
type Switch struct {
	last  time.Time // it was looked at
	since time.Time // it is as it is, as far as was seen
	press time.Time // it went on
	lost  bool      // the last look failed
	on    bool
	armed bool // it has been off for long enough

	changes []time.Time // of the last noisyIn
	noisy   bool
}

const (
	noisyMost = 10

	rest    = 2 * time.Second  // off for so long before a press counts
	blind   = 2 * time.Second  // nobody looked for so long: anything may have been
	noisyIn = 10 * time.Second // more than noisyMost changes in it make it noisy
	quiet   = time.Minute      // as it is for so long ends that
	stuck   = 75 * time.Second // no triggers ask for more than a minute
)

// See takes how the line is and says when it was pressed and for how long that was seen
// since nobody looked; 0: it is not.
func (s *Switch) See(on bool, now time.Time) (press time.Time, held time.Duration) {
	if s.lost = false; now.Before(s.last) || now.Sub(s.last) > blind {
		if s.armed && s.on && on { // most likely nobody let it go; how long counts anew
			s.since = now
		} else {
			*s = Switch{since: now, on: on, changes: s.changes, noisy: s.noisy}
		}
	}
	s.last = now
	s.noisy = s.noisy && now.Sub(s.since) < quiet
	if on != s.on {
		s.changes = slices.DeleteFunc(append(s.changes, now), func(t time.Time) bool { return now.Sub(t) > noisyIn })
		s.noisy = s.noisy || len(s.changes) > noisyMost
		s.armed = on && !s.noisy && now.Sub(s.since) >= rest
		s.since, s.press, s.on = now, now, on
	}
	if !on || !s.armed {
		return time.Time{}, 0
	}
	return s.press, now.Sub(s.since)
}

// Lost notes that the line could not be read; once is nothing.
func (s *Switch) Lost() {
	if s.lost {
		*s = Switch{changes: s.changes, noisy: s.noisy}
	}
	s.lost = true
}

// Noisy reports a line that came and went more often than a hand does.
func (s *Switch) Noisy() bool { return s.noisy }

// Stuck reports a line that has been on for longer than anybody presses a switch.
func (s *Switch) Stuck() bool { return s.on && s.last.Sub(s.since) >= stuck }
