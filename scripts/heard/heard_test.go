package heard_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"loa/scripts/heard"
)

// speechlike is noise with a moving level and colour.
func speechlike(seed uint64, rate int, d time.Duration) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float64, int(d.Seconds()*float64(rate)))
	last := 0.0
	for i := range out {
		last = 0.9*last + 0.1*r.NormFloat64()
		out[i] = last * (0.6 + 0.4*math.Sin(2*math.Pi*3*float64(i)/float64(rate)))
	}
	return out
}

func TestFindsAScaledDelayedCopyAtAnotherRate(t *testing.T) {
	want := speechlike(1, 24000, 3*time.Second)
	got := make([]float64, 48000*8)
	for i := range 48000 * 3 { // the same sound at 48 kHz, from 2.5 s, at half level
		got[120000+i] = 0.5 * (want[i/2] + want[min((i+1)/2, len(want)-1)]) / 2
	}
	m := heard.Find(want, 24000, got, 48000)
	if m.Score < 0.98 {
		t.Errorf("score %.3f, want ≥ 0.98", m.Score)
	}
	if d := (m.At - 2500*time.Millisecond).Abs(); d > 2*time.Millisecond {
		t.Errorf("found at %v, want 2.5 s", m.At)
	}
	if m.Gain < 0.45 || m.Gain > 0.55 {
		t.Errorf("gain %.3f, want 0.5", m.Gain)
	}
}

func TestAnotherSoundAndSilenceDoNotMatch(t *testing.T) {
	want := speechlike(1, 8000, 3*time.Second)
	if m := heard.Find(want, 8000, speechlike(2, 8000, 10*time.Second), 8000); m.Score > 0.3 {
		t.Errorf("another sound scores %.3f", m.Score)
	}
	if m := heard.Find(want, 8000, make([]float64, 80000), 8000); m.Score != 0 {
		t.Errorf("silence scores %.3f", m.Score)
	}
	if m := heard.Find(want, 8000, want[:100], 8000); m.Score != 0 {
		t.Errorf("a recording shorter than the sound scores %.3f", m.Score)
	}
}
