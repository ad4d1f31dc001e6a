package sound

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestClosedSourcesGiveNoMore(t *testing.T) {
	for name, s := range map[string]Source{
		"device":    ToDevice(&raw{parts: []part{{8000, 1, make([]float32, 100)}}}),
		"resampler": NewResampler(8000, &wave{samples: noise(100, 1, 1)}),
		"silence":   Silence(time.Second),
		"tone":      NewTone(440, 0, time.Second),
	} {
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("%s: Close: %v", name, err)
			}
		}
		if n, err := s.Read(make([]float32, 64)); n != 0 || err == nil {
			t.Errorf("%s: after Close Read gave %d, %v", name, n, err)
		}
	}
}

func TestCutEndsInTimeAndSoftly(t *testing.T) {
	ones := make([]float32, 2*Rate)
	for i := range ones {
		ones[i] = 1
	}
	out := readAll(t, Cut(&wave{samples: ones, rng: rand.New(rand.NewPCG(1, 2))}, 100*time.Millisecond))
	if len(out) != 4800*Channels {
		t.Fatalf("%d frames", len(out)/Channels)
	}
	for i := 2; i < len(out); i++ {
		if step := out[i-2] - out[i]; step < 0 || step > 0.003 {
			t.Fatalf("a step of %g at frame %d", step, i/2)
		}
	}
	if out[2*4300] != 1 || out[len(out)-1] != 0 {
		t.Errorf("it is %g 10 ms before the end and ends at %g", out[2*4300], out[len(out)-1])
	}
	same(t, readAll(t, Cut(&wave{samples: ones[:200]}, time.Second)), ones[:200], 0)
}

func TestChimes(t *testing.T) {
	loudness := map[string]float64{}
	for _, name := range Chimes() {
		src, d, err := Chime(name)
		if err != nil {
			t.Fatal(err)
		}
		if length, ok := ChimeLength(name); !ok || length != d || d > 10*time.Second {
			t.Errorf("%s: lasts %v, ChimeLength says %v, %v", name, d, length, ok)
		}
		out := readAll(t, src)
		if len(out) != Frames(d)*Channels {
			t.Errorf("%s: %d frames, want %v", name, len(out)/Channels, d)
		}
		lufs, peak, _, _ := Measure(&wave{samples: out})
		loudness[name] = lufs
		t.Logf("%-8s %v  %.1f LUFS, peak %.1f dBFS", name, d, lufs, peak)
		if peak > -1 || lufs < -24 || lufs > -6 {
			t.Errorf("%s: peak %.1f dBFS, %.1f LUFS", name, peak, lufs)
		}
		if last := math.Abs(float64(out[len(out)-1])); last > 0.001 {
			t.Errorf("%s ends at %g: it clicks", name, last)
		}
		var below Meter
		low := filtered(300, slices.Clone(out))
		below.Add(low)
		var whole Meter
		whole.Add(out)
		if lost := whole.RMS() - below.RMS(); lost > 1.5 {
			t.Errorf("%s: a horn takes %.1f dB of it away", name, lost)
		}
	}
	if loudness["siren"] < loudness["drill"]+3 {
		t.Error("a drill is as loud as danger")
	}
	if _, _, err := Chime("foghorn"); err == nil {
		t.Error("a chime that does not exist was opened")
	}
	if _, ok := ChimeLength("foghorn"); ok {
		t.Error("a chime that does not exist has a length")
	}
}
