package speaker

import (
	"time"

	"loa/agent/sound"
)

// advance books what has come out of the sink by now, and takes note of when.
func (s *Speaker) advance(now time.Time) {
	s.heard(s.went.advance(now))
	switch sink := s.sink.(type) {
	case Marking:
		s.pace.Observe(sink.Mark())
	case Clocked:
		s.pace.Observe(sink.Heard())
	}
}

// when says when a frame will be heard, so many after the next that is mixed, and how
// long one lasts as a part of what it should; 0: that is not known, and when is guessed.
func (s *Speaker) when(after int64) (at time.Time, speed float64) {
	after += int64(len(s.out) / sound.Channels) // mixed, and not written
	if at, ok := s.pace.At(s.went.sent + after); ok && s.sink != nil {
		return at, s.pace.Speed()
	}
	queued := s.went.sent - s.went.heard
	if s.sink == nil {
		queued = 0
	}
	return time.Now().Add(sound.Duration64(queued + after)), 0
}
