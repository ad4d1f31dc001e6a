package kms

import (
	"context"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"loa/agent/display"
	"loa/agent/display/displaytest"
)

var (
	_ display.Panel  = (*Panel)(nil)
	_ display.Prober = (*Panel)(nil)
)

// show shows all of one grey, and looks.
func show(t *testing.T, p *Panel, k *fakeKernel, grey uint8) {
	t.Helper()
	want := plain(p.Size(), grey)
	if err := p.Show(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := displaytest.Same(k.picture(), want, 0); err != nil {
		t.Fatal(err)
	}
}

func plain(size image.Point, grey uint8) image.Image {
	p := image.NewRGBA(image.Rectangle{Max: size})
	for i := range p.Pix {
		p.Pix[i] = grey
		if i%4 == 3 {
			p.Pix[i] = 255
		}
	}
	return p
}

// refuses wants a Show to fail with some words.
func refuses(t *testing.T, p *Panel, words string) {
	t.Helper()
	if err := p.Show(t.Context(), plain(p.Size(), 9)); err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("Show says %v, not %q", err, words)
	}
}

func mustOpen(t *testing.T, o Opts, k *fakeKernel) *Panel {
	t.Helper()
	p, err := open(o, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestChoice(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Opts
		k    func(*fakeKernel)
		want any // a size, or what the error says
	}{
		{"what the screen prefers", Opts{}, nil, image.Pt(40, 30)},
		{"a mode", Opts{Mode: "64x48"}, nil, image.Pt(64, 48)},
		{"a mode that it has not", Opts{Mode: "50x50"}, nil, "does not offer 50x50, but 64x48@60, 40x30@60, 40x30@50"},
		{"a mode of nonsense", Opts{Mode: "fullhd"}, nil, `mode "fullhd" is not like 1920x1080`},
		{"a mode of nothing", Opts{Mode: "0x0"}, nil, "is not like"},
		{"the socket", Opts{Connector: "HDMI-A-2"}, nil, image.Pt(40, 30)},
		{"the empty socket", Opts{Connector: "HDMI-A-1"}, nil, "no screen is connected to HDMI-A-1; it has HDMI-A-1 (empty), HDMI-A-2, Writeback-1"},
		{"an empty socket with a mode", Opts{Connector: "HDMI-A-1", Mode: "64x48"}, nil, image.Pt(64, 48)},
		{"a socket that is not there", Opts{Connector: "DP-1"}, nil, "no screen is connected to DP-1"},
		{"no screen", Opts{}, func(k *fakeKernel) { k.screen().plugged = false }, "no screen is connected; it has HDMI-A-1 (empty), HDMI-A-2 (empty), Writeback-1"},
		{"no modes", Opts{}, func(k *fakeKernel) { k.screen().modes = nil }, "offers no mode"},
		{"interlaced modes", Opts{}, func(k *fakeKernel) {
			for i := range k.screen().modes {
				k.screen().modes[i].flags = isInterlaced
			}
		}, "offers no mode"},
		{"no preference", Opts{}, func(k *fakeKernel) { k.screen().modes[1].kind = 0 }, image.Pt(64, 48)},
		{"a render engine first", Opts{}, func(k *fakeKernel) { k.paths = []string{"/dev/dri/card0", "/dev/dri/card1"} }, image.Pt(40, 30)},
		{"the render engine", Opts{Device: "/dev/dri/card0"}, func(k *fakeKernel) { k.paths = []string{"/dev/dri/card0", "/dev/dri/card1"} }, "it drives no screens"},
		{"a card that is not there", Opts{Device: "/dev/dri/card7"}, nil, "cannot open /dev/dri/card7: no such file"},
		{"an area", Opts{Area: image.Rect(4, 4, 20, 10)}, nil, image.Pt(16, 6)},
		{"an area, turned", Opts{Area: image.Rect(4, 4, 20, 10), Rotate: 270}, nil, image.Pt(6, 16)},
		{"an area outside", Opts{Area: image.Rect(4, 4, 41, 10)}, nil, "not within the screen of 40x30"},
		{"a slant", Opts{Rotate: 45}, nil, "a rotation by 45 degrees"},
	} {
		k := newKernel()
		if c.k != nil {
			c.k(k)
		}
		p, err := open(c.o, k)
		switch want := c.want.(type) {
		case image.Point:
			if err != nil || p.Size() != want {
				t.Errorf("%s: %v", c.name, err)
			}
		case string:
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "kms: ") {
				t.Errorf("%s:\n got %v\nwant %s", c.name, err, want)
			}
		}
		if p != nil {
			p.Close()
		}
		if len(k.files) > 0 {
			t.Errorf("%s: the card stays open", c.name)
		}
	}
}

// Nothing changes at Open, the mode is set once, and then there are only flips.
func TestOneModeset(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{}, k)
	if k.sets != 0 {
		t.Error("Open changed the screen")
	}
	for grey := range uint8(20) {
		show(t, p, k, grey)
	}
	if k.sets != 1 {
		t.Errorf("the mode was set %d times", k.sets)
	}
	if k.asked > 2*len(k.sockets) {
		t.Errorf("the screens were asked %d times", k.asked)
	}
	if k.torn > 0 {
		t.Errorf("%d pictures were changed while they were seen", k.torn)
	}
}

func TestCable(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{}, k)
	show(t, p, k, 1)
	k.do(func() { k.screen().plugged = false })
	refuses(t, p, "kms: /dev/dri/card0 HDMI-A-2: no screen is connected")
	if _, err := p.Probe(t.Context()); !errors.Is(err, errNoScreen) {
		t.Errorf("Probe says %v", err)
	}
	k.do(func() { k.screen().plugged = true; k.screen().modes = []modeInfo{fakeMode(64, 48, 60, true)} })
	refuses(t, p, "does not offer 40x30, but 64x48@60") // the panel keeps its size
	k.do(func() { k.screen().modes = append(k.screen().modes, fakeMode(40, 30, 60, false)) })
	show(t, p, k, 2)
	if k.sets != 2 {
		t.Errorf("after the cable was in again the mode was set %d times", k.sets)
	}
}

// The box boots quicker than the screen.
func TestScreenComesLate(t *testing.T) {
	k := newKernel()
	k.screen().plugged = false
	p := mustOpen(t, Opts{Mode: "40x30"}, k)
	refuses(t, p, "no screen is connected")
	k.do(func() { k.screen().plugged = true })
	show(t, p, k, 3)
}

func TestAnotherProgram(t *testing.T) {
	k := newKernel()
	other := k.other(t)
	p := mustOpen(t, Opts{}, k)
	refuses(t, p, "another program holds the screen")
	facts, err := p.Probe(t.Context())
	if err != nil || facts["master"] != "false" {
		t.Errorf("Probe says %v, %v", facts, err)
	}
	other.close()
	show(t, p, k, 4)

	// It takes the screen by force, as root may, and shows something.
	other = k.other(t)
	k.do(func() {
		k.owner.master = false
		k.owner, other.master = other, true
		k.fbs[1] = &fb{dumb: &dumb{mem: make([]byte, 64*48*4), width: 64, height: 48, pitch: 256}, file: other}
		k.scan(1)
	})
	facts, err = p.Probe(t.Context())
	if err != nil || facts["master"] != "false" || facts["lost"] != "true" {
		t.Errorf("Probe says %v, %v", facts, err)
	}
	refuses(t, p, "another program holds the screen")
	other.close()
	show(t, p, k, 5)
	if facts, err := p.Probe(t.Context()); err != nil || facts["master"] != "true" || facts["lost"] != "false" {
		t.Errorf("Probe says %v, %v", facts, err)
	}

	// It came and went between two pictures, and left its mode: a flip would not do.
	k.do(func() {
		k.scan(0)
		k.mode = fakeMode(64, 48, 60, false)
	})
	show(t, p, k, 6)
	k.do(func() { k.mode = modeInfo{} }) // it switched the screen off
	show(t, p, k, 7)
}

// A flip that nobody answers is an error after a second, and a new descriptor helps.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		p := mustOpen(t, Opts{}, k)
		show(t, p, k, 1)
		k.do(func() { k.stuck = true })
		began := time.Now()
		refuses(t, p, "did not take the picture within 1s")
		if took := time.Since(began); took > flipWait+100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		k.do(func() { k.stuck, k.flip = false, nil })
		show(t, p, k, 2)
	})
}

// A context that ends leaves a flip on its way. The next Show waits for it, and paints
// neither what is seen nor what will be.
func TestContextEndsWithinAFlip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		k.refresh = 300 * time.Millisecond
		p := mustOpen(t, Opts{}, k)
		show(t, p, k, 1)
		for grey := range uint8(10) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			began := time.Now()
			if err := p.Show(ctx, plain(p.Size(), 100+grey)); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Show says %v", err)
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("it took %v", took)
			}
			cancel()
			show(t, p, k, 50+grey)
		}
		if k.sets != 1 {
			t.Errorf("the mode was set %d times", k.sets)
		}
		if k.torn > 0 {
			t.Errorf("%d pictures were changed while they were seen", k.torn)
		}
	})
}

// A USB adapter that is pulled, and is back.
func TestCardGoesAway(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{}, k)
	show(t, p, k, 1)
	k.do(func() { k.gone = true })
	refuses(t, p, "no such device")
	refuses(t, p, "cannot open /dev/dri/card0")
	if k.mapped != 0 || len(k.files) != 0 {
		t.Errorf("of a card that is gone %d mappings and %d descriptors are kept", k.mapped, len(k.files))
	}
	k.do(func() { k.gone = false })
	show(t, p, k, 2)
}

func TestClose(t *testing.T) {
	for _, old := range []bool{false, true} {
		k := newKernel()
		k.old = old
		p := mustOpen(t, Opts{}, k)
		show(t, p, k, 200)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if k.mapped != 0 || len(k.files) != 0 || len(k.mem) != 0 {
			t.Errorf("%d mappings, %d descriptors and %d buffers are left", k.mapped, len(k.files), len(k.mem))
		}
		r, _, _, _ := k.picture().At(3, 3).RGBA()
		if stays := r>>8 == 200; stays == old {
			t.Errorf("on an old kernel: %v; the picture stays: %v", old, stays)
		}
		if _, err := p.Probe(t.Context()); err != errClosed {
			t.Errorf("Probe says %v", err)
		}
	}
}

func TestProbe(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{Area: image.Rect(0, 0, 16, 8), Rotate: 90}, k)
	facts, err := p.Probe(t.Context())
	if err != nil || facts["on"] != "false" || facts["lost"] != "false" || facts["model"] != "HDMI-A-2" {
		t.Errorf("before the first picture Probe says %v, %v", facts, err)
	}
	if err := p.Show(t.Context(), image.NewGray(image.Rect(0, 0, 8, 16))); err != nil {
		t.Fatal(err)
	}
	k.screen().edid = namedEDID("MCTRL660")
	facts, err = p.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for fact, want := range map[string]string{
		"model": "NOV MCTRL660", "width": "8", "height": "16", "on": "true", "lost": "false",
		"device": "/dev/dri/card0", "connector": "HDMI-A-2", "mode": "40x30@60", "master": "true",
	} {
		if facts[fact] != want {
			t.Errorf("%s is %q, not %q", fact, facts[fact], want)
		}
	}
	k.do(func() { k.scan(0) }) // the console blanks it
	if facts, err := p.Probe(t.Context()); err != nil || facts["lost"] != "true" {
		t.Errorf("after the screen was taken Probe says %v, %v", facts, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Probe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Probe says %v", err)
	}
}

// Buffers that cannot be had leave nothing behind.
func TestNoMemory(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{}, k)
	c := p.screen.(*card)
	c.dev = failing{c.dev, map[uint]int{mapDumb: 2}}
	refuses(t, p, "cannot reach the card's memory")
	if k.mapped != 0 || len(k.mem) != 0 || len(k.fbs) != 0 {
		t.Errorf("%d mappings, %d buffers are left", k.mapped, len(k.mem))
	}
	show(t, p, k, 1)
}

// A card that gives too little memory, or rows that are too short.
func TestLyingCard(t *testing.T) {
	for name, lie := range map[string]func(*dumbState){
		"short rows":    func(d *dumbState) { d.pitch = 4*40 - 1 },
		"little memory": func(d *dumbState) { d.size = uint64(d.pitch)*30 - 1 },
		"a terabyte":    func(d *dumbState) { d.size = 1 << 40 },
	} {
		k := newKernel()
		p := mustOpen(t, Opts{}, k)
		c := p.screen.(*card)
		c.dev = lying{c.dev, lie}
		if err := p.Show(t.Context(), plain(p.Size(), 1)); err == nil || !strings.Contains(err.Error(), "the card gives") {
			t.Errorf("%s: Show says %v", name, err)
		}
		if len(k.mem) != 0 {
			t.Errorf("%s: %d buffers are left", name, len(k.mem))
		}
	}
}

type lying struct {
	device
	lie func(*dumbState)
}

func (l lying) ioctl(request uint, arg unsafe.Pointer) error {
	err := l.device.ioctl(request, arg)
	if request == createDumb {
		l.lie((*dumbState)(arg))
	}
	return err
}

// failing lets the nth request of a kind fail.
type failing struct {
	device
	at map[uint]int
}

func (f failing) ioctl(request uint, arg unsafe.Pointer) error {
	if n, ok := f.at[request]; ok {
		if f.at[request] = n - 1; n == 1 {
			return unix.ENOMEM
		}
	}
	return f.device.ioctl(request, arg)
}

// Other pictures than image.RGBA, and the dark around the area.
func TestKindsOfPictures(t *testing.T) {
	k := newKernel()
	p := mustOpen(t, Opts{Area: image.Rect(8, 8, 12, 10)}, k)
	half := color.NRGBA{255, 255, 255, 128} // over black
	for name, picture := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"NRGBA":    image.NewNRGBA(image.Rect(0, 0, 4, 2)),
		"Gray":     image.NewGray(image.Rect(0, 0, 4, 2)),
		"Paletted": image.NewPaletted(image.Rect(0, 0, 4, 2), color.Palette{color.Black, color.Gray{128}}),
		"part":     image.NewRGBA(image.Rect(0, 0, 9, 9)).SubImage(image.Rect(0, 0, 4, 2)).(*image.RGBA),
	} {
		picture.Set(1, 1, half)
		if err := p.Show(t.Context(), picture); err != nil {
			t.Fatal(err)
		}
		seen := k.picture()
		for y := range 30 {
			for x := range 40 {
				r, g, b, _ := seen.At(x, y).RGBA()
				want := uint32(0)
				if x == 9 && y == 9 {
					want = 128
				}
				if r>>8 != want || g>>8 != want || b>>8 != want {
					t.Fatalf("%s: (%d,%d) is %d %d %d, not %d", name, x, y, r>>8, g>>8, b>>8, want)
				}
			}
		}
	}
}
