package sound

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// A chime is short sound made by synthesis, so that a box can always say "here
// it comes" and "danger" whatever has become of its files. Everything lies
// above 300 Hz, below which a horn gives nothing.
type chime struct {
	length time.Duration
	make   func() waveform
}

var chimes = map[string]chime{
	// Before a programme: one bell.
	"gong": {4 * time.Second, func() waveform {
		return ring(0.72, note{0, 392, 4})
	}},
	// Before an announcement: the falling third of railway stations.
	"two-tone": {3 * time.Second, func() waveform {
		return ring(0.62, note{0, 659.26, 1.6}, note{0.75, 523.25, 2.4})
	}},
	// Danger: a wail between 450 and 1100 Hz, three times.
	"siren": {9 * time.Second, wail},
	// A drill: three rising notes, twice. Nobody takes it for the siren, which
	// never holds a pitch.
	"drill": {5 * time.Second, func() waveform {
		return ring(0.5,
			note{0.0, 523.25, 1.2}, note{0.35, 659.26, 1.2}, note{0.7, 783.99, 2},
			note{2.4, 523.25, 1.2}, note{2.75, 659.26, 1.2}, note{3.1, 783.99, 2})
	}},
	// For a technician's ear: all that a horn gives. A rattle is heard at its pitch.
	"sweep": {8 * time.Second, func() waveform { return sweep(200, 8000, 8) }},
	// For a technician's ear and meter: 400, 1000 and 2500 Hz, a second each.
	"test": {3 * time.Second, steps(400, 1000, 2500)},
}

// Chime opens a built-in chime by name and says how long it lasts: "gong",
// "two-tone", "siren", "drill", "test" or "sweep", none longer than 10 s.
func Chime(name string) (Source, time.Duration, error) {
	c, ok := chimes[name]
	if !ok {
		return nil, 0, fmt.Errorf("no chime is called %q: there are %s", name, strings.Join(Chimes(), ", "))
	}
	total, edge := Frames(c.length), Frames(20*time.Millisecond)
	next := c.make()
	return &synth{total: total, next: func(at int, p []float64) {
		next(at, p)
		for k := max(0, total-edge-at); k < len(p); k++ {
			p[k] *= min(1, float64(total-1-at-k)/float64(edge))
		}
	}}, c.length, nil
}

// ChimeLength is how long the chime called name lasts, and whether there is one.
func ChimeLength(name string) (time.Duration, bool) {
	c, ok := chimes[name]
	return c.length, ok
}

// Chimes names them all.
func Chimes() []string { return []string{"gong", "two-tone", "siren", "drill", "test", "sweep"} }

// A note is one stroke on a bell.
type note struct{ at, hz, fade float64 } // s, Hz, s to −60 dB

// bell is the partials of a tuned bell: ratio to the note, amplitude, and share
// of the fade. The high ones die first, which is what makes it soft; the minor
// third is what makes it a bell.
var bell = []struct{ ratio, amplitude, fade float64 }{
	{1, 1, 1}, {1.2, 0.25, 0.7}, {1.5, 0.18, 0.6}, {2, 0.5, 0.5},
	{2.76, 0.22, 0.35}, {4.07, 0.12, 0.2}, {5.4, 0.07, 0.12},
}

// ring strikes the notes with the same level.
func ring(level float64, notes ...note) waveform {
	var sounding []ringing
	var sum float64
	for _, b := range bell {
		sum += b.amplitude
	}
	return each(func(i int) float64 {
		for len(notes) > 0 && i >= int(notes[0].at*Rate) {
			for _, b := range bell {
				sounding = append(sounding, strike(notes[0].hz*b.ratio, level*1.4*b.amplitude/sum, notes[0].fade*b.fade))
			}
			notes = notes[1:]
		}
		var v float64
		for k := range sounding {
			v += sounding[k].next()
		}
		return math.Tanh(v)
	})
}

// wail is a siren whose pitch rises and falls in 3 s.
func wail() waveform {
	var turn, step float64 // in steps of bent
	bend := bent()
	return func(at int, p []float64) {
		turned, stride := turn, step // the compiler keeps these in registers
		for k := range p {
			i := at + k
			if i%64 == 0 { // a step of 1 Hz at most, which nobody hears
				t := float64(i) / Rate
				stride = waveSteps * 450 * math.Pow(1100.0/450, 0.5-0.5*math.Cos(2*math.Pi*t/3)) / Rate
			}
			n := int(turned) & (waveSteps - 1)
			p[k] = 0.45 * (bend[n] + (turned-float64(n))*(bend[n+1]-bend[n]))
			if turned += stride; turned >= waveSteps {
				turned -= waveSteps
			}
		}
		turn, step = turned, stride
		for k := range p[:min(len(p), max(0, wailEdge-at))] {
			p[k] *= float64(at+k) / wailEdge
		}
	}
}

const (
	waveSteps = 1024
	wailEdge  = Rate / 20
)

// bent is one turn of a sine bent towards a square: its harmonics carry further. It is
// reckoned once, and read between its steps to 100 dB: with its functions at every
// frame the alarm cost ten times what all the rest of its way does.
var bent = sync.OnceValue(func() *[waveSteps + 2]float64 {
	var wave [waveSteps + 2]float64
	for k := range wave {
		wave[k] = math.Tanh(1.8 * math.Sin(2*math.Pi*float64(k)/waveSteps))
	}
	return &wave
})

// sweep rises from one pitch to another, as long for each octave.
func sweep(from, to, seconds float64) waveform {
	var o oscillator
	return each(func(i int) float64 {
		at := float64(i) / (seconds * Rate)
		o.step = from * math.Pow(to/from, at) / Rate
		return 0.2 * min(1, float64(i)/(0.02*Rate)) * o.next()
	})
}

// steps holds each tone for a second, with a dip between.
func steps(hz ...float64) func() waveform {
	return func() waveform {
		var o oscillator
		return each(func(i int) float64 {
			k, at := i/Rate%len(hz), i%Rate
			o.step = hz[k] / Rate
			edge := float64(min(at, Rate-1-at)) / (Rate / 50)
			return 0.2 * min(1, edge) * o.next()
		})
	}
}
