package trigger

import "time"

// A Switch knows a press from a bounce, and from a line that is on for another reason: it
// counts what lasts, after the line has been off. A line that is on when the box starts is
// a short, or a switch that somebody forgot, and no press.
type Switch struct {
	last  time.Time // it was looked at
	since time.Time // it is as it is
	on    bool
	armed bool // it has been off for long enough
}

const (
	rest  = 2 * time.Second  // off for so long before a press counts
	blind = 2 * time.Second  // nobody looked for so long: anything may have been
	stuck = 75 * time.Second // no triggers ask for more than a minute
)

// See takes how the line is and says since when it is pressed and for how long; 0: it is
// not.
func (s *Switch) See(on bool, now time.Time) (press time.Time, held time.Duration) {
	if now.Sub(s.last) > blind || now.Before(s.last) {
		*s = Switch{since: now, on: on}
	}
	s.last = now
	if on != s.on {
		s.armed = on && now.Sub(s.since) >= rest
		s.since, s.on = now, on
	}
	if !on || !s.armed {
		return time.Time{}, 0
	}
	return s.since, now.Sub(s.since)
}

// Lost notes that the line could not be read.
func (s *Switch) Lost() { *s = Switch{} }

// Stuck reports a line that has been on for longer than anybody presses a switch.
func (s *Switch) Stuck() bool { return s.on && s.last.Sub(s.since) >= stuck }
