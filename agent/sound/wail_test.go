package sound

import (
	"math"
	"testing"
)

// The siren is what its formula says, to 60 dB below its level, all the way.
func TestWail(t *testing.T) {
	next := wail()
	turn, worst := 0.0, 0.0
	var made [64]float64
	for i := range 9 * Rate {
		if i%64 == 0 {
			next(i, made[:])
		}
		t := float64(i-i%64) / Rate
		want := 0.45 * math.Tanh(1.8*math.Sin(2*math.Pi*turn)) * min(1, float64(i)/Rate/0.05)
		turn += 450 * math.Pow(1100.0/450, 0.5-0.5*math.Cos(2*math.Pi*t/3)) / Rate
		worst = max(worst, math.Abs(made[i%64]-want))
	}
	if worst > 0.45e-3 {
		t.Errorf("off by %.2g of 0.45", worst)
	}
}

func BenchmarkWail(b *testing.B) {
	src, _, err := Chime("siren")
	if err != nil {
		b.Fatal(err)
	}
	p := make([]float32, 960*Channels)
	for b.Loop() {
		if src.(*synth).at > 8*Rate {
			src.(*synth).at = 0
		}
		if _, err := src.Read(p); err != nil {
			b.Fatal(err)
		}
	}
}
