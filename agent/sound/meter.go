package sound

import (
	"math"

	"loa/agent/sound/loops"
)

// SilenceFloor is the RMS in dBFS under which sound counts as none: the noise of
// a good recording lies under −60, the quietest speech far above.
const SilenceFloor = -60.0

// A Meter adds up how loud sound was. Its zero value is ready.
type Meter struct {
	frames, loud int64
	pause        int64   // frames of silence since the last that were loud
	sum          float64 // of the squares of both channels
	peak         float32
}

// Add counts a stretch of sound, best of 10–100 ms: the stretch as a whole is
// loud or is not.
func (m *Meter) Add(p []float32) { m.add(levelOf(p), SilenceFloor) }

func (m *Meter) add(l level, floorDBFS float64) {
	m.frames += int64(l.frames)
	m.sum += l.sum
	m.peak = max(m.peak, l.peak)
	if l.dBFS() <= floorDBFS {
		m.pause += int64(l.frames)
		return
	}
	if m.loud > 0 && m.pause <= longestPause {
		m.loud += m.pause
	}
	m.loud += int64(l.frames)
	m.pause = 0
}

// longestPause is the longest silence in frames that belongs to the sound around
// it: speakers breathe between sentences.
const longestPause = 3 * Rate / 2

// Frames is how many frames were counted.
func (m Meter) Frames() int64 { return m.frames }

// Loud is how many of them lay in stretches above the silence floor, or in a
// pause of at most 1.5 s between two such stretches.
func (m Meter) Loud() int64 { return m.loud }

// RMS is the level of all that was counted in dBFS: a full-scale square wave is
// 0, a full-scale sine −3.01, nothing −120.
func (m Meter) RMS() float64 { return level{int(m.frames), m.sum, m.peak}.dBFS() }

// Peak is the largest sample in dBFS, −120 for nothing.
func (m Meter) Peak() float64 { return max(mute, Decibels(float64(m.peak))) }

// Reset begins anew.
func (m *Meter) Reset() { *m = Meter{} }

// A level is how loud a short stretch is.
type level struct {
	frames int
	sum    float64 // of squares
	peak   float32
}

func levelOf(p []float32) level {
	l := level{frames: len(p) / Channels}
	for ; len(p) > 0; p = p[min(len(p), 512):] {
		l.count(loops.Power(p[:min(len(p), 512)]))
	}
	return l
}

// count adds a short stretch: the sum of its squares and the largest of them.
func (l *level) count(sum, most float32) {
	l.sum += float64(sum)
	l.peak = max(l.peak, float32(math.Sqrt(float64(most))))
}

// scaled is the level of the same stretch at a gain.
func (l level) scaled(gain float64) level {
	return level{l.frames, l.sum * gain * gain, l.peak * float32(gain)}
}

func (l level) dBFS() float64 {
	if l.frames == 0 || l.sum == 0 {
		return mute
	}
	return max(mute, 10*math.Log10(l.sum/float64(l.frames*Channels)))
}
