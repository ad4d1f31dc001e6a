package sound

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestConcatPlaysAllAndClosesAll(t *testing.T) {
	a := &wave{samples: noise(1000, 1, 1), rng: rand.New(rand.NewPCG(1, 1))}
	b := &wave{samples: noise(10, 1, 2)}
	want := slices.Concat(a.samples, b.samples, make([]float32, 960))
	same(t, readAll(t, Concat(a, b, Silence(10*time.Millisecond))), want, 0)
	if a.closed != 1 || b.closed != 1 {
		t.Errorf("closed %d and %d times", a.closed, b.closed)
	}
	if n, err := Concat().Read(make([]float32, 2)); n != 0 || err != io.EOF {
		t.Errorf("nothing in a row gives %d, %v", n, err)
	}
}

func TestConcatEndsWithAnError(t *testing.T) {
	broken := errors.New("torn tape")
	a := &wave{samples: noise(100, 1, 1), end: broken}
	b := &wave{samples: noise(100, 1, 2)}
	c := Concat(a, b)
	buf := make([]float32, 4096)
	if n, err := c.Read(buf); n != 200 || err != nil {
		t.Fatalf("Read gave %d, %v", n, err)
	}
	for range 2 {
		if n, err := c.Read(buf); n != 0 || !errors.Is(err, broken) {
			t.Fatalf("Read gave %d, %v", n, err)
		}
	}
	if err := c.Close(); err != nil || a.closed != 1 || b.closed != 1 {
		t.Errorf("Close: %v; closed %d and %d times", err, a.closed, b.closed)
	}
}

func TestClosedSourcesGiveNoMore(t *testing.T) {
	for name, s := range map[string]Source{
		"concat":    Concat(&wave{samples: noise(100, 1, 1)}),
		"crossfade": Crossfade(time.Second, &wave{samples: noise(100, 1, 1)}),
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

// seeker is a wave that can seek.
type seeker struct {
	wave
	all []float32
}

func (s *seeker) SeekTo(at time.Duration) error {
	s.samples = s.all[min(len(s.all), Frames(at)*Channels):]
	return nil
}

func TestSkipSeeks(t *testing.T) {
	all := noise(Rate, 1, 1)
	s := &seeker{all: all, wave: wave{samples: all}}
	same(t, readAll(t, Skip(s, 250*time.Millisecond)), all[Rate/2:], 0)
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

func TestCrossfadeKeepsThePowerAndTheLength(t *testing.T) {
	const d = 500 * time.Millisecond
	rng := rand.New(rand.NewPCG(8, 8))
	a := &wave{samples: noise(2*Rate, 0.5, 1), rng: rng}
	b := &wave{samples: noise(2*Rate, 0.5, 2), rng: rng}
	first, second := a.samples, b.samples
	out := readAll(t, Crossfade(d, a, b))
	if want := (4*Rate - Frames(d)) * Channels; len(out) != want {
		t.Fatalf("%d values, want %d", len(out), want)
	}
	from := len(first) - Frames(d)*Channels
	same(t, out[:from], first[:from], 0)
	same(t, out[len(first):], second[Frames(d)*Channels:], 0)
	for at := from; at < len(first); at += 9600 {
		var m Meter
		m.Add(out[at : at+9600])
		if want := 20 * math.Log10(0.5/math.Sqrt(3)); math.Abs(m.RMS()-want) > 0.4 {
			t.Errorf("%d frames into the fade: %.2f dBFS, want %.2f", (at-from)/2, m.RMS(), want)
		}
	}
	if a.closed != 1 || b.closed != 1 {
		t.Errorf("closed %d and %d times", a.closed, b.closed)
	}
}

func TestCrossfadeUnderSomethingShortFadesToItsEnd(t *testing.T) {
	ones := make([]float32, 2*Rate)
	for i := range ones {
		ones[i] = 1
	}
	out := readAll(t, Crossfade(500*time.Millisecond, &wave{samples: ones}, &wave{samples: make([]float32, Rate/5)}))
	if len(out) != len(ones) {
		t.Fatalf("%d values, want %d", len(out), len(ones))
	}
	for i := 2; i < len(out); i++ {
		if step := out[i-2] - out[i]; step < 0 || step > 1e-4 {
			t.Fatalf("a step of %g at %v", step, Duration(i/2))
		}
	}
}

func TestCrossfadeOfShortThings(t *testing.T) {
	var parts []Source
	for k := range 4 {
		parts = append(parts, &wave{samples: noise(50*(k+1), 0.5, uint64(k))})
	}
	out := readAll(t, Crossfade(time.Second, parts...))
	// Each lies wholly in a fade; the longest are left.
	if len(out) == 0 || len(out) > 500*Channels {
		t.Errorf("%d frames came out of 500", len(out)/Channels)
	}
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
		low := readAll(t, NewHighPass(&wave{samples: slices.Clone(out)}, 300))
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
