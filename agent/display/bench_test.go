package display

import (
	"context"
	"fmt"
	"image"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// A sight is something to be shown for some seconds, and what it may cost. Processors
// of boxes are about ten times slower than those of desks.
var sights = []struct {
	name    string
	size    image.Point
	style   string
	ticker  string
	frames  int           // that are at least shown in a second
	cpu     time.Duration // of a frame, at most
	garbage float64       // of a frame, in KiB, at most
	memory  float64       // in all, in MiB, at most
}{
	{"pages-128x32", image.Pt(128, 32), "", "", 0, 2 * time.Millisecond, 256, 24}, // each is laid out
	{"scroll-1920x128", image.Pt(1920, 128), "scroll", "", 45, time.Millisecond, 16, 32},
	{"scroll-1920x1080", image.Pt(1920, 1080), "scroll", "", 45, 4 * time.Millisecond, 32, 64},
	{"ticker-1920x128", image.Pt(1920, 128), "", words, 45, time.Millisecond, 16, 32},
}

const (
	watched = 10 * time.Second
	words   = "Tiêm phòng sởi: 7 giờ 30, Trạm y tế. Mang theo sổ tiêm chủng của cháu."
)

// A glass takes pictures at once and keeps none.
type glass struct {
	size   image.Point
	frames int
}

func (g *glass) Size() image.Point                       { return g.size }
func (g *glass) Show(context.Context, image.Image) error { g.frames++; return nil }

// TestBench prints what it costs to keep a board going, in a process of its own: the
// processor and the memory that a frame takes, and the most memory there ever was,
// beside that of ffmpeg's drawtext at the same size.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	for _, s := range sights {
		if os.Getenv("LOA_SIGHT") == s.name {
			watch(t, s.size, s.style, s.ticker)
			return
		}
	}
	for _, s := range sights {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBench$", "-test.v")
		cmd.Env = append(os.Environ(), "LOA_SIGHT="+s.name)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var frames int
		var cpu time.Duration
		var garbage uint64
		_, told, _ := strings.Cut(string(out), "watched ")
		if _, err := fmt.Sscan(told, &frames, (*int64)(&cpu), &garbage); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		n := max(1, frames)
		cpu /= time.Duration(n)
		left := float64(garbage) / float64(n) / 1024
		ours, theirs := peak(cmd), drawtext(t, s.size)
		fmt.Printf("bench board-%s-frames %.1f frames/s\n", s.name, float64(frames)/watched.Seconds())
		fmt.Printf("bench board-%s-frame %.4g ms\n", s.name, cpu.Seconds()*1000)
		fmt.Printf("bench board-%s-frame-garbage %.4g KiB\n", s.name, left)
		fmt.Printf("bench board-%s-memory %.4g MiB peer ffmpeg-drawtext %.4g ratio %.2f\n", s.name, ours, theirs, ours/theirs)
		if frames < s.frames*int(watched/time.Second) {
			t.Errorf("%s: %d frames in %v, fewer than %d a second", s.name, frames, watched, s.frames)
		}
		if cpu > s.cpu {
			t.Errorf("%s: a frame takes %v, more than %v", s.name, cpu, s.cpu)
		}
		if left > s.garbage {
			t.Errorf("%s: a frame leaves %.4g KiB behind, more than %.4g", s.name, left, s.garbage)
		}
		if ours > s.memory {
			t.Errorf("%s: a process of %.4g MiB, more than %.4g", s.name, ours, s.memory)
		}
	}
}

// watch shows something for a while and tells how many frames there were, and the
// processor time and the memory that they took.
func watch(t *testing.T, size image.Point, style, ticker string) {
	g := &glass{size: size}
	d := New(Opts{
		Open:  func(context.Context) (Panel, error) { return g, nil },
		Board: layout.Board{Size: size, Colors: layout.Full},
	})
	d.Show(plan.Scene{Shown: []plan.Occurrence{{
		ID: "a", Class: plan.Normal, Ticker: ticker,
		Pages: []plan.Page{{Text: words, Style: style}, {Text: "{clock}"}},
	}}})
	// Fonts are read once in the life of a box.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	d.Run(ctx)
	cancel()
	g.frames = 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	spent := usage(t)
	ctx, cancel = context.WithTimeout(t.Context(), watched)
	defer cancel()
	d.Run(ctx)
	runtime.ReadMemStats(&after)
	fmt.Println("watched", g.frames, int64(usage(t)-spent), after.TotalAlloc-before.TotalAlloc)
}

func usage(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most memory that a process had, in MiB.
func peak(cmd *exec.Cmd) float64 {
	return float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

// drawtext is the memory of ffmpeg while it draws the same words.
func drawtext(t *testing.T, size image.Point) float64 {
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1", "-filter_threads", "1",
		"-f", "lavfi", "-i", fmt.Sprintf("color=c=black:s=%dx%d:r=50,format=rgba", size.X, size.Y),
		"-vf", fmt.Sprintf("drawtext=fontfile=../layout/fonts/sans.ttf:fontsize=%d:fontcolor=white:x=w-mod(n*12\\,w+tw):text='%s'",
			size.Y*7/10, strings.NewReplacer(":", `\:`, ",", `\,`).Replace(words)),
		"-frames:v", "100", "-f", "null", "-")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return peak(cmd)
}
