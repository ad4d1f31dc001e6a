package ddp

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
	"loa/drivers/ddp/ddptest"
)

var _ display.Dimmer = (*Panel)(nil)

func open(t *testing.T, w *ddptest.Wire, o Opts) *Panel {
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
		{Size: image.Pt(13, 8), Serpentine: true},
		{Size: image.Pt(64, 32)}, // 4.3 packets
		{Size: image.Pt(48, 10)}, // one packet, full
		{Size: image.Pt(1, 1)},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				c := &ddptest.Controller{Size: o.Size, Serpentine: o.Serpentine}
				return displaytest.Bench{Panel: open(t, &ddptest.Wire{Controller: c}, o), Screen: c.Screen, PowerCut: c.PowerCut}
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

// The head as http://www.3waylabs.com/ddp/ lays it out.
func TestPackets(t *testing.T) {
	b := make([]byte, headLen+maxData)
	for _, c := range []struct {
		sequence byte
		offset   int
		push     bool
		want     string
	}{
		{1, 0, false, "40" + "01" + "0b" + "01" + "00000000" + "0003" + "aabbcc"},
		{15, 1440, true, "41" + "0f" + "0b" + "01" + "000005a0" + "0003" + "aabbcc"},
		{2, 0x01020304, false, "40" + "02" + "0b" + "01" + "01020304" + "0003" + "aabbcc"},
	} {
		got := hex.EncodeToString(b[:packet(b, c.sequence, c.offset, []byte{0xAA, 0xBB, 0xCC}, c.push)])
		if got != c.want {
			t.Errorf("%s\nnot\n%s", got, c.want)
		}
	}
}

// One push a picture, and sequence numbers without a gap.
func TestSequenceAndPush(t *testing.T) {
	c := &ddptest.Controller{Size: image.Pt(64, 32)}
	p := open(t, &ddptest.Wire{Controller: c}, Opts{Size: c.Size})
	for i := range 20 {
		if err := p.Show(context.Background(), noise(c.Size, uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Seen(); s.Packets < 20*5 || s.Pushes*5 != s.Packets || s.Gaps+s.Doubles > 0 {
		t.Errorf("the controller saw %+v", s)
	}
}

// A second later the picture is whole, whatever the network did to it before.
func TestBadNetwork(t *testing.T) {
	every := func(n int) func(int) bool { return func(i int) bool { return i%n == 2 } }
	for name, w := range map[string]*ddptest.Wire{
		"loses":   {Lose: func(i int) bool { return i < 10 && i%3 == 1 }},
		"doubles": {Double: every(3)},
		"swaps":   {Swap: func(i int) bool { return i == 3 }}, // the push comes before the packet before it
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &ddptest.Controller{Size: image.Pt(64, 32), Timeout: 2500 * time.Millisecond}
				w.Controller = c
				p := open(t, w, Opts{Size: c.Size})
				page := noise(c.Size, 7)
				if err := p.Show(context.Background(), page); err != nil {
					t.Fatal(err)
				}
				whole := displaytest.Same(c.Screen(), page, 0) == nil
				if s := c.Seen(); whole != (name == "doubles") || (name == "doubles") != (s.Doubles > 0) || whole != (s.Gaps == 0) {
					t.Errorf("the network did nothing: %+v", s)
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if err := displaytest.Same(c.Screen(), page, 0); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A controller that misses its pictures goes dark. While the panel is open it does
// not, for a night; after Close it does.
func TestKeepsShowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &ddptest.Controller{Size: image.Pt(8, 8), Timeout: 2500 * time.Millisecond}
		p := open(t, &ddptest.Wire{Controller: c}, Opts{Size: c.Size})
		page := noise(c.Size, 1)
		if err := p.Show(context.Background(), page); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			time.Sleep(time.Hour)
			if err := displaytest.Same(c.Screen(), page, 0); err != nil {
				t.Fatal(err)
			}
		}
		c.PowerCut()
		time.Sleep(2 * time.Second)
		if err := displaytest.Same(c.Screen(), page, 0); err != nil {
			t.Errorf("after a power cut: %v", err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := displaytest.Same(c.Screen(), page, 0); err != nil {
			t.Errorf("Close itself: %v", err)
		}
		time.Sleep(3 * time.Second)
		if displaytest.Same(c.Screen(), image.NewRGBA(page.Rect), 0) != nil {
			t.Error("something goes on sending after Close")
		}
	})
}

func TestBrightness(t *testing.T) {
	c := &ddptest.Controller{Size: image.Pt(2, 2)}
	p := open(t, &ddptest.Wire{Controller: c}, Opts{Size: c.Size})
	page := image.NewRGBA(image.Rectangle{Max: c.Size})
	page.Set(0, 0, color.RGBA{200, 10, 1, 255})
	if err := p.SetBrightness(40); err != nil || c.Seen().Packets > 0 {
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
		if got := c.Screen().At(0, 0); got != want.led {
			t.Errorf("at %d %%: %v, not %v", want.percent, got, want.led)
		}
		if got := c.Screen().At(1, 1); got != (color.RGBA{A: 255}) {
			t.Errorf("at %d %% dark is %v", want.percent, got)
		}
	}
}

// Through the kernel, with the sizes of real boards.
func TestOverLoopback(t *testing.T) {
	for _, size := range []image.Point{{16, 16}, {64, 32}, {128, 64}} {
		c := &ddptest.Controller{Size: size}
		l, err := c.Listen()
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
		for try := 0; displaytest.Same(c.Screen(), page, 0) != nil; try++ {
			if try == 100 { // 10 s, in which the picture is sent ten times more
				t.Fatalf("%v: %v; %+v", size, displaytest.Same(c.Screen(), page, 0), c.Seen())
			}
			time.Sleep(100 * time.Millisecond)
		}
		if s := c.Seen(); s.Err != nil {
			t.Error(s.Err)
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
	if _, err := New("10.0.0.1", Opts{}); err == nil {
		t.Error("a panel without a size is taken")
	}
	p, err := New("10.0.0.1", Opts{Size: image.Pt(8, 8)})
	if err != nil || p.address != "10.0.0.1:4048" {
		t.Errorf("the port is not 4048: %s, %v", p.address, err)
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
	board, err := New("192.168.4.20", Opts{Size: image.Pt(32, 16), Serpentine: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer board.Close()
	if err := board.Show(context.Background(), image.NewRGBA(image.Rect(0, 0, 32, 16))); err != nil {
		fmt.Println(err) // ddp: cannot show a picture on 192.168.4.20:4048: … network is unreachable
	}
}
