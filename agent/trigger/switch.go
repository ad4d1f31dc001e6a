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
	since time.Time // it is as it is
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

// See takes how the line is and says since when it is pressed and for how long; 0: it is
// not.
func (s *Switch) See(on bool, now time.Time) (press time.Time, held time.Duration) {
	if now.Sub(s.last) > blind || now.Before(s.last) {
		*s = Switch{since: now, on: on, changes: s.changes, noisy: s.noisy}
	}
	s.last = now
	s.noisy = s.noisy && now.Sub(s.since) < quiet
	if on != s.on {
		s.changes = slices.DeleteFunc(append(s.changes, now), func(t time.Time) bool { return now.Sub(t) > noisyIn })
		s.noisy = s.noisy || len(s.changes) > noisyMost
		s.armed = on && !s.noisy && now.Sub(s.since) >= rest
		s.since, s.on = now, on
	}
	if !on || !s.armed {
		return time.Time{}, 0
	}
	return s.since, now.Sub(s.since)
}

// Lost notes that the line could not be read.
func (s *Switch) Lost() { *s = Switch{} }

// Noisy reports a line that came and went more often than a hand does.
func (s *Switch) Noisy() bool { return s.noisy }

// Stuck reports a line that has been on for longer than anybody presses a switch.
func (s *Switch) Stuck() bool { return s.on && s.last.Sub(s.since) >= stuck }
