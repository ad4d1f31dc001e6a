package sound

import (
	"io"
	"math"
	"time"
)

// NewTone is a sine of hz whose peak is levelDBFS (at most 0), for d. Its ends
// are faded over 10 ms: a tone that begins at full level begins with a click.
func NewTone(hz, levelDBFS float64, d time.Duration) Source {
	osc := oscillator{step: hz / Rate}
	a := Amplitude(min(levelDBFS, 0))
	total, edge := Frames(d), Frames(10*time.Millisecond)
	return &synth{total: total, next: each(func(i int) float64 {
		ends := float64(min(i, total-1-i, edge)) / float64(edge)
		return a * ends * osc.next()
	})}
}

// A waveform gives the next frames of a sound, the first of which is number at.
type waveform func(at int, p []float64)

// each is the waveform of a function of the frame.
func each(f func(i int) float64) waveform {
	return func(at int, p []float64) {
		for k := range p {
			p[k] = f(at + k)
		}
	}
}

// A synth is sound made by a waveform, the same on both sides.
type synth struct {
	next      waveform
	at, total int
}

func (s *synth) Read(p []float32) (int, error) {
	if s.at >= s.total {
		return 0, io.EOF
	}
	n := min(len(p)/Channels, s.total-s.at)
	var part [256]float64
	for out := p[:n*Channels]; len(out) > 0; {
		made := part[:min(len(part), len(out)/Channels)]
		s.next(s.at, made)
		s.at += len(made)
		for k, v := range made {
			out[2*k], out[2*k+1] = float32(v), float32(v)
		}
		out = out[len(made)*Channels:]
	}
	return n * Channels, nil
}

// Left is [Finite].
func (s *synth) Left() (frames int64, known bool) { return int64(s.total - s.at), true }

func (s *synth) Close() error { s.at = s.total; return nil }

// An oscillator gives a sine; step is in turns per frame and may be changed.
type oscillator struct{ turn, step float64 }

func (o *oscillator) next() float64 {
	v := math.Sin(2 * math.Pi * o.turn)
	o.turn += o.step
	o.turn -= math.Floor(o.turn)
	return v
}

// A ringing is a struck thing that dies away: a sine of falling amplitude made
// by its two-step recurrence, a fraction of the work of a sine a frame.
type ringing struct{ y1, y2, c1, c2 float64 }

// strike sets off a ringing of hz with amplitude a that has fallen by 60 dB
// after fade seconds.
func strike(hz, a, fade float64) ringing {
	w := 2 * math.Pi * hz / Rate
	r := math.Pow(10, -3/(fade*Rate))
	return ringing{y1: 0, y2: -a * math.Sin(w) / r, c1: 2 * r * math.Cos(w), c2: r * r}
}

func (r *ringing) next() float64 {
	y := r.c1*r.y1 - r.c2*r.y2
	r.y2, r.y1 = r.y1, y
	return y
}
