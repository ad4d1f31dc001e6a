package hardware

import (
	"context"
	"fmt"
	"image"
	"maps"
	"os"
	"slices"
	"strings"

	"loa/agent/config"
	"loa/agent/display"
	"loa/boards"
	"loa/drivers/bx"
	"loa/drivers/colorlight"
	"loa/drivers/cpower"
	"loa/drivers/ddp"
	"loa/drivers/e131"
	"loa/drivers/huidu"
	"loa/drivers/kms"
	"loa/drivers/line"
	"loa/drivers/png"
	"loa/drivers/term"
)

// openPanel opens a panel, or opens it again after a loss.
type openPanel func(p boards.Panel, o Opts) (display.Panel, error)

// panels is every panel driver there is. A line less, and the linker leaves the
// driver out.
var panels = map[string]openPanel{
	"bx":         openBX,
	"bxk":        openBXK,
	"colorlight": openColorlight,
	"cpower":     openCPower,
	"ddp":        openDDP,
	"e131":       openE131,
	"huidu":      openHuidu,
	"kms":        openKMS,
	"png":        openPNG,
	"term":       openTerm,
}

// panelOf prepares the board's panel. Nothing is opened yet.
func panelOf(p boards.Panel, o Opts) (func(context.Context) (display.Panel, error), error) {
	if !p.There() {
		return nil, nil
	}
	open := panels[p.Driver]
	if open == nil {
		return nil, fmt.Errorf("no driver %q; there are %s", p.Driver, strings.Join(slices.Sorted(maps.Keys(panels)), ", "))
	}
	return func(context.Context) (display.Panel, error) { return open(p, o) }, nil
}

// panel keeps a nil driver from becoming an interface that is not nil.
func panel[P display.Panel](p P, err error) (display.Panel, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// size is that of the panel in pixels.
func size(p boards.Panel) image.Point { return image.Pt(p.Width, p.Height) }

// wire is what a card hangs on: a serial line, or a connection.
func wire(p boards.Panel, o Opts) line.Opts {
	if p.TTY != "" {
		return line.Opts{Path: config.Move(o.Root, p.TTY), Baud: p.Baud}
	}
	return line.Opts{Address: p.Host}
}

// card opens a card on its wire. The wire is closed with it, or when nothing can
// be made of it.
func card[P display.Panel](w line.Opts, made func(*line.Line) (P, error)) (P, error) {
	var none P
	l, err := line.Open(w)
	if err != nil && w.Path != "" {
		return none, fmt.Errorf("panel.tty: %w", err)
	}
	if err != nil {
		return none, fmt.Errorf("panel.host: %w", err)
	}
	p, err := made(l)
	if err != nil {
		l.Close()
		return none, err
	}
	return p, nil
}

func bxOpts(p boards.Panel, o Opts, l *line.Line) bx.Opts {
	return bx.Opts{
		Card: p.Card, Size: size(p), Address: uint16(p.Address), Baud: p.Baud, Name: l.String(), Witness: p.Witness,
		Colours:  map[string]int{"red": 1, "red-green": 2}[p.Colors],
		FlashLog: o.path("panel-flash.json"),
		Log:      func(format string, args ...any) { o.Log.Info(fmt.Sprintf(format, args...)) },
	}
}

func openBX(p boards.Panel, o Opts) (display.Panel, error) {
	made, err := card(wire(p, o), func(l *line.Line) (*bx.Panel, error) { return bx.New(l, bxOpts(p, o, l)) })
	if err != nil {
		return nil, err
	}
	if a, ok := made.Areas(); ok {
		return a, nil
	}
	return steady{made}, nil
}

// A steady panel keeps what it shows in flash.
type steady struct{ *bx.Panel }

// Steady says so to display.
func (steady) Steady() bool { return true }

func openBXK(p boards.Panel, o Opts) (display.Panel, error) {
	return panel(card(wire(p, o), func(l *line.Line) (*bx.KPanel, error) { return bx.NewK(l, bxOpts(p, o, l)) }))
}

func openCPower(p boards.Panel, o Opts) (display.Panel, error) {
	return panel(card(wire(p, o), func(l *line.Line) (*cpower.Panel, error) {
		return cpower.New(l, cpower.Opts{
			Width: p.Width, Height: p.Height, Card: p.Address, Network: p.Host != "",
			Colours: map[string]string{"red": "mono", "red-green": "two", "full": "full"}[p.Colors],
		})
	}))
}

func openColorlight(p boards.Panel, _ Opts) (display.Panel, error) {
	const twiceFrom = 13 // firmware that flickers when it is told once
	return panel(colorlight.Open(p.Interface, colorlight.Opts{
		Size: size(p), Order: strings.ToUpper(p.Order), Twice: p.Firmware >= twiceFrom,
	}))
}

func openDDP(p boards.Panel, _ Opts) (display.Panel, error) {
	return panel(ddp.New(p.Host, ddp.Opts{Size: size(p)}))
}

// openE131 names the box as the source: receivers tell sources apart by that, and mix
// two that are called alike. A name has 64 letters at most, and E1.31 room for 63.
func openE131(p boards.Panel, o Opts) (display.Panel, error) {
	return panel(e131.New(p.Host, e131.Opts{
		Size: size(p), Universe: p.Universe, Source: o.Device[:min(len(o.Device), 63)],
	}))
}

func openHuidu(p boards.Panel, _ Opts) (display.Panel, error) {
	return panel(huidu.New(p.Host, huidu.Opts{Size: size(p)}))
}

func openKMS(p boards.Panel, o Opts) (display.Panel, error) {
	s, err := kms.Open(kmsOpts(p))
	if err != nil {
		return nil, err
	}
	return behind(s, p, o), nil
}

func kmsOpts(p boards.Panel) kms.Opts {
	return kms.Opts{Connector: p.Connector, Mode: p.Mode, Area: image.Rectangle{Max: size(p)}}
}

// behind is what people see of a screen: its picture, or the wall that a sending box
// takes it to.
func behind(s screen, p boards.Panel, o Opts) display.Panel {
	if p.SenderTTY == "" && p.SenderHost == "" {
		return s
	}
	return newWall(s, p, o)
}

func openPNG(p boards.Panel, o Opts) (display.Panel, error) {
	return panel(png.New(png.Opts{Path: o.path(p.File), Size: size(p)}))
}

// openTerm draws into the terminal, or the file, that the board names.
func openTerm(p boards.Panel, o Opts) (display.Panel, error) {
	f, err := os.OpenFile(o.path(p.File), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	drawn, err := term.New(f, term.Opts{Size: size(p), Depth: term.DepthOf(os.Getenv)})
	if err != nil {
		f.Close()
		return nil, err
	}
	return terminal{drawn, f}, nil
}

// A terminal closes the file that it draws into.
type terminal struct {
	*term.Panel
	file *os.File
}

func (t terminal) Close() error {
	if err := t.file.Close(); err != nil && !strings.Contains(err.Error(), os.ErrClosed.Error()) {
		return err
	}
	return nil
}
