package e131

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"net"
	"os"
	"sync"
	"time"
)

// Port is where receivers listen.
const Port = "5568"

const (
	maxPixels = 170                    // in a universe
	refresh   = 900 * time.Millisecond // E1.31 6.6.2: 800 to 1000 ms
	patience  = 500 * time.Millisecond // for the network to take a picture
	listen    = 5 * time.Millisecond   // for a refusal
)

// Opts are the choices of a Panel. Size is needed, the rest may be zero.
type Opts struct {
	Size image.Point

	// Universe is the first, 1 to 63999; zero: 1. Wrong: dark, or the picture begins
	// somewhere in the middle.
	Universe int

	// Pixels is how many a universe has; zero: 170. Wrong: the picture falls apart into
	// runs.
	Pixels int

	// Priority is 1 to 200; zero: 100. Lower than that of another source: its picture is
	// shown.
	Priority int

	// Source is the name that receivers show, up to 63 bytes; zero: "Loa". Two boxes that
	// send to one receiver need two names.
	Source string

	// Serpentine is for LEDs wired back and forth: every other row runs from right to
	// left. Wrong: every other row is mirrored.
	Serpentine bool
}

// A Panel is a receiver's matrix. From the first picture until Close one goroutine
// sends the picture again and again.
type Panel struct {
	o       Opts
	address string
	dial    func(context.Context) (net.Conn, error)

	mu       sync.Mutex // of all below
	conn     net.Conn   // nil: to be dialled
	closed   bool
	percent  int
	frame    *image.RGBA
	data     []byte        // the frame as it is sent: dimmed, in the order of the LEDs
	packet   []byte        // filled again and again
	sequence []byte        // of each universe
	stop     chan struct{} // nil: nothing has been shown yet
	stopped  chan struct{}
}

// New sends to the receiver at address, "192.168.4.20" or "board.lan:5568".
func New(address string, o Opts) (*Panel, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, Port)
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", address)
	}
	return newPanel(address, dial, o)
}

func newPanel(address string, dial func(context.Context) (net.Conn, error), o Opts) (*Panel, error) {
	if o.Universe == 0 {
		o.Universe = 1
	}
	if o.Pixels == 0 {
		o.Pixels = maxPixels
	}
	if o.Priority == 0 {
		o.Priority = 100
	}
	if o.Source == "" {
		o.Source = "Loa"
	}
	if o.Size.X < 1 || o.Size.Y < 1 || o.Size.X > 4096 || o.Size.Y > 4096 {
		return nil, fmt.Errorf("e131: a panel of %v pixels", o.Size)
	}
	if o.Pixels < 1 || o.Pixels > maxPixels {
		return nil, fmt.Errorf("e131: %d pixels in a universe", o.Pixels)
	}
	universes := (o.Size.X*o.Size.Y + o.Pixels - 1) / o.Pixels
	if o.Universe < 1 || o.Universe+universes-1 > 63999 {
		return nil, fmt.Errorf("e131: %d universes from %d on", universes, o.Universe)
	}
	if o.Priority < 1 || o.Priority > 200 {
		return nil, fmt.Errorf("e131: a priority of %d", o.Priority)
	}
	if len(o.Source) > 63 {
		return nil, fmt.Errorf("e131: the name %q is longer than 63 bytes", o.Source)
	}
	return &Panel{
		o: o, address: address, dial: dial, percent: 100,
		frame: image.NewRGBA(image.Rectangle{Max: o.Size}), data: make([]byte, 3*o.Size.X*o.Size.Y),
		packet: newPacket(o.Source, byte(o.Priority)), sequence: make([]byte, universes),
	}, nil
}

// Size is that of the matrix.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once all packets of the picture have left.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != p.frame.Rect {
		return fmt.Errorf("e131: a picture of %v on a panel of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("e131: cannot show a picture: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("e131: cannot show a picture: %w", os.ErrClosed)
	}
	draw.Draw(p.frame, p.frame.Rect, picture, image.Point{}, draw.Src)
	p.dim()
	err := p.send(ctx)
	if p.stop == nil && err == nil {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.again() // Close waits for it
		// After a restart a receiver may take the first numbers for late ones and discard
		// up to 20 packets (6.7.2). A second picture, far from the first, is not late.
		for i := range p.sequence {
			p.sequence[i] += 100
		}
		err = p.send(ctx)
	}
	if err != nil {
		return fmt.Errorf("e131: cannot show a picture on %s: %w", p.address, err)
	}
	return nil
}

// again keeps the receiver showing the picture. An error is told by the next Show.
func (p *Panel) again() {
	defer close(p.stopped)
	t := time.NewTicker(refresh)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
			p.mu.Lock()
			_ = p.send(context.Background())
			p.mu.Unlock()
		}
	}
}

// dim makes the data of the frame. p.mu is held.
func (p *Panel) dim() {
	scale := max(1, p.percent)
	w := p.o.Size.X
	for i := range w * p.o.Size.Y {
		x, y := i%w, i/w
		if p.o.Serpentine && y%2 == 1 {
			x = w - 1 - x
		}
		from := p.frame.Pix[y*p.frame.Stride+4*x:]
		for c := range 3 {
			p.data[3*i+c] = byte((int(from[c])*scale + 99) / 100)
		}
	}
}

// send sends the data. p.mu is held.
func (p *Panel) send(ctx context.Context) error {
	if p.closed {
		return os.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p.conn == nil {
		conn, err := p.dial(ctx)
		if err != nil {
			return err
		}
		p.conn = conn
	}
	err := p.packets(ctx)
	if err != nil { // the box may have another address now
		p.conn.Close()
		p.conn = nil
	}
	return err
}

func (p *Panel) packets(ctx context.Context) error {
	end, _ := ctx.Deadline()
	if err := p.conn.SetWriteDeadline(end); err != nil {
		return err
	}
	for i := range p.sequence {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := 3 * p.o.Pixels * i
		slots := p.data[at:min(at+3*p.o.Pixels, len(p.data))]
		p.sequence[i]++
		b := fill(p.packet, p.o.Universe+i, p.sequence[i], slots)
		if _, err := p.conn.Write(b); err != nil {
			return err
		}
	}
	return p.refused()
}

// refused waits for a machine where nobody listens to say so (ICMP). Of a machine that
// is off nothing is heard.
func (p *Panel) refused() error {
	if err := p.conn.SetReadDeadline(time.Now().Add(listen)); err != nil {
		return err
	}
	_, err := p.conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// SetBrightness sends the picture again, brighter or darker.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("e131: a brightness of %d %%", percent)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.percent = percent
	if p.stop == nil {
		return nil // it goes with the first picture
	}
	p.dim()
	if err := p.send(context.Background()); err != nil {
		return fmt.Errorf("e131: cannot set the brightness of %s: %w", p.address, err)
	}
	return nil
}

// Close stops sending. The receiver is not told the end of
// the stream, which would make it dark at once; it shows the picture for 2.5 s at least.
func (p *Panel) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	var err error
	if p.conn != nil {
		err = p.conn.Close()
	}
	stop, stopped := p.stop, p.stopped
	p.mu.Unlock()
	if stop != nil {
		close(stop)
		<-stopped
	}
	return err
}
