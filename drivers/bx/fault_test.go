package bx_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/bx"
	"loa/drivers/bx/bxtest"
)

// bubble runs a test in time that costs nothing.
func bubble(t *testing.T, model bxtest.Model, o bx.Opts, test func(t *testing.T, card *bxtest.Card, p bx.AreaPanel)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(model)
		defer card.Close()
		p, err := bx.New(card.Dial(), o)
		if err != nil {
			t.Fatal(err)
		}
		test(t, card, bx.AreaPanel{Panel: p})
	})
}

func show(t *testing.T, card *bxtest.Card, p interface {
	Size() image.Point
	Show(context.Context, image.Image) error
}, c color.Color) {
	t.Helper()
	m := filled(p.Size(), c)
	if err := p.Show(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	seen(t, card, m, "after Show")
}

func seen(t *testing.T, card *bxtest.Card, want image.Image, when string) {
	t.Helper()
	if err := displaytest.Same(card.Screen(), want, 0); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}

var everyLink = []struct {
	name  string
	model bxtest.Model
}{{"5E", bxtest.BX5E2RG}, {"6E", bxtest.BX6E2}, {"6M", bxtest.BX6M}, {"5A", bxtest.BX5A}}

// What a line does to replies is mended by asking again.
func TestRetries(t *testing.T) {
	for _, l := range everyLink {
		for name, harm := range map[string]func(*bxtest.Card){
			"two checksums wrong":   func(c *bxtest.Card) { c.Nak(2) },
			"two replies lost":      func(c *bxtest.Card) { c.LoseReplies(2) },
			"two replies broken":    func(c *bxtest.Card) { c.WreckReplies(2) },
			"busy for three":        func(c *bxtest.Card) { c.Busy(3) },
			"two replies too late":  func(c *bxtest.Card) { c.DelayReplies(2, 3*time.Second) },
			"late, but in time":     func(c *bxtest.Card) { c.DelayReplies(9, 1900*time.Millisecond) },
			"every reply twice":     func(c *bxtest.Card) { c.RepeatReplies(100) },
			"an echo":               func(c *bxtest.Card) { c.Echo(true) },
			"garbage around frames": func(c *bxtest.Card) { c.Noise(true) },
		} {
			t.Run(l.name+" "+name, func(t *testing.T) {
				bubble(t, l.model, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
					harm(card)
					show(t, card, p, red)
					show(t, card, p, black)
					show(t, card, p, red)
				})
			})
		}
	}
}

// A card that does not come round is an error, with its reason.
func TestGivesUp(t *testing.T) {
	for want, harm := range map[string]func(*bxtest.Card){
		"no answer from /dev/ttyS1 after 3 tries: heard nothing":            func(c *bxtest.Card) { c.Silence(true) },
		"no answer from /dev/ttyS1 after 3 tries: heard a frame with a wro": func(c *bxtest.Card) { c.WreckReplies(9) },
		"/dev/ttyS1: the card refuses: wrong checksum (error 5), 3 times":   func(c *bxtest.Card) { c.Nak(9) },
		"/dev/ttyS1: the card refuses: busy (error 3), for 6 tries":         func(c *bxtest.Card) { c.Busy(9) },
	} {
		bubble(t, bxtest.BX6E2, bx.Opts{Name: "/dev/ttyS1"}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
			harm(card)
			err := p.Show(t.Context(), filled(p.Size(), red))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v; want %s", err, want)
			}
		})
	}
}

// An acknowledgement of a dynamic area bears no number. One that came too late,
// or twice, must not be taken for that of the next picture.
func TestOldAcknowledgements(t *testing.T) {
	for name, harm := range map[string]func(*bxtest.Card){
		"late":  func(c *bxtest.Card) { c.DelayReplies(1, 3*time.Second) },
		"twice": func(c *bxtest.Card) { c.RepeatReplies(1) },
	} {
		for _, wait := range []time.Duration{0, 5 * time.Second} {
			t.Run(name, func(t *testing.T) {
				bubble(t, bxtest.BX6E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
					harm(card)
					show(t, card, p, red)
					time.Sleep(wait)
					card.Silence(true)
					if err := p.Show(t.Context(), filled(p.Size(), green)); err == nil {
						t.Error("an old acknowledgement was taken for a new one")
					}
					card.Silence(false)
					show(t, card, p, green)
				})
			})
		}
	}
}

// Those of the common dialects do bear one.
func TestOldNumbers(t *testing.T) {
	bubble(t, bxtest.BX6E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		card.RepeatReplies(1)
		if err := p.Power(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		card.Silence(true)
		if err := p.SetBrightness(50); err == nil {
			t.Error("the second acknowledgement of one command was taken for that of the next")
		}
	})
}

// An upload whose context ends does not leave the screen dark.
func TestUploadIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(bxtest.BX5A)
		defer card.Close()
		p, err := bx.New(card.Serial(9600, 9600), bx.Opts{Baud: 9600})
		if err != nil {
			t.Fatal(err)
		}
		show(t, card, p, red)
		cut := 0
		for ms := time.Duration(100); ms < 1500; ms += 70 {
			begun, blocks := card.Asked("A108"), card.Asked("A103")
			ctx, cancel := context.WithTimeout(t.Context(), ms*time.Millisecond)
			began := time.Now()
			err := p.Show(ctx, filled(p.Size(), black))
			if took := time.Since(began); took > ms*time.Millisecond+time.Second {
				t.Errorf("a Show took %v after its context", took-ms*time.Millisecond)
			}
			cancel()
			time.Sleep(time.Second)
			if err != nil && card.Asked("A108") > begun && card.Asked("A103") == blocks {
				cut++
				seen(t, card, filled(p.Size(), red), fmt.Sprintf("an upload was cut off after %d ms", ms))
			}
			show(t, card, p, red)
		}
		t.Logf("%d uploads were cut off", cut)
		if cut == 0 {
			t.Error("no upload was cut off")
		}
	})
}

// At 9600 baud a page takes seconds. Its context may end in the middle.
func TestContextEndsInThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(bxtest.BX5E2)
		defer card.Close()
		p, err := bx.New(card.Serial(9600, 9600), bx.Opts{Baud: 9600})
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range []time.Duration{5, 50, 150, 250, 320, 350} {
			ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
			began := time.Now()
			err := p.Show(ctx, filled(p.Size(), red))
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			if err == nil && after < 250 {
				t.Errorf("after %d ms a page of 300 bytes had gone", after)
			}
			if took := time.Since(began); took > after*time.Millisecond+500*time.Millisecond {
				t.Errorf("a Show took %v after its context", took-after*time.Millisecond)
			}
			cancel()
			show(t, card, p, black)
		}
	})
}

// A line that takes no byte is an error in a bounded time.
func TestStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(bxtest.BX5E2)
		defer card.Close()
		link := card.Serial(57600, 57600)
		p, err := bx.New(link, bx.Opts{Baud: 57600})
		if err != nil {
			t.Fatal(err)
		}
		link.Jam(true)
		began := time.Now()
		if err := p.Show(t.Context(), filled(p.Size(), red)); err == nil || !strings.Contains(err.Error(), "takes no bytes") {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began = time.Now()
		if err := p.Show(ctx, filled(p.Size(), red)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("with a context of 300 ms it took %v", took)
		}
		link.Jam(false)
		show(t, card, p, red)
	})
}

// The wire of a serial line never waits for us, and nothing piles up before it.
func TestWireIsBusy(t *testing.T) {
	for _, baud := range []int{9600, 57600} {
		synctest.Test(t, func(t *testing.T) {
			model := bxtest.BX5E2
			model.Size = image.Pt(256, 64) // 2 KB a page
			card := bxtest.New(model)
			defer card.Close()
			link := card.Serial(baud, baud)
			p, err := bx.New(link, bx.Opts{Baud: baud})
			if err != nil {
				t.Fatal(err)
			}
			link.Traffic()
			show(t, card, p, red)
			w := link.Traffic()
			share := float64(w.Busy) / float64(w.Busy+w.Idle)
			t.Logf("%d baud: busy for %.1f %%, backlog up to %d bytes", baud, 100*share, w.Backlog)
			if share < 0.95 {
				t.Errorf("at %d baud the wire is busy for %.1f %% of a page of %d bytes", baud, 100*share, w.Bytes)
			}
			if most := baud / 10 / 8; w.Backlog > most {
				t.Errorf("at %d baud %d bytes wait before the wire, more than 125 ms", baud, w.Backlog)
			}
		})
	}
}
