package sound

import (
	"math"
	"math/rand/v2"
	"testing"
)

// limit runs p through l in uneven pieces and gives it without the delay.
func limit(l *Limiter, p []float32, rng *rand.Rand) []float32 {
	p = append(append([]float32(nil), p...), make([]float32, l.Delay()*Channels)...)
	for at := 0; at < len(p); {
		n := min(len(p)-at, Channels*(1+rng.IntN(1000)))
		l.Process(p[at : at+n])
		at += n
	}
	return p[l.Delay()*Channels:]
}

func TestLimiterLeavesAloneWhatFits(t *testing.T) {
	in := noise(Rate, 0.89, 1) // just under −1 dBFS
	same(t, limit(NewLimiter(-1), in, rand.New(rand.NewPCG(1, 1))), in, 0)
}

func TestLimiterNeverGoesOver(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	ceiling := float32(Amplitude(-3))
	for round := range 50 {
		l := NewLimiter(-3)
		for range 3 { // sound of changing violence, with resets in between
			in := noise(2000+rng.IntN(20000), math.Exp(4*rng.NormFloat64()), rng.Uint64())
			for i := range in {
				if rng.IntN(500) == 0 {
					in[i] *= 100
				}
			}
			for i, v := range limit(l, in, rng) {
				if v > ceiling || v < -ceiling || v != v {
					t.Fatalf("round %d, value %d: %g is over %g", round, i, v, ceiling)
				}
			}
			l.Reset()
		}
	}
}

func TestLimiterTurnsDownBeforeThePeakAndLetsGo(t *testing.T) {
	in := sine(440, 0.5, 2*Rate, Rate)
	for i := Rate; i < Rate+2000; i++ { // a burst of 10 ms at +12 dB
		in[i] *= 4
	}
	out := limit(NewLimiter(0), in, rand.New(rand.NewPCG(2, 2)))
	// No step is larger than the sine's own at the ceiling.
	steepest := 2 * math.Pi * 440 / Rate * 1.2
	for i := 2; i < len(out); i++ {
		atEdge := i >= Rate-2 && i <= Rate+2 || i >= Rate+1998 && i <= Rate+2002 // the input's own jumps
		if step := math.Abs(float64(out[i] - out[i-2])); step > steepest && !atEdge {
			t.Fatalf("a step of %.3f at %d", step, i)
		}
	}
	for i := range in[:Rate-2*241] {
		if in[i] != out[i] {
			t.Fatalf("changed %d frames before the peak", (Rate-i)/2)
		}
	}
	tail := len(in) - 2*2000
	same(t, out[tail:], in[tail:], 0) // a second later it is as if nothing had been
}

func TestLimiterForgetsAtAReset(t *testing.T) {
	l := NewLimiter(0)
	l.Process(sine(440, 2, Rate, Rate))
	if l.Gain() > 0.6 {
		t.Errorf("the gain is %.2f at +6 dBFS", l.Gain())
	}
	l.Reset()
	in := noise(Rate/10, 0.9, 1)
	same(t, limit(l, in, rand.New(rand.NewPCG(1, 1))), in, 0)
}

func TestLimiterLetsGoSlowly(t *testing.T) {
	l := NewLimiter(0)
	l.Process(sine(440, 2, Rate, Rate))
	for _, c := range []struct{ ms, least, most float64 }{{20, 0.5, 0.65}, {100, 0.7, 0.9}, {1000, 1, 1}} {
		l.Process(sine(440, 0.1, int(c.ms)*Rate/1000, Rate))
		if g := l.Gain(); g < c.least || g > c.most {
			t.Errorf("%g ms on the gain is %.3f, want %.2f…%.2f", c.ms, g, c.least, c.most)
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	for name, amplitude := range map[string]float64{"at rest": 0.5, "at work": 1.5} {
		b.Run(name, func(b *testing.B) {
			l, in, p := NewLimiter(-1), noise(960, amplitude, 1), make([]float32, 1920)
			b.ReportAllocs()
			for b.Loop() { // one second of sound
				for range 50 {
					copy(p, in)
					l.Process(p)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "×RT")
		})
	}
}
