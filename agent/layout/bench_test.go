package layout_test

import (
	"fmt"
	"image"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"loa/agent/layout"
	"loa/boards"
)

// notice is a page as they are: eight words, both cases, figures, all of it marked.
const notice = "Tiêm phòng sởi: 7 giờ 30, Trạm y tế"

// budget is how much of a processor a page or a frame of movement may take on this
// machine. The boxes have processors that are about ten times slower, and change a page
// every four seconds, and a frame fifty times a second at most.
const (
	pageBudget  = 40 * time.Millisecond
	frameBudget = 500 * time.Microsecond
)

// TestBench prints what a page and a frame cost on the boards that we have, beside a
// frame of ffmpeg's drawtext with the same words. Ours is all from the text on: its
// letters' height, lines, glyphs and what is wrong with them; drawtext is told where
// the lines stand, and keeps its glyphs from frame to frame.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	for _, name := range []string{"commune-led-128x32", "commune-led-192x64", "led-wall-512x256", "lcd-1080p"} {
		kind, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		b := layout.BoardOf(kind.Panel)
		frame := image.NewRGBA(image.Rectangle{Max: b.Size})
		pages, _ := layout.Set(notice, layout.Look{}, b, layout.Fields{})
		page := func() {
			pages, _ := layout.Set(notice, layout.Look{}, b, layout.Fields{})
			for i := range pages {
				pages[i].Frame(frame, 0)
			}
		}
		lines := strings.Split(pages[0].Text, "\n")
		rows := b.Size.Y / len(lines)
		filter := func() string {
			var all []string
			for i, l := range lines {
				all = append(all, drawtext(l, rows, "(w-tw)/2", fmt.Sprint(i*rows)))
			}
			return strings.Join(all, ",")
		}()
		beside(t, fmt.Sprintf("page-%dx%d", b.Size.X, b.Size.Y), pageBudget, len(pages), page, b.Size, filter)
	}

	strip := layout.Board{Size: image.Pt(1920, 128), Colors: layout.Full}
	text := strings.Repeat(notice+". ", 8)
	pages, _ := layout.Set(text, layout.Look{Effect: layout.ScrollLeft}, strip, layout.Fields{})
	frame := image.NewRGBA(image.Rectangle{Max: strip.Size})
	pages[0].Frame(frame, 0)
	at := time.Duration(0)
	scroll := func() {
		pages[0].Frame(frame, at)
		at += 20 * time.Millisecond
	}
	if n := testing.AllocsPerRun(100, scroll); n > 0 {
		t.Errorf("a frame of a strip takes %v allocations", n)
	}
	beside(t, "scroll-1920x128", frameBudget, 1, scroll, strip.Size, drawtext(text, strip.Size.Y, "w-mod(n*12\\,w+tw)", "0"))
}

// beside prints the processor time of what do does in each of n parts, beside that of a
// frame of ffmpeg with a filter; the median of three by turns.
func beside(t *testing.T, name string, most time.Duration, n int, do func(), size image.Point, filter string) {
	t.Helper()
	var ours, theirs []time.Duration
	for range 3 {
		ours = append(ours, cost(do)/time.Duration(n))
		theirs = append(theirs, ffmpeg(t, size, filter))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	our, their := ours[1], theirs[1]
	fmt.Printf("bench %s %.4g ms peer ffmpeg-drawtext %.4g ratio %.2f\n", name, ms(our), ms(their), float64(our)/float64(their))
	if our > most {
		t.Errorf("%s takes %.4g ms, more than %.4g", name, ms(our), ms(most))
	}
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// cost is the processor time of one of many calls, the collector's share included.
func cost(do func()) time.Duration {
	do()
	runtime.GC()
	before, began, n := spent(syscall.RUSAGE_SELF), time.Now(), 0
	for ; time.Since(began) < time.Second; n++ {
		do()
	}
	return (spent(syscall.RUSAGE_SELF) - before) / time.Duration(n)
}

func spent(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// drawtext is a line of text in rows of pixels.
func drawtext(text string, rows int, x, y string) string {
	return fmt.Sprintf("drawtext=fontfile=fonts/sans.ttf:fontsize=%d:fontcolor=white:x=%s:y=%s:text='%s'",
		rows*7/10, x, y, strings.NewReplacer(":", `\:`, "%", `\%`, ",", `\,`).Replace(text))
}

// ffmpeg is the processor time of one of many frames, without that of its start.
func ffmpeg(t *testing.T, size image.Point, filter string) time.Duration {
	t.Helper()
	run := func(frames int) time.Duration {
		cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1", "-filter_threads", "1",
			"-f", "lavfi", "-i", fmt.Sprintf("color=c=black:s=%dx%d:r=50,format=rgba", size.X, size.Y),
			"-vf", filter, "-frames:v", fmt.Sprint(frames), "-f", "null", "-")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v: %s", err, out)
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	const few = 1
	many := few + max(100, min(5000, 100_000_000/(size.X*size.Y)))
	return (run(many) - run(few)) / time.Duration(many-few)
}
