package novastar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A Conn is a serial port or a TCP connection to a box.
type Conn interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// Opts of a Box.
type Opts struct {
	// Name stands in errors: /dev/serial/by-id/… or 10.0.0.5:5200.
	Name string

	// Output is the network socket of the box that the wall hangs at, 1 to 16; 0: the
	// first. Values are read back from the first card there, and written to all cards.
	// Wrong: the box answers, and the wall seems to be without power.
	Output int

	// Wait is how long the box may take to answer; 0: 500 ms. Too short: "no answer",
	// although brightness changes.
	Wait time.Duration
}

// A Box is a sending box and the wall behind it. Its methods are called by one
// goroutine at a time.
type Box struct {
	o      Opts
	conn   Conn
	first  target // the receiving card that is asked
	serial byte
	heard  []byte // and not understood yet
	closed bool
}

// New talks to nobody yet.
func New(conn Conn, o Opts) (*Box, error) {
	if o.Output < 0 || o.Output > 16 {
		return nil, fmt.Errorf("novastar: output %d; a box has 1 to 16", o.Output)
	}
	if o.Wait < 0 {
		return nil, fmt.Errorf("novastar: a wait of %v", o.Wait)
	}
	if o.Wait == 0 {
		o.Wait = 500 * time.Millisecond
	}
	if o.Name == "" {
		o.Name = "the sending box"
	}
	first := target{kind: receiverCard}
	if o.Output > 0 {
		first.output = byte(o.Output - 1)
	}
	return &Box{o: o, conn: conn, first: first}, nil
}

// Registers.
const (
	model       = 0x00000002 // of the box and of cards, 2 bytes
	signal      = 0x02000017 // of the box: 1 while a picture comes in
	version     = 0x04100004 // of the box, 4 bytes
	brightness  = 0x02000001 // of a card, 1 byte
	testPattern = 0x02000101 // of a card, 1 byte
	monitor     = 0x0a000000 // of a card: 2 bytes of temperature, humidity, supply
)

// SetBrightness dims all of the wall, percent from 0, which is 1 of 255, to 100. It
// returns once the first receiving card says that it has the value.
func (b *Box) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("novastar: a brightness of %d %%", percent)
	}
	return b.set(brightness, level(percent))
}

// level keeps the wall lit at 0 %.
func level(percent int) byte { return byte(1 + (percent*254+50)/100) }

// percent is the inverse of level.
func percent(level byte) int { return (max(int(level)-1, 0)*100 + 127) / 254 }

// A Pattern is a picture that receiving cards make by themselves.
type Pattern byte

// The patterns of the command layout.
const (
	Off        Pattern = 1 // what comes by HDMI
	Red        Pattern = 2
	Green      Pattern = 3
	Blue       Pattern = 4
	White      Pattern = 5
	Horizontal Pattern = 6 // lines that move
	Vertical   Pattern = 7
	Diagonal   Pattern = 8
	Grey       Pattern = 9 // steps from dark to light
)

var patterns = [...]string{"off", "off", "red", "green", "blue", "white", "horizontal", "vertical", "diagonal", "grey"}

func (p Pattern) String() string {
	if int(p) < len(patterns) {
		return patterns[p]
	}
	return fmt.Sprintf("pattern %d", byte(p))
}

// Test shows a pattern on all of the wall, in place of the picture, until Off.
func (b *Box) Test(p Pattern) error {
	if p < Off || p > Grey {
		return fmt.Errorf("novastar: there is no %v", p)
	}
	return b.set(testPattern, byte(p))
}

const (
	tries     = 3
	mostHeard = 16 // of the bytes that an error tells of
)

// set writes to all cards and believes only what the first one says afterwards.
func (b *Box) set(register uint32, value byte) error {
	return b.try(context.Background(), func(ctx context.Context) error {
		write := frame{to: everyCard, write: true, register: register, data: []byte{value}}
		// Not every box answers a write to all. Of those that do, a refusal counts.
		if _, err := b.exchange(ctx, write, b.o.Wait/4); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		got, err := b.exchange(ctx, frame{to: b.first, register: register, data: make([]byte, 1)}, b.o.Wait)
		if err == nil && got[0] != value {
			err = fmt.Errorf("register %#08x was set to %d and says %d", register, value, got[0])
		}
		return err
	})
}

// read asks one part for a register.
func (b *Box) read(ctx context.Context, from target, register uint32, length int) (data []byte, err error) {
	err = b.try(ctx, func(ctx context.Context) (err error) {
		data, err = b.exchange(ctx, frame{to: from, register: register, data: make([]byte, length)}, b.o.Wait)
		return err
	})
	return data, err
}

// try tries again what may be noise on the line.
func (b *Box) try(ctx context.Context, once func(context.Context) error) (err error) {
	if b.closed {
		return errors.New("novastar: the box is closed")
	}
	for n := 1; ; n++ {
		err = once(ctx)
		var no refusal
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("novastar: %s: %w", b.o.Name, ctx.Err())
		case errors.As(err, &no) && (no == cardSilent || no == unknown), n == tries:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return fmt.Errorf("novastar: no answer from %s after %d tries%s", b.o.Name, n, b.noise())
			}
			return fmt.Errorf("novastar: %s: %w", b.o.Name, err)
		}
	}
}

// noise tells what is on the line instead of answers.
func (b *Box) noise() string {
	if len(b.heard) == 0 {
		return ""
	}
	return fmt.Sprintf("; heard % x", b.heard)
}

// exchange asks once. What comes late, broken or for others is skipped.
func (b *Box) exchange(ctx context.Context, f frame, wait time.Duration) ([]byte, error) {
	b.serial++
	f.serial = b.serial
	end := time.Now().Add(wait)
	if err := b.conn.SetDeadline(end); err != nil {
		return nil, err
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = b.conn.SetDeadline(time.Unix(1, 0)) // wakes the Read
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken // or it would wake the next one
		}
	}()
	b.heard = b.heard[:0]
	if _, err := b.conn.Write(f.request()); err != nil {
		return nil, err
	}
	var line []byte
	for chunk := make([]byte, mostData); ; {
		n, err := b.conn.Read(chunk)
		line = append(line, chunk[:n]...)
		b.heard = append(b.heard, chunk[:min(n, mostHeard-len(b.heard))]...)
		for {
			answer, rest, ok := next(line)
			line = rest
			if !ok {
				break
			}
			if answer.serial == f.serial && answer.register == f.register && answer.write == f.write {
				return f.check(answer)
			}
		}
		switch {
		case err != nil:
			return nil, err
		case !time.Now().Before(end): // some ports end a wait without an error, and noise must end, too
			return nil, os.ErrDeadlineExceeded
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
}

// check looks into the answer to f.
func (f frame) check(answer frame) ([]byte, error) {
	if answer.status != 0 {
		return nil, refusal(answer.status)
	}
	if !f.write && len(answer.data) != len(f.data) {
		return nil, fmt.Errorf("register %#08x has %d bytes instead of %d", f.register, len(answer.data), len(f.data))
	}
	return bytes.Clone(answer.data), nil
}

// Close changes nothing on the wall.
func (b *Box) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	return b.conn.Close()
}
