// Package huidutest is a Huidu full-colour card for tests, made from the description
// of SDK 2.0, not from the driver.
package huidutest

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"net"
	"sync"
	"time"
)

// A Card keeps files in its flash and plays one program.
type Card struct {
	Size    image.Point
	Model   string        // "": C16L
	Forgets bool          // the program, in a power cut; its files stay
	Space   int           // bytes for files; 0: enough
	Slow    time.Duration // that AddProgram takes
	Old     bool          // firmware that knows no more than what it must
	Server  string        // host that it calls
	WiFi    string        // ap or station; "": it has no module
	WiFiOff bool          // the module is there and switched off
	SIM     bool          // in its modem
	HR      bool          // a card of the other protocol

	mu       sync.Mutex
	files    map[string]*file
	playing  program
	dark     bool
	dim      int // brightness, 0: 100
	deaf     bool
	occupied bool
	cut      int // packets until the connection breaks; 0: never
	written  int // bytes that came for files
	beats    int // heartbeats that came
	problem  error
	conns    map[net.Conn]bool
}

type file struct {
	md5  string
	size int
	data []byte
}

func (f *file) whole() bool {
	sum := md5.Sum(f.data)
	return len(f.data) == f.size && hex.EncodeToString(sum[:]) == f.md5
}

type program struct {
	guid, image string
	at          image.Rectangle
}

// Silence makes a card that takes all and answers nothing.
func (c *Card) Silence(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = on
}

// Occupy makes the card belong to somebody else.
func (c *Card) Occupy(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.occupied = on
}

// CloseScreen makes it dark, as the app can.
func (c *Card) CloseScreen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dark = true
}

// Play makes the card play something of somebody else.
func (c *Card) Play(guid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.playing = program{guid: guid}
}

// BreakAfter ends the connection after that many more packets.
func (c *Card) BreakAfter(packets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = packets
}

// PowerCut ends all connections; files that are not whole are gone.
func (c *Card) PowerCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.Close()
	}
	for name, f := range c.files {
		if !f.whole() {
			delete(c.files, name)
		}
	}
	if c.Forgets {
		c.playing = program{}
	}
}

// Written is how many bytes of files have gone into the flash.
func (c *Card) Written() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written
}

// Beats is how many heartbeats were asked for.
func (c *Card) Beats() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.beats
}

// Files is how many there are.
func (c *Card) Files() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.files)
}

// Err is the first thing that the card did not understand.
func (c *Card) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.problem
}

// Screen is what a person sees.
func (c *Card) Screen() image.Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := image.NewRGBA(image.Rectangle{Max: c.Size})
	for i := 3; i < len(p.Pix); i += 4 {
		p.Pix[i] = 255
	}
	f := c.files[c.playing.image]
	if f == nil || c.dark {
		return p
	}
	img, err := png.Decode(bytes.NewReader(f.data))
	if err != nil || img.Bounds().Size() != c.playing.at.Size() { // else it would be stretched
		return p
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(img.Bounds().Min.X+x, img.Bounds().Min.Y+y).RGBA()
			dim := func(v uint32) uint8 {
				if c.dim > 0 {
					v = v * uint32(c.dim) / 100
				}
				return uint8(v >> 8)
			}
			p.Set(c.playing.at.Min.X+x, c.playing.at.Min.Y+y, color.RGBA{dim(r), dim(g), dim(b), 255})
		}
	}
	return p
}

// Dial is a connection to the card, in memory.
func (c *Card) Dial(context.Context) (net.Conn, error) {
	theirs, ours := net.Pipe()
	go c.Serve(ours) // until theirs is closed
	return theirs, nil
}

// Listen makes the card answer at an address of this machine until the listener is
// closed.
func (c *Card) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { // until l is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.Serve(conn) // until the other end closes
		}
	}()
	return l, nil
}

// Serve answers on one connection until it ends.
func (c *Card) Serve(conn net.Conn) {
	defer conn.Close()
	c.mu.Lock()
	if c.conns == nil {
		c.conns = map[net.Conn]bool{}
	}
	c.conns[conn] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.conns, conn)
	}()
	// Answers wait in a queue, so that a card that talks while it is talked to does
	// not stop both.
	out, gone := make(chan []byte, 1000), make(chan struct{})
	defer close(gone)
	go func() { // until gone
		for {
			select {
			case b := <-out:
				_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
				if _, err := conn.Write(b); err != nil {
					conn.Close()
				}
			case <-gone:
				return
			}
		}
	}()
	s := &session{card: c, say: func(b []byte) {
		select {
		case out <- b:
		case <-gone:
		}
	}}
	var come []byte
	for b := make([]byte, 4096); ; {
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		come = append(come, b[:n]...)
		for len(come) >= 2 {
			n := int(come[0]) | int(come[1])<<8
			if n < 4 || n > 9*1024 {
				return
			}
			if len(come) < n {
				break
			}
			if !s.packet(come[:n]) {
				return
			}
			come = come[n:]
		}
	}
}
