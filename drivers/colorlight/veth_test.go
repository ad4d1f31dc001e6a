package colorlight

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/colorlight/colorlighttest"
)

// wall is a panel at the one port.
func wall(t testing.TB, n *colorlighttest.Namespace, o Opts) *Panel {
	t.Helper()
	var p *Panel
	if err := n.In(func() (err error) {
		p, err = Open("box", o)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
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
	n := colorlighttest.NewNamespace(t, "box")
	size := image.Pt(512, 256)
	if testing.Short() {
		size = image.Pt(512, 32)
	}
	card := &colorlighttest.Card{Size: size, Major: 10, Minor: 16}
	n.Serve(t, card)
	p := wall(t, n, Opts{Size: card.Size})
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

	if err := n.IP("link", "set", "card", "down"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an error without a link", func() bool {
		return p.Show(context.Background(), page) != nil
	})
	if facts, err := p.Probe(context.Background()); err == nil {
		t.Errorf("a probe without a link says %v", facts)
	}
	if err := n.IP("link", "set", "card", "up"); err != nil {
		t.Fatal(err)
	}
	page.Set(0, 0, color.White)
	page.Set(1, 0, color.Black)
	eventually(t, "the picture after the link has come back", func() bool {
		// Opening the port again needs the thread that sees it.
		err := n.In(func() error { return p.Show(context.Background(), page) })
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
	n := colorlighttest.NewNamespace(t, "box")
	size := image.Pt(512, 256)
	p := wall(t, n, Opts{Size: size, Settle: time.Nanosecond})
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
