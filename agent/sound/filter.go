package sound

import "math"

// A biquad is one second-order section on both channels. Its state is float64:
// at 100 Hz the poles lie so close to the unit circle that float32 hisses.
type biquad struct {
	b0, b1, b2, a1, a2 float64
	z                  [Channels][2]float64
}

func (q *biquad) process(p []float32) {
	b0, b1, b2, a1, a2 := q.b0, q.b1, q.b2, q.a1, q.a2
	l, r := q.z[0], q.z[1]
	for ; len(p) >= Channels; p = p[Channels:] {
		x, y := float64(p[0]), float64(p[1])
		u := b0*x + l[0]
		v := b0*y + r[0]
		l[0], l[1] = b1*x-a1*u+l[1], b2*x-a2*u
		r[0], r[1] = b1*y-a1*v+r[1], b2*y-a2*v
		p[0], p[1] = float32(u), float32(v)
	}
	q.z[0], q.z[1] = l, r
}

// highPass makes a Butterworth high-pass of 4th order (24 dB per octave; −3 dB at
// hz) out of sections. A horn driver's diaphragm travels furthest where the horn
// gives no sound, and breaks there.
func highPass(hz float64) []biquad {
	var sections []biquad
	for _, q := range []float64{0.54119610, 1.30656296} { // 1/(2 cos π/8), 1/(2 cos 3π/8)
		w := 2 * math.Pi * hz / Rate
		cos, alpha := math.Cos(w), math.Sin(w)/(2*q)
		a0 := 1 + alpha
		sections = append(sections, biquad{
			b0: (1 + cos) / 2 / a0, b1: -(1 + cos) / a0, b2: (1 + cos) / 2 / a0,
			a1: -2 * cos / a0, a2: (1 - alpha) / a0,
		})
	}
	return sections
}
