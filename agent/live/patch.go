package live

import (
	"loa/agent/sound"
)

// A patch covers a hole with what sounded before it: the last period of the voice,
// again and again, held for 20 ms and then fading, so that a lost packet is no click
// and a longer hole is a breath.
type patch struct {
	past   []float32 // what was heard last, stereo, at most memory
	period int       // in frames; 0: nothing is being covered
	at     int       // frames since the hole began
}

const (
	memory  = 40 * sound.Rate / 1000 // frames
	steady  = 20 * sound.Rate / 1000 // frames of a hole at full strength
	faded   = 80 * sound.Rate / 1000 // from then on it is silence
	blended = 5 * sound.Rate / 1000  // frames under the sound that comes back
)

// cover fills p, which is a hole or goes on with one.
func (c *patch) cover(p []float32) {
	if c.period == 0 {
		c.period, c.at = c.pitch(), 0
	}
	for i := 0; i+1 < len(p); i += sound.Channels {
		p[i], p[i+1] = c.next()
	}
}

// next is one frame of the cover.
func (c *patch) next() (l, r float32) {
	frames := len(c.past) / sound.Channels
	gain := min(1, 1-float32(c.at-steady)/float32(faded-steady))
	if gain <= 0 || frames < c.period {
		return 0, 0
	}
	i := (frames - c.period + c.at%c.period) * sound.Channels
	c.at++
	return gain * c.past[i], gain * c.past[i+1]
}

// heard takes sound that is about to be heard: what comes after a hole, or first of
// all, is blended in.
func (c *patch) heard(p []float32) {
	if c.period > 0 || len(c.past) == 0 {
		for i := 0; i+1 < len(p) && i < blended*sound.Channels; i += sound.Channels {
			up := float32(i) / (blended * sound.Channels)
			l, r := float32(0), float32(0)
			if c.period > 0 {
				l, r = c.next()
			}
			p[i], p[i+1] = up*p[i]+(1-up)*l, up*p[i+1]+(1-up)*r
		}
		c.period = 0
	}
	c.past = append(c.past, p...)
	if extra := len(c.past) - memory*sound.Channels; extra > 0 {
		c.past = append(c.past[:0], c.past[extra:]...)
	}
}

// The periods that are looked for: voices of 66 to 400 Hz, at a quarter of the rate,
// which is enough to find them and a sixteenth of the work.
const (
	coarse   = 4
	shortest = sound.Rate / coarse / 400
	longest  = sound.Rate / coarse / 66
)

// pitch is the period in frames after which the end of the past looks most like
// itself.
func (c *patch) pitch() int {
	mono := make([]float32, len(c.past)/(coarse*sound.Channels))
	for i := range mono {
		for _, v := range c.past[i*coarse*sound.Channels : (i+1)*coarse*sound.Channels] {
			mono[i] += v
		}
	}
	best, period := float32(0), longest
	length := len(mono) - longest // of what is compared
	for lag := shortest; lag <= longest && length > 0; lag++ {
		var product, energy float32
		for i := len(mono) - length; i < len(mono); i++ {
			product += mono[i] * mono[i-lag]
			energy += mono[i-lag] * mono[i-lag]
		}
		if product <= 0 || energy == 0 {
			continue
		}
		if like := product * product / energy; like > best {
			best, period = like, lag
		}
	}
	return period * coarse
}
