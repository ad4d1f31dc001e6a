package term

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/drivers/term/termtest"
)

var (
	_ display.Dimmer = (*Panel)(nil)
	_ display.Prober = (*Panel)(nil)
)

func TestTrial(t *testing.T) {
	palettes := map[Depth]color.Palette{Colours256: termtest.Palette256(), Plain: {color.Black, color.White}}
	for _, o := range []Opts{
		{Size: image.Pt(13, 8)},
		{Size: image.Pt(13, 7), Row: 5, Column: 9},
		{Size: image.Pt(6, 4), Depth: Colours256, Row: 1},
		{Size: image.Pt(13, 7), Depth: Plain},
		{Size: image.Pt(1, 1), Row: 2, Column: 2},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				t.Parallel() // a silent terminal is waited for
				s := termtest.New()
				p, err := New(splitter{s}, o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					s.Stop(false)
					if err := s.Err(); err != nil {
						t.Error(err)
					}
				})
				var silence func(bool)
				if o.Row == 5 { // once is enough: it takes its time
					silence = s.Stop
				}
				return displaytest.Bench{
					Panel:   p,
					Screen:  func() image.Image { return s.Picture(o.Row, max(1, o.Column), o.Size) },
					Palette: palettes[o.Depth],
					Silence: silence,
				}
			})
		})
	}
}

// A splitter hands text on in pieces, cut anywhere.
type splitter struct{ s *termtest.Screen }

func (w splitter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := 1 + rand.IntN(len(rest))
		if _, err := w.s.Write(rest[:n]); err != nil {
			return len(p) - len(rest), err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func TestLines(t *testing.T) {
	p := image.NewRGBA(image.Rect(0, 0, 3, 3))
	p.Set(0, 0, color.White)
	p.Set(1, 1, color.RGBA{R: 255, A: 255})
	p.Set(2, 0, color.RGBA{G: 255, A: 255})
	p.Set(2, 1, color.RGBA{G: 255, A: 255})
	p.Set(0, 2, color.White)
	for _, c := range []struct {
		depth Depth
		want  string
	}{
		{Plain, "▀▄█\n▀  "},
		{TrueColour, `
ESC[38;2;255;255;255;48;2;0;0;0m▀ESC[38;2;0;0;0;48;2;255;0;0m▀ESC[38;2;0;255;0;48;2;0;255;0m▀ESC[m
ESC[38;2;255;255;255;49m▀ESC[38;2;0;0;0;49m▀▀ESC[m`[1:]},
		{Colours256, `
ESC[38;5;231;48;5;16m▀ESC[38;5;16;48;5;196m▀ESC[38;5;46;48;5;46m▀ESC[m
ESC[38;5;231;49m▀ESC[38;5;16;49m▀▀ESC[m`[1:]},
	} {
		got := strings.ReplaceAll(strings.Join(Lines(p, c.depth), "\n"), "\x1b", "ESC")
		if got != c.want {
			t.Errorf("depth %d:\n%s\nnot\n%s", c.depth, got, c.want)
		}
	}
	if got := Lines(p.SubImage(image.Rect(2, 0, 3, 2)), Plain); len(got) != 1 || got[0] != "█" {
		t.Errorf("a part of a picture is drawn as %q", got)
	}
}

// The fast choice of one of 240 colours is as good as looking at all of them.
func TestNearest(t *testing.T) {
	all := termtest.Palette256()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		c := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		if r.IntN(2) == 0 {
			c.G, c.B = c.R, c.R
		}
		dist := func(p color.Color) int {
			q := p.(color.RGBA)
			return apart(c, int(q.R), int(q.G), int(q.B))
		}
		got, best := dist(all[nearest(c)-16]), dist(all[all.Index(c)])
		// The grey is chosen by the mean, and may be the neighbour of the best.
		if got > best+300 {
			t.Fatalf("%v: %d is %d away, the nearest %d", c, nearest(c), got, best)
		}
	}
	for i, c := range all {
		if all[nearest(c.(color.RGBA))-16] != c {
			t.Errorf("colour %d becomes %d", 16+i, nearest(c.(color.RGBA)))
		}
	}
}

func TestDepthOf(t *testing.T) {
	for env, want := range map[string]Depth{
		"":                                  Plain,
		"TERM=dumb COLORTERM=truecolor":     Plain,
		"TERM=xterm-256color":               Colours256,
		"TERM=xterm-256color NO_COLOR=1":    Plain,
		"TERM=xterm COLORTERM=truecolor":    TrueColour,
		"TERM=linux":                        Colours256,
		"TERM=xterm-direct":                 TrueColour,
		"TERM=vt220":                        Plain,
		"TERM=screen.xterm COLORTERM=24bit": TrueColour,
	} {
		vars := map[string]string{}
		for _, v := range strings.Fields(env) {
			name, value, _ := strings.Cut(v, "=")
			vars[name] = value
		}
		if got := DepthOf(func(name string) string { return vars[name] }); got != want {
			t.Errorf("%q has depth %d, not %d", env, got, want)
		}
	}
}

// A fixed place leaves the cursor, and what is written there, alone.
func TestPlaceAndCursor(t *testing.T) {
	s := termtest.New()
	p, err := New(s, Opts{Size: image.Pt(4, 4), Depth: Plain, Row: 3, Column: 5})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(s, "█\n██")
	if err := p.Show(context.Background(), image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	if row, column := s.Cursor(); row != 2 || column != 3 {
		t.Errorf("the cursor went to row %d, column %d", row, column)
	}
}

// A frame that stands there already is not written a second time into a log; a
// fixed place is drawn again, for something else may have been written over it.
func TestSameFrameAgain(t *testing.T) {
	for row, want := range map[int]int{0: 1, 1: 2} {
		var w counter
		p, err := New(&w, Opts{Size: image.Pt(4, 4), Row: row})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := p.Show(context.Background(), image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
				t.Fatal(err)
			}
		}
		if int(w) != want {
			t.Errorf("row %d: %d writes, not %d", row, w, want)
		}
	}
}

// Nobody knows what a failed write left: the same frame is written again.
func TestSameFrameAfterAnError(t *testing.T) {
	var frames []string
	fails := false
	p, err := New(writer(func(b []byte) (int, error) {
		frames = append(frames, string(b))
		if fails {
			return 0, errors.New("no space")
		}
		return len(b), nil
	}), Opts{Size: image.Pt(2, 2), Depth: Plain})
	if err != nil {
		t.Fatal(err)
	}
	dark, lit := image.NewGray(image.Rect(0, 0, 2, 2)), &image.Gray{Pix: []byte{255, 255, 255, 255}, Stride: 2, Rect: image.Rect(0, 0, 2, 2)}
	for i, page := range []image.Image{dark, lit, dark} {
		fails = i == 1
		if err := p.Show(context.Background(), page); (err != nil) != fails {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	if want := "[  \n ██\n   \n]"; fmt.Sprint(frames) != want {
		t.Errorf("%q was written", frames)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c++; return len(p), nil }

// A write that waits keeps the next one waiting, so that frames cannot mix.
func TestStoppedTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var written []string
		p, err := New(writer(func(b []byte) (int, error) {
			<-release
			written = append(written, string(b))
			return len(b), nil
		}), Opts{Size: image.Pt(2, 2), Depth: Plain, Row: 1})
		if err != nil {
			t.Fatal(err)
		}
		lit := image.NewGray(image.Rect(0, 0, 2, 2))
		for range 3 {
			if err := p.Show(context.Background(), lit); err == nil || !strings.Contains(err.Error(), "took nothing") {
				t.Errorf("a stopped terminal: %v", err)
			}
		}
		if facts, err := p.Probe(context.Background()); err == nil {
			t.Errorf("a probe of a stopped terminal says %v", facts)
		}
		close(release)
		if err := p.Show(context.Background(), lit); err != nil {
			t.Error(err)
		}
		if len(written) != 2 || written[0] != written[1] {
			t.Errorf("not the first frame and the last were written, but %q", written)
		}
	})
}

func TestBrokenTerminal(t *testing.T) {
	gone := errors.New("gone")
	p, err := New(writer(func([]byte) (int, error) { return 0, gone }), Opts{Size: image.Pt(2, 2)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Show(context.Background(), image.NewGray(image.Rect(0, 0, 2, 2))); !errors.Is(err, gone) {
		t.Errorf("the writer's error became %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
