package bx_test

import (
	"image"
	"image/color"
	"testing"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/bx"
	"loa/drivers/bx/bxtest"
)

var (
	black  = color.RGBA{A: 255}
	red    = color.RGBA{255, 0, 0, 255}
	green  = color.RGBA{0, 255, 0, 255}
	yellow = color.RGBA{255, 255, 0, 255}

	oneColour  = color.Palette{black, red}
	twoColours = color.Palette{black, red, green, yellow}
)

// patient is how long the trials wait for an answer: long enough for a slow
// machine, and a retry mends the rest.
const patient = 200 * time.Millisecond

// open connects to a card; those with dynamic areas get all that these can.
func open(t *testing.T, card *bxtest.Card, o bx.Opts) *bx.Panel {
	t.Helper()
	t.Cleanup(card.Close)
	if o.Timeout == 0 {
		o.Timeout = patient
	}
	p, err := bx.New(card.Dial(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTrial(t *testing.T) {
	for _, c := range []struct {
		name      string
		model     bxtest.Model
		palette   color.Palette
		tolerance int
	}{
		{"BX-5E mono", bxtest.BX5E2, oneColour, 0},
		{"BX-5E two-colour", bxtest.BX5E2RG, twoColours, 0},
		{"BX-5Q RGB565", bxtest.BX5Q1, nil, 8},
		{"BX-5A programs only", bxtest.BX5A, oneColour, 0},
		{"BX-6E two-colour", bxtest.BX6E2, twoColours, 0},
		{"BX-6Q full colour", bxtest.BX6Q2, nil, 0},
		{"BX-6M programs only", bxtest.BX6M, twoColours, 0},
	} {
		if testing.Short() && c.model.Name != "BX-6E2" && c.model.Name != "BX-5A" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				card := bxtest.New(c.model)
				p := open(t, card, bx.Opts{Card: c.model.Name, Witness: true})
				b := bench(card, c.palette, c.tolerance)
				b.Panel = p
				if a, ok := p.Areas(); ok {
					b.Panel = a
				}
				return b
			})
		})
	}
}

func TestTrialK(t *testing.T) {
	for _, c := range []struct {
		model   bxtest.Model
		palette color.Palette
	}{{bxtest.BX6K3, twoColours}, {bxtest.BX5K2, oneColour}} {
		t.Run(c.model.Name, func(t *testing.T) {
			t.Parallel()
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				card := bxtest.New(c.model)
				t.Cleanup(card.Close)
				p, err := bx.NewK(card.Dial(), bx.Opts{Timeout: patient})
				if err != nil {
					t.Fatal(err)
				}
				b := bench(card, c.palette, 0)
				b.Panel = p
				return b
			})
		})
	}
}

func bench(card *bxtest.Card, palette color.Palette, tolerance int) displaytest.Bench {
	return displaytest.Bench{
		Screen: card.Screen, Palette: palette, Tolerance: tolerance, Silence: card.Silence, PowerCut: card.PowerCut,
	}
}

// filled is a picture of one colour.
func filled(size image.Point, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			m.Set(x, y, c)
		}
	}
	return m
}
