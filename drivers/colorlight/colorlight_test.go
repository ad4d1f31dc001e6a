package colorlight

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/drivers/colorlight/colorlighttest"
)

var (
	_ display.Dimmer = (*Panel)(nil)
	_ display.Prober = (*Panel)(nil)
)

// open is a panel on a cable.
func open(t *testing.T, c *colorlighttest.Cable, o Opts) *Panel {
	t.Helper()
	p, err := New("cable", func() (Link, error) { return c.Open(), nil }, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTrial(t *testing.T) {
	for _, b := range []struct {
		name string
		card func() *colorlighttest.Card
		opts Opts
	}{
		{"small", func() *colorlighttest.Card { return &colorlighttest.Card{Major: 10, Minor: 16} }, Opts{Size: image.Pt(13, 7)}},
		{"two frames a row", func() *colorlighttest.Card { return &colorlighttest.Card{Major: 11, Minor: 9} }, Opts{Size: image.Pt(512, 3)}},
		{"firmware 15", func() *colorlighttest.Card { return &colorlighttest.Card{Major: 15, Minor: 1} }, Opts{Size: image.Pt(64, 32), Twice: true}},
		{"RGB, slow", func() *colorlighttest.Card {
			return &colorlighttest.Card{Major: 8, Order: "RGB", Settle: 5 * time.Millisecond}
		}, Opts{Size: image.Pt(32, 16), Order: "RGB"}},
		{"firmware 3", func() *colorlighttest.Card { return &colorlighttest.Card{Major: 3} }, Opts{Size: image.Pt(5, 300), NoBrightness: true}},
	} {
		t.Run(b.name, func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				card := b.card()
				card.Size = b.opts.Size
				cable := &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}
				t.Cleanup(func() {
					if n := card.Odd(); n > 0 {
						t.Errorf("%d frames are none of the protocol", n)
					}
				})
				return displaytest.Bench{
					Panel: open(t, cable, b.opts), Screen: card.Screen,
					Silence: cable.Cut, PowerCut: card.PowerCut, Within: 2 * time.Second,
				}
			})
		})
	}
}

func white(size image.Point) *image.Gray {
	p := image.NewGray(image.Rectangle{Max: size})
	for i := range p.Pix {
		p.Pix[i] = 255
	}
	return p
}

// Bytes from the protocol description of PanelPlayer (types, offsets, lengths) and
// from the captured row heads quoted in Falcon Player's source: 497 pixels at 0 and
// 15 pixels at 497 of a wall that is 512 wide.
func TestFrames(t *testing.T) {
	const addresses = "112233445566" + "222233445566"
	zeros := func(n int) string { return strings.Repeat("00", n) }
	pixels := []byte{0x11, 0x22, 0x33, 0xFF, 0x44, 0x55, 0x66, 0xFF}
	row := func(y, x int, pixels []byte, order [3]int) []byte {
		return fillRow(newFrame(typeRow, maxLen-headLen), y, x, pixels, order)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"brightness", brightnessFrame(0x80), "0a" + "808080ff" + zeros(60)},
		{"display", displayFrame(0x80), "01" + "07" + zeros(21) + "80" + "05" + "00" + "808080" + zeros(71)},
		{"discover", newFrame(typeDiscover, 271), "07" + zeros(271)},
		{"row, BGR", row(0x0102, 0x0304, pixels, [3]int{2, 1, 0}), "55" + "0102" + "0304" + "0002" + "0888" + "332211" + "665544"},
		{"row, RGB", row(0x0102, 0x0304, pixels, [3]int{0, 1, 2}), "55" + "0102" + "0304" + "0002" + "0888" + "112233" + "445566"},
		{"long row", row(0, 0, make([]byte, 4*497), [3]int{}), "55" + "0000" + "0000" + "01f1" + "0888" + zeros(3*497)},
		{"its rest", row(0, 497, make([]byte, 4*15), [3]int{}), "55" + "0000" + "01f1" + "000f" + "0888" + zeros(3*15)},
	} {
		if got := hex.EncodeToString(c.frame); got != addresses+c.want {
			t.Errorf("%s:\n%s\nnot\n%s", c.name, got, addresses+c.want)
		}
	}
}

// Without Twice a card of firmware 13 keeps the old picture, until a probe has seen
// which firmware it is.
func TestFirmwareIsLearned(t *testing.T) {
	card := &colorlighttest.Card{Size: image.Pt(8, 4), Major: 13}
	p := open(t, &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}, Opts{Size: card.Size})
	show := func() error {
		if err := p.Show(context.Background(), white(card.Size)); err != nil {
			t.Fatal(err)
		}
		return displaytest.Same(card.Screen(), white(card.Size), 0)
	}
	if show() == nil {
		t.Fatal("the card shows what came once: it is no card of firmware 13")
	}
	facts, err := p.Probe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if facts["firmware"] != "13.00" || facts["width"] != "8" || facts["height"] != "4" {
		t.Errorf("the facts are %v", facts)
	}
	if err := show(); err != nil {
		t.Error(err)
	}
}

func TestTwoCards(t *testing.T) {
	upper := &colorlighttest.Card{Size: image.Pt(8, 4), Major: 10}
	lower := &colorlighttest.Card{Size: image.Pt(8, 4), Major: 10, Number: 1}
	p := open(t, &colorlighttest.Cable{Cards: []*colorlighttest.Card{upper, lower}}, Opts{Size: upper.Size})
	if err := p.Show(context.Background(), white(upper.Size)); err != nil {
		t.Fatal(err)
	}
	for _, lost := range []string{"", "true"} {
		facts, err := p.Probe(context.Background())
		if err != nil || facts["cards"] != "2" || facts["width"] != "" || facts["lost"] != lost {
			t.Errorf("lost %q: %v, %v", lost, facts, err)
		}
		lower.PowerCut() // one is enough to lose a part of the picture
	}
}

// Between two pictures lie 20 ms, before the display the settling time, and nothing
// else takes any.
func TestTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := &colorlighttest.Card{Size: image.Pt(8, 4), Settle: 9 * time.Millisecond}
		p := open(t, &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}, Opts{Size: card.Size, Settle: 9 * time.Millisecond})
		began := time.Now()
		for i := range 5 {
			page := image.NewGray(image.Rectangle{Max: card.Size})
			page.Pix[i] = 255
			if err := p.Show(context.Background(), page); err != nil {
				t.Fatal(err)
			}
			if err := displaytest.Same(card.Screen(), page, 0); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 9*time.Millisecond+4*29*time.Millisecond {
			t.Errorf("five pictures took %v", took)
		}
	})
}

func TestDeafCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := &colorlighttest.Card{Size: image.Pt(8, 4)}
		p := open(t, &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}, Opts{Size: card.Size})
		card.Deaf(true)
		_, err := p.Probe(context.Background())
		if err == nil || !strings.Contains(err.Error(), "no answer from a card on cable after 3 tries") {
			t.Errorf("a deaf card: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := p.Probe(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 60*time.Millisecond {
			t.Errorf("a probe of 50 ms took %v: %v", time.Since(began), err)
		}
	})
}

func TestBrightness(t *testing.T) {
	card := &colorlighttest.Card{Size: image.Pt(8, 4), Major: 10}
	p := open(t, &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}, Opts{Size: card.Size})
	if err := p.SetBrightness(30); err != nil || card.Packets() != 0 {
		t.Errorf("a brightness before the first picture: %v, and %d frames", err, card.Packets())
	}
	if err := p.Show(context.Background(), white(card.Size)); err != nil {
		t.Fatal(err)
	}
	for percent, want := range map[int]uint8{30: 77, 100: 255, 50: 128, 1: 3, 0: 1} {
		if err := p.SetBrightness(percent); err != nil {
			t.Fatal(err)
		}
		if got := card.Screen().At(3, 3).(color.RGBA).R; got != want {
			t.Errorf("at %d %% white is %d, not %d", percent, got, want)
		}
	}
}

// Other frames that come in, also broken answers, do not disturb a probe.
func TestGarbageOnTheCable(t *testing.T) {
	card := &colorlighttest.Card{Size: image.Pt(8, 4), Major: 10}
	cable := &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}
	p := open(t, cable, Opts{Size: card.Size})
	good := card.Frame(newFrame(typeDiscover, 271))
	r := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		b := append([]byte(nil), good[:r.IntN(len(good))]...)
		for range 1 + r.IntN(8) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.IntN(256))
			}
		}
		parseAnswer(b)
	}
	for _, n := range []int{0, 1, 12, 13, 14, 98} {
		cable.Inject(good[:n])
	}
	facts, err := p.Probe(context.Background())
	if err != nil || facts["firmware"] != "10.00" || facts["cards"] != "1" {
		t.Errorf("%v, %v", facts, err)
	}
}

func FuzzAnswer(f *testing.F) {
	card := &colorlighttest.Card{Size: image.Pt(128, 64), Major: 10, Minor: 16}
	good := card.Frame(newFrame(typeDiscover, 271))
	f.Add(good)
	f.Add(good[:99])
	f.Add(good[:98])
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := parseAnswer(b)
		if ok && len(b) < 99 {
			t.Errorf("an answer in %d bytes", len(b))
		}
		p := Panel{shown: time.Now()}
		if ok && p.facts([]answer{a})["model"] == "" {
			t.Error("no model")
		}
	})
}

func TestOpts(t *testing.T) {
	link := func() (Link, error) { return new(colorlighttest.Cable), nil }
	for _, o := range []Opts{
		{}, {Size: image.Pt(8, -1)}, {Size: image.Pt(8, 70000)},
		{Size: image.Pt(8, 8), Order: "RG"}, {Size: image.Pt(8, 8), Order: "RGG"}, {Size: image.Pt(8, 8), Order: "RGBW"},
	} {
		if _, err := New("cable", link, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if _, err := Open("no-such-port", Opts{Size: image.Pt(8, 8)}); err == nil || !strings.Contains(err.Error(), "no-such-port") {
		t.Errorf("no such port: %v", err)
	}
	gone := errors.New("gone")
	if _, err := New("cable", func() (Link, error) { return nil, gone }, Opts{Size: image.Pt(8, 8)}); !errors.Is(err, gone) {
		t.Errorf("a link that does not open: %v", err)
	}
}

// A cable that falls out in the middle of a picture: the kernel says nothing.
func TestCutInTheMiddle(t *testing.T) {
	card := &colorlighttest.Card{Size: image.Pt(8, 4)}
	l := &falls{Cable: &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}, after: 3}
	p, err := New("cable", func() (Link, error) { l.Open(); return l, nil }, Opts{Size: card.Size})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Show(context.Background(), white(card.Size)); !errors.Is(err, errDown) {
		t.Errorf("a cut in the middle: %v", err)
	}
	l.Cut(false)
	if err := p.Show(context.Background(), white(card.Size)); err != nil {
		t.Error(err)
	}
	if err := displaytest.Same(card.Screen(), white(card.Size), 0); err != nil {
		t.Error(err)
	}
}

type falls struct {
	*colorlighttest.Cable
	after int
}

func (f *falls) Write(b []byte) (int, error) {
	if f.after--; f.after == 0 {
		f.Cut(true)
	}
	return f.Cable.Write(b)
}

// A link that fails is closed, and another one is opened for the next picture.
func TestReopens(t *testing.T) {
	card := &colorlighttest.Card{Size: image.Pt(8, 4)}
	cable := &colorlighttest.Cable{Cards: []*colorlighttest.Card{card}}
	opened := 0
	p, err := New("cable", func() (Link, error) { opened++; return cable.Open(), nil }, Opts{Size: card.Size})
	if err != nil {
		t.Fatal(err)
	}
	cable.Close() // the adapter was pulled out and plugged in again
	if err := p.Show(context.Background(), white(card.Size)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a broken link: %v", err)
	}
	if err := p.Show(context.Background(), white(card.Size)); err != nil || opened != 2 {
		t.Errorf("the next link, number %d: %v", opened, err)
	}
}

func Example() {
	wall, err := Open("eth1", Opts{Size: image.Pt(512, 256)})
	if err != nil {
		fmt.Println(err) // colorlight: eth1: route ip+net: no such network interface
		return
	}
	defer wall.Close()
	if err := wall.Show(context.Background(), image.NewRGBA(image.Rect(0, 0, 512, 256))); err != nil {
		fmt.Println(err) // colorlight: cannot show a picture on eth1: no link: cable, or power of the card
	}
}
