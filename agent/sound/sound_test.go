package sound

import (
	"io"
	"loa/agent/sound/loops"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// wave is a source of given samples that hands them out in uneven pieces, starves
// now and then, and remembers that it was closed.
type wave struct {
	samples []float32
	rng     *rand.Rand // nil: as much as is asked for, never starved
	end     error      // nil: io.EOF
	closed  int
}

func (w *wave) Read(p []float32) (int, error) {
	if w.closed > 0 {
		return 0, errClosed
	}
	if len(w.samples) == 0 {
		if w.end != nil {
			return 0, w.end
		}
		return 0, io.EOF
	}
	n := min(whole(len(p)), len(w.samples))
	if w.rng != nil {
		if w.rng.IntN(4) == 0 {
			return 0, nil
		}
		n = min(n, Channels*(1+w.rng.IntN(700)))
	}
	copy(p, w.samples[:n])
	w.samples = w.samples[n:]
	return n, nil
}

func (w *wave) Close() error { w.closed++; return nil }

// sine is frames of a sine on both sides, at a rate.
func sine(hz, amplitude float64, frames, rate int) []float32 {
	out := make([]float32, 0, frames*Channels)
	for i := range frames {
		v := float32(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
		out = append(out, v, v)
	}
	return out
}

func noise(frames int, amplitude float64, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, frames*Channels)
	for i := range out {
		out[i] = float32(amplitude * (2*rng.Float64() - 1))
	}
	return out
}

// readAll reads to the end; starving is not the end.
func readAll(t testing.TB, s Source) []float32 {
	t.Helper()
	var all []float32
	buf := make([]float32, 1026)
	for empty := 0; empty < 1000; {
		n, err := s.Read(buf)
		if n%Channels != 0 {
			t.Fatalf("Read gave %d values, half a frame", n)
		}
		if n > 0 && err != nil {
			t.Fatalf("Read gave sound and an error: %v", err)
		}
		all = append(all, buf[:n]...)
		if err == io.EOF {
			if n, err := s.Read(buf); n != 0 || err != io.EOF {
				t.Fatalf("after the end Read gave %d, %v", n, err)
			}
			return all
		}
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		if n == 0 {
			empty++
		} else {
			empty = 0
		}
	}
	t.Fatal("the source starves without end")
	return nil
}

func same(t *testing.T, got, want []float32, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d values, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= within) {
			t.Fatalf("value %d is %g, want %g within %g", i, got[i], want[i], within)
		}
	}
}

func TestFramesAndDuration(t *testing.T) {
	for _, d := range []time.Duration{0, time.Millisecond, time.Second, 90 * time.Minute, 11 * time.Hour} {
		if got := Duration(Frames(d)); got != d {
			t.Errorf("Duration(Frames(%v)) = %v", d, got)
		}
	}
	// A relay may be cut after a day or a year: no overflow on the way.
	if got := Frames64(365 * 24 * time.Hour); got != 365*24*3600*Rate {
		t.Errorf("a year has %d frames", got)
	}
}

func TestVolumeDB(t *testing.T) {
	for percent, want := range map[int]float64{100: 0, 50: -12.04, 25: -24.08, 10: -40, 0: -120, -3: -120, 200: 0} {
		if got := VolumeDB(percent); math.Abs(got-want) > 0.01 {
			t.Errorf("VolumeDB(%d) = %.2f, want %.2f", percent, got, want)
		}
	}
}

func TestToneHasItsLevelAndLength(t *testing.T) {
	got := readAll(t, NewTone(1000, -20, time.Second))
	if len(got) != Rate*Channels {
		t.Fatalf("%d values, want one second", len(got))
	}
	var m Meter
	m.Add(got[Rate/2 : Rate])
	if math.Abs(m.RMS()+23.01) > 0.02 || math.Abs(m.Peak()+20) > 0.02 {
		t.Errorf("RMS %.2f, peak %.2f; want −23.01, −20", m.RMS(), m.Peak())
	}
	if got[0] != 0 || got[len(got)-1] != 0 {
		t.Errorf("begins with %g and ends with %g: it clicks", got[0], got[len(got)-1])
	}
}

func TestMeterTellsSilenceFromSound(t *testing.T) {
	var m Meter
	m.Add(noise(4800, 0.0005, 1)) // −71 dBFS
	m.Add(noise(4800, 0.1, 2))    // −25 dBFS
	if m.Frames() != 9600 || m.Loud() != 4800 {
		t.Errorf("%d of %d frames are loud, want 4800 of 9600", m.Loud(), m.Frames())
	}
	var none Meter
	none.Add(make([]float32, 960))
	if none.RMS() != -120 || none.Peak() != -120 || none.Loud() != 0 {
		t.Errorf("silence measures RMS %g, peak %g, %d loud", none.RMS(), none.Peak(), none.Loud())
	}
}

func TestHighPass(t *testing.T) {
	for _, c := range []struct {
		name   string
		hz, dB float64
		within float64
	}{
		{"at the corner", 300, -3.01, 0.05},
		{"an octave below", 150, -24.1, 0.2},
		{"far above", 3000, 0, 0.05},
	} {
		out := filtered(300, sine(c.hz, 0.5, 2*Rate, Rate))
		var m Meter
		m.Add(out[len(out)/2:])
		if got := m.RMS() - 20*math.Log10(0.5/math.Sqrt2); math.Abs(got-c.dB) > c.within {
			t.Errorf("%s: %.2f dB, want %.2f", c.name, got, c.dB)
		}
	}
}

// filtered is p without what lies below a corner.
func filtered(hz float64, p []float32) []float32 {
	loops.Filter(highPass(hz), p)
	return p
}
