package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mediaDir makes all test media once per run of the tests, in a directory that
// outlives it (LOA_MEDIA names another), because encoding takes some 10 s.
var mediaDir = sync.OnceValues(func() (string, error) {
	dir := os.Getenv("LOA_MEDIA")
	if dir == "" {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("loa-media-%d", os.Getuid()))
	}
	out, err := exec.Command("sh", "../../testdata/media.sh", dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("testdata/media.sh: %w: %s", err, out)
	}
	return dir, nil
})

// media reads a test file. Without the encoders the test is skipped, except in CI.
func media(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := mediaDir()
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// some are the tests that an emulator runs, which is thirty times slower and
// could only get arithmetic wrong: a kind of everything, and no matter its rate.
var some = []string{
	"s44100.mp3", "vbr22050.mp3", "layer2.mp2", "m16000.aac", "s64.opus", "m24.opus", "q0m22050.ogg", "s24.flac", "m8.flac",
	"pcm_s24le.wav", "pcm_f32le.wav", "pcm_mulaw.wav", "m8000.aac",
	"long.mp3/flips", "long.aac/burst", "long.opus/cut", "long.ogg/late", "long.flac/short",
}

// run is t.Run for a test with a file; under an emulator, for some.
func run(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	if os.Getenv("LOA_RUNNER") == "" || slices.Contains(some, name) {
		t.Run(name, test)
	}
}

// A take is sound at the rate and with the channels of its file.
type take struct {
	rate, channels int
	pcm            []float32
	made           int // frames that only fill holes
	damaged        int
}

func (k take) frames() int      { return len(k.pcm) / max(1, k.channels) }
func (k take) seconds() float64 { return float64(k.frames()) / float64(max(1, k.rate)) }

// decodeAll decodes data without resampling it. It fails when the rate changes.
func decodeAll(data []byte, mime string) (take, error) {
	in, err := seekable(bytes.NewReader(data))
	if err != nil {
		return take{}, err
	}
	return drain(in, mime)
}

func drain(in *input, mime string) (k take, err error) {
	defer guard(&err)
	d, _, err := open(context.Background(), in, mime)
	if err != nil {
		return k, err
	}
	defer d.close()
	for {
		b, err := d.next()
		if errors.Is(err, io.EOF) {
			return k, nil
		}
		if err != nil {
			return k, err
		}
		if b.damaged {
			k.damaged++
		}
		if len(b.pcm) == 0 {
			continue
		}
		if k.rate == 0 {
			k.rate, k.channels = b.rate, b.channels
		}
		if b.rate != k.rate || b.channels != k.channels {
			return k, fmt.Errorf("%d channels at %d Hz became %d at %d", k.channels, k.rate, b.channels, b.rate)
		}
		k.made += b.made
		k.pcm = append(k.pcm, b.pcm...)
	}
}

// ffmpeg decodes data with the reference decoder, which also resynchronises.
func ffmpeg(t testing.TB, data []byte, format string, rate, channels int, codec ...string) take {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in."+format)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-nostdin", "-v", "fatal"}, codec...)
	args = append(args, "-i", path, "-f", "f32le", "-ar", fmt.Sprint(rate), "-ac", fmt.Sprint(channels), "-")
	cmd := exec.Command("ffmpeg", args...)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Logf("ffmpeg: %v", err)
	}
	return take{rate: rate, channels: channels, pcm: floats(out)}
}

// reference decodes data with whom we believe. That is ffmpeg 5.1 where it is right:
//   - MP3 at 24 kHz it decodes 20 dB off whatever LAME wrote: LAME and libmpg123
//     begin scale factor band 18 at line 332, as ISO 13818-3 table B.2 does. LAME it is.
//   - MP3 in free format it refuses. mpg123 it is, with framing of its own.
//   - Opus in SILK mode its own decoder gives 20 dB off libopus, which it has as well.
//   - AAC with noise substitution its float decoder fills with other noise than its
//     integer one, and layer II it decodes with integers unless told otherwise.
func reference(t testing.TB, data []byte, file string, rate, channels int) take {
	t.Helper()
	format := filepath.Ext(file)[1:]
	switch {
	case strings.HasPrefix(file, "free"):
		out := output(t, data, "mpg123", "-q", "-e", "f32", "-s", "-")
		return take{rate: rate, channels: channels, pcm: floats(out)}
	case format == "mp3" && rate == 24000:
		out := output(t, data, "lame", "--quiet", "--decode", "--mp3input", "-t", "-", "-")
		pcm := make([]float32, len(out)/2)
		for i := range pcm {
			pcm[i] = float32(int16(binary.LittleEndian.Uint16(out[2*i:]))) / 32768
		}
		return take{rate: rate, channels: channels, pcm: pcm}
	case format == "opus":
		return ffmpeg(t, data, format, rate, channels, "-c:a", "libopus")
	case format == "aac":
		return ffmpeg(t, data, format, rate, channels, "-c:a", "aac_fixed")
	case format == "mp2":
		return ffmpeg(t, data, format, rate, channels, "-c:a", "mp2float")
	}
	return ffmpeg(t, data, format, rate, channels)
}

// output is what a program makes of data.
func output(t testing.TB, data []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func floats(b []byte) []float32 {
	pcm := make([]float32, len(b)/4)
	for i := range pcm {
		pcm[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return pcm
}

// A likeness says how far two takes differ once one is shifted by lag frames.
type likeness struct {
	lag    int     // what b has in front of a, in frames
	most   float64 // the largest difference, in steps of 16 bits
	snr    float64 // in dB
	frames int     // compared
}

func (l likeness) String() string {
	return fmt.Sprintf("lag %d, largest difference %.2f LSB, SNR %.1f dB over %d frames", l.lag, l.most, l.snr, l.frames)
}

// compare aligns b with a by cross-correlating a loud second of a, within reach
// frames to each side, and compares what they have in common.
func compare(a, b take, reach int) (l likeness) {
	ch := a.channels
	na, nb := a.frames(), b.frames()
	n := min(na, nb, a.rate/4)
	if n == 0 {
		return likeness{most: math.Inf(1)}
	}
	from := loudest(a, n)
	best := math.Inf(-1)
	for lag := -reach; lag <= reach; lag++ {
		if from+lag < 0 || from+lag+n > nb {
			continue
		}
		var sum float64
		for i := 0; i < n && sum > best; i += 3 {
			sum -= math.Abs(float64(a.pcm[(from+i)*ch] - b.pcm[(from+lag+i)*ch]))
		}
		if sum > best {
			best, l.lag = sum, lag
		}
	}
	var signal, noise float64
	for i := max(0, -l.lag); i < na && i+l.lag < nb; i++ {
		for c := range ch {
			x, y := float64(a.pcm[i*ch+c]), float64(b.pcm[(i+l.lag)*ch+c])
			signal += x * x
			noise += (x - y) * (x - y)
			l.most = max(l.most, math.Abs(x-y)*32768)
		}
		l.frames++
	}
	l.snr = 10 * math.Log10(signal/max(noise, 1e-30))
	return l
}

// loudest is where the loudest n frames of the first channel begin, roughly.
func loudest(k take, n int) int {
	at, best := 0, -1.0
	for from := 0; from+n <= k.frames(); from += n {
		var sum float64
		for i := range n {
			v := float64(k.pcm[(from+i)*k.channels])
			sum += v * v
		}
		if sum > best {
			at, best = from, sum
		}
	}
	return at
}
