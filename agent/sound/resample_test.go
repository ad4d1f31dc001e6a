package sound

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
)

// signalToNoise fits a sine of hz to the left channel and gives its power over
// that of all the rest, in dB. Noise, images, aliases and jumps are all rest.
func signalToNoise(y []float32, hz float64) float64 {
	var ss, cc, sc, ys, yc float64
	for i := 0; i < len(y); i += Channels {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i/Channels) / Rate)
		v := float64(y[i])
		ss, cc, sc, ys, yc = ss+s*s, cc+c*c, sc+s*c, ys+v*s, yc+v*c
	}
	det := ss*cc - sc*sc
	a, b := (ys*cc-yc*sc)/det, (yc*ss-ys*sc)/det
	var signal, rest float64
	for i := 0; i < len(y); i += Channels {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i/Channels) / Rate)
		w := a*s + b*c
		signal += w * w
		rest += (float64(y[i]) - w) * (float64(y[i]) - w)
	}
	return 10 * math.Log10(signal/rest)
}

func TestResamplerIsClean(t *testing.T) {
	for _, rate := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000} {
		// What cannot exist at 48 kHz cannot be kept: 0.4 of the lower rate.
		for _, hz := range []float64{1000, 0.4 * float64(min(rate, Rate))} {
			in := &wave{samples: sine(hz, 0.5, 2*rate, rate), rng: rand.New(rand.NewPCG(uint64(rate), 2))}
			out := readAll(t, NewResampler(rate, in))
			if want := 2 * Rate * Channels; len(out) != want {
				t.Errorf("%d Hz: %d values, want %d", rate, len(out), want)
			}
			edge := Rate / 10 * Channels // where the sine begins and ends there is more than a sine
			snr := signalToNoise(out[edge:len(out)-edge], hz)
			t.Logf("%6d Hz, sine of %5.0f Hz: %.1f dB", rate, hz, snr)
			if snr < 90 {
				t.Errorf("%d Hz, sine of %.0f Hz: %.1f dB, want 90", rate, hz, snr)
			}
		}
	}
}

func TestResamplerRejectsWhatCannotExist(t *testing.T) {
	out := readAll(t, NewResampler(96000, &wave{samples: sine(30000, 0.5, 96000, 96000)}))
	var m Meter
	m.Add(out[Rate/5 : len(out)-Rate/5])
	if m.RMS() > -90 {
		t.Errorf("a sine of 30 kHz comes through at %.1f dBFS", m.RMS())
	}
}

func TestResamplerKeepsLengthAndPlace(t *testing.T) {
	for _, rate := range []int{8000, 11025, 22050, 44100, 48000, 96000, 192000} {
		for _, frames := range []int{0, 1, 7, 1000, rate + 1} {
			in := make([]float32, frames*Channels)
			at := frames / 2
			if frames > 0 {
				in[at*Channels] = 1
			}
			out := readAll(t, NewResampler(rate, &wave{samples: in}))
			want := int(math.Ceil(float64(frames) * Rate / float64(rate)))
			if len(out) != want*Channels {
				t.Errorf("%d frames at %d Hz: %d, want %d", frames, rate, len(out)/Channels, want)
				continue
			}
			peak, where := float32(-1), 0
			for i := 0; i < len(out); i += Channels {
				if out[i] > peak {
					peak, where = out[i], i/Channels
				}
			}
			if place := float64(at) * Rate / float64(rate); frames > 7 && math.Abs(float64(where)-place) > 1 {
				t.Errorf("%d Hz: a click at %.1f came out at %d", rate, place, where)
			}
		}
	}
}

func TestResamplerFollowsAClock(t *testing.T) {
	const ppm = 300
	r := NewResampler(44100, &wave{samples: sine(1000, 0.5, 10*44100, 44100)})
	r.SetSpeed(1 + ppm*1e-6)
	out := readAll(t, r)
	if got, want := len(out)/Channels, int(math.Round(10*Rate/(1+ppm*1e-6))); got < want-1 || got > want+1 {
		t.Errorf("%d frames, want %d", got, want)
	}
	edge := Rate / 10 * Channels
	if snr := signalToNoise(out[edge:len(out)-edge], 1000*(1+ppm*1e-6)); snr < 90 {
		t.Errorf("%.1f dB at another speed, want 90", snr)
	}
	// Changed in every block it neither clicks nor loses its place.
	r = NewResampler(48000, &wave{samples: sine(1000, 0.5, 4*48000, 48000)})
	var last float32
	buf := make([]float32, 960)
	for k := 0; ; k++ {
		r.SetSpeed(1 + float64(k%5-2)*1e-4)
		n, err := r.Read(buf)
		if err != nil {
			break
		}
		for i := 0; i < n; i += Channels {
			if step := math.Abs(float64(buf[i] - last)); k > 1 && k < 380 && step > 0.07 {
				t.Fatalf("block %d: a step of %.3f; a sine of 1 kHz has at most 0.066", k, step)
			}
			last = buf[i]
		}
	}
}

// raw is a Raw made of stretches of different formats.
type raw struct {
	parts []part
	now   part
	at    int
}

type part struct {
	rate, channels int
	samples        []float32
}

func (r *raw) Rate() int     { return r.now.rate }
func (r *raw) Channels() int { return r.now.channels }
func (r *raw) Close() error  { return nil }
func (r *raw) Read(p []float32) (int, error) {
	for len(r.now.samples) == 0 {
		if r.at == len(r.parts) {
			return 0, io.EOF
		}
		r.now = r.parts[r.at]
		r.at++
	}
	n := min(len(p)-len(p)%r.now.channels, len(r.now.samples))
	copy(p, r.now.samples[:n])
	r.now.samples = r.now.samples[n:]
	return n, nil
}

func mono(samples []float32) []float32 {
	var out []float32
	for i := 0; i < len(samples); i += 2 {
		out = append(out, samples[i])
	}
	return out
}

func TestToDeviceFollowsChangesOfFormat(t *testing.T) {
	src := ToDevice(&raw{parts: []part{
		{44100, 2, sine(1000, 0.5, 44100, 44100)},
		{22050, 1, mono(sine(1000, 0.5, 22050, 22050))},
		{48000, 2, sine(1000, 0.5, 48000, 48000)},
		{48000, 1, mono(sine(1000, 0.5, 48000, 48000))},
	}})
	out := readAll(t, src)
	if len(out) != 4*Rate*Channels {
		t.Fatalf("%d frames, want 4 s", len(out)/Channels)
	}
	for k := range 4 {
		second := out[k*Rate*Channels : (k+1)*Rate*Channels]
		edge := Rate / 10 * Channels
		if snr := signalToNoise(second[edge:len(second)-edge], 1000); snr < 90 {
			t.Errorf("second %d: %.1f dB", k, snr)
		}
		for i := 0; i < len(second); i += 2 {
			if second[i] != second[i+1] {
				t.Fatalf("second %d: the sides differ at frame %d", k, i/2)
			}
		}
	}
}

func TestToDeviceRefusesNonsense(t *testing.T) {
	for _, p := range []part{
		{0, 2, make([]float32, 4)}, {-8000, 1, make([]float32, 4)}, {1 << 30, 2, make([]float32, 4)},
		{48000, 9, make([]float32, 18)}, {48000, 3, make([]float32, 4)},
	} {
		src := ToDevice(&raw{parts: []part{p}})
		if n, err := src.Read(make([]float32, 64)); n != 0 || err == nil || err == io.EOF {
			t.Errorf("%d channels at %d Hz: Read gave %d, %v", p.channels, p.rate, n, err)
		}
	}
}

func TestToDeviceMixesDown(t *testing.T) {
	out := readAll(t, ToDevice(&raw{parts: []part{{48000, 4, []float32{1, 0, 0.5, 0.5, -1, -1, -1, -1}}}}))
	same(t, out, []float32{0.5, 0.5, -1, -1}, 0)
}

func BenchmarkResampler(b *testing.B) {
	for _, rate := range []int{22050, 44100, 96000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			in := sine(1000, 0.5, rate, rate)
			out := make([]float32, 1920)
			c := newConverter(rate)
			b.ReportAllocs()
			for b.Loop() { // one second of sound
				for k := 0; k < len(in); k += 2048 {
					c.push(in[k:min(len(in), k+2048)])
					for c.pull(out) > 0 {
					}
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "×RT")
		})
	}
}
