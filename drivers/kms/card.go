package kms

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flipWait is how long a screen may take to show a picture. At the slowest mode, of
// 24 Hz, it takes 42 ms; a card that takes longer has lost its screen.
const flipWait = time.Second

// A card shows one of two buffers while the other is painted.
type card struct {
	o Opts
	k kernel
	s image.Point // of the screen, once known

	path  string
	dev   device // nil: it has to be opened
	out   output
	bufs  [2]*buffer // nil before the first picture
	front int        // which of them is shown
	shown bool       // a picture was shown on this device

	pending bool // a flip has not happened yet
}

func openCard(o Opts, k kernel) (*card, error) {
	c := &card{o: o, k: k}
	size, err := parseMode(o.Mode)
	if err != nil {
		return nil, err
	}
	c.s = size
	if err := c.attach(); err != nil && (o.Mode == "" || !errors.Is(err, errNoScreen)) {
		return nil, err
	}
	return c, nil
}

func (c *card) size() image.Point { return c.s }

// attach opens the card and finds its screen.
func (c *card) attach() error {
	if c.dev != nil {
		return nil
	}
	paths := []string{c.o.Device}
	if c.o.Device == "" {
		paths = c.k.cards()
	}
	var why error
	for _, path := range paths {
		dev, err := c.k.open(path)
		if err != nil {
			why = better(why, fmt.Errorf("kms: cannot open %s: %w", path, err))
			continue
		}
		out, err := findOutput(dev, c.o.Connector, c.s)
		if err == nil {
			c.dev, c.path, c.out, c.s = dev, path, out, out.mode.size()
			return nil
		}
		dev.close()
		why = better(why, fmt.Errorf("kms: %s: %w", path, err))
	}
	if why == nil {
		why = fmt.Errorf("kms: there is no card in /dev/dri: %w", errNoScreen)
	}
	return why
}

// better prefers the error that says a screen is missing: other cards of a board are
// render engines without connectors, and say so.
func better(one, other error) error {
	if one == nil || errors.Is(other, errNoScreen) && !errors.Is(one, errNoScreen) {
		return other
	}
	return one
}

// detach gives everything back. The next show begins anew.
func (c *card) detach() {
	if c.dev == nil {
		return
	}
	for i, b := range c.bufs {
		if b != nil {
			b.leave(c.dev)
			c.bufs[i] = nil
		}
	}
	c.dev.close()
	c.dev, c.shown, c.pending = nil, false, false
}

func (c *card) close() { c.detach() }

func (c *card) show(ctx context.Context, paint func(canvas)) error {
	if err := c.attach(); err != nil {
		return err
	}
	err := c.try(ctx, paint)
	if errors.Is(err, unix.ENODEV) || errors.Is(err, errStuck) {
		c.detach() // unplugged, or hung: only a new descriptor may help
	}
	if err != nil {
		return fmt.Errorf("kms: %s %s: %w", c.path, c.out.name, err)
	}
	return nil
}

func (c *card) try(ctx context.Context, paint func(canvas)) error {
	if err := c.settle(ctx); err != nil { // of a show whose context ended
		return err
	}
	seen, err := c.seen()
	if err != nil {
		return err
	}
	if c.bufs[0] == nil {
		if err := c.allocate(); err != nil {
			return err
		}
	}
	back := c.bufs[1-c.front]
	paint(back.canvas)
	if !seen {
		return c.light(back)
	}
	flip := flipOrder{crtc: c.out.crtc, fb: back.fb, flags: sendEvent}
	if err := c.dev.ioctl(pageFlip, unsafe.Pointer(&flip)); err != nil {
		return c.refused(err)
	}
	c.front, c.pending = 1-c.front, true
	return c.settle(ctx)
}

// seen tells whether people see what we gave the card: the cable may be out, and
// another program or the console may have taken the screen.
func (c *card) seen() (bool, error) {
	there, err := connected(c.dev, c.out.connector)
	if err != nil {
		return false, err
	}
	now, err := c.out.now(c.dev)
	if err != nil {
		return false, err
	}
	c.shown = c.shown && there
	return c.shown && now.modeValid != 0 && now.fb == c.bufs[c.front].fb, nil
}

// light sets the mode and shows a buffer. It returns once that is seen.
func (c *card) light(b *buffer) error {
	c.shown = false
	out, err := findOutput(c.dev, c.o.Connector, c.s) // another screen may hang there now
	if err != nil {
		return err
	}
	c.out = out
	if !master(c.dev) {
		if err := c.dev.ioctl(setMaster, nil); err != nil {
			return c.refused(err)
		}
	}
	if err := out.set(c.dev, b.fb); err != nil {
		return c.refused(err)
	}
	c.front, c.shown = 1-c.front, true
	return nil
}

// refused explains why nothing changed. The next show sets everything.
func (c *card) refused(err error) error {
	c.shown = false
	switch err {
	case unix.EACCES, unix.EPERM, unix.EBUSY:
		return fmt.Errorf("another program holds the screen, such as a desktop or a video player: %w", err)
	}
	return fmt.Errorf("it refuses the picture: %w", err)
}

// errStuck is a card that does not flip.
var errStuck = errors.New("the screen did not take the picture within " + flipWait.String())

// settle waits until the flip on its way has happened.
func (c *card) settle(ctx context.Context) error {
	const step = 50 * time.Millisecond // how late the end of ctx may be noticed
	var buf [1024]byte
	for end := time.Now().Add(flipWait); c.pending; {
		if err := ctx.Err(); err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return errStuck
		}
		n, err := c.dev.read(buf[:], min(left+time.Millisecond, step))
		if err != nil {
			return fmt.Errorf("cannot hear of the flip: %w", err)
		}
		c.pending = !flipped(buf[:n])
	}
	return nil
}

func (c *card) allocate() error {
	first, err := newBuffer(c.dev, c.s)
	if err != nil {
		return err
	}
	second, err := newBuffer(c.dev, c.s)
	if err != nil {
		first.free(c.dev)
		return err
	}
	c.bufs = [2]*buffer{first, second}
	return nil
}
