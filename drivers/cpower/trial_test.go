package cpower_test

import (
	"image/color"
	"net"
	"testing"
	"time"

	"loa/agent/display/displaytest"
	"loa/drivers/cpower"
	"loa/drivers/cpower/cpowertest"
)

var (
	black  = color.RGBA{A: 255}
	red    = color.RGBA{255, 0, 0, 255}
	green  = color.RGBA{0, 255, 0, 255}
	yellow = color.RGBA{255, 255, 0, 255}
)

// wired is a panel and a card with a wire between them: a pipe, or TCP.
func wired(t *testing.T, o cpower.Opts, c *cpowertest.Card) *cpower.Panel {
	t.Helper()
	ours, theirs := net.Pipe()
	if o.Network {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if ours, err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if theirs, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	p, err := cpower.New(ours, o)
	if err != nil {
		t.Fatal(err)
	}
	wait := serve(c, theirs)
	t.Cleanup(func() { p.Close(); theirs.Close(); wait() })
	return p
}

func TestTrial(t *testing.T) {
	for _, c := range []struct {
		name    string
		panel   cpower.Opts
		card    cpowertest.Opts
		palette color.Palette
	}{
		{"serial, mono", cpower.Opts{Width: 61, Height: 16},
			cpowertest.Opts{NoEthernet: true}, color.Palette{black, red}},
		{"serial with an echo, two colours", cpower.Opts{Width: 128, Height: 32, Colours: "two", Card: 7},
			cpowertest.Opts{ID: 7, OldApp: true, Echo: true}, color.Palette{black, red, green, yellow}},
		{"TCP, seven colours", cpower.Opts{Width: 40, Height: 24, Colours: "seven", Network: true},
			cpowertest.Opts{}, color.Palette{black, red, green, yellow, color.RGBA{255, 255, 255, 255}}},
		{"TCP, full colour", cpower.Opts{Width: 64, Height: 48, Colours: "full", Network: true, NetworkID: 0x12345678},
			cpowertest.Opts{NetworkID: 0x12345678}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				c.panel.Timeout = 200 * time.Millisecond
				c.card.Width, c.card.Height, c.card.Network = c.panel.Width, c.panel.Height, c.panel.Network
				card := cpowertest.New(c.card)
				return displaytest.Bench{
					Panel: wired(t, c.panel, card), Screen: card.Screen, Palette: c.palette,
					Silence: card.Silence, PowerCut: card.PowerCut,
				}
			})
		})
	}
}
