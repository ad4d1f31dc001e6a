package cpower

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"time"
)

// A Conn is the wire to the card.
type Conn interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// Opts of [New].
type Opts struct {
	// Width and Height of the panel in pixels. Part of the panel dark, or of the
	// picture missing? They are not those the card was set up with.
	Width, Height int
	// Colours the panel has: "mono" (or empty), "two" (red and green), "seven"
	// (red, green and blue, on or off), "full" (256 levels of each). Nothing to
	// see, or only the red of a picture? It is another.
	Colours string
	// Card is the card's ID, 1 to 254; 0: 1. No answer at a right baud? The card
	// has another.
	Card int
	// Network says that the wire is TCP: no escapes, and a header instead.
	Network bool
	// NetworkID is what the card's network ID is set to; 0: 0xFFFFFFFF, as in
	// the vendor's example. It connects but never answers? The card has another.
	NetworkID uint32
	// Packet is how many bytes of a picture go into one packet, 16 to 60000; 0:
	// 512. New says when a picture needs more than 256 packets.
	Packet int
	// Timeout of an answer; 0: 1 s. "no answer" from a card that does what it is
	// told? It or the network is slower.
	Timeout time.Duration
}

// A Panel is a panel behind a C-Power card.
type Panel struct {
	conn    Conn
	name    string
	card    byte
	size    image.Point
	format  format
	packet  int
	timeout time.Duration

	scanner  scanner
	owed     []byte // the rest of a frame that was cut off
	unsure   bool   // whether an answer to an earlier question is on the line
	cleared  int    // how often it was made sure that none is
	shown    []byte // the picture that the card has taken last
	noDoors  bool   // the card knows no network
	closed   bool
	closeErr error
}

// New makes a panel of the card at the other end of conn. It sends nothing yet.
func New(conn Conn, o Opts) (*Panel, error) {
	f, ok := formats[o.Colours]
	if o.Card == 0 {
		o.Card = 1
	}
	if o.NetworkID == 0 {
		o.NetworkID = factoryID
	}
	if o.Packet == 0 {
		o.Packet = 512
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	const side = 4096
	switch {
	case o.Width < 1 || o.Height < 1 || o.Width > side || o.Height > side:
		return nil, fmt.Errorf("cpower: a panel of %d×%d pixels: want 1 to %d each way", o.Width, o.Height, side)
	case !ok:
		return nil, fmt.Errorf("cpower: colours %q: want mono, two, seven or full", o.Colours)
	case o.Card < 1 || o.Card > 254:
		return nil, fmt.Errorf("cpower: card %d: want 1 to 254", o.Card)
	case o.Packet < 16 || o.Packet > 60000:
		return nil, fmt.Errorf("cpower: packets of %d bytes: want 16 to 60000", o.Packet)
	}
	if n := imageHead + f.size(o.Width, o.Height); n > 256*o.Packet {
		return nil, fmt.Errorf("cpower: a picture of %d bytes needs more than 256 packets of %d: larger packets are needed", n, o.Packet)
	}
	name := fmt.Sprintf("card %d", o.Card)
	if s, ok := conn.(fmt.Stringer); ok {
		name += " at " + s.String()
	}
	return &Panel{
		conn: conn, name: name, card: byte(o.Card),
		size: image.Pt(o.Width, o.Height), format: f, packet: o.Packet, timeout: o.Timeout,
		scanner: scanner{framing: framing{network: o.Network, id: o.NetworkID}},
		unsure:  true, // somebody else may have asked before us
	}, nil
}

// Size is that of Opts.
func (p *Panel) Size() image.Point { return p.size }

// imageHead is how long an image call is without its picture.
const imageHead = 11

// Show makes one window of the whole panel and shows the picture in it. It
// returns once the card has acknowledged every packet.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if b := picture.Bounds(); b != (image.Rectangle{Max: p.size}) {
		return fmt.Errorf("cpower: a picture of %v on a panel of %v", b, p.size)
	}
	call := make([]byte, 0, imageHead+p.format.size(p.size.X, p.size.Y))
	call = append(call, 0x03, 0) // image, window 0
	call = append(call, 0, 1)    // draw at once; the speed has no effect
	call = append(call, 0xFF, 0xFF)
	call = append(call, 4, 0, 0, 0, 0) // simple picture, at 0, 0
	return p.show(ctx, append(call, p.format.encode(picture)...))
}

// show sends an image call. A card that had no power knows of no windows, and
// cannot say so: they are made every time.
func (p *Panel) show(ctx context.Context, call []byte) error {
	p.shown = nil
	split := []byte{0x01, 1, 0, 0, 0, 0}
	split = binary.BigEndian.AppendUint16(split, uint16(p.size.X))
	split = binary.BigEndian.AppendUint16(split, uint16(p.size.Y))
	if err := p.external(ctx, split); err != nil {
		return fmt.Errorf("cpower: cannot make a window: %w", err)
	}
	if err := p.external(ctx, call); err != nil {
		return fmt.Errorf("cpower: cannot show a picture: %w", err)
	}
	p.shown = call
	return nil
}

// SetBrightness sets the level of all 24 hours, 1 to 31, unless it is so. Nothing
// says whether level 0 is dark.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("cpower: a brightness of %d %%", percent)
	}
	level := byte(1 + (percent*30+50)/100)
	ctx := context.Background()
	now, err := p.brightness(ctx)
	if err != nil {
		return fmt.Errorf("cpower: cannot read the brightness: %w", err)
	}
	set := make([]byte, 1+24)
	for i := range now {
		set[1+i] = level
	}
	if string(set[1:]) == string(now[:]) {
		return nil // the card may keep it in flash
	}
	return p.set(ctx, "set the brightness", cmdBrightness, set)
}

// SetOn switches the panel on or off at once. It stays so until a power cut or a
// time that the card was set up with.
func (p *Panel) SetOn(ctx context.Context, on bool) error {
	set := make([]byte, 9) // as the vendor's examples
	if on {
		set[1] = 1
	}
	a, err := p.ask(ctx, cmdPower, set)
	if err == nil && (len(a.data) < 2 || a.data[0] != 0 || a.data[1] != set[1]) {
		err = fmt.Errorf("the card answers % x", a.data)
	}
	if err != nil {
		return fmt.Errorf("cpower: cannot switch the panel: %w", err)
	}
	return nil
}

// SetClock sets the card's clock, which its own programs show and its brightness
// and on-off times follow, to the wall clock of t in its zone. The years are 2000
// to 2099.
func (p *Panel) SetClock(ctx context.Context, t time.Time) error {
	if t.Year() < 2000 || t.Year() > 2099 {
		return fmt.Errorf("cpower: the card knows no year %d", t.Year())
	}
	return p.set(ctx, "set the clock", cmdTime, []byte{0,
		byte(t.Second()), byte(t.Minute()), byte(t.Hour()), byte(t.Weekday()), byte(t.Day()), byte(t.Month()), byte(t.Year() - 2000)})
}

// set asks something whose answer is 1 for done.
func (p *Panel) set(ctx context.Context, what string, cmd byte, data []byte) error {
	a, err := p.ask(ctx, cmd, data)
	if err == nil && (len(a.data) < 1 || a.data[0] != 1) {
		err = errors.New("the card refuses")
	}
	if err != nil {
		return fmt.Errorf("cpower: cannot %s: %w", what, err)
	}
	return nil
}

// Close leaves the picture on the panel and closes the wire.
func (p *Panel) Close() error {
	if p.closed {
		return p.closeErr
	}
	p.closed = true
	p.closeErr = p.conn.Close()
	return p.closeErr
}
