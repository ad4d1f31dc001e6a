// Package displaytest asks of a panel driver all that display relies on.
package displaytest

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"testing"
	"time"

	"loa/agent/display"
)

// A Bench is a fresh panel on its emulated device.
type Bench struct {
	Panel display.Panel

	// Screen is what a person in front of the device sees now; black is dark.
	Screen func() image.Image

	// Palette is all that the device can show, black first; nil: every colour.
	Palette color.Palette
	// Tolerance is how far a channel may be off, of 255: 8 for RGB565.
	Tolerance int

	// Silence makes the device deaf and mute, or answer again. Nil: it never
	// answers, as those of pixel protocols.
	Silence func(on bool)
	// PowerCut takes the supply away from the device and gives it back. Nil: it has
	// none of its own.
	PowerCut func()
	// Within is the longest that a Show may take to fail on a silent device; 0: 10 s.
	Within time.Duration
}

// Run tries the driver on fresh benches. open may use t to clean up.
func Run(t *testing.T, open func(t *testing.T) Bench) {
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			if c, ok := b.Panel.(io.Closer); ok {
				defer c.Close() // the trial of Close looks at its errors
			}
			if b.Within == 0 {
				b.Within = 10 * time.Second
			}
			if err := c.try(b); err != nil {
				t.Error(err)
			}
		})
	}
}

var trials = []struct {
	name string
	try  func(Bench) error
}{
	{"pictures", tryPictures},
	{"another size is refused", trySize},
	{"the picture stays the caller's", tryCopy},
	{"a done context", tryContext},
	{"silence, and back", trySilence},
	{"a power cut", tryPowerCut},
	{"brightness", tryBrightness},
	{"a probe", tryProbe},
	{"a strip scrolls", tryScroll},
	{"a held picture", tryHold},
	{"Close", tryClose},
}

// patterns are pictures in the colours that the device has: all dark, all of each
// colour, the corners, a chessboard, and a diagonal through all colours.
func (b Bench) patterns() map[string]*image.RGBA {
	size := b.Panel.Size()
	colours := b.Palette
	if colours == nil {
		colours = color.Palette{
			color.RGBA{A: 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255},
			color.RGBA{0, 0, 255, 255}, color.RGBA{200, 96, 32, 255}, color.RGBA{32, 96, 200, 255},
		}
	}
	made := map[string]*image.RGBA{}
	draw := func(name string, at func(x, y int) color.Color) {
		p := image.NewRGBA(image.Rectangle{Max: size})
		for y := range size.Y {
			for x := range size.X {
				p.Set(x, y, at(x, y))
			}
		}
		made[name] = p
	}
	last := colours[len(colours)-1]
	for i, c := range colours {
		draw(fmt.Sprintf("all of colour %d", i), func(x, y int) color.Color { return c })
	}
	draw("the corners", func(x, y int) color.Color {
		if (x == 0 || x == size.X-1) && (y == 0 || y == size.Y-1) {
			return last
		}
		return colours[0]
	})
	draw("one pixel", func(x, y int) color.Color {
		if x == size.X/3 && y == size.Y/3 {
			return colours[1]
		}
		return colours[0]
	})
	draw("a chessboard", func(x, y int) color.Color { return colours[(x+y)%2] })
	draw("a diagonal", func(x, y int) color.Color { return colours[(x+2*y)%len(colours)] })
	return made
}

// show shows a picture and looks whether it is on the screen.
func (b Bench) show(name string, p image.Image) error {
	ctx, cancel := context.WithTimeout(context.Background(), b.Within)
	defer cancel()
	if err := b.Panel.Show(ctx, p); err != nil {
		return fmt.Errorf("cannot show %s: %w", name, err)
	}
	if err := Same(b.Screen(), p, b.Tolerance); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Same compares what is seen with what was shown, within a tolerance per channel.
func Same(got, want image.Image, tolerance int) error {
	if got.Bounds().Size() != want.Bounds().Size() {
		return fmt.Errorf("the screen is %v, not %v", got.Bounds().Size(), want.Bounds().Size())
	}
	differ, first := 0, ""
	size, g, w := want.Bounds().Size(), got.Bounds().Min, want.Bounds().Min
	for y := range size.Y {
		for x := range size.X {
			a := color.RGBAModel.Convert(got.At(g.X+x, g.Y+y)).(color.RGBA)
			b := color.RGBAModel.Convert(want.At(w.X+x, w.Y+y)).(color.RGBA)
			if far(a.R, b.R, tolerance) || far(a.G, b.G, tolerance) || far(a.B, b.B, tolerance) {
				if differ++; differ == 1 {
					first = fmt.Sprintf("(%d,%d) is %v instead of %v", x, y, a, b)
				}
			}
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d pixels differ; %s", differ, size.X*size.Y, first)
	}
	return nil
}

func far(a, b uint8, tolerance int) bool {
	d := int(a) - int(b)
	return d > tolerance || -d > tolerance
}

func tryPictures(b Bench) error {
	if s := b.Panel.Size(); s.X < 1 || s.Y < 1 {
		return fmt.Errorf("the size is %v", s)
	}
	for name, p := range b.patterns() {
		if err := b.show(name, p); err != nil {
			return err
		}
	}
	return nil
}

func trySize(b Bench) error {
	good := b.patterns()["a chessboard"]
	if err := b.show("a chessboard", good); err != nil {
		return err
	}
	size := b.Panel.Size()
	for _, r := range []image.Rectangle{
		image.Rect(0, 0, size.X+1, size.Y), image.Rect(0, 0, size.X, size.Y+1), image.Rect(0, 0, size.X-1, size.Y),
		image.Rect(1, 0, size.X+1, size.Y), {},
	} {
		if err := b.Panel.Show(context.Background(), image.NewRGBA(r)); err == nil {
			return fmt.Errorf("a picture of %v was taken by a panel of %v", r, size)
		}
	}
	return Same(b.Screen(), good, b.Tolerance)
}

func tryCopy(b Bench) error {
	p, dark := b.patterns()["a diagonal"], b.patterns()["all of colour 0"]
	before := append([]uint8(nil), p.Pix...)
	if err := b.show("a diagonal", p); err != nil {
		return err
	}
	if string(before) != string(p.Pix) {
		return errors.New("the caller's picture was changed")
	}
	want := *p
	want.Pix = before
	copy(p.Pix, dark.Pix)
	time.Sleep(20 * time.Millisecond) // whoever keeps it would show it now
	return Same(b.Screen(), &want, b.Tolerance)
}

func tryContext(b Bench) error {
	good := b.patterns()["a chessboard"]
	if err := b.show("a chessboard", good); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	began := time.Now()
	if err := b.Panel.Show(ctx, b.patterns()["the corners"]); err == nil {
		return errors.New("a Show with a done context succeeded")
	}
	if took := time.Since(began); took > time.Second {
		return fmt.Errorf("a Show with a done context took %v", took)
	}
	return b.show("a chessboard", good)
}

func trySilence(b Bench) error {
	if b.Silence == nil {
		return nil
	}
	good := b.patterns()["a diagonal"]
	b.Silence(true)
	began := time.Now()
	if err := b.Panel.Show(context.Background(), good); err == nil {
		return errors.New("a Show on a silent device succeeded")
	}
	if took := time.Since(began); took > b.Within {
		return fmt.Errorf("a Show on a silent device took %v", took)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began = time.Now()
	if err := b.Panel.Show(ctx, good); err == nil {
		return errors.New("a Show on a silent device succeeded")
	}
	if took := time.Since(began); took > 1100*time.Millisecond {
		return fmt.Errorf("a Show took %v after its context had ended", took)
	}
	b.Silence(false)
	return b.show("a diagonal", good)
}

func tryPowerCut(b Bench) error {
	if b.PowerCut == nil {
		return nil
	}
	good := b.patterns()["a diagonal"]
	if err := b.show("a diagonal", good); err != nil {
		return err
	}
	b.PowerCut()
	if p, ok := b.Panel.(display.Prober); ok {
		ctx, cancel := context.WithTimeout(context.Background(), b.Within)
		defer cancel()
		facts, err := p.Probe(ctx)
		forgotten := Same(b.Screen(), good, b.Tolerance) != nil
		if err == nil && forgotten && facts["lost"] != "true" {
			return fmt.Errorf("the device has forgotten its picture, and a probe says %v", facts)
		}
	}
	return b.show("a diagonal", good)
}

func tryBrightness(b Bench) error {
	d, ok := b.Panel.(display.Dimmer)
	if !ok {
		return nil
	}
	for _, p := range []int{100, 50, 1, 0, 100} {
		if err := d.SetBrightness(p); err != nil {
			return fmt.Errorf("brightness of %d %%: %w", p, err)
		}
	}
	for _, p := range []int{-1, 101} {
		if err := d.SetBrightness(p); err == nil {
			return fmt.Errorf("a brightness of %d %% was taken", p)
		}
	}
	return b.show("a chessboard", b.patterns()["a chessboard"])
}

func tryProbe(b Bench) error {
	p, ok := b.Panel.(display.Prober)
	if !ok {
		return nil
	}
	good := b.patterns()["a diagonal"]
	if err := b.show("a diagonal", good); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.Within)
	defer cancel()
	facts, err := p.Probe(ctx)
	if err != nil {
		return fmt.Errorf("cannot probe: %w", err)
	}
	if facts["model"] == "" {
		return fmt.Errorf("a probe names no model: %v", facts)
	}
	if facts["lost"] == "true" {
		return fmt.Errorf("a probe of a device that shows its picture says %v", facts)
	}
	if b.Silence != nil {
		b.Silence(true)
		short, cancel := context.WithTimeout(context.Background(), b.Within)
		defer cancel()
		if facts, err := p.Probe(short); err == nil {
			return fmt.Errorf("a probe of a silent device says %v", facts)
		}
		b.Silence(false)
	}
	return Same(b.Screen(), good, b.Tolerance)
}

func tryScroll(b Bench) error {
	s, ok := b.Panel.(display.Scroller)
	if !ok {
		return nil
	}
	size := b.Panel.Size()
	strip := image.NewRGBA(image.Rect(0, 0, 2*size.X+5, size.Y))
	for x := 0; x < strip.Rect.Max.X; x += 3 {
		strip.Set(x, x%size.Y, color.White)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*b.Within)
	defer cancel()
	if err := s.Scroll(ctx, strip, 40); err != nil {
		return fmt.Errorf("cannot scroll: %w", err)
	}
	if err := s.Scroll(ctx, image.NewRGBA(image.Rect(0, 0, size.X, size.Y+1)), 40); err == nil {
		return errors.New("a strip that is higher than the panel was taken")
	}
	return b.show("a chessboard after a strip", b.patterns()["a chessboard"])
}

func tryHold(b Bench) error {
	h, ok := b.Panel.(display.Holder)
	if !ok {
		return nil
	}
	good := b.patterns()["a diagonal"]
	ctx, cancel := context.WithTimeout(context.Background(), b.Within)
	defer cancel()
	if err := h.ShowFor(ctx, good, time.Minute); err != nil {
		return fmt.Errorf("cannot show it for a while: %w", err)
	}
	if err := Same(b.Screen(), good, b.Tolerance); err != nil {
		return err
	}
	return b.show("a chessboard after a held picture", b.patterns()["a chessboard"])
}

func tryClose(b Bench) error {
	c, ok := b.Panel.(io.Closer)
	if !ok {
		return nil
	}
	if err := b.show("a chessboard", b.patterns()["a chessboard"]); err != nil {
		return err
	}
	if err := c.Close(); err != nil {
		return fmt.Errorf("cannot close: %w", err)
	}
	if err := c.Close(); err != nil {
		return fmt.Errorf("a second Close: %w", err)
	}
	began := time.Now()
	if err := b.Panel.Show(context.Background(), b.patterns()["the corners"]); err == nil {
		return errors.New("a Show after Close succeeded")
	}
	if took := time.Since(began); took > time.Second {
		return fmt.Errorf("a Show after Close took %v", took)
	}
	return nil
}
