package voice

import (
	"errors"
	"io"
	"testing"
	"time"

	"loa/agent/sound"
)

// Each word of both languages is there, is heard, and differs from every other.
func TestEveryWordIsHeard(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		seen := map[string]string{}
		for _, w := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "address"} {
			data, err := files.ReadFile(lang + "/" + FileOf(w))
			if err != nil {
				t.Fatal(err)
			}
			d := time.Duration(len(data)) * time.Second / Rate
			if d < 100*time.Millisecond || d > time.Second {
				t.Errorf("%s %q lasts %v", lang, w, d)
			}
			if other := seen[string(data)]; other != "" {
				t.Errorf("%s: %q sounds as %q", lang, w, other)
			}
			seen[string(data)] = w
			var power float64
			for _, u := range data {
				v := float64(expand(u)) / 32768
				power += v * v
			}
			if power/float64(len(data)) < 1e-4 { // −40 dBFS
				t.Errorf("%s %q is silent", lang, w)
			}
		}
	}
}

// It lasts as long as it says, fits the half minute that a technician has, and is sound.
func TestSayingTheLongestAddress(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		want, err := Length(lang, "192.168.100.200")
		if err != nil || want < 4*time.Second || want > 20*time.Second {
			t.Fatalf("%s: %v, %v", lang, want, err)
		}
		src, err := Say(lang, "192.168.100.200")
		if err != nil {
			t.Fatal(err)
		}
		buf, frames, peak := make([]float32, 9600), 0, float32(0)
		for {
			n, err := src.Read(buf)
			frames += n / sound.Channels
			for _, v := range buf[:n] {
				peak = max(peak, v)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := sound.Duration(frames); got < want-20*time.Millisecond || got > want+20*time.Millisecond || peak < 0.1 || peak > 1 {
			t.Errorf("%s: %v instead of %v, peak %v", lang, got, want, peak)
		}
	}
}

func TestWhatCannotBeSaid(t *testing.T) {
	for _, c := range [][2]string{{"vi", ""}, {"vi", "fe80::1"}, {"vi", "192.168.100.2000"}, {"vi", "một"}, {"km", "1.1.1.1"}, {"../vi", "1.1.1.1"}} {
		if _, err := Say(c[0], c[1]); err == nil {
			t.Errorf("%q was said", c)
		}
		if _, err := Length(c[0], c[1]); err == nil {
			t.Errorf("%q has a length", c)
		}
	}
}

// What was compressed comes back as near as µ-law allows.
func TestMuLaw(t *testing.T) {
	for v := -32768; v <= 32767; v += 7 {
		got := int(expand(Compress([]int16{int16(v)})[0]))
		if d := got - v; d*d > (max(v, -v)/16+8)*(max(v, -v)/16+8) && v > -32000 && v < 32000 {
			t.Fatalf("%d became %d", v, got)
		}
	}
	if expand(silent) != 0 {
		t.Error("silence is heard")
	}
}
