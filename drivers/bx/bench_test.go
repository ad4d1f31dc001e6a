package bx

import (
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"loa/drivers/bx/bxtest"
	port "loa/drivers/line" // line is a type here
)

// TestBench prints how long a page takes to become bytes, and for how much of its way
// a serial line is busy with it: 95 % or more. The way is that of a box: driver, line,
// the serial library, a port of the kernel; behind it a wire of real pace and a card.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	for _, c := range []struct {
		model bxtest.Model
		size  image.Point
	}{
		{bxtest.BX5E2, image.Pt(128, 32)},
		{bxtest.BX6E2, image.Pt(192, 64)},
		{bxtest.BX6Q2, image.Pt(192, 96)},
	} {
		c.model.Size = c.size
		card := bxtest.New(c.model)
		p, err := New(card.Dial(), Opts{})
		if err != nil {
			t.Fatal(err)
		}
		page := scattered(c.size)
		encode := func() {
			data := dynamicArea(p.series.dialect, modeLoop, 0, image.Rectangle{Max: p.size}, p.still(page))
			wrap(request{dialect: dynamic, group: 0xA7, data: data}.payload())
		}
		encode()
		const pages = 200
		began := time.Now()
		for range pages {
			encode()
		}
		took := time.Since(began) / pages
		name := fmt.Sprintf("encode-%s-%dx%d", c.model.Name, c.size.X, c.size.Y)
		fmt.Printf("bench %s %.4g ms\n", name, ms(took))
		if took > 5*time.Millisecond {
			t.Errorf("%s takes %v", name, took)
		}
		card.Close()
		if c.model.Colour == 255 {
			continue // such a page takes a minute at 9600 baud: these cards hang on a network
		}
		for _, baud := range []int{9600, 57600} {
			name := fmt.Sprintf("wire-%s-%dx%d-at-%d", c.model.Name, c.size.X, c.size.Y, baud)
			busy, took, alone := wire(t, c.model, baud, page)
			fmt.Printf("bench %s-busy %.1f %%\n", name, busy)
			fmt.Printf("bench %s-page %.4g ms peer wire-alone %.4g ratio %.2f\n", name, ms(took), ms(alone), took.Seconds()/alone.Seconds())
			if busy < 95 {
				t.Errorf("%s is busy for %.1f %% of a page, less than 95", name, busy)
			}
		}
	}
}

// wire shows a page three times, and returns the medians: for how much of the page's
// way the wire was busy, how long Show took, and how long all bytes take that it sent.
func wire(t *testing.T, model bxtest.Model, baud int, page image.Image) (busy float64, took, alone time.Duration) {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(s.Fd())); err != nil {
		t.Fatal(err)
	}
	card := bxtest.New(model)
	cable := card.Serial(baud, baud)
	go io.Copy(cable, m) // both end with the port
	go io.Copy(m, cable)
	defer func() { m.Close(); s.Close(); card.Close() }()
	l, err := port.Open(port.Opts{Path: s.Name(), Baud: baud})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(l, Opts{Baud: baud})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const pages = 3
	var percents []float64
	var all, alones []time.Duration
	for range pages {
		cable.Traffic()
		began := time.Now()
		if err := p.Show(t.Context(), page); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(began))
		w := cable.Traffic()
		percents = append(percents, 100*w.Busy.Seconds()/(w.Busy+w.Idle).Seconds())
		alones = append(alones, w.Busy)
	}
	slices.Sort(percents)
	slices.Sort(all)
	slices.Sort(alones)
	return percents[pages/2], all[pages/2], alones[pages/2]
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// scattered is a page half of whose pixels are lit, in every colour: all bytes occur
// in it, those that the line must replace as well.
func scattered(size image.Point) *image.RGBA {
	r := rand.New(rand.NewPCG(5, 6))
	m := image.NewRGBA(image.Rectangle{Max: size})
	for i := range m.Pix {
		m.Pix[i] = byte(255 * r.IntN(2))
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}
