package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// runs is how often what is compared with a peer is measured; the median counts.
const runs = 3

// TestBench prints every figure of a whole box. An aim that is missed fails it.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", bin, "loa/agent").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the agent: %v\n%s", err, out)
	}
	asFlashed(t, filepath.Join(bin, "agent"))
	if peer, err := exec.LookPath("mpd"); err == nil {
		asFlashed(t, peer)
	}
	recordings := record(t)
	s := newStage(t, filepath.Join(bin, "agent"), recordings)
	t.Run("ready", func(t *testing.T) { ready(t, s) })
	t.Run("playing", func(t *testing.T) { playing(t, s, recordings) })
	t.Run("alert", func(t *testing.T) { alerts(t, s, recordings) })
	t.Run("stop", func(t *testing.T) { stops(t, s) })
}

// asFlashed makes the kernel forget the program that was just written. A box reads
// it from its flash page by page as they are needed, and so it comes to lie in
// memory; what a compiler, or an installer of packages, has written lies there whole,
// and counts as used by whoever runs it.
func asFlashed(t *testing.T, program string) {
	t.Helper()
	f, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
}

// record makes what is played. The names are also the bulletins' ids.
func record(t *testing.T) map[string]string {
	t.Helper()
	media := os.Getenv("LOA_MEDIA")
	if media == "" {
		media = filepath.Join(os.TempDir(), fmt.Sprintf("loa-media-%d", os.Getuid()))
	}
	if out, err := exec.Command("sh", "../../testdata/media.sh", media, "bench").CombinedOutput(); err != nil {
		t.Fatalf("testdata/media.sh: %v: %s", err, out)
	}
	dir := t.TempDir()
	// Loud from the first sample on, and only on the left: what is heard on the
	// right beside it is something else. Nothing is lost, so nothing leaks.
	left := filepath.Join(dir, "left.flac")
	words := filepath.Join(dir, "words.wav")
	for _, line := range [][]string{
		{"-R", "-n", "-r", "48000", "-b", "16", "-c", "2", left, "synth", "240", "square", "440", "sine", "440", "gain", "-6", "remix", "1", "0"},
		{"-R", "-n", "-r", "48000", "-b", "16", "-c", "2", words, "synth", "20", "square", "660", "gain", "-6"},
	} {
		if out, err := exec.Command("sox", line...).CombinedOutput(); err != nil {
			t.Fatalf("sox %v: %v: %s", line, err, out)
		}
	}
	return map[string]string{"radio": filepath.Join(media, "bench.mp3"), "left": left, "words": words}
}

// figure prints one line.
func figure(name string, value float64, unit string) {
	fmt.Printf("bench %s %.4g %s\n", name, value, unit)
}

// beside prints one line with a peer's figure and fails when their ratio is more
// than the aim.
func beside(t *testing.T, name string, value float64, unit, peer string, theirs, aim float64) {
	t.Helper()
	ratio := value / theirs
	fmt.Printf("bench %s %.4g %s peer %s %.4g ratio %.2f\n", name, value, unit, peer, theirs, ratio)
	if aim > 0 && ratio > aim {
		t.Errorf("%s is %.2f times %s's, more than %.2g", name, ratio, peer, aim)
	}
}

// most fails when a figure is more than its aim.
func most(t *testing.T, name string, value float64, unit string, aim float64) {
	t.Helper()
	figure(name, value, unit)
	if value > aim {
		t.Errorf("%s is %.4g %s, more than %.4g", name, value, unit, aim)
	}
}

func median(x []float64) float64 { return quantile(x, 0.5) }

// p99 of fewer than 100 figures is the largest.
func p99(x []float64) float64 { return quantile(x, 0.99) }

// quantile is by nearest rank.
func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	if len(x) == 0 {
		return 0
	}
	return x[min(len(x)-1, int(q*float64(len(x))))]
}

// until waits for something that happens in another process.
func until(t *testing.T, what string, patience time.Duration, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v, still not: %s", patience, what)
		}
	}
}
