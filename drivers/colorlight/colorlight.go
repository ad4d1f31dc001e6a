package colorlight

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"os"
	"strings"
	"time"
)

const (
	patience = 500 * time.Millisecond // for the port to take a picture: at 1 Gbit/s 512×256 pixels need 3 ms
	pace     = 20 * time.Millisecond  // from one picture to the next
)

// Opts are the choices of a Panel. Size is needed, the rest may be zero.
type Opts struct {
	Size image.Point // of the wall, as LEDVISION set it up; larger: the rest is cut off

	// Order is the order of the colours in a row, such as "RGB"; zero: "BGR". Wrong: red
	// and blue are exchanged.
	Order string

	// Twice sends brightness and display twice, as firmware 13 and newer want it.
	// Missing: the wall flickers until a Probe has found the firmware out.
	Twice bool

	// NoBrightness leaves the brightness frames out, which most firmware does not need;
	// display carries the brightness, too. To be tried where a wall flickers.
	NoBrightness bool

	// Settle is the pause between the last row and display; zero: 5 ms. Too short:
	// parts of the picture before stay.
	Settle time.Duration
}

// A Panel is the wall behind one port.
type Panel struct {
	o     Opts
	name  string
	open  func() (Link, error)
	order [3]int
	pace  time.Duration

	link    Link // nil: to be opened
	closed  bool
	percent int
	twice   bool
	frame   *image.RGBA
	drawn   bool      // frame holds a picture
	shown   time.Time // when it was displayed; zero: nobody knows
	row     []byte    // a row frame, filled again and again
}

// Open takes the network interface with that name, such as "eth1". It needs
// CAP_NET_RAW; a cable may come later.
func Open(name string, o Opts) (*Panel, error) {
	return New(name, func() (Link, error) { return openPort(name) }, o)
}

// New opens the link that cards hang on, and opens it again after it has failed.
// The name is for errors.
func New(name string, open func() (Link, error), o Opts) (*Panel, error) {
	if o.Size.X < 1 || o.Size.Y < 1 || o.Size.X > 0xFFFF || o.Size.Y > 0xFFFF {
		return nil, fmt.Errorf("colorlight: a wall of %v pixels", o.Size)
	}
	if o.Order == "" {
		o.Order = "BGR"
	}
	if o.Settle == 0 {
		o.Settle = 5 * time.Millisecond
	}
	p := &Panel{
		o: o, name: name, open: open, pace: pace, percent: 100, twice: o.Twice,
		frame: image.NewRGBA(image.Rectangle{Max: o.Size}), row: newFrame(typeRow, maxLen-headLen),
	}
	for i, c := range "RGB" {
		at := strings.IndexRune(o.Order, c)
		if at < 0 || len(o.Order) != 3 {
			return nil, fmt.Errorf("colorlight: %q is no order of R, G and B", o.Order)
		}
		p.order[at] = i
	}
	link, err := open()
	if err != nil {
		return nil, fmt.Errorf("colorlight: %w", err)
	}
	p.link = link
	return p, nil
}

// Size is that of the wall.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once all frames of the picture have left and the link was up before
// and after. No card acknowledges it.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != p.frame.Rect {
		return fmt.Errorf("colorlight: a picture of %v on a wall of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("colorlight: cannot show a picture: %w", err)
	}
	draw.Draw(p.frame, p.frame.Rect, picture, image.Point{}, draw.Src)
	p.drawn = true
	if err := p.send(ctx); err != nil {
		return fmt.Errorf("colorlight: cannot show a picture on %s: %w", p.name, err)
	}
	return nil
}

// send makes the wall show the frame.
func (p *Panel) send(ctx context.Context) (err error) {
	if err := sleep(ctx, p.pace-time.Since(p.shown)); err != nil {
		return err
	}
	p.shown = time.Time{}
	if err := p.connect(); err != nil {
		return err
	}
	defer func() { p.drop(err) }()
	if err := p.link.SetDeadline(until(ctx, patience)); err != nil {
		return err
	}
	level := byte(max(1, (p.percent*255+50)/100))
	if !p.o.NoBrightness {
		if err := p.write(brightnessFrame(level)); err != nil {
			return err
		}
	}
	for y := range p.o.Size.Y {
		if err := ctx.Err(); err != nil {
			return err
		}
		pixels := p.frame.Pix[y*p.frame.Stride:][:4*p.o.Size.X]
		for x := 0; x < p.o.Size.X; x += maxRun {
			run := pixels[4*x : min(4*(x+maxRun), len(pixels))]
			if _, err := p.link.Write(fillRow(p.row, y, x, run, p.order)); err != nil {
				return err
			}
		}
	}
	if err := sleep(ctx, p.o.Settle); err != nil {
		return err
	}
	if err := p.write(displayFrame(level)); err != nil {
		return err
	}
	if err := p.linkUp(); err != nil {
		return err
	}
	p.shown = time.Now()
	return nil
}

// write sends a frame that newer firmware wants twice.
func (p *Panel) write(frame []byte) error {
	_, err := p.link.Write(frame)
	if err == nil && p.twice {
		_, err = p.link.Write(frame)
	}
	return err
}

// connect returns with a link that is up.
func (p *Panel) connect() error {
	if p.closed {
		return os.ErrClosed
	}
	if p.link == nil {
		link, err := p.open()
		if err != nil {
			return err
		}
		p.link = link
	}
	err := p.linkUp()
	p.drop(err)
	return err
}

var errDown = errors.New("no link: cable, or power of the card")

func (p *Panel) linkUp() error {
	up, err := p.link.Up()
	if err == nil && !up {
		err = errDown
	}
	return err
}

// drop gives the link up after an error: an adapter that was plugged in again is
// another one.
func (p *Panel) drop(err error) {
	if err != nil && p.link != nil {
		p.link.Close()
		p.link = nil
	}
}

// sleep waits for d, or for the context.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until is in d, or when the context ends.
func until(ctx context.Context, d time.Duration) time.Time {
	t := time.Now().Add(d)
	if end, ok := ctx.Deadline(); ok && end.Before(t) {
		return end
	}
	return t
}

// SetBrightness shows the picture again with another brightness. The cards' scale is
// not linear: half of it looks brighter than half.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("colorlight: a brightness of %d %%", percent)
	}
	p.percent = percent
	if !p.drawn {
		return nil // it goes with the first picture
	}
	if err := p.send(context.Background()); err != nil {
		return fmt.Errorf("colorlight: cannot set the brightness on %s: %w", p.name, err)
	}
	return nil
}

// Close gives the port back. The wall keeps its picture.
func (p *Panel) Close() error {
	p.closed = true
	if p.link == nil {
		return nil
	}
	err := p.link.Close()
	p.link = nil
	return err
}
