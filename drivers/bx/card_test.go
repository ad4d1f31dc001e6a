package bx_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/bx"
	"loa/drivers/bx/bxtest"
)

// What does not answer as it should is not opened, and the error says what was heard.
func TestNewSaysWhatItHeard(t *testing.T) {
	for _, c := range []struct {
		name  string
		model bxtest.Model
		o     bx.Opts
		baud  int // of the card
		harm  func(*bxtest.Card)
		want  string
	}{
		{name: "silence", model: bxtest.BX6E2, harm: func(c *bxtest.Card) { c.Silence(true) }, want: "no answer from /dev/ttyS1 after 3 tries: heard nothing"},
		{name: "another speed", model: bxtest.BX6E2, o: bx.Opts{Baud: 9600}, baud: 57600, want: "no answer from /dev/ttyS1 after 3 tries: heard nothing"},
		{name: "an echo only", model: bxtest.BX6E2, harm: func(c *bxtest.Card) { c.Echo(true); c.Silence(true) }, want: "heard nothing"},
		{name: "a font card", model: bxtest.BX6K3, want: "a K font card (NewK) answers"},
		{name: "another card", model: bxtest.BX6E2, o: bx.Opts{Card: "BX-6M"}, want: "this is a BX-6E2, not a BX-6M"},
		{name: "no such card", model: bxtest.BX6E2, o: bx.Opts{Card: "BX-7"}, want: `no card is called "BX-7"`},
		{name: "too large", model: bxtest.BX6E2, o: bx.Opts{Size: image.Pt(73, 32)}, want: "(73,32) does not fit into the 72×32"},
		{name: "replies that are broken", model: bxtest.BX6E2, harm: func(c *bxtest.Card) { c.WreckReplies(99) }, want: "heard a frame with a wrong checksum"},
		{name: "busy", model: bxtest.BX6E2, harm: func(c *bxtest.Card) { c.Busy(99) }, want: "the card refuses: busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				card := bxtest.New(c.model)
				defer card.Close()
				if c.harm != nil {
					c.harm(card)
				}
				c.o.Name = "/dev/ttyS1"
				began := time.Now()
				_, err := bx.New(card.Serial(c.o.Baud, c.baud), c.o)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v; want %s", err, c.want)
				}
				if took := time.Since(began); took > 16*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestNewK(t *testing.T) {
	for model, want := range map[string]string{"BX-5K1": "has no area for bitmaps", "BX-6E2": "heard nothing"} {
		synctest.Test(t, func(t *testing.T) {
			card := bxtest.New(map[string]bxtest.Model{"BX-5K1": bxtest.BX5K1, "BX-6E2": bxtest.BX6E2}[model])
			defer card.Close()
			if _, err := bx.NewK(card.Dial(), bx.Opts{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", model, err)
			}
		})
	}
}

// The card blanks by itself what nobody has renewed, and goes on with its program.
func TestHeldPictureEnds(t *testing.T) {
	try := func(t *testing.T, card *bxtest.Card, p interface {
		Size() image.Point
		ShowFor(context.Context, image.Image, time.Duration) error
	}, after image.Image) {
		m := filled(p.Size(), red)
		for range 3 { // renewed, it stays
			if err := p.ShowFor(t.Context(), m, 9500*time.Millisecond); err != nil { // 10 s
				t.Fatal(err)
			}
			time.Sleep(9 * time.Second)
			seen(t, card, m, "after 9 s")
		}
		time.Sleep(1500 * time.Millisecond)
		seen(t, card, after, "after 10.5 s")
		for _, d := range []time.Duration{0, -1, 19 * time.Hour} {
			if err := p.ShowFor(t.Context(), m, d); err == nil {
				t.Errorf("ShowFor %v was taken", d)
			}
		}
	}
	bubble(t, bxtest.BX5E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		shop := card.Screen()
		try(t, card, p, shop)
	})
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(bxtest.BX6K3)
		defer card.Close()
		shop := card.Screen()
		p, err := bx.NewK(card.Dial(), bx.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		try(t, card, p, shop)
	})
}

// A strip of any length arrives whole, in pages of the panel's width.
func TestStrip(t *testing.T) {
	for _, model := range []bxtest.Model{bxtest.BX5E2RG, bxtest.BX6E2, bxtest.BX6Q2, bxtest.BX6M, bxtest.BX5A} {
		for _, width := range []int{1, model.Size.X, model.Size.X + 1, 3*model.Size.X + 7} {
			bubble(t, model, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
				strip := image.NewRGBA(image.Rect(0, 0, width, p.Size().Y))
				draw(strip)
				if err := p.Scroll(t.Context(), strip, 50); err != nil {
					t.Fatal(err)
				}
				got, level := card.Strip()
				if got == nil {
					t.Fatal("nothing moves")
				}
				if err := displaytest.Same(got, strip, 0); err != nil {
					t.Errorf("%s, %d columns: %v", model.Name, width, err)
				}
				if level != 2 { // 20 ms a pixel, at 10 ms a level
					t.Errorf("level %d", level)
				}
			})
		}
	}
	bubble(t, bxtest.BX6E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		for px, want := range map[int]int{1000: 1, 100: 1, 25: 4, 1: 65, 0: 65, -3: 65} {
			if err := p.Scroll(t.Context(), filled(p.Size(), red), px); err != nil {
				t.Fatal(err)
			}
			if _, level := card.Strip(); level != want {
				t.Errorf("%d px/s is level %d, not %d", px, level, want)
			}
		}
		if err := p.Scroll(t.Context(), filled(image.Pt(72*600, 32), red), 50); err == nil {
			t.Error("a strip of more than 300 KB was taken")
		}
	})
}

// What a serial line does not bring within the time that display gives it is not begun.
func TestAStripForASlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			baud, pages int
			taken       bool
		}{{9600, 62, true}, {9600, 63, false}, {57600, 63, true}, {0, 63, true}} {
			model := bxtest.BX5E2
			model.Size = image.Pt(96, 32) // a page has 384 bytes, which take 0.4 s at 9600 baud
			card := bxtest.New(model)
			p, err := bx.New(card.Serial(c.baud, c.baud), bx.Opts{Baud: c.baud})
			if err != nil {
				t.Fatal(err)
			}
			for way, move := range map[string]func(context.Context, image.Image, int) error{"left": p.Scroll, "up": p.Roll} {
				strip := filled(image.Pt(96*c.pages, 32), red)
				if way == "up" {
					strip = filled(image.Pt(96, 32*c.pages), red)
				}
				before := card.Asked("A700")
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				err := move(ctx, strip, 50)
				cancel()
				if c.taken && err != nil || !c.taken && !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%d pages %s at %d baud: %v", c.pages, way, c.baud, err)
				}
				if sent := card.Asked("A700") > before; sent != c.taken {
					t.Errorf("%d pages %s at %d baud: sent %v", c.pages, way, c.baud, sent)
				}
			}
			card.Close()
		}
	})
}

// A column arrives whole and moves up by itself.
func TestColumn(t *testing.T) {
	for _, model := range []bxtest.Model{bxtest.BX5E2RG, bxtest.BX6E2, bxtest.BX6Q2, bxtest.BX5Q1} {
		h := model.Size.Y
		for _, height := range []int{1, h, 3*h + 7} {
			bubble(t, model, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
				column := image.NewRGBA(image.Rect(0, 0, p.Size().X, height))
				draw(column)
				if err := p.Roll(t.Context(), column, 50); err != nil {
					t.Fatal(err)
				}
				pages, gone := (height+h-1)/h, 0
				for _, after := range []int{0, 5, h - 1, pages*h - 1, pages*h + 2} { // rows that have gone by
					want := image.NewRGBA(image.Rectangle{Max: p.Size()})
					for y := range h {
						for x := range p.Size().X {
							c := color.RGBA{A: 255}
							if from := (y + after) % (pages * h); from < height {
								c = column.RGBAAt(x, from)
							}
							want.SetRGBA(x, y, c)
						}
					}
					tolerance := 0
					if model.Name == bxtest.BX5Q1.Name {
						tolerance = 8
					}
					time.Sleep(time.Duration(after-gone) * 20 * time.Millisecond)
					gone = after
					if err := displaytest.Same(card.Screen(), want, tolerance); err != nil {
						t.Errorf("%s, %d rows, after %d: %v", model.Name, height, after, err)
					}
				}
				if n := card.Asked("A700"); n != 1 {
					t.Errorf("it was sent %d times", n)
				}
			})
		}
	}
	bubble(t, bxtest.BX6Q2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		err := p.Roll(t.Context(), filled(image.Pt(48, 24*100), red), 50)
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a column of more than 300 KB: %v", err)
		}
		if err := p.Roll(t.Context(), filled(image.Pt(47, 24), red), 50); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a column that is narrower than the panel: %v", err)
		}
	})
}

// draw fills a picture with a pattern in the four colours that two diodes have;
// on panels of one every lit one is the same, so it keeps to red.
func draw(m *image.RGBA) {
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			c := black
			if (x*7+y*3)%5 < 2 {
				c = red
			}
			m.SetRGBA(x, y, c)
		}
	}
}

func TestControl(t *testing.T) {
	type control interface {
		SetBrightness(int) error
		Power(context.Context, bool) error
		SetClock(context.Context, time.Time) error
		TimedPower(context.Context, ...bx.Hours) error
		Probe(context.Context) (map[string]string, error)
	}
	for _, model := range []bxtest.Model{bxtest.BX5E2, bxtest.BX6E2, bxtest.BX6M, bxtest.BX6K3} {
		t.Run(model.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				card := bxtest.New(model)
				defer card.Close()
				var p control
				var err error
				if model.Name == "BX-6K3" {
					p, err = bx.NewK(card.Dial(), bx.Opts{})
				} else {
					p, err = bx.New(card.Dial(), bx.Opts{})
				}
				if err != nil {
					t.Fatal(err)
				}
				ctx := t.Context()
				for percent, level := range map[int]int{0: 0, 1: 0, 4: 1, 50: 8, 100: 15} {
					if err := p.SetBrightness(percent); err != nil || card.Level() != level {
						t.Errorf("%d %% is level %d, not %d; %v", percent, card.Level(), level, err)
					}
				}
				if err := p.SetBrightness(40); err != nil { // level 6
					t.Error(err)
				}
				noon := time.Date(2026, 9, 2, 12, 30, 15, 0, time.Local)
				if err := p.SetClock(ctx, noon); err != nil || card.Clock().Sub(noon).Abs() > time.Second {
					t.Errorf("the clock is %v; %v", card.Clock(), err)
				}
				if err := p.Power(ctx, false); err != nil || card.On() {
					t.Errorf("still on; %v", err)
				}
				facts, err := p.Probe(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for k, want := range map[string]string{
					"model": model.Name, "width": fmt.Sprint(model.Size.X), "height": fmt.Sprint(model.Size.Y), "on": "false",
					"brightness_percent": "40", "clock": "2026-09-02 12:30:15", "address": "1", "programs": "1", "program": "P777", "lost": "false",
				} {
					if facts[k] != want {
						t.Errorf("%s is %q, not %q", k, facts[k], want)
					}
				}
				if err := p.Power(ctx, true); err != nil || !card.On() {
					t.Errorf("still off; %v", err)
				}
				day := bx.Hours{On: 5*time.Hour + 30*time.Minute, Off: 21 * time.Hour}
				if err := p.TimedPower(ctx, day); err != nil || string(card.Timer()) != "\x01\x05\x30\x21\x00" {
					t.Errorf("the timer is % X; %v", card.Timer(), err)
				}
				for _, bad := range [][]bx.Hours{{{day.Off, day.On}}, {{0, 24 * time.Hour}}, {day, day, day, day}} {
					if err := p.TimedPower(ctx, bad...); err == nil {
						t.Errorf("%v was taken", bad)
					}
				}
				if err := p.TimedPower(ctx); err != nil || card.Timer() != nil {
					t.Errorf("the timer is % X; %v", card.Timer(), err)
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	bubble(t, bxtest.BX6E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		shop := card.Screen()
		show(t, card, p, red)
		if err := p.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen(t, card, shop, "after Delete")
	})
}

// Without a witness a card that was out of reach is not believed to have kept RAM.
func TestProbeAfterSilence(t *testing.T) {
	bubble(t, bxtest.BX5E2, bx.Opts{}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		lost := func() string {
			facts, err := p.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return facts["lost"]
		}
		if got := lost(); got != "false" {
			t.Errorf("before the first picture lost is %s", got)
		}
		show(t, card, p, red)
		card.Silence(true)
		if _, err := p.Probe(t.Context()); err == nil {
			t.Fatal("a silent card answers")
		}
		card.Silence(false)
		for range 2 {
			if got := lost(); got != "true" {
				t.Errorf("after silence lost is %s", got)
			}
		}
		show(t, card, p, red)
		if got := lost(); got != "false" {
			t.Errorf("after Show lost is %s", got)
		}
	})
}

// A witness needs a program; without one a picture is shown all the same.
func TestWitness(t *testing.T) {
	said := ""
	o := bx.Opts{Witness: true, Log: func(format string, a ...any) { said += fmt.Sprintf(format, a...) }}
	bubble(t, bxtest.BX5E2, o, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		card.Empty()
		for range 3 {
			show(t, card, p, red)
		}
		if strings.Count(said, "no program to lock") != 1 {
			t.Errorf("the log says %q", said)
		}
		if err := p.Keep(t.Context(), 0, filled(p.Size(), black)); err != nil {
			t.Fatal(err)
		}
		show(t, card, p, red)
		show(t, card, p, red)
		if n := card.Asked("A20E"); n != 1 {
			t.Errorf("it was locked %d times", n)
		}
		card.PowerCut()
		facts, err := p.Probe(t.Context())
		if err != nil || facts["lost"] != "true" {
			t.Errorf("%v, %v", facts, err)
		}
	})
}

// Over TCP the connection breaks with the card's power. That panel stays lost, says so
// soon, and another connection makes a new one.
func TestTheConnectionBreaks(t *testing.T) {
	card := bxtest.New(bxtest.BX6E2)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { card.ServeNet(conn) })
		}
	})
	defer served.Wait()
	defer card.Close()
	defer l.Close()
	dial := func() *bx.Panel {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		p, err := bx.New(conn, bx.Opts{Name: "10.0.0.7:5005"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		return p
	}
	p := dial()
	show(t, card, p, red)
	card.PowerCut()
	for range 3 {
		if err := p.Show(t.Context(), filled(p.Size(), red)); err == nil || !strings.Contains(err.Error(), "bx: 10.0.0.7:5005: the line is lost") {
			t.Errorf("on a broken connection: %v", err)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	show(t, card, dial(), red)
}

func TestSweep(t *testing.T) {
	for _, c := range []struct {
		name  string
		model bxtest.Model
		baud  int
		harm  func(*bxtest.Card)
		want  string
	}{
		{"at the first speed", bxtest.BX5E2, 9600, nil, "9600 baud: BX-5E2, address 1, 64×32"},
		{"at the second speed", bxtest.BX6M, 57600, nil, "9600 baud: nothing\n57600 baud: BX-6M, address 1, 96×16"},
		{"a font card", bxtest.BX6K3, 57600, nil, "9600 baud: nothing\n57600 baud: BX-6K3, address 1, 128×32"},
		{"nobody", bxtest.BX6M, 9600, func(c *bxtest.Card) { c.Silence(true) }, "9600 baud: nothing\n57600 baud: nothing"},
		{"broken replies to the broadcast", bxtest.BX6M, 9600, func(c *bxtest.Card) { c.WreckReplies(1) }, "9600 baud: BX-6M, address 1, 96×16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				card := bxtest.New(c.model)
				defer card.Close()
				if c.harm != nil {
					c.harm(card)
				}
				found := bx.Sweep(t.Context(), func(baud int) (bx.Conn, error) { return card.Serial(baud, c.baud), nil }, 0)
				var lines []string
				for _, f := range found {
					lines = append(lines, f.String())
				}
				if got := strings.Join(lines, "\n"); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
			})
		})
	}
	wireless, modem := bxtest.BX6M, bxtest.BX6K3
	wireless.Device, modem.Device = 0x0164, 0x67
	for _, c := range []struct {
		model bxtest.Model
		want  string
	}{{wireless, "BX-6W, address 1, 96×16; open: the card's own Wi-Fi"}, {modem, "BX-6K1&4G, address 1, 128×32; open: the card's own 4G modem"}} {
		synctest.Test(t, func(t *testing.T) {
			card := bxtest.New(c.model)
			defer card.Close()
			found := bx.Sweep(t.Context(), func(baud int) (bx.Conn, error) { return card.Serial(baud, 9600), nil }, 0)
			if got := found[0].String(); !strings.Contains(got, c.want) {
				t.Errorf("%s; want %s", got, c.want)
			}
			var p interface {
				Probe(context.Context) (map[string]string, error)
			}
			var err error
			if c.model.Device == 0x67 {
				p, err = bx.NewK(card.Dial(), bx.Opts{})
			} else {
				p, err = bx.New(card.Dial(), bx.Opts{})
			}
			if err != nil {
				t.Fatal(err)
			}
			facts, err := p.Probe(t.Context())
			if err != nil || facts["open_door"] == "" || !strings.HasSuffix(found[0].String(), facts["open_door"]) {
				t.Errorf("%q, %v", facts["open_door"], err)
			}
		})
	}
	found := bx.Sweep(t.Context(), func(int) (bx.Conn, error) { return nil, os.ErrNotExist }, 0)
	if got := found[0].String(); got != "9600 baud: file does not exist" {
		t.Error(got)
	}
}

// Part of a screen, red for green, one colour of two: as the options say.
func TestOptions(t *testing.T) {
	bubble(t, bxtest.BX6E2, bx.Opts{Size: image.Pt(40, 8), GreenFirst: true}, func(t *testing.T, card *bxtest.Card, p bx.AreaPanel) {
		if err := p.Show(t.Context(), filled(p.Size(), red)); err != nil {
			t.Fatal(err)
		}
		want := filled(bxtest.BX6E2.Size, black)
		for y := range 8 {
			for x := range 40 {
				want.Set(x, y, green)
			}
		}
		seen(t, card, want, "a part in green")
	})
	synctest.Test(t, func(t *testing.T) {
		card := bxtest.New(bxtest.BX5K2)
		defer card.Close()
		p, err := bx.NewK(card.Dial(), bx.Opts{Negative: true, Size: image.Pt(64, 32)})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Show(t.Context(), filled(p.Size(), color.Black)); err != nil {
			t.Fatal(err)
		}
		want := filled(bxtest.BX5K2.Size, black)
		for y := range 32 {
			for x := range 64 {
				want.Set(x, y, red)
			}
		}
		seen(t, card, want, "a negative")
	})
}
