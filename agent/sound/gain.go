package sound

import (
	"math"
	"time"
)

// Amplitude is the factor that dB stands for: 0 dB is 1, −20 dB is 0.1.
func Amplitude(dB float64) float64 { return math.Pow(10, dB/20) }

// Decibels is the level of an amplitude: 1 is 0 dB, 0 is −Inf.
func Decibels(amplitude float64) float64 { return 20 * math.Log10(amplitude) }

// mute is the quietest that a volume can be and still be a number one can print.
const mute = -120.0

// VolumeDB turns a volume of 0…100 percent into a gain in dB: 100 → 0, 50 → −12,
// 25 → −24, 10 → −40, 0 → −120. The square of the percentage is close to how
// loudness is felt: 50 percent sounds about half as loud. Outside 0…100 it is
// clamped, because a volume never makes sound louder than it was recorded.
func VolumeDB(percent int) float64 {
	p := min(max(percent, 0), 100)
	if p == 0 {
		return mute
	}
	return max(mute, 40*math.Log10(float64(p)/100))
}

// gainRamp is long enough that a change of volume does not click, short enough
// to follow a hand on a knob.
const gainRamp = 20 * time.Millisecond

// A slope is a number that moves to its target in a straight line, a step a frame.
type slope struct {
	now, to, step float64
}

// jump puts it at v at once.
func (s *slope) jump(v float64) { s.now, s.to, s.step = v, v, 0 }

// aim starts a walk to v that lasts frames. An unchanged aim goes on with the
// walk that is under way.
func (s *slope) aim(v float64, frames int) {
	if v == s.to {
		return
	}
	if frames < 1 {
		s.jump(v)
		return
	}
	s.to, s.step = v, (v-s.now)/float64(frames)
}

// resting reports whether it has arrived.
func (s *slope) resting() bool { return s.now == s.to }

// left is how many frames it needs to arrive.
func (s *slope) left() int {
	if s.now == s.to {
		return 0
	}
	return int(math.Ceil((s.to - s.now) / s.step))
}

// next is the value for the next frame.
func (s *slope) next() float32 {
	if s.now == s.to {
		return float32(s.now)
	}
	s.now += s.step
	if (s.step > 0) == (s.now >= s.to) || s.step == 0 {
		s.now = s.to
	}
	return float32(s.now)
}
