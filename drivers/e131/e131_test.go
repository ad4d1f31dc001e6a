package e131

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/drivers/e131/e131test"
)

var _ display.Dimmer = (*Panel)(nil)

func open(t *testing.T, w *e131test.Wire, o Opts) *Panel {
	t.Helper()
	p, err := newPanel("wire", func(context.Context) (net.Conn, error) { return w, nil }, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if err := w.Seen().Err; err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestTrial(t *testing.T) {
	for _, o := range []Opts{
		{Size: image.Pt(13, 7)},
		{Size: image.Pt(13, 8), Serpentine: true, Universe: 63999},
		{Size: image.Pt(64, 32)}, // 12 universes and a rest
		{Size: image.Pt(17, 10)}, // one universe, full
		{Size: image.Pt(16, 16), Pixels: 100, Universe: 7, Priority: 200, Source: "thôn Đồng Xoài"},
		{Size: image.Pt(1, 1)},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				r := &e131test.Receiver{Size: o.Size, First: o.Universe, Pixels: o.Pixels, Serpentine: o.Serpentine}
				return displaytest.Bench{Panel: open(t, &e131test.Wire{Receiver: r}, o), Screen: r.Screen, PowerCut: r.PowerCut}
			})
		})
	}
}

// noise is a picture in which every pixel differs from its neighbours.
func noise(size image.Point, seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	p := image.NewRGBA(image.Rectangle{Max: size})
	for i := range p.Pix {
		p.Pix[i] = byte(r.IntN(256)) | byte(i&3/3*255)
	}
	return p
}

// The head field by field as tables 4-1, 5-4, 6-8 and 7-12 of ANSI E1.31-2018 lay it
// out. A full universe is 638 bytes, whose lengths are the well-known 72 6e, 72 58
// and 72 0b.
func TestPacket(t *testing.T) {
	b := newPacket("Loa", 150)
	cid := newCID("Loa")
	head := func(root, framing, dmp, sequence, universe, count string) string {
		return "0010" + "0000" + hex.EncodeToString([]byte("ASC-E1.17\x00\x00\x00")) + // preamble
			root + "00000004" + hex.EncodeToString(cid[:]) +
			framing + "00000002" + hex.EncodeToString([]byte("Loa")) + strings.Repeat("00", 61) +
			"96" + "0000" + sequence + "00" + universe +
			dmp + "02" + "a1" + "0000" + "0001" + count + "00"
	}
	for _, c := range []struct {
		universe int
		sequence byte
		slots    int
		want     string
	}{
		{1, 0, 512, head("726e", "7258", "720b", "00", "0001", "0201")},
		{63999, 255, 510, head("726c", "7256", "7209", "ff", "f9ff", "01ff")},
		{258, 7, 3, head("7071", "705b", "700e", "07", "0102", "0004")},
	} {
		slots := make([]byte, c.slots)
		for i := range slots {
			slots[i] = byte(i)
		}
		got := hex.EncodeToString(fill(b, c.universe, c.sequence, slots))
		if want := c.want + hex.EncodeToString(slots); got != want {
			t.Errorf("%d slots:\n%s\nnot\n%s", c.slots, got, want)
		}
	}
}

// The same name is the same source after a restart; another one is another.
func TestCID(t *testing.T) {
	a := newCID("Loa")
	if a != newCID("Loa") || a == newCID("Loa 2") {
		t.Error("the CID does not follow the name")
	}
	if a[6]>>4 != 8 || a[8]>>6 != 2 {
		t.Errorf("%x is no UUID of version 8", a)
	}
}

// Whatever the network does, a second later the picture is whole; what comes late is
// discarded.
func TestBadNetwork(t *testing.T) {
	for _, c := range []struct {
		name  string
		wire  *e131test.Wire
		whole bool // at once
		late  bool
	}{
		{"loses", &e131test.Wire{Lose: func(i int) bool { return i < 26 && i%13 == 5 }}, false, false},
		{"doubles", &e131test.Wire{Double: func(i int) bool { return i%3 == 2 }}, true, true},
		{"swaps", &e131test.Wire{Swap: func(i int) bool { return i%13 == 12 }}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &e131test.Receiver{Size: image.Pt(64, 32)} // 13 universes
				c.wire.Receiver = r
				p := open(t, c.wire, Opts{Size: r.Size})
				page := noise(r.Size, 7)
				if err := p.Show(context.Background(), page); err != nil {
					t.Fatal(err)
				}
				whole := displaytest.Same(r.Screen(), page, 0) == nil
				if whole != c.whole || c.late != (r.Seen().Late > 0) {
					t.Errorf("at once whole: %v; the receiver saw %+v", whole, r.Seen())
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if err := displaytest.Same(r.Screen(), page, 0); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A packet of the old picture that comes after its successor is not shown.
func TestLatePacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &e131test.Receiver{Size: image.Pt(8, 8)} // one universe: packet 2 after packet 3
		p := open(t, &e131test.Wire{Receiver: r, Swap: func(n int) bool { return n == 2 }}, Opts{Size: r.Size})
		for i := range 3 {
			if err := p.Show(context.Background(), noise(r.Size, uint64(i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := displaytest.Same(r.Screen(), noise(r.Size, 2), 0); err != nil || r.Seen().Late != 1 {
			t.Errorf("%v; %+v", err, r.Seen())
		}
	})
}

// Receivers give a source up after 2.5 s. While the panel is open they do not, for a
// night, in which the sequence numbers wrap more than a hundred times; after Close
// they do, but not at once.
func TestKeepsShowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &e131test.Receiver{Size: image.Pt(8, 8)}
		p := open(t, &e131test.Wire{Receiver: r}, Opts{Size: r.Size})
		page := noise(r.Size, 1)
		if err := p.Show(context.Background(), page); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			time.Sleep(time.Hour)
			if err := displaytest.Same(r.Screen(), page, 0); err != nil {
				t.Fatal(err)
			}
		}
		if s := r.Seen(); s.Packets < 8*3600 || s.Late > 0 {
			t.Errorf("the receiver saw %+v", s)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := displaytest.Same(r.Screen(), page, 0); err != nil {
			t.Errorf("Close itself: %v", err)
		}
		time.Sleep(3 * time.Second)
		if displaytest.Same(r.Screen(), image.NewRGBA(page.Rect), 0) != nil {
			t.Error("something goes on sending after Close")
		}
	})
}

// The higher priority is shown; an agent that starts again is no third source.
func TestPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &e131test.Receiver{Size: image.Pt(8, 8)}
		wire := func() *e131test.Wire { return &e131test.Wire{Receiver: r} }
		low, high := noise(r.Size, 1), noise(r.Size, 2)
		a := open(t, wire(), Opts{Size: r.Size, Source: "a"})
		b := open(t, wire(), Opts{Size: r.Size, Source: "b", Priority: 150})
		again := open(t, wire(), Opts{Size: r.Size, Source: "a"})
		for _, s := range []struct {
			p    *Panel
			page image.Image
		}{{b, high}, {a, low}, {again, low}} {
			if err := s.p.Show(context.Background(), s.page); err != nil {
				t.Fatal(err)
			}
			if err := displaytest.Same(r.Screen(), high, 0); err != nil {
				t.Error(err)
			}
			if s.p == a {
				a.Close()
				time.Sleep(3 * time.Second) // the agent starts again
			}
		}
		if s := r.Seen(); s.CIDs != 2 {
			t.Errorf("there were %d sources", s.CIDs)
		}
	})
}

// A receiver discards up to 20 packets as late. What an agent sends first after it
// has started again must not be among them, wherever the one before it stopped.
func TestRestart(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 9
	}
	for sent := 0; sent < 300; sent += step {
		synctest.Test(t, func(t *testing.T) {
			r := &e131test.Receiver{Size: image.Pt(2, 2)}
			before := open(t, &e131test.Wire{Receiver: r}, Opts{Size: r.Size})
			for range 1 + sent {
				if err := before.Show(context.Background(), noise(r.Size, 1)); err != nil {
					t.Fatal(err)
				}
			}
			before.Close()
			after := open(t, &e131test.Wire{Receiver: r}, Opts{Size: r.Size})
			if err := after.Show(context.Background(), noise(r.Size, 2)); err != nil {
				t.Fatal(err)
			}
			if err := displaytest.Same(r.Screen(), noise(r.Size, 2), 0); err != nil {
				t.Errorf("after %d pictures: %v", 1+sent, err)
			}
		})
	}
}

func TestBrightness(t *testing.T) {
	r := &e131test.Receiver{Size: image.Pt(2, 2)}
	p := open(t, &e131test.Wire{Receiver: r}, Opts{Size: r.Size})
	page := image.NewRGBA(image.Rectangle{Max: r.Size})
	page.Set(0, 0, color.RGBA{200, 10, 1, 255})
	if err := p.SetBrightness(40); err != nil || r.Seen().Packets > 0 {
		t.Errorf("a brightness before the first picture: %v", err)
	}
	if err := p.Show(context.Background(), page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		percent int
		led     color.RGBA
	}{
		{40, color.RGBA{80, 4, 1, 255}}, {100, color.RGBA{200, 10, 1, 255}},
		{1, color.RGBA{2, 1, 1, 255}}, {0, color.RGBA{2, 1, 1, 255}}, {50, color.RGBA{100, 5, 1, 255}},
	} {
		if err := p.SetBrightness(want.percent); err != nil {
			t.Fatal(err)
		}
		if got := r.Screen().At(0, 0); got != want.led {
			t.Errorf("at %d %%: %v, not %v", want.percent, got, want.led)
		}
	}
}

// Through the kernel, with the sizes of real boards.
func TestOverLoopback(t *testing.T) {
	for _, size := range []image.Point{{16, 16}, {64, 32}, {128, 64}} {
		r := &e131test.Receiver{Size: size}
		l, err := r.Listen()
		if err != nil {
			t.Skipf("no loopback: %v", err)
		}
		defer l.Close()
		p, err := New(l.LocalAddr().String(), Opts{Size: size})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		page := noise(size, 3)
		if err := p.Show(context.Background(), page); err != nil {
			t.Fatal(err)
		}
		for try := 0; displaytest.Same(r.Screen(), page, 0) != nil; try++ {
			if try == 100 { // 10 s, in which the picture is sent ten times more
				t.Fatalf("%v: %v; %+v", size, displaytest.Same(r.Screen(), page, 0), r.Seen())
			}
			time.Sleep(100 * time.Millisecond)
		}
		if s := r.Seen(); s.Err != nil || s.Name != "Loa" {
			t.Errorf("the receiver saw %+v", s)
		}
	}
}

// Nobody listens: the machine says so, and the first Show tells it, even if all is one
// packet. When somebody does again, the same panel shows the picture.
func TestClosedPort(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("no loopback: %v", err)
	}
	address := l.LocalAddr().String()
	l.Close()
	size := image.Pt(8, 8)
	var p *Panel
	for try := 0; ; try++ { // the kernel may be late once
		if p, err = New(address, Opts{Size: size}); err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err = p.Show(context.Background(), noise(size, 4)); err != nil {
			break
		}
		if try == 20 {
			t.Fatal("a closed port is not told")
		}
	}
	if !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), address) {
		t.Errorf("a closed port: %v", err)
	}
	back, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	defer back.Close()
	if err := p.Show(context.Background(), noise(size, 4)); err != nil {
		t.Errorf("the port is open again: %v", err)
	}
}

func TestOpts(t *testing.T) {
	for _, o := range []Opts{
		{},
		{Size: image.Pt(8, 8), Pixels: 171},
		{Size: image.Pt(8, 8), Universe: 64000},
		{Size: image.Pt(64, 32), Universe: 63990}, // the last would be 64002
		{Size: image.Pt(8, 8), Universe: -1},
		{Size: image.Pt(8, 8), Priority: 201},
		{Size: image.Pt(8, 8), Source: strings.Repeat("x", 64)},
	} {
		if _, err := New("10.0.0.1", o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	p, err := New("10.0.0.1", Opts{Size: image.Pt(8, 8)})
	if err != nil || p.address != "10.0.0.1:5568" {
		t.Errorf("the port is not 5568: %s, %v", p.address, err)
	}
	gone := errors.New("gone")
	p, err = newPanel("x", func(context.Context) (net.Conn, error) { return nil, gone }, Opts{Size: image.Pt(8, 8)})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Show(context.Background(), noise(p.Size(), 1)); !errors.Is(err, gone) {
		t.Errorf("no network: %v", err)
	}
	p.Close()
	if err := p.Show(context.Background(), noise(p.Size(), 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed panel: %v", err)
	}
}

func Example() {
	board, err := New("192.168.4.20", Opts{Size: image.Pt(32, 16), Source: "box-07"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	if err := board.Show(context.Background(), image.NewRGBA(image.Rect(0, 0, 32, 16))); err != nil {
		fmt.Println(err) // e131: cannot show a picture on 192.168.4.20:5568: … network is unreachable
	}
}
