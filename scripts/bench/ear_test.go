package bench

import (
	"testing"

	"golang.org/x/sys/unix"

	"loa/drivers/oto/ototest"
)

// now is CLOCK_MONOTONIC in seconds, the clock of the card's log.
func now() float64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // of a clock that there is, into memory that there is
	return float64(ts.Sec) + float64(ts.Nsec)/1e9
}

// A stretch is a time in which the card played without a break.
type stretch struct {
	frame       int     // the first one in what was played
	end         int     // the one after its last
	start, stop float64 // seconds; nothing of it was heard after stop
}

// An ear knows what sounded, and when.
type ear struct {
	pcm       []int16 // stereo
	stretches []stretch
}

func listen(t *testing.T, c *ototest.Card) ear {
	t.Helper()
	e := ear{pcm: c.Played(t)}
	opened, next := 0, 0 // frames taken before the card was opened; where the next start begins
	playing := false
	end := func(ev ototest.Event) {
		next = opened + int(ev.Frame)
		if playing {
			s := &e.stretches[len(e.stretches)-1]
			s.end, s.stop = next, ev.At
		}
		playing = false
	}
	for _, ev := range c.Events(t) {
		switch ev.What {
		case "open":
			opened, next = max(opened, next), max(opened, next)
		case "start":
			e.stretches = append(e.stretches, stretch{frame: next, end: len(e.pcm) / 2, start: ev.At, stop: now()})
			playing = true
		case "xrun", "stop", "lost", "close":
			end(ev)
		}
	}
	return e
}

// floor is the largest sample that nobody hears: 72 dB below full scale.
const floor = 8

// The channels.
const (
	left  = 0
	right = 1
)

// first is when, from one moment to another, a channel began to be heard; ok is
// false when it was not.
func (e ear) first(channel int, from, to float64) (at float64, ok bool) {
	for _, s := range e.stretches {
		for f := s.from(from); f < s.end; f++ {
			if at := s.at(f); at >= min(to, s.stop) {
				break
			} else if e.loud(f, channel) {
				return at, true
			}
		}
	}
	return 0, false
}

// last is when a channel was heard for the last time in between.
func (e ear) last(channel int, from, to float64) (at float64, ok bool) {
	for _, s := range e.stretches {
		for f := s.from(from); f < s.end; f++ {
			if t := s.at(f); t >= min(to, s.stop) {
				break
			} else if e.loud(f, channel) {
				at, ok = t, true
			}
		}
	}
	return at, ok
}

func (e ear) loud(frame, channel int) bool {
	v := e.pcm[2*frame+channel]
	return v > floor || v < -floor
}

// at is when a frame was heard.
func (s stretch) at(frame int) float64 { return s.start + float64(frame-s.frame)/48000 }

// from is the first frame heard at or after t.
func (s stretch) from(t float64) int {
	return min(s.end, max(s.frame, s.frame+int((t-s.start)*48000)))
}
