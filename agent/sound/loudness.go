package sound

import (
	"fmt"
	"io"
	"math"
	"time"

	"loa/agent/sound/loops"
)

// NoLoudness is the loudness in LUFS of what never passed the absolute gate.
const NoLoudness = -70.0

// Loudness measures how loud sound is felt, in LUFS after EBU R 128: K-weighting
// and two gates as in ITU-R BS.1770-4. Both channels count: one voice on both
// sides is 3 LU more than the same as a one-channel file. Its zero value is ready.
type Loudness struct {
	filter []loops.Section
	buf    []float32
	sum    float64 // of squares in the step under way
	frames int     // in that step
	last   [4]float64
	steps  int
	blocks histogram
}

// A gating block is 400 ms and begins every 100 ms.
const loudnessStep = Rate / 10

// kWeighting is the two filters of BS.1770-4, tables 1 and 2, which are given for
// 48 kHz: the shelf of a head, and the ear's deafness to rumble.
func kWeighting() []loops.Section {
	return []loops.Section{
		{B0: 1.53512485958697, B1: -2.69169618940638, B2: 1.19839281085285, A1: -1.69065929318241, A2: 0.73248077421585},
		{B0: 1, B1: -2, B2: 1, A1: -1.99004745483398, A2: 0.99007225036621},
	}
}

// Add counts the next stretch of sound, of any length.
func (l *Loudness) Add(p []float32) {
	if l.filter == nil {
		l.filter = kWeighting()
	}
	l.buf = append(l.buf[:0], p...)
	loops.Filter(l.filter, l.buf)
	for b := l.buf; len(b) > 0; {
		n := min(len(b), (loudnessStep-l.frames)*Channels)
		for _, v := range b[:n] {
			l.sum += float64(v) * float64(v)
		}
		l.frames += n / Channels
		b = b[n:]
		if l.frames == loudnessStep {
			l.step()
		}
	}
}

func (l *Loudness) step() {
	l.last[l.steps%len(l.last)] = l.sum
	l.steps++
	l.sum, l.frames = 0, 0
	if l.steps >= len(l.last) {
		l.blocks.add((l.last[0] + l.last[1] + l.last[2] + l.last[3]) / float64(len(l.last)*loudnessStep))
	}
}

// Integrated is the loudness of all so far, NoLoudness if it is too short
// (under 400 ms) or too quiet to have any.
func (l *Loudness) Integrated() float64 {
	if l.steps > 0 && l.steps < len(l.last) {
		return NoLoudness
	}
	power, _ := l.blocks.above(NoLoudness)
	if power == 0 {
		return NoLoudness
	}
	power, _ = l.blocks.above(lufs(power) - 10)
	return lufs(power)
}

// Gated is how much of the sound passed the absolute gate: it tells how far
// Integrated can be believed while sound still comes.
func (l *Loudness) Gated() time.Duration {
	_, n := l.blocks.above(NoLoudness)
	return time.Duration(n) * 100 * time.Millisecond
}

// lufs is the loudness of the two channels' summed mean square.
func lufs(power float64) float64 { return -0.691 + 10*math.Log10(power) }

// A histogram counts blocks in bins of 0.1 LU, each with the sum of its powers:
// only the gates are rounded, not the mean, and a day of sound takes no more
// room than a minute.
type histogram struct {
	count [900]int64
	power [900]float64
}

func bin(l float64) int { return int(math.Ceil((l - NoLoudness) * 10)) }

func (h *histogram) add(power float64) {
	if power <= 0 {
		return
	}
	if i := bin(lufs(power)); i > 0 {
		i = min(i, len(h.count)-1)
		h.count[i]++
		h.power[i] += power
	}
}

// above gives the mean power of the blocks louder than gate, 0 if there are
// none, and how many they are.
func (h *histogram) above(gate float64) (power float64, n int64) {
	for i := max(0, bin(gate)+1); i < len(h.count); i++ {
		power += h.power[i]
		n += h.count[i]
	}
	return power / float64(max(1, n)), n
}

// Measure reads src to its end: its integrated loudness in LUFS, its largest
// sample in dBFS, and how long it is. Src is not closed. A source that starves
// cannot be measured.
func Measure(src Source) (loudness, peakDBFS float64, d time.Duration, err error) {
	var l Loudness
	var m Meter
	buf := make([]float32, 8192)
	for {
		n, err := src.Read(buf)
		if n == 0 && err == nil {
			return 0, 0, 0, fmt.Errorf("sound: cannot measure the loudness: %w", io.ErrNoProgress)
		}
		l.Add(buf[:n])
		m.Add(buf[:n])
		if err == io.EOF {
			return l.Integrated(), m.Peak(), Duration64(m.Frames()), nil
		}
		if err != nil {
			return 0, 0, 0, err
		}
	}
}

// LevelGain is the gain in dB that brings sound of a loudness to target, both in
// LUFS. It raises by at most 12 dB, since beyond that one hears the recording's
// noise, and lowers by at most 24. Sound without loudness is left alone.
func LevelGain(loudness, target float64) float64 {
	if loudness <= NoLoudness {
		return 0
	}
	return min(12, max(-24, target-loudness))
}
