package sound

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

func measure(t *testing.T, samples []float32) float64 {
	t.Helper()
	lufs, _, _, err := Measure(&wave{samples: samples})
	if err != nil {
		t.Fatal(err)
	}
	return lufs
}

// The minimum requirements of EBU Tech 3341, table 1, as far as they speak of
// integrated loudness in stereo.
func TestLoudnessAsEBUTech3341Wants(t *testing.T) {
	level := func(dBFS float64, d time.Duration) []float32 {
		return sine(1000, Amplitude(dBFS), Frames(d), Rate)
	}
	join := func(parts ...[]float32) (all []float32) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for _, c := range []struct {
		name    string
		samples []float32
		want    float64
	}{
		{"case 1", level(-23, 20*time.Second), -23},
		{"case 2", level(-33, 20*time.Second), -33},
		{"case 3", join(level(-36, 10*time.Second), level(-23, 60*time.Second), level(-36, 10*time.Second)), -23},
		{"case 4", join(level(-72, 10*time.Second), level(-36, 10*time.Second), level(-23, 60*time.Second),
			level(-36, 10*time.Second), level(-72, 10*time.Second)), -23},
		{"case 5", join(level(-26, 20*time.Second), level(-20, 20100*time.Millisecond), level(-26, 20*time.Second)), -23},
	} {
		if got := measure(t, c.samples); math.Abs(got-c.want) > 0.1 {
			t.Errorf("%s: %.2f LUFS, want %.1f ±0.1", c.name, got, c.want)
		}
	}
	if got := measure(t, sine(997, Amplitude(-23), 20*Rate, Rate)); math.Abs(got+23) > 0.1 {
		t.Errorf("997 Hz at −23 dBFS: %.2f LUFS", got)
	}
}

// Without the absolute gate the long pause would pull down the relative one, and
// the quiet half would count.
func TestALongPauseChangesNoLoudness(t *testing.T) {
	loud, quiet := sine(1000, Amplitude(-23), 4*Rate, Rate), sine(1000, Amplitude(-42), 4*Rate, Rate)
	pause := sine(1000, Amplitude(-75), 80*Rate, Rate)
	if got := measure(t, slices.Concat(loud, pause, quiet)); math.Abs(got+23) > 0.4 {
		t.Errorf("%.2f LUFS, want −23", got)
	}
}

func TestGatedCountsWhatCanBeHeard(t *testing.T) {
	var l Loudness
	l.Add(make([]float32, 10*Rate*Channels))
	l.Add(sine(1000, 0.1, 3*Rate, Rate))
	if got := l.Gated(); got < 3*time.Second || got > 3300*time.Millisecond {
		t.Errorf("%v of 3 s of sound after 10 s of silence", got)
	}
}

func TestLoudnessOfNothing(t *testing.T) {
	for name, samples := range map[string][]float32{
		"no sound": nil, "silence": make([]float32, 2*Rate), "too short": sine(1000, 0.5, Rate/4, Rate),
	} {
		if got := measure(t, samples); got != NoLoudness {
			t.Errorf("%s: %g LUFS", name, got)
		}
	}
	if g := LevelGain(NoLoudness, -16); g != 0 {
		t.Errorf("what has no loudness is changed by %g dB", g)
	}
}

func TestMeasureTellsPeakAndLength(t *testing.T) {
	_, peak, d, err := Measure(&wave{samples: sine(100, 0.5, 3*Rate, Rate)})
	if err != nil || d != 3*time.Second || math.Abs(peak+6.02) > 0.01 {
		t.Errorf("peak %.2f, %v, %v", peak, d, err)
	}
	if _, _, _, err := Measure(&wave{samples: noise(Rate, 1, 1), rng: rand.New(rand.NewPCG(1, 1))}); err == nil {
		t.Error("a source that starves was measured")
	}
}

// programme is a minute that is now speech-like, now music-like, now still.
func programme(seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 9))
	var all []float32
	for range 30 {
		part := noise(2*Rate, Amplitude(-45+40*rng.Float64()), rng.Uint64())
		tone := sine(100+3000*rng.Float64(), Amplitude(-40+35*rng.Float64()), len(part)/2, Rate)
		for i := range part {
			part[i] = 0.5*part[i] + 0.5*tone[i]
		}
		all = append(all, part...)
	}
	return all
}

func TestLoudnessAgreesWithFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed: nothing to compare with")
	}
	for seed := range uint64(3) {
		samples := programme(seed)
		var raw bytes.Buffer
		if err := binary.Write(&raw, binary.LittleEndian, samples); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(ffmpeg, "-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "2",
			"-i", "pipe:0", "-af", "ebur128", "-f", "null", "-")
		cmd.Stdin = &raw
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, said)
		}
		found := regexp.MustCompile(`(?s)Summary:.*?I:\s+(-?[0-9.]+) LUFS`).FindSubmatch(said)
		if found == nil {
			t.Fatalf("ffmpeg says no loudness:\n%s", said)
		}
		want, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		got := measure(t, samples)
		t.Logf("%.2f LUFS, ffmpeg %.1f", got, want)
		if math.Abs(got-want) > 0.1 {
			t.Errorf("programme %d: %.2f LUFS, ffmpeg says %.1f", seed, got, want)
		}
	}
}

func TestLevellerComesToItsTarget(t *testing.T) {
	for _, level := range []float64{-35, -10} {
		l := NewLeveller(&wave{samples: sine(1000, Amplitude(level), 40*Rate, Rate)}, -20)
		out := readAll(t, l)
		want := LevelGain(level, -20)
		if math.Abs(l.GainDB()-want) > 0.2 {
			t.Errorf("a station at %g LUFS is changed by %.1f dB, want %.1f", level, l.GainDB(), want)
		}
		var m Meter
		m.Add(out[:Rate/5]) // the first 100 ms are left alone
		if math.Abs(m.RMS()-(level-3.01)) > 0.1 {
			t.Errorf("it begins at %.1f dBFS, want %.1f", m.RMS(), level-3.01)
		}
	}
	l := NewLeveller(&wave{samples: make([]float32, 20*Rate)}, -20)
	if readAll(t, l); l.GainDB() != 0 {
		t.Errorf("silence is raised by %.1f dB", l.GainDB())
	}
}

func BenchmarkLoudness(b *testing.B) {
	var l Loudness
	p := noise(960, 0.3, 1)
	b.ReportAllocs()
	for b.Loop() { // one second of sound
		for range 50 {
			l.Add(p)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "×RT")
}
