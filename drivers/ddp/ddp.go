package ddp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"net"
	"os"
	"sync"
	"time"
)

// Port is where controllers listen.
const Port = "4048"

const (
	headLen  = 10
	maxData  = 1440                   // bytes in a packet: 480 pixels; as Falcon Player and WLED do
	refresh  = time.Second            // WLED gives a picture up after 2.5 s
	patience = 500 * time.Millisecond // for the network to take a picture
	listen   = 5 * time.Millisecond   // for a refusal
)

// Opts are the choices of a Panel. Size is needed, the rest may be zero.
type Opts struct {
	Size image.Point

	// Serpentine is for LEDs wired back and forth: every other row runs from right to
	// left. Wrong: every other row is mirrored.
	Serpentine bool
}

// A Panel is a controller's matrix. From the first picture until Close one goroutine
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
	data     []byte // the frame as it is sent: dimmed, in the order of the LEDs
	sequence byte
	stop     chan struct{} // nil: nothing has been shown yet
	stopped  chan struct{}
}

// New sends to the controller at address, "192.168.4.20" or "board.lan:4048".
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
	if o.Size.X < 1 || o.Size.Y < 1 || o.Size.X > 4096 || o.Size.Y > 4096 {
		return nil, fmt.Errorf("ddp: a panel of %v pixels", o.Size)
	}
	return &Panel{
		o: o, address: address, dial: dial, percent: 100,
		frame: image.NewRGBA(image.Rectangle{Max: o.Size}), data: make([]byte, 3*o.Size.X*o.Size.Y),
	}, nil
}

// Size is that of the matrix.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once all packets of the picture have left.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != p.frame.Rect {
		return fmt.Errorf("ddp: a picture of %v on a panel of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ddp: cannot show a picture: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("ddp: cannot show a picture: %w", os.ErrClosed)
	}
	draw.Draw(p.frame, p.frame.Rect, picture, image.Point{}, draw.Src)
	p.dim()
	if p.stop == nil {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.again() // Close waits for it
	}
	if err := p.send(ctx); err != nil {
		return fmt.Errorf("ddp: cannot show a picture on %s: %w", p.address, err)
	}
	return nil
}

// again keeps the controller showing the picture. An error is told by the next Show.
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
	b := make([]byte, headLen+maxData)
	for at := 0; at < len(p.data); at += maxData {
		if err := ctx.Err(); err != nil {
			return err
		}
		data := p.data[at:min(at+maxData, len(p.data))]
		p.sequence = p.sequence%15 + 1
		n := packet(b, p.sequence, at, data, at+len(data) == len(p.data))
		if _, err := p.conn.Write(b[:n]); err != nil {
			return err
		}
	}
	return p.refused()
}

// packet fills b and returns its length.
func packet(b []byte, sequence byte, offset int, data []byte, push bool) int {
	b[0], b[1], b[2], b[3] = 0x40, sequence, 0x0B, 1
	if push {
		b[0] |= 0x01
	}
	binary.BigEndian.PutUint32(b[4:], uint32(offset))
	binary.BigEndian.PutUint16(b[8:], uint16(len(data)))
	return headLen + copy(b[headLen:], data)
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
		return fmt.Errorf("ddp: a brightness of %d %%", percent)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.percent = percent
	if p.stop == nil {
		return nil // it goes with the first picture
	}
	p.dim()
	if err := p.send(context.Background()); err != nil {
		return fmt.Errorf("ddp: cannot set the brightness of %s: %w", p.address, err)
	}
	return nil
}

// Close stops sending. The controller shows the picture until it misses it.
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
