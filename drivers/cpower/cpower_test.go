package cpower_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/cpower"
	"loa/drivers/cpower/cpowertest"
)

// with runs f on a panel and a card on a pipe, in time that is free.
func with(t *testing.T, o cpower.Opts, co cpowertest.Opts, f func(*testing.T, *cpower.Panel, *cpowertest.Card)) {
	t.Helper()
	if o.Width == 0 {
		o.Width, o.Height = 48, 32
	}
	co.Width, co.Height, co.Network = o.Width, o.Height, o.Network
	synctest.Test(t, func(t *testing.T) {
		card := cpowertest.New(co)
		ours, theirs := net.Pipe()
		p, err := cpower.New(ours, o)
		if err != nil {
			t.Fatal(err)
		}
		defer serve(card, theirs)()
		defer theirs.Close()
		defer p.Close()
		f(t, p, card)
	})
}

// serve lets the card serve; what it returns waits for its end.
func serve(card *cpowertest.Card, wire io.ReadWriter) (wait func()) {
	over := make(chan struct{})
	go func() { defer close(over); card.Serve(wire) }()
	return func() { <-over }
}

// speckled is a picture in the panel's own colours, another for each seed.
func speckled(w, h int, seed uint64, colours string) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{A: 255}
			switch v := r.Uint32(); colours {
			case "full":
				c.R, c.G, c.B = 0xA0|byte(v)&0x1F, byte(v>>8), byte(v>>16) // red needs escapes
			case "two":
				c.R, c.G = byte(v&1)*255, byte(v>>1&1)*255
			default:
				c.R = byte(v&1) * 255
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		o    cpower.Opts
		want string
	}{
		{cpower.Opts{}, "0×0"},
		{cpower.Opts{Width: 5000, Height: 16}, "5000×16"},
		{cpower.Opts{Width: 64, Height: 16, Colours: "sepia"}, `"sepia"`},
		{cpower.Opts{Width: 64, Height: 16, Card: 255}, "card 255"},
		{cpower.Opts{Width: 64, Height: 16, Packet: 8}, "packets of 8 bytes"},
		{cpower.Opts{Width: 512, Height: 256, Colours: "full"}, "more than 256 packets of 512"},
	} {
		if _, err := cpower.New(nil, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
}

// All that a Show sends to a card that answers everything.
func TestTheBytesOfAShow(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	p, err := cpower.New(ours, cpower.Opts{Width: 10, Height: 2, Packet: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var mu sync.Mutex
	var heard []byte
	go func() {
		b := make([]byte, 256)
		for {
			n, err := theirs.Read(b)
			if err != nil {
				return
			}
			mu.Lock()
			heard = append(heard, b[:n]...)
			mu.Unlock()
			answer := []byte{0xE8, 0x32, 1, b[4], 0} // one frame a Write
			s := 0
			for _, x := range answer {
				s += int(x)
			}
			theirs.Write(append(append([]byte{0xA5}, answer...), byte(s), byte(s>>8), 0xAE))
		}
	}()
	picture := image.NewRGBA(image.Rect(0, 0, 10, 2))
	for _, x := range []int{0, 2, 4, 6} { // AA, which needs an escape
		picture.SetRGBA(x, 0, color.RGBA{255, 255, 255, 255})
	}
	picture.SetRGBA(9, 1, color.RGBA{255, 255, 255, 255})
	if err := p.Show(context.Background(), picture); err != nil {
		t.Fatal(err)
	}
	want := cpower.Unhex(t, `
		A5 68 32 01 2E 01 00 CA 00 AE // whose answer clears the line
		A5 68 32 01 7B 01  0A 00 00 00 // 10 bytes, packet 0 of 0
		01 01 00 00 00 00 00 0A 00 02  2F 01 AE // one window: 0, 0, 10, 2
		A5 68 32 01 7B 01  10 00 00 01 // 16 bytes, packet 0 of 1
		03 00 00 01 FF FF 04 00 00 00 00  49 31 0A 00 02  B4 03 AE // image, window 0, draw; I1, 10×
		A5 68 32 01 7B 01  07 00 01 01 // 7 bytes, packet 1 of 1
		00 01 00  AA 0A 00  00 40  0B 02 AE // ×2, red; the rows
	`)
	mu.Lock()
	defer mu.Unlock()
	if !bytes.Equal(heard, want) {
		t.Errorf("\n% x, want\n% x", heard, want)
	}
}

// Whatever the line does: what Show says is shown is shown, and when the line is
// well again the next Show succeeds.
func TestUnreliableLines(t *testing.T) {
	rounds := uint64(100)
	if testing.Short() {
		rounds = 40
	}
	lies, done, failed := 0, 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 2))
		o := cpower.Opts{Network: seed%3 == 1, Colours: []string{"mono", "two", "full"}[r.IntN(3)], Packet: []int{0, 64, 200}[r.IntN(3)]}
		co := cpowertest.Opts{Forgetful: r.IntN(2) == 0, OldApp: r.IntN(2) == 0, Echo: r.IntN(3) == 0}
		with(t, o, co, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
			for i := range uint64(4) {
				if !o.Network { // noise would need luck to look like a header there, too
					noise := make([]byte, r.IntN(9))
					for i := range noise {
						noise[i] = byte(r.Uint32())
					}
					card.Babble(noise)
				}
				card.Lose(r.IntN(3))
				card.Spoil(r.IntN(3))
				card.Late(time.Duration(r.IntN(4)) * 400 * time.Millisecond)
				if r.IntN(4) == 0 {
					card.PowerCut()
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+r.IntN(40))*500*time.Millisecond)
				want := speckled(48, 32, seed*10+i, o.Colours)
				if err := p.Show(ctx, want); err != nil {
					failed++
				} else if done++; displaytest.Same(card.Screen(), want, 0) != nil {
					lies++
					t.Errorf("seed %d: the screen is not what Show said", seed)
				}
				cancel()
			}
			card.Lose(0)
			card.Spoil(0)
			card.Late(0)
			card.Babble(nil)
			time.Sleep(5 * time.Second) // what is late has come
			want := speckled(48, 32, seed*10+9, o.Colours)
			if err := p.Show(context.Background(), want); err != nil {
				t.Fatalf("seed %d: on a line that is well: %v", seed, err)
			}
			if err := displaytest.Same(card.Screen(), want, 0); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		})
	}
	t.Logf("%d shown, %d failed, %d lies", done, failed, lies)
	if done < failed/3 || failed == 0 {
		t.Errorf("%d shown and %d failed: the lines are too good or too bad to tell", done, failed)
	}
}

// One answer, or one packet, is lost in the middle of a picture: it is resent, and
// a card that calls this a missing packet gets the picture again.
func TestOneLoss(t *testing.T) {
	for name, harm := range map[string]func(*cpowertest.Card){
		"an answer":           func(c *cpowertest.Card) { c.Lose(1) },
		"a packet":            func(c *cpowertest.Card) { c.Spoil(1) },
		"two answers running": func(c *cpowertest.Card) { c.Lose(2) },
	} {
		for _, forgetful := range []bool{false, true} {
			for after := range 6 { // the window, and five packets
				with(t, cpower.Opts{Packet: 50}, cpowertest.Opts{Forgetful: forgetful}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
					if err := p.SetOn(context.Background(), true); err != nil { // the line is clear
						t.Fatal(err)
					}
					card.After(after, harm)
					want := speckled(48, 32, 1, "")
					if err := p.Show(context.Background(), want); err != nil {
						t.Fatalf("%s lost after %d: %v", name, after, err)
					}
					if err := displaytest.Same(card.Screen(), want, 0); err != nil {
						t.Errorf("%s lost after %d: %v", name, after, err)
					}
				})
			}
		}
	}
}

// An answer that comes after its time must not be taken for the next one's.
func TestLateAnswers(t *testing.T) {
	with(t, cpower.Opts{Packet: 64}, cpowertest.Opts{}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		card.Late(1400 * time.Millisecond)
		if err := p.Show(context.Background(), speckled(48, 32, 1, "")); err == nil {
			t.Fatal("shown, though every answer came too late")
		}
		card.Late(0)
		card.Lose(2) // those to the window and to the first piece
		want := speckled(48, 32, 2, "")
		if err := p.Show(context.Background(), want); err != nil {
			t.Fatal(err)
		}
		if err := displaytest.Same(card.Screen(), want, 0); err != nil {
			t.Error(err)
		}
	})
}

// A narrow wire gives its reader little at a time.
type narrow struct {
	io.ReadWriter
	n int
	d time.Duration
}

func (w narrow) Read(b []byte) (int, error) {
	time.Sleep(w.d)
	return w.ReadWriter.Read(b[:min(len(b), w.n)])
}

// A stop in the middle of a frame: the network's framing must not lose its place.
func TestStopInAFrame(t *testing.T) {
	for _, network := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			card := cpowertest.New(cpowertest.Opts{Width: 64, Height: 64, Network: network})
			ours, theirs := net.Pipe()
			p, err := cpower.New(ours, cpower.Opts{Width: 64, Height: 64, Network: network})
			if err != nil {
				t.Fatal(err)
			}
			defer serve(card, narrow{theirs, 7, 10 * time.Millisecond})()
			defer theirs.Close()
			defer p.Close()
			for i := range 40 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*20*time.Millisecond)
				began := time.Now()
				if err := p.Show(ctx, speckled(64, 64, uint64(i), "")); err == nil {
					t.Fatalf("shown in %d ms", 20*i)
				} else if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				if took := time.Since(began); took > time.Duration(i)*20*time.Millisecond {
					t.Errorf("a stop after %d ms took until %v", 20*i, took)
				}
				cancel()
			}
			want := speckled(64, 64, 99, "")
			if err := p.Show(context.Background(), want); err != nil {
				t.Fatalf("network %v: %v", network, err)
			}
			if err := displaytest.Same(card.Screen(), want, 0); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatErrorsSay(t *testing.T) {
	with(t, cpower.Opts{Card: 9}, cpowertest.Opts{ID: 8}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		err := p.Show(context.Background(), speckled(48, 32, 1, ""))
		if want := "cpower: cannot make a window: no answer from card 9 after 3 tries"; err == nil || err.Error() != want {
			t.Errorf("another card's: %v, want %s", err, want)
		}
	})
	with(t, cpower.Opts{}, cpowertest.Opts{MaxPacket: 100}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		err := p.Show(context.Background(), speckled(48, 32, 1, ""))
		if want := "cpower: cannot show a picture: the card refuses with code 0x10"; err == nil || err.Error() != want {
			t.Errorf("packets too long: %v, want %s", err, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() { // a card at another baud
			b := make([]byte, 100)
			for {
				n, err := theirs.Read(b)
				if err != nil {
					return
				}
				for range 3 {
					theirs.Write(bytes.Repeat([]byte{0xF8, 0x80}, n/4))
				}
			}
		}()
		defer theirs.Close()
		p, _ := cpower.New(ours, cpower.Opts{Width: 8, Height: 8})
		defer p.Close()
		_, err := p.Probe(context.Background())
		if want := "no answer from card 1 after 3 tries, only 36 bytes that are no packets (F8 80 F8 80 F8 80 F8 80 …): another baud, or another protocol?"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v, want …%s", err, want)
		}
	})
}

func TestProbe(t *testing.T) {
	with(t, cpower.Opts{}, cpowertest.Opts{}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		ctx := context.Background()
		if err := p.SetClock(ctx, time.Date(2026, 12, 6, 17, 30, 5, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		if got, want := card.Clock(), [7]byte{5, 30, 17, 0, 6, 12, 26}; got != want {
			t.Errorf("the clock is %v, want %v", got, want)
		}
		if err := p.SetBrightness(100); err != nil {
			t.Fatal(err)
		}
		facts, err := p.Probe(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range map[string]string{
			"model": "C-Power, type 0x52", "version": "app 3.3, BIOS 1.4, logic 2.1", "on": "true", "brightness_percent": "100",
			"clock": "2026-12-06 17:30:05", "open_door": "the network at 192.168.1.222:5200 obeys the factory's ID",
		} {
			if facts[k] != want {
				t.Errorf("%s is %q, want %q", k, facts[k], want)
			}
		}
		if card.Shows() != 0 {
			t.Error("a probe before any Show has shown something")
		}
	})
	with(t, cpower.Opts{Network: true, NetworkID: 0x10203040}, cpowertest.Opts{NetworkID: 0x10203040}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		if facts, err := p.Probe(context.Background()); err != nil || facts["open_door"] != "" {
			t.Errorf("an ID of its own: %v, %v", facts, err)
		}
	})
}

// A card without Ethernet is asked for its network no more once it was silent.
func TestProbeOfACardWithoutEthernet(t *testing.T) {
	with(t, cpower.Opts{}, cpowertest.Opts{NoEthernet: true}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		for i, most := range []time.Duration{3 * time.Second, 0} {
			began := time.Now()
			if facts, err := p.Probe(context.Background()); err != nil || facts["open_door"] != "" {
				t.Errorf("%v, %v", facts, err)
			}
			if took := time.Since(began); took > most {
				t.Errorf("probe %d took %v", i, took)
			}
		}
	})
}

// After a power cut a probe brings the page back.
func TestProbeMends(t *testing.T) {
	with(t, cpower.Opts{}, cpowertest.Opts{}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		want := speckled(48, 32, 1, "")
		if err := p.Show(context.Background(), want); err != nil {
			t.Fatal(err)
		}
		card.PowerCut()
		if displaytest.Same(card.Screen(), want, 0) == nil {
			t.Fatal("the card has not forgotten")
		}
		facts, err := p.Probe(context.Background())
		if err != nil || facts["lost"] != "" {
			t.Fatalf("%v, %v", facts, err)
		}
		if err := displaytest.Same(card.Screen(), want, 0); err != nil {
			t.Error(err)
		}
		// A page that may be half there is not shown by a probe.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p.Show(ctx, speckled(48, 32, 2, ""))
		n := card.Shows()
		if _, err := p.Probe(context.Background()); err != nil || card.Shows() != n {
			t.Errorf("%d pictures after %d, %v", card.Shows(), n, err)
		}
	})
}

func TestBrightness(t *testing.T) {
	with(t, cpower.Opts{}, cpowertest.Opts{}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		writes := 0
		for _, c := range []struct {
			percent int
			level   byte
			writes  int
		}{{0, 1, 1}, {1, 1, 0}, {100, 31, 1}, {100, 31, 0}, {50, 16, 1}} {
			if err := p.SetBrightness(c.percent); err != nil {
				t.Fatal(err)
			}
			for _, l := range card.Levels() {
				if l != c.level {
					t.Fatalf("%d %%: the levels are %v, want %d", c.percent, card.Levels(), c.level)
				}
			}
			if writes += c.writes; card.Writes() != writes {
				t.Errorf("%d %%: %d writes to flash, want %d", c.percent, card.Writes(), writes)
			}
		}
	})
}

func TestOnAndOff(t *testing.T) {
	with(t, cpower.Opts{}, cpowertest.Opts{}, func(t *testing.T, p *cpower.Panel, card *cpowertest.Card) {
		ctx := context.Background()
		want := speckled(48, 32, 1, "")
		if err := p.Show(ctx, want); err != nil {
			t.Fatal(err)
		}
		for _, on := range []bool{false, true} {
			if err := p.SetOn(ctx, on); err != nil {
				t.Fatal(err)
			}
			if facts, err := p.Probe(ctx); err != nil || facts["on"] != map[bool]string{true: "true", false: "false"}[on] {
				t.Errorf("on is %q, %v", facts["on"], err)
			}
			if lit := displaytest.Same(card.Screen(), want, 0) == nil; lit != on {
				t.Errorf("switched to %v, the picture is seen: %v", on, lit)
			}
		}
	})
}
