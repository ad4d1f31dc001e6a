package engine

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/speech"
)

// A voice is an engine that makes a tone, 150 ms for a word, at a rate of its own.
type voice struct {
	rate  int
	hums  map[string]int // ms of sound, where it differs
	asked chan string
}

func (v voice) Speak(ctx context.Context, s string) (PCM, error) {
	if v.asked != nil {
		v.asked <- s
	}
	ms, ok := v.hums[s]
	if !ok {
		ms = 150 * len(strings.Fields(s))
	}
	p := PCM{Rate: v.rate, Samples: make([]int16, ms*v.rate/1000)}
	for i := range p.Samples {
		p.Samples[i] = int16(8000 * (i%20 - 10) / 10)
	}
	return p, ctx.Err()
}

func read(text string) speech.Reading { return speech.Read(text, speech.Choices{}) }

func TestSentencesInTheirOrder(t *testing.T) {
	var lengths []time.Duration
	err := Render(t.Context(), voice{rate: 8000}, read("Một hai. Ba bốn năm sáu! Bảy?"), func(p PCM) error {
		lengths = append(lengths, p.Length()-between)
		return nil
	})
	if err != nil || len(lengths) != 3 || lengths[0] != 300*time.Millisecond || lengths[1] != 600*time.Millisecond || lengths[2] != 150*time.Millisecond {
		t.Errorf("%v, %v", lengths, err)
	}
}

// The first sentence can sound before the last is made.
func TestFirstSoundComesEarly(t *testing.T) {
	v := voice{rate: 8000, asked: make(chan string)}
	first := make(chan struct{})
	done := make(chan error)
	go func() {
		n := 0
		done <- Render(t.Context(), v, read("Một. Hai. Ba. Bốn. Năm."), func(PCM) error {
			if n++; n == 1 {
				close(first)
			}
			return nil
		})
	}()
	asked := 0
	for heard := false; !heard; {
		select {
		case <-v.asked:
			asked++
		case <-first:
			heard = true
		}
	}
	if asked >= 5 {
		t.Errorf("%d of 5 sentences were made before the first was handed on", asked)
	}
	for asked < 5 {
		<-v.asked
		asked++
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNothingIsPassedOver(t *testing.T) {
	var silent *SilentError
	err := Render(t.Context(), voice{rate: 8000, hums: map[string]int{"Gọi một một bốn ngay bây giờ.": 300}}, read("Cháy! Gọi 114 ngay bây giờ."), func(PCM) error { return nil })
	if !errors.As(err, &silent) || silent.Length > 300*time.Millisecond {
		t.Errorf("a sentence that was cut short: %v", err)
	}
	err = Render(t.Context(), voice{rate: 8000, hums: map[string]int{"Hai.": 0}}, read("Một. Hai."), func(PCM) error { return nil })
	if !errors.As(err, &silent) {
		t.Errorf("a sentence without a sound: %v", err)
	}
	var bad *UnreadableError
	if err := Render(t.Context(), voice{rate: 8000}, read("Chữ 早."), func(PCM) error { t.Error("something was spoken"); return nil }); !errors.As(err, &bad) {
		t.Errorf("an unreadable text: %v", err)
	}
	if err := Render(t.Context(), voice{rate: 8000}, read("---"), nil); !errors.Is(err, ErrNothing) {
		t.Errorf("nothing: %v", err)
	}
	gone := errors.New("gone")
	if err := Render(t.Context(), voice{rate: 8000}, read("Một. Hai. Ba. Bốn."), func(PCM) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("nobody listens any more: %v", err)
	}
}

func TestProgramIsHeldIn(t *testing.T) {
	for name, c := range map[string]struct {
		p    Program
		want string
	}{
		"missing": {Program{Command: []string{"no-such-program"}}, "not installed"},
		"none":    {Program{}, "no program"},
		"fails":   {Program{Command: []string{"sh", "-c", "echo hỏng >&2; exit 3"}}, "exit status 3 hỏng"},
		"slow":    {Program{Command: []string{"sh", "-c", "sleep 60 & sleep 60"}, Time: 100 * time.Millisecond}, "took more than 100ms"},
		"endless": {Program{Command: []string{"cat", "/dev/zero"}, Bytes: 1 << 16}, "more than 65536 bytes"},
		"no WAV":  {Program{Command: []string{"cat"}}, "no WAV file"},
		"nothing": {Program{Command: []string{"true"}}, "no WAV file"},
		"noisy":   {Program{Command: []string{"sh", "-c", "head -c 100000 /dev/zero >&2; exit 1"}}, "exit status 1"},
	} {
		start := time.Now()
		_, err := c.p.Speak(t.Context(), "chào")
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 3000 {
			t.Errorf("%s: %.200v, want %q", name, err, c.want)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// What is spoken arrives as it was written: not in an argument that may begin with a dash.
func TestProgramReadsItsInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "asked")
	p := Program{Command: []string{"sh", "-c", "cat > " + file}}
	p.Speak(t.Context(), "-v vi; rm -rf $HOME")
	if got, err := os.ReadFile(file); err != nil || string(got) != "-v vi; rm -rf $HOME\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWAVBothWays(t *testing.T) {
	p, _ := voice{rate: 22050}.Speak(t.Context(), "một hai")
	var b bytes.Buffer
	if err := WriteWAV(&b, p); err != nil {
		t.Fatal(err)
	}
	back, err := ReadWAV(b.Bytes())
	if err != nil || back.Rate != p.Rate || len(back.Samples) != len(p.Samples) || back.Samples[7] != p.Samples[7] {
		t.Errorf("%d samples of %d at %d Hz, %v", len(back.Samples), len(p.Samples), back.Rate, err)
	}
	endless := bytes.Clone(b.Bytes())
	copy(endless[40:], "\xff\xff\xff\x7f") // as programs write it that do not know the end yet
	if back, err := ReadWAV(endless); err != nil || len(back.Samples) != len(p.Samples) {
		t.Errorf("of a pipe: %d samples, %v", len(back.Samples), err)
	}
}

func FuzzReadWAV(f *testing.F) {
	p, _ := voice{rate: 8000}.Speak(f.Context(), "một")
	var b bytes.Buffer
	WriteWAV(&b, p)
	f.Add(b.Bytes()[:200])
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) { ReadWAV(data) })
}

// The bank takes the longest phrase, and names what it lacks.
func TestBank(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tone := func(ms int) []byte {
		var b bytes.Buffer
		p := PCM{Rate: 48000, Samples: make([]int16, 48*ms)}
		for i := range p.Samples {
			p.Samples[i] = int16(8000 * (i%100 - 50) / 50)
		}
		WriteWAV(&b, p)
		return b.Bytes()
	}
	write("long.wav", tone(2000))
	write("short.wav", tone(500))
	manifest := func(s string) { write("manifest.toml", []byte(s)) }
	manifest(`voice = "Lan"
[phrases]
"Ủy ban nhân dân xã thông báo" = "long.wav"
"ủy ban" = "short.wav"
"hoà" = "short.wav"
`)
	b, err := OpenBank(dir)
	if err != nil || b.Voice != "Lan" {
		t.Fatal(b, err)
	}
	near := func(d, want time.Duration) bool { return (d - want).Abs() < 20*time.Millisecond }
	p, err := b.Speak(t.Context(), "Uỷ ban nhân dân xã thông báo, hòa.")
	if err != nil || !near(p.Length(), 2500*time.Millisecond+bankPause) {
		t.Errorf("%v, %v", p.Length(), err)
	}
	r := read("Ủy ban xã họp lúc 7h, hòa. Ấp 3 họp lúc 7h.")
	if got := strings.Join(b.Missing(r), "|"); got != "xã họp lúc bảy giờ|ấp ba họp lúc bảy giờ" {
		t.Errorf("missing: %s", got)
	}
	var missing *MissingError
	if err := Render(t.Context(), b, r, func(PCM) error { t.Error("something was spoken"); return nil }); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{
		"[phrases]\n\"a\" = \"../x.wav\"\n": "does not lie",
		"[phrases]\n\"a\" = \"x.wav\"\n":    "no such file",
		"[phrases]\n\",\" = \"long.wav\"\n": "no words",
		"phrase = 1\n":                      "manifest.toml",
	} {
		manifest(text)
		if _, err := OpenBank(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestEspeakSpeaksEachRegion(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed")
	}
	said := map[string]bool{}
	for _, region := range speech.Regions {
		c, _ := speech.Region(region)
		var all PCM
		err := Render(t.Context(), Espeak(region), speech.Read("Từ 7h30 ngày 24/11, cắt điện 105 hộ. Gọi 114!", c), func(p PCM) error {
			all.Rate, all.Samples = p.Rate, append(all.Samples, p.Samples...)
			return nil
		})
		if err != nil || all.Length() < 4*time.Second || all.Length() > 20*time.Second {
			t.Errorf("%s: %v, %v", region, all.Length(), err)
		}
		var b bytes.Buffer
		WriteWAV(&b, all)
		said[b.String()] = true
	}
	if len(said) != len(speech.Regions) {
		t.Errorf("%d voices of %d regions", len(said), len(speech.Regions))
	}
}
