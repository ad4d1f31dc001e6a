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

// Where in the recording a sound begins is no merit of the box.
func TestFindsACopyAtAnyFrame(t *testing.T) {
	want := make([]float64, 48000)
	for i := range want { // bright: a fifth of a period of it is an eighth of a millisecond
		want[i] = math.Sin(2*math.Pi*2500*float64(i)/48000) * math.Sin(math.Pi*float64(i)/48000*float64(1+i/9000))
	}
	for frame := range 12 {
		got := make([]float64, 3*48000)
		copy(got[48000+frame:], want)
		m := heard.Find(want, 48000, got, 48000)
		if m.Score < 0.999 {
			t.Errorf("%d frames on it scores %.4f", frame, m.Score)
		}
		if d := m.At - time.Second - time.Duration(frame)*time.Second/48000; d.Abs() > 20*time.Microsecond {
			t.Errorf("%d frames on it is found %v off", frame, d)
		}
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
