package kms

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"strings"
)

// Opts of a Panel.
type Opts struct {
	// Device is a card, /dev/dri/card0, or an old framebuffer, /dev/fb0. Empty: the
	// first card with a screen, and /dev/fb0 where the kernel has no cards. Wrong:
	// Open says that the card has no connectors, or drives other ones.
	Device string

	// Connector is the socket, as the kernel calls it: HDMI-A-1. Empty: the first
	// with a screen. Wrong: another screen than the wall shows the bulletin.
	Connector string

	// Mode is how many pixels are sent: 1920x1080. Empty: what the screen prefers.
	// With a mode the panel opens before its screen does. Wrong: a sending box maps
	// pixels one to one, so the wall shows a corner of the picture, or blurs it. The mode
	// of a framebuffer is not changed; another one is an error.
	Mode string

	// Area is the window of the screen that the wall uses, as it is set up in the
	// sending box, often from (0,0). Empty: all of it. Wrong: the picture is cut off
	// or shifted; what lies outside is dark.
	Area image.Rectangle

	// Rotate turns the picture clockwise by 0, 90, 180 or 270 degrees, for a screen
	// that hangs on its side. Wrong: people tilt their heads.
	Rotate int
}

// A Panel is a window of a screen.
type Panel struct {
	o      Opts
	screen screen // nil after Close
	area   image.Rectangle
	turned *turner
}

// screen is what a Panel draws on: a card or an old framebuffer.
type screen interface {
	// size is fixed by the first attach, or by the mode that is wanted.
	size() image.Point
	// show calls paint, which fills what is not seen yet, and returns once it is.
	show(ctx context.Context, paint func(canvas)) error
	probe() (map[string]string, error)
	close()
}

// Open finds the screen and learns its size. Nothing changes on it before the first
// Show. Without a screen it fails, unless a Mode is given: then Show fails until
// there is one.
func Open(o Opts) (*Panel, error) { return open(o, linux{}) }

func open(o Opts, k kernel) (*Panel, error) {
	if o.Rotate%90 != 0 || o.Rotate < 0 || o.Rotate > 270 {
		return nil, fmt.Errorf("kms: a rotation by %d degrees; 0, 90, 180 and 270 can be", o.Rotate)
	}
	s, err := openScreen(o, k)
	if err != nil {
		return nil, err
	}
	p := &Panel{o: o, screen: s, area: o.Area}
	whole := image.Rectangle{Max: s.size()}
	if p.area.Empty() {
		p.area = whole
	}
	if !p.area.In(whole) {
		s.close()
		return nil, fmt.Errorf("kms: the area %v is not within the screen of %dx%d", p.area, whole.Dx(), whole.Dy())
	}
	p.turned = newTurner(p.area.Size(), o.Rotate)
	return p, nil
}

func openScreen(o Opts, k kernel) (screen, error) {
	switch {
	case o.Device == "" && len(k.cards()) == 0:
		return openFramebuffer("/dev/fb0", o.Mode, k)
	case strings.HasPrefix(filepath.Base(o.Device), "fb"):
		return openFramebuffer(o.Device, o.Mode, k)
	}
	return openCard(o, k)
}

// Size is that of the area, turned.
func (p *Panel) Size() image.Point { return p.turned.size() }

// Show returns once the screen has begun to send the picture: by the next refresh,
// 17 ms at 60 Hz. A framebuffer has no such moment: it returns once it is written.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if p.screen == nil {
		return errClosed
	}
	if want := (image.Rectangle{Max: p.Size()}); picture.Bounds() != want {
		return fmt.Errorf("kms: a picture of %v for a panel of %v", picture.Bounds(), want)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("kms: %w", err)
	}
	return p.screen.show(ctx, func(c canvas) { c.paint(p.area, p.turned, picture) })
}

// Probe asks the kernel, and through it the screen. Beside the facts that every panel
// has there are device, connector, mode and master: whether the screen is ours.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	if p.screen == nil {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("kms: %w", err)
	}
	facts, err := p.screen.probe()
	if err != nil {
		return nil, err
	}
	facts["width"], facts["height"] = fmt.Sprint(p.Size().X), fmt.Sprint(p.Size().Y)
	return facts, nil
}

// Close gives the screen and its memory back and draws nothing. What is seen then is
// up to the kernel: see the package comment.
func (p *Panel) Close() error {
	if p.screen != nil {
		p.screen.close()
		p.screen = nil
	}
	return nil
}

var errClosed = errors.New("kms: the panel is closed")
