package sound

import "time"

// A Voice says how one source sounds among others.
type Voice struct {
	Name    string  // for status and logs
	Class   int     // higher silences lower; equals sound together
	GainDB  float64 // of the whole voice, at most 40
	FadeIn  time.Duration
	FadeOut time.Duration // of Stop, and of being silenced; 0: 20 ms
	Duck    bool          // lower classes go on, ducked, instead of being silenced
}

// MixerOpts are what a mixer does to everything. Zero fields mean the values named.
type MixerOpts struct {
	DuckDB      float64       // how far ducked voices are lowered; 0: −15
	DuckRamp    time.Duration // how fast; 0: 150 ms
	HighPassHz  float64       // of every voice; 0: none
	CeilingDBFS float64       // of the sum; 0: −1
	FloorDBFS   float64       // RMS of a block under which it counts as silence; 0: SilenceFloor

	// When says when a frame will be heard, so many after the next that Mix gives, as a
	// [Timed] source is told; nil: nobody tells them.
	When func(after int64) (at time.Time, speed float64)
}

// leastFade is the shortest fade: a voice never clicks.
const leastFade = 20 * time.Millisecond

// A Mixer sums inputs under one ceiling. The highest class present sounds; what
// lies below is silenced, and held where it is, until nothing higher is left;
// or, when all that is above it only wants to be heard over it, is ducked. An
// input that starves is silence for itself and changes nothing for the others.
//
// The mixer looks a few milliseconds ahead but shifts nothing in time. What it
// has mixed is not yet heard: it lies in the device's queue. So the mixer
// remembers until it is told, by Heard or Lost, and can take back, by Rewind,
// what the queue has thrown away: every input is then where the ear is, to the
// frame, and a newcomer's fade begins there.
//
// A Mixer belongs to one goroutine.
type Mixer struct {
	opts    MixerOpts
	limiter *Limiter
	inputs  []*Input

	in     int64 // frames taken from the inputs
	out    int64 // frames given by Mix; in is ahead of it by the look-ahead
	sure   int64 // frames of out whose fate is known
	last   int64 // where the last sound that was taken ends
	primed bool  // the limiter's look-ahead is filled

	ahead []float32 // scratch for priming
	spare []*chunk  // for reuse
}

// NewMixer makes a mixer without inputs.
func NewMixer(o MixerOpts) *Mixer {
	if o.DuckDB == 0 {
		o.DuckDB = -15
	}
	if o.DuckRamp == 0 {
		o.DuckRamp = 150 * time.Millisecond
	}
	if o.CeilingDBFS == 0 {
		o.CeilingDBFS = -1
	}
	if o.FloorDBFS == 0 {
		o.FloorDBFS = SilenceFloor
	}
	m := &Mixer{opts: o, limiter: NewLimiter(o.CeilingDBFS)}
	m.ahead = make([]float32, m.limiter.Delay()*Channels)
	return m
}

// Add lets src sound as v says from the next frame on. The mixer closes src when
// the input is over.
func (m *Mixer) Add(src Source, v Voice) *Input {
	if v.FadeOut <= 0 {
		v.FadeOut = leastFade
	}
	i := &Input{voice: v, src: src}
	i.gain.jump(Amplitude(min(v.GainDB, 40)))
	if m.opts.HighPassHz > 0 {
		i.filter = highPass(m.opts.HighPassHz)
	}
	m.inputs = append(m.inputs, i)
	return i
}

// Follow lets in wait for the end of after, and begin under it. An end by Stop is
// one, too: whoever stops an input stops first what follows it.
func (m *Mixer) Follow(in, after *Input) { in.after = after }

// Busy reports whether there is anything to mix.
func (m *Mixer) Busy() bool { return m.live() || m.last > m.out }

// live reports whether any input still gives sound.
func (m *Mixer) live() bool {
	for _, i := range m.inputs {
		if !i.over {
			return true
		}
	}
	return false
}

// Mix fills p, a whole number of frames, with what the inputs give, at or under
// the ceiling. When the last input ends within p the rest is silence.
func (m *Mixer) Mix(p []float32) {
	if !m.primed {
		m.take(m.ahead)
		m.limiter.Process(m.ahead)
		m.primed = true
	}
	m.take(p)
	gain := m.limiter.Process(p)
	m.out += int64(len(p) / Channels)
	for _, i := range m.inputs {
		i.limited(gain, m.limiter.ceiling)
	}
	if !m.Busy() {
		// Nothing is in the look-ahead: the next beginning need not wait for it.
		m.in, m.primed = m.out, false
		m.limiter.Reset()
	}
}

// take sums the next frames of the inputs.
func (m *Mixer) take(p []float32) {
	clear(p)
	m.balance()
	for _, i := range m.inputs {
		if !i.over && (i.stopped || !i.waits()) {
			m.last = max(m.last, m.in+int64(i.mix(p, m)))
		}
	}
	m.in += int64(len(p) / Channels)
}

// balance sends every input to the level that its voice has among the others.
func (m *Mixer) balance() {
	for _, i := range m.inputs {
		if i.over {
			continue
		}
		a := m.share(i)
		ramp := i.voice.FadeIn
		switch {
		case a == 0:
			ramp = i.voice.FadeOut
		case a < 1 || i.ducked:
			ramp = m.opts.DuckRamp
		}
		i.ducked = a > 0 && a < 1
		i.aim(a, Frames(max(ramp, leastFade)))
	}
}

// share is the amplitude at which i may sound.
func (m *Mixer) share(i *Input) float64 {
	if i.stopped {
		return 0
	}
	a := 1.0
	for _, o := range m.inputs {
		switch {
		case o.over || o.stopped || o.voice.Class <= i.voice.Class || o.pending():
		case !o.voice.Duck:
			return 0
		default:
			a = Amplitude(m.opts.DuckDB)
		}
	}
	return a
}

// chunk is a fresh one.
func (m *Mixer) chunk() *chunk {
	if len(m.spare) == 0 {
		m.spare = append(m.spare, &chunk{})
	}
	n := len(m.spare) - 1
	c := m.spare[n]
	m.spare = m.spare[:n]
	*c = chunk{start: m.in, samples: c.samples[:0]}
	return c
}

// Heard says that frames more of what was mixed have been heard.
func (m *Mixer) Heard(frames int64) { m.settle(frames, true) }

// Lost says that frames more of what was mixed never will be. The inputs have
// passed them all the same.
func (m *Mixer) Lost(frames int64) { m.settle(frames, false) }

func (m *Mixer) settle(frames int64, heard bool) {
	m.sure = min(m.sure+frames, m.out)
	for _, i := range m.inputs {
		for len(i.past) > 0 && i.past[0].start+int64(i.past[0].frames()) <= m.sure {
			c := i.past[0]
			i.past = append(i.past[:0], i.past[1:]...)
			i.settle(c, heard, m.opts.FloorDBFS)
			m.spare = append(m.spare, c)
		}
	}
}

// Unsure is how many frames were mixed and neither heard nor lost.
func (m *Mixer) Unsure() int64 { return m.out - m.sure }

// Rewind takes back the last frames that were mixed, of those that are unsure:
// they were thrown away unheard. An input that had come to its end among them
// ends where it was cut off.
func (m *Mixer) Rewind(frames int64) {
	m.out -= min(frames, m.Unsure())
	m.in, m.last, m.primed = m.out, min(m.last, m.out), false
	for _, i := range m.inputs {
		i.rewind(m.out, m)
	}
}

// Sweep takes out the inputs that are over and settled, and gives them.
func (m *Mixer) Sweep() []*Input {
	var gone []*Input
	rest := m.inputs[:0]
	for _, i := range m.inputs {
		if i.over && len(i.past) == 0 {
			gone = append(gone, i)
			continue
		}
		rest = append(rest, i)
	}
	clear(m.inputs[len(rest):])
	m.inputs = rest
	return gone
}

// Inputs are those that are not yet swept.
func (m *Mixer) Inputs() []*Input { return m.inputs }

// LimitedDB is how far the limiter turns down now, in dB, 0 or less.
func (m *Mixer) LimitedDB() float64 { return Decibels(m.limiter.Gain()) }
