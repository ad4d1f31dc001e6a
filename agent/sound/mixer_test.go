package sound

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// mix gives frames of m's mix, in uneven blocks when rng is given.
func mix(m *Mixer, frames int, rng *rand.Rand) []float32 {
	out := make([]float32, frames*Channels)
	for at := 0; at < len(out); {
		n := min(len(out)-at, 1920)
		if rng != nil {
			n = min(len(out)-at, Channels*(1+rng.IntN(2000)))
		}
		m.Mix(out[at : at+n])
		at += n
	}
	return out
}

// rms is the level of a stretch in dBFS.
func rms(p []float32) float64 {
	var m Meter
	m.Add(p)
	return m.RMS()
}

const ms = Rate / 1000 * Channels // values in a millisecond

func TestMixerLeavesOneVoiceAsItIs(t *testing.T) {
	in := noise(Rate, 0.5, 1)
	src := &wave{samples: slices.Clone(in)}
	m := NewMixer(MixerOpts{})
	i := m.Add(src, Voice{})
	out := mix(m, Rate+480, rand.New(rand.NewPCG(1, 1)))
	same(t, out[:len(in)], in, 0)
	if rms(out[len(in):]) != -120 {
		t.Error("there is sound after the end")
	}
	if m.Busy() || !i.Over() || src.closed != 1 {
		t.Errorf("busy %v, over %v, closed %d times", m.Busy(), i.Over(), src.closed)
	}
	if gone := m.Sweep(); len(gone) != 0 {
		t.Error("it is swept before anybody knows what was heard")
	}
	m.Heard(Rate)
	if gone := m.Sweep(); len(gone) != 1 || gone[0] != i {
		t.Errorf("swept %d inputs", len(gone))
	}
	a := i.Account()
	if a.Heard.Frames() != Rate || !a.Ended || a.Err != nil || a.Lost != 0 || math.Abs(a.Heard.RMS()-rms(in)) > 0.01 {
		t.Errorf("account %+v, RMS %.2f, want %.2f", a, a.Heard.RMS(), rms(in))
	}
}

func TestMixerNeverExceedsItsCeiling(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for round := range 40 {
		m := NewMixer(MixerOpts{CeilingDBFS: -2, HighPassHz: float64(rng.IntN(2)) * 250})
		ceiling := float32(Amplitude(-2))
		for range 30 {
			if rng.IntN(3) == 0 {
				in := noise(rng.IntN(30000), math.Exp(2*rng.NormFloat64()), rng.Uint64())
				for range rng.IntN(4) {
					if len(in) > 0 {
						in[rng.IntN(len(in))] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 3e38}[rng.IntN(4)]
					}
				}
				m.Add(&wave{samples: in, rng: rng}, Voice{Class: rng.IntN(3), GainDB: 12 * rng.NormFloat64(), Duck: rng.IntN(2) == 0})
			}
			for _, i := range m.Inputs() {
				if rng.IntN(20) == 0 {
					i.Stop()
				}
			}
			if rng.IntN(5) == 0 {
				m.Rewind(int64(rng.IntN(5000)))
			}
			for k, v := range mix(m, 1+rng.IntN(3000), nil) {
				if !(v <= ceiling && v >= -ceiling) {
					t.Fatalf("round %d, value %d: %g is over %g", round, k, v, ceiling)
				}
			}
			m.Heard(int64(rng.IntN(3000)))
			m.Sweep()
		}
	}
}

func TestHigherSilencesLowerAndHoldsIt(t *testing.T) {
	music, alarm := noise(4*Rate, 0.3, 1), noise(Rate, 0.3, 2)
	m := NewMixer(MixerOpts{})
	low := m.Add(&wave{samples: slices.Clone(music)}, Voice{Class: 3})
	same(t, mix(m, Rate, nil), music[:Rate*2], 0)
	m.Rewind(Rate / 5) // what the sink had queued
	m.Add(&wave{samples: slices.Clone(alarm)}, Voice{Class: 7})
	out := mix(m, Rate, nil)
	// The alarm is there from the first frame, the music under a fade of 20 ms.
	for i := 20*ms + 2*ms; i < len(out); i++ {
		if out[i] != alarm[i] {
			t.Fatalf("%d ms after the alarm began it is not alone", i/ms)
		}
	}
	at := 8 * Rate / 5 // where the ear was
	for i := range 10 * ms {
		want := alarm[i] + music[at+i]*float32(curve(1-float64(i/2+1)/960))
		if math.Abs(float64(out[i]-want)) > 1e-4 {
			t.Fatalf("frame %d of the change is %g, want %g", i/2, out[i], want)
		}
	}
	// It goes on at the frame where it fell silent, under the fade's 20 ms.
	if !low.Held() && !m.Busy() {
		t.Error("the music is not held")
	}
	// The block in which the alarm ends began before its end, so that the music
	// comes a few milliseconds after it.
	back := mix(m, Rate, nil)
	from := at + 20*ms - 5*ms
	same(t, back[30*ms:Rate], music[from+30*ms:from+Rate], 1e-6)
}

func TestDuckLowersAndComesBack(t *testing.T) {
	m := NewMixer(MixerOpts{DuckDB: -12, DuckRamp: 100 * time.Millisecond})
	m.Add(&wave{samples: sine(1000, 0.5, 4*Rate, Rate)}, Voice{Class: 3})
	mix(m, Rate, nil)
	m.Add(&wave{samples: make([]float32, 2*Rate)}, Voice{Class: 6, Duck: true}) // a voice that says nothing
	ducked := mix(m, Rate, nil)
	full := 20 * math.Log10(0.5/math.Sqrt2)
	if got := rms(ducked[150*ms : 900*ms]); math.Abs(got-full+12) > 0.1 {
		t.Errorf("ducked to %.2f dBFS, want %.2f", got, full-12)
	}
	if got := rms(ducked[:10*ms]); got < full-1.5 {
		t.Errorf("it falls to %.2f dBFS at once", got)
	}
	if got := rms(ducked[40*ms : 50*ms]); got < full-4 {
		t.Errorf("45 ms on it has fallen to %.2f dBFS, want a ramp of 100 ms", got)
	}
	again := mix(m, Rate, nil)
	if got := rms(again[150*ms:]); math.Abs(got-full) > 0.1 {
		t.Errorf("comes back to %.2f dBFS, want %.2f", got, full)
	}
}

func TestAStarvedVoiceStopsNobody(t *testing.T) {
	m := NewMixer(MixerOpts{})
	dry := m.Add(&starved{}, Voice{Name: "relay", Class: 3})
	in := noise(Rate, 0.4, 1)
	m.Add(&wave{samples: slices.Clone(in)}, Voice{Class: 3})
	same(t, mix(m, Rate, nil), in, 0)
	if !dry.Starves() || dry.Account().Starved < Rate-960 {
		t.Errorf("starves %v, %d frames", dry.Starves(), dry.Account().Starved)
	}
	if !m.Busy() {
		t.Error("a starved voice is taken for one that has ended")
	}
}

type starved struct{ closed bool }

func (s *starved) Read([]float32) (int, error) { return 0, nil }
func (s *starved) Close() error                { s.closed = true; return nil }

func TestABrokenVoiceStopsNobody(t *testing.T) {
	torn := errors.New("torn tape")
	for name, src := range map[string]Source{
		"fails":  &wave{samples: noise(100, 0.1, 1), end: torn},
		"panics": source(func(p []float32) (int, error) { var none []int; return none[len(p)], nil }),
		"lies":   source(func(p []float32) (int, error) { return len(p) + 2, nil }),
		"halves": source(func(p []float32) (int, error) { return 3, nil }),
	} {
		m := NewMixer(MixerOpts{})
		bad := m.Add(src, Voice{Name: name})
		in := noise(Rate/2, 0.4, 1)
		m.Add(&wave{samples: slices.Clone(in)}, Voice{})
		out := mix(m, Rate, nil)
		same(t, out[2*200:Rate], in[2*200:], 0)
		m.Heard(Rate)
		if err := bad.Account().Err; err == nil || bad.Account().Ended {
			t.Errorf("%s: account says %v", name, err)
		}
		if m.Busy() {
			t.Errorf("%s: it goes on for ever", name)
		}
	}
}

type source func(p []float32) (int, error)

func (s source) Read(p []float32) (int, error) { return s(p) }
func (s source) Close() error                  { return nil }

func TestStopFadesAndEnds(t *testing.T) {
	m := NewMixer(MixerOpts{})
	src := &wave{samples: sine(500, 0.5, 4*Rate, Rate)}
	i := m.Add(src, Voice{FadeOut: 50 * time.Millisecond})
	mix(m, Rate/2, nil)
	i.Stop()
	i.Stop()
	out := mix(m, Rate/2, nil)
	if got := rms(out[:4*ms]); got < -10.5 {
		t.Errorf("it begins its fade at %.1f dBFS", got)
	}
	if got := rms(out[56*ms:]); got != -120 {
		t.Errorf("after the fade there is %.1f dBFS", got)
	}
	m.Heard(Rate)
	if a := i.Account(); a.Ended || a.Err != nil || src.closed != 1 {
		t.Errorf("account %+v, closed %d times", a, src.closed)
	}
	if len(m.Sweep()) != 1 || m.Busy() {
		t.Error("it is not over")
	}
}

// What is heard is what would have been heard without any rewind, whatever is
// taken back and however often.
func TestRewindIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 4))
	for round := range 30 {
		m := NewMixer(MixerOpts{HighPassHz: float64(round%2) * 200})
		a, b := noise(3*Rate, 0.3, rng.Uint64()), noise(2*Rate, 0.3, rng.Uint64())
		ref := NewMixer(MixerOpts{HighPassHz: float64(round%2) * 200})
		ref.Add(&wave{samples: slices.Clone(a)}, Voice{FadeIn: 300 * time.Millisecond})
		ref.Add(&wave{samples: slices.Clone(b)}, Voice{GainDB: -6})
		want := mix(ref, 3*Rate, nil)

		inA := m.Add(&wave{samples: slices.Clone(a)}, Voice{FadeIn: 300 * time.Millisecond})
		inB := m.Add(&wave{samples: slices.Clone(b)}, Voice{GainDB: -6})
		var heard []float32
		for len(heard) < len(want) {
			frames := 1 + rng.IntN(9000)
			block := mix(m, frames, rng)
			keep := frames
			if rng.IntN(2) == 0 {
				keep = rng.IntN(frames + 1)
				m.Rewind(int64(frames - keep))
			}
			m.Heard(int64(keep))
			heard = append(heard, block[:keep*Channels]...)
		}
		same(t, heard[:len(want)], want, 1e-5)
		for _, i := range []*Input{inA, inB} {
			if acc := i.Account(); !acc.Ended || acc.Position != acc.Heard.Frames() || acc.Lost != 0 {
				t.Fatalf("round %d: account %+v", round, acc)
			}
		}
		if inA.Account().Heard.Frames() != 3*Rate || inB.Account().Heard.Frames() != 2*Rate {
			t.Fatalf("round %d: heard %d and %d frames", round, inA.Account().Heard.Frames(), inB.Account().Heard.Frames())
		}
	}
}

func TestATailUnderAnAlarmIsNotHeardLater(t *testing.T) {
	m := NewMixer(MixerOpts{})
	music := m.Add(&wave{samples: noise(Rate, 0.3, 1)}, Voice{Class: 3})
	mix(m, Rate+480, nil) // to the end, in the queue
	m.Heard(Rate - 4800)
	m.Rewind(4800 + 480)
	m.Add(&wave{samples: noise(Rate/4, 0.3, 2)}, Voice{Class: 7})
	mix(m, Rate/4, nil)
	if got := rms(mix(m, Rate, nil)[ms:]); got != -120 {
		t.Errorf("after the alarm the tail of the music sounds at %.1f dBFS", got)
	}
	m.Heard(2 * Rate)
	a := music.Account()
	if want := int64(Rate - 4800 + 960); a.Heard.Frames() < want || a.Heard.Frames() > want+2 {
		t.Errorf("%d frames of it were heard, want %d", a.Heard.Frames(), want)
	}
	if len(m.Sweep()) != 2 || m.Busy() {
		t.Error("something is left")
	}
}

func TestLostIsNotHeard(t *testing.T) {
	m := NewMixer(MixerOpts{})
	i := m.Add(&wave{samples: noise(Rate, 0.3, 1)}, Voice{})
	mix(m, 9600, nil)
	m.Heard(4800)
	m.Lost(m.Unsure())
	mix(m, 9600, nil)
	m.Heard(m.Unsure())
	a := i.Account()
	if a.Lost < 4800 || a.Lost > 4800+960 || a.Heard.Frames()+a.Lost != a.Position {
		t.Errorf("lost %d, heard %d, position %d", a.Lost, a.Heard.Frames(), a.Position)
	}
}

func TestASilentVoiceIsNotLoud(t *testing.T) {
	m := NewMixer(MixerOpts{HighPassHz: 200})
	dc := make([]float32, 2*Rate)
	for i := range dc {
		dc[i] = 0.2 // the offset of a broken recorder is no sound
	}
	silent := m.Add(&wave{samples: dc}, Voice{Name: "silent.mp3"})
	m.Add(&wave{samples: noise(Rate, 0.5, 1)}, Voice{Name: "music"})
	mix(m, Rate, nil)
	m.Heard(Rate)
	a := silent.Account()
	if loud := a.Heard.Loud(); loud > 2*960 || a.Heard.RMS() > -25 {
		t.Errorf("%d of %d frames are loud, RMS %.1f", loud, a.Heard.Frames(), a.Heard.RMS())
	}
}

func TestTheAccountCountsTheLimiter(t *testing.T) {
	m := NewMixer(MixerOpts{CeilingDBFS: -6})
	i := m.Add(&wave{samples: sine(1000, 3, Rate, Rate)}, Voice{})
	mix(m, Rate, nil)
	m.Heard(Rate)
	a := i.Account()
	if rms, peak := a.Heard.RMS(), a.Heard.Peak(); math.Abs(rms+9) > 0.3 || peak > -6 {
		t.Errorf("RMS %.2f, peak %.2f dBFS; want −9 and at most −6", rms, peak)
	}
}

func TestMixerAllocatesNothing(t *testing.T) {
	m := NewMixer(MixerOpts{HighPassHz: 250})
	for range 2 {
		m.Add(source(func(p []float32) (int, error) { return len(p), nil }), Voice{})
	}
	p := make([]float32, 1920)
	step := func() { m.Mix(p); m.Heard(960) }
	step()
	if got := testing.AllocsPerRun(100, step); got > 0 {
		t.Errorf("%.1f allocations a block", got)
	}
}

func TestEndOfSourceIsTheOnlyEnd(t *testing.T) {
	m := NewMixer(MixerOpts{})
	m.Add(&wave{samples: noise(10*960, 0.1, 1), rng: rand.New(rand.NewPCG(1, 1))}, Voice{})
	for k := 0; m.Busy(); k++ {
		mix(m, 960, nil)
		if k > 200 {
			t.Fatal("it never ends")
		}
	}
}

func BenchmarkMixer(b *testing.B) {
	for _, voices := range []int{1, 2, 4} {
		b.Run(map[int]string{1: "one voice", 2: "two voices", 4: "four voices"}[voices], func(b *testing.B) {
			m := NewMixer(MixerOpts{HighPassHz: 250})
			in := noise(960, 0.2, 1)
			for range voices {
				m.Add(source(func(p []float32) (int, error) { return copy(p, in), nil }), Voice{})
			}
			p := make([]float32, 1920)
			b.ReportAllocs()
			for b.Loop() { // one second of sound
				for range 50 {
					m.Mix(p)
					m.Heard(960)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "×RT")
		})
	}
}

// finite is a wave that knows its end.
type finite struct{ *wave }

func (f finite) Left() (int64, bool) { return int64(len(f.samples) / Channels), true }

// What follows begins under the end of what was before, whole, and nothing is
// silent in between.
func TestWhatFollowsBeginsUnderTheEnd(t *testing.T) {
	level := func(v float32, frames int) *wave {
		p := make([]float32, frames*Channels)
		for k := range p {
			p[k] = v
		}
		return &wave{samples: p}
	}
	for _, known := range []bool{true, false} {
		m := NewMixer(MixerOpts{})
		var first Source = level(0.5, Rate)
		if known {
			first = finite{level(0.5, Rate)}
		}
		a := m.Add(first, Voice{})
		b := m.Add(level(0.25, Rate), Voice{})
		m.Follow(b, a)
		if !b.Waiting() {
			t.Error("it does not wait")
		}
		out := mix(m, 3*Rate, rand.New(rand.NewPCG(5, 5)))
		m.Heard(m.Unsure())
		overlap := 0
		for k := 0; k < len(out); k += Channels {
			switch v := out[k]; {
			case v == 0 && k/Channels < 2*Rate-Frames(Overlap)-960:
				t.Fatalf("known %v: silence after %d frames", known, k/Channels)
			case k > 0 && k/Channels > Rate && v > out[k-Channels]:
				t.Fatalf("known %v: a step up at frame %d", known, k/Channels)
			case v > 0.251 && v != 0.5:
				overlap++
			}
		}
		if most := Frames(Overlap); known && (overlap < most*2/3 || overlap > most+960) || !known && overlap > 1920 {
			t.Errorf("known %v: they sound together for %v", known, Duration(overlap))
		}
		for name, in := range map[string]*Input{"the first": a, "the second": b} {
			if acc := in.Account(); acc.Position != Rate || !acc.Ended {
				t.Errorf("known %v: %s came to %d frames, ended %v", known, name, acc.Position, acc.Ended)
			}
		}
	}
}
