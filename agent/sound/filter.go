package sound

import (
	"math"

	"loa/agent/sound/loops"
)

// highPass makes a Butterworth high-pass of 4th order (24 dB per octave; −3 dB at
// hz) out of sections. A horn driver's diaphragm travels furthest where the horn
// gives no sound, and breaks there.
func highPass(hz float64) []loops.Section {
	var sections []loops.Section
	for _, q := range []float64{0.54119610, 1.30656296} { // 1/(2 cos π/8), 1/(2 cos 3π/8)
		w := 2 * math.Pi * hz / Rate
		cos, alpha := math.Cos(w), math.Sin(w)/(2*q)
		a0 := 1 + alpha
		sections = append(sections, loops.Section{
			B0: (1 + cos) / 2 / a0, B1: -(1 + cos) / a0, B2: (1 + cos) / 2 / a0,
			A1: -2 * cos / a0, A2: (1 - alpha) / a0,
		})
	}
	return sections
}
