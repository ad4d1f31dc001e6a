package main

import (
	"fmt"
	"math"
	"time"

	"loa/scripts/heard"
)

// A hearing is how a sound was heard.
type hearing struct {
	score float64       // of its pieces, how like they are on average
	gain  float64       // as a factor
	at    time.Duration // of its first sample, in the recording
	gaps  time.Duration // by how much it was stretched: the emulator's card ran dry
	lost  int           // pieces that were not heard
	of    int
}

const (
	piece      = 500 * time.Millisecond
	leastScore = 0.8 // of a piece; another sound has 0.3
)

// listen looks for a sound in a recording, piece by piece: what comes between two pieces
// is the machine's doing, what is in one the box's.
func listen(want []float64, wantRate int, got []float64, gotRate int) (h hearing) {
	n := int(piece.Seconds() * float64(wantRate))
	first, last := time.Duration(-1), time.Duration(0)
	from := time.Duration(0) // what comes later is heard later
	for i := 0; i+n <= len(want); i += n {
		h.of++
		rest := got[min(len(got), int(from.Seconds()*float64(gotRate))):]
		m := heard.Find(want[i:i+n], wantRate, rest, gotRate)
		if m.Score < leastScore {
			h.lost++
			continue
		}
		m.At += from
		begin := m.At - time.Duration(i)*time.Second/time.Duration(wantRate)
		if first < 0 {
			first = begin
		}
		last = begin
		from = m.At + piece - 10*time.Millisecond
		h.score += m.Score
		h.gain += m.Gain
	}
	if found := h.of - h.lost; found > 0 {
		h.score /= float64(found)
		h.gain /= float64(found)
		h.at, h.gaps = first, last-first
	}
	return h
}

// err says what was wrong with it. A piece that a gap fell into is not like itself.
func (h hearing) err() error {
	if h.of == 0 || h.lost > max(1, h.of/5) {
		return fmt.Errorf("it was not heard as it was sent: %d of %d pieces of %v are missing", h.lost, h.of, piece)
	}
	return nil
}

func (h hearing) String() string {
	s := fmt.Sprintf("likeness %.3f, level %+.1f dB", h.score, 20*math.Log10(h.gain))
	if h.lost > 0 || h.gaps.Abs() > 20*time.Millisecond {
		s += fmt.Sprintf(", gaps of %d ms in %d of %d pieces: this machine is busy", h.gaps.Milliseconds(), h.lost, h.of)
	}
	return s
}
