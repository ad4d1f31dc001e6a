package cpower_test

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"loa/drivers/cpower"
	"loa/drivers/cpower/cpowertest"
	"loa/drivers/line"
)

// A wire carries ten bits a byte between a port and a card, in one direction at a
// time, and counts while it does and while it waits between two bytes.
type wire struct {
	port    io.ReadWriter
	perByte time.Duration
	coming  chan stretch

	mu         sync.Mutex
	free       time.Time // when all has come over
	busy, idle time.Duration
}

type stretch struct {
	bytes []byte
	there time.Time // its last bit
}

func newWire(port io.ReadWriter, baud int) *wire {
	w := &wire{port: port, perByte: 10 * time.Second / time.Duration(baud), coming: make(chan stretch, 1000)}
	go func() { // ends with the port
		defer close(w.coming)
		for b := make([]byte, 64); ; {
			n, err := port.Read(b)
			if err != nil {
				return
			}
			w.coming <- stretch{slices.Clone(b[:n]), w.carry(n)}
		}
	}()
	return w
}

// carry says when n more bytes will have come over.
func (w *wire) carry(n int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); w.free.Before(now) {
		if w.busy > 0 {
			w.idle += now.Sub(w.free)
		}
		w.free = now
	}
	took := time.Duration(n) * w.perByte
	w.free, w.busy = w.free.Add(took), w.busy+took
	return w.free
}

// Read gives what has come over to the card.
func (w *wire) Read(b []byte) (int, error) {
	s, ok := <-w.coming
	if !ok {
		return 0, io.EOF
	}
	time.Sleep(time.Until(s.there))
	return copy(b, s.bytes), nil
}

// Write returns when an answer is at the port.
func (w *wire) Write(b []byte) (int, error) {
	time.Sleep(time.Until(w.carry(len(b))))
	return w.port.Write(b)
}

// TestBench prints how long a page takes to become bytes, and for how much of its way
// a serial line is busy with it, the answers to its packets included: 95 % or more.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	const width, height = 192, 64
	page := speckled(width, height, 1, "two")

	p, err := cpower.New(accepting{}, cpower.Opts{Width: width, Height: height, Colours: "two"})
	if err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel() // all is encoded before anything is sent
	const pages = 200
	began := time.Now()
	for range pages {
		p.Show(done, page)
	}
	took := time.Since(began) / pages
	fmt.Printf("bench encode-cpower-%dx%d %.4g ms\n", width, height, took.Seconds()*1000)
	if took > 5*time.Millisecond {
		t.Errorf("a page becomes bytes in %v", took)
	}

	for _, baud := range []int{9600, 57600} {
		busy, took, alone := onTheWire(t, baud, page)
		name := fmt.Sprintf("wire-cpower-%dx%d-at-%d", width, height, baud)
		fmt.Printf("bench %s-busy %.1f %%\n", name, busy)
		fmt.Printf("bench %s-page %.4g ms peer wire-alone %.4g ratio %.2f\n", name, took.Seconds()*1000, alone.Seconds()*1000, took.Seconds()/alone.Seconds())
		if busy < 95 {
			t.Errorf("%s is busy for %.1f %% of a page, less than 95", name, busy)
		}
	}
}

// onTheWire shows a page through a port of the kernel.
func onTheWire(t *testing.T, baud int, page image.Image) (busyPercent float64, took, alone time.Duration) {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(s.Fd())); err != nil {
		t.Fatal(err)
	}
	size := page.Bounds().Size()
	w := newWire(m, baud)
	wait := serve(cpowertest.New(cpowertest.Opts{Width: size.X, Height: size.Y}), w)
	defer func() { m.Close(); s.Close(); wait() }()
	l, err := line.Open(line.Opts{Path: s.Name(), Baud: baud})
	if err != nil {
		t.Fatal(err)
	}
	p, err := cpower.New(l, cpower.Opts{Width: size.X, Height: size.Y, Colours: "two"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Show(t.Context(), page); err != nil { // the first also asks who is there
		t.Fatal(err)
	}
	w.mu.Lock()
	w.busy, w.idle = 0, 0
	w.mu.Unlock()
	began := time.Now()
	if err := p.Show(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	w.mu.Lock()
	defer w.mu.Unlock()
	return 100 * w.busy.Seconds() / (w.busy + w.idle).Seconds(), took, w.busy
}

// accepting takes everything and never answers.
type accepting struct{}

func (accepting) Write(b []byte) (int, error) { return len(b), nil }
func (accepting) Read([]byte) (int, error)    { return 0, os.ErrDeadlineExceeded }
func (accepting) Close() error                { return nil }
func (accepting) SetDeadline(time.Time) error { return nil }
