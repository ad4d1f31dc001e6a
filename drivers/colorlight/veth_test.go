package colorlight

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/display/displaytest"
	"loa/drivers/colorlight/colorlighttest"
)

// A namespace is a network of its own that ends with the test: two ports, box and
// card, joined by a cable.
type namespace struct{ do chan func() }

// in runs f where the ports are.
func (n *namespace) in(f func() error) error {
	err := make(chan error)
	n.do <- func() { err <- f() }
	return <-err
}

func (n *namespace) ip(args ...string) error {
	return n.in(func() error { // a child starts in the namespace of the thread
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
		return err
	})
}

func newNamespace(t testing.TB) *namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2) to make a veth pair with")
	}
	n := &namespace{make(chan func())}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and the namespace with its
		// last thread and socket, and the ports with it.
		runtime.LockOSThread()
		ready <- unix.Unshare(unix.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	t.Cleanup(func() { close(n.do) })
	if err := <-ready; err != nil {
		t.Skipf("no network namespace here: %v", err)
	}
	if err := n.ip("link", "add", "box", "type", "veth", "peer", "name", "card"); err != nil {
		t.Skipf("no veth pair here: %v", err)
	}
	for _, port := range []string{"box", "card"} {
		if err := n.ip("link", "set", port, "up"); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// wall is a panel at the one port.
func (n *namespace) wall(t testing.TB, o Opts) *Panel {
	t.Helper()
	var p *Panel
	if err := n.in(func() (err error) {
		p, err = Open("box", o)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	for range 100 { // the kernel tells the carrier a little later
		if up, err := p.link.Up(); err == nil && up {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the link does not come up")
	return nil
}

// serve puts a card at the other port, until the test ends.
func (n *namespace) serve(t testing.TB, card *colorlighttest.Card) {
	t.Helper()
	var f *os.File
	if err := n.in(func() error {
		const all = uint16(unix.ETH_P_ALL&0xFF<<8 | unix.ETH_P_ALL>>8)
		i, err := net.InterfaceByName("card")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(all))
		if err != nil {
			return err
		}
		f = os.NewFile(uintptr(fd), "card")
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20) // else frames may get lost
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index})
	}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for b := make([]byte, 2048); ; {
			n, err := f.Read(b)
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil {
				continue // the port went down; it comes back
			}
			if answer := card.Frame(b[:n]); answer != nil {
				_, _ = f.Write(answer)
			}
		}
	})
	t.Cleanup(func() { f.Close(); wg.Wait() })
}

// eventually waits for what comes by another thread.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("after 10 s: not %s", what)
}

// The whole way, through the kernel: picture, raw socket, port, cable, port, card.
func TestOverACable(t *testing.T) {
	n := newNamespace(t)
	size := image.Pt(512, 256)
	if testing.Short() {
		size = image.Pt(512, 32)
	}
	card := &colorlighttest.Card{Size: size, Major: 10, Minor: 16}
	n.serve(t, card)
	p := n.wall(t, Opts{Size: card.Size})
	r := rand.New(rand.NewPCG(1, 2))
	page := image.NewRGBA(image.Rectangle{Max: card.Size})
	for range 3 {
		for i := range page.Pix {
			page.Pix[i] = byte(r.IntN(256)) | byte(255*((i&3)/3))
		}
		if err := p.Show(context.Background(), page); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the identical picture on the wall", func() bool {
			return displaytest.Same(card.Screen(), page, 0) == nil
		})
	}
	if card.Odd() > 0 {
		t.Errorf("%d frames are none of the protocol", card.Odd())
	}
	facts, err := p.Probe(context.Background())
	if err != nil || facts["firmware"] != "10.16" || facts["width"] != "512" || facts["lost"] != "" {
		t.Errorf("a probe says %v, %v", facts, err)
	}

	if err := n.ip("link", "set", "card", "down"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an error without a link", func() bool {
		return p.Show(context.Background(), page) != nil
	})
	if facts, err := p.Probe(context.Background()); err == nil {
		t.Errorf("a probe without a link says %v", facts)
	}
	if err := n.ip("link", "set", "card", "up"); err != nil {
		t.Fatal(err)
	}
	page.Set(0, 0, color.White)
	page.Set(1, 0, color.Black)
	eventually(t, "the picture after the link has come back", func() bool {
		// Opening the port again needs the thread that sees it.
		err := n.in(func() error { return p.Show(context.Background(), page) })
		return err == nil && displaytest.Same(card.Screen(), page, 0) == nil
	})
}

// TestBench prints how many pictures of 512×256 leave in a second, without the pauses
// that cards need, beside what a wire of 1 Gbit/s could carry. The best tenth of many
// short turns counts: the others tell how busy the machine is with something else.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	n := newNamespace(t)
	size := image.Pt(512, 256)
	p := n.wall(t, Opts{Size: size, Settle: time.Nanosecond})
	p.pace = 0

	// On the wire each frame has 8 bytes before it, 4 of checksum and 12 of gap after it.
	bits := 0
	count := func(frame int) { bits += 8 * (8 + max(60, frame) + 4 + 12) }
	count(len(brightnessFrame(0)))
	for range size.Y {
		count(21 + 3*497)
		count(21 + 3*15)
	}
	count(len(displayFrame(0)))
	limit := 1e9 / float64(bits)

	page := image.NewRGBA(image.Rectangle{Max: size})
	const turns, pictures = 200, 3
	var took []time.Duration
	for range turns {
		began := time.Now()
		for i := range pictures {
			page.Pix[4*i] ^= 0xFF
			if err := p.Show(context.Background(), page); err != nil {
				t.Fatal(err)
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	got := pictures / took[turns/10].Seconds()
	fmt.Printf("bench colorlight-512x256 %.0f frames/s peer 1-Gbit/s-wire %.0f ratio %.2f\n", got, limit, got/limit)
	fmt.Printf("bench colorlight-512x256-median %.0f frames/s\n", pictures/took[turns/2].Seconds())
	if got < limit {
		t.Errorf("%.0f pictures a second are fewer than the %.0f of the wire", got, limit)
	}
}
