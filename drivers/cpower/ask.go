package cpower

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Commands, of the vendor's basic and setup protocols.
const (
	cmdVersion    = 0x2E
	cmdNetwork    = 0x3C
	cmdBrightness = 0x46
	cmdTime       = 0x47
	cmdPower      = 0x76
	cmdExternal   = 0x7B
)

const (
	// tries of a question.
	tries = 3
	// writeTime ends a write that nobody takes. A packet of 512 bytes that all
	// need an escape takes 4.4 s at 2400 baud, the slowest a card can be set to.
	writeTime = 8 * time.Second
)

// Errors that a card answers to a packet of cmdExternal.
var (
	errSum   = errors.New("the card says that the sum was wrong")
	errOrder = errors.New("the card says that a packet is missing")
)

// errSilent is that nothing was answered in time.
var errSilent = errors.New("no answer")

// ask asks until the card has answered, tries times.
func (p *Panel) ask(ctx context.Context, cmd byte, data []byte) (packet, error) {
	return p.askTimes(ctx, tries, cmd, data)
}

func (p *Panel) askTimes(ctx context.Context, times int, cmd byte, data []byte) (packet, error) {
	p.scanner.noise, p.scanner.sample = 0, p.scanner.sample[:0]
	var err error
	for range times {
		if p.unsure {
			err = p.clearLine(ctx)
		}
		if !p.unsure {
			var a packet
			a, err = p.exchange(ctx, packet{card: p.card, cmd: cmd, mark: 1, data: data})
			if err == nil || errors.Is(err, errOrder) {
				return a, err
			}
			// The answer may still come, and would be taken for that of the next
			// question. Even what says that the sum was wrong may be no answer but
			// an old echo.
			p.unsure = true
		}
		if ctx.Err() != nil {
			return packet{}, ctx.Err()
		}
		if !errors.Is(err, errSilent) && !errors.Is(err, errSum) {
			return packet{}, err
		}
	}
	if errors.Is(err, errSilent) {
		err = fmt.Errorf("no answer from %s after %d tries", p.name, times)
		if n := p.scanner.noise; n > 0 {
			likely := "another baud, or another protocol"
			if p.scanner.network {
				likely = "another protocol"
			}
			err = fmt.Errorf("%w, only %d bytes that are no packets (% X …): %s?", err, n, p.scanner.sample, likely)
		}
	}
	return packet{}, err
}

// harmless questions, whose answers differ.
var harmless = []packet{
	{cmd: cmdVersion, data: []byte{0}}, {cmd: cmdPower, data: []byte{1}}, {cmd: cmdTime, data: []byte{1}}, {cmd: cmdBrightness, data: []byte{1}},
}

// clearLine makes sure that no answer to an earlier question is on the line. They
// come in the order of the questions, so all are before that to a new one; which
// is another every time, lest it be taken for that of the last clearLine.
func (p *Panel) clearLine(ctx context.Context) error {
	q := harmless[p.cleared%len(harmless)]
	p.cleared++
	q.card, q.mark = p.card, 1
	if _, err := p.exchange(ctx, q); err != nil {
		return err
	}
	p.unsure = false
	return nil
}

// exchange sends q and waits for its answer once.
func (p *Panel) exchange(ctx context.Context, q packet) (packet, error) {
	if p.closed {
		return packet{}, errors.New("the panel is closed")
	}
	if err := ctx.Err(); err != nil {
		return packet{}, err
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		p.conn.SetDeadline(time.Unix(1, 0))
		close(done)
	})
	defer func() {
		if !stop() {
			<-done // else it would end what comes after us
		}
	}()
	body := q.body()
	if err := p.send(ctx, p.scanner.wrap(body)); err != nil {
		return packet{}, err
	}
	return p.answer(ctx, q, body)
}

// send writes a frame. On the network nothing marks where a frame begins, so
// the rest of one that was cut off goes first.
func (p *Panel) send(ctx context.Context, frame []byte) error {
	if err := p.deadline(ctx, writeTime); err != nil {
		return err
	}
	out := append(p.owed, frame...)
	n, err := p.conn.Write(out)
	if err == nil {
		p.owed = nil
		return nil
	}
	switch owed := len(p.owed); {
	case n < owed:
		p.owed = p.owed[n:]
	case n == owed || !p.scanner.network:
		p.owed = nil
	default:
		p.owed = out[n:]
	}
	return err
}

// answer waits for the answer to q, whose body was sent, and passes over others.
func (p *Panel) answer(ctx context.Context, q packet, sent []byte) (packet, error) {
	if err := p.deadline(ctx, p.timeout); err != nil {
		return packet{}, err
	}
	piece := make([]byte, 512)
	for {
		a, body, ok := p.scanner.next()
		if !ok {
			n, err := p.conn.Read(piece)
			p.scanner.buf = append(p.scanner.buf, piece[:n]...)
			if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
				p.scanner.skip(len(p.scanner.buf))
				return packet{}, errSilent
			} else if n == 0 && err != nil {
				return packet{}, err
			}
			continue
		}
		if a.card != q.card || a.cmd != q.cmd || string(body) == string(sent) { // another's, an earlier one's, or an echo
			continue
		}
		if q.cmd != cmdExternal {
			return a, nil
		}
		switch a.mark {
		case 0:
			return a, nil
		case 1:
			return a, errSum
		case 2:
			return a, errOrder
		}
		return a, fmt.Errorf("the card refuses with code %#02x", a.mark)
	}
}

// deadline gives what follows d, or less if ctx ends.
func (p *Panel) deadline(ctx context.Context, d time.Duration) error {
	if err := p.conn.SetDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	return ctx.Err() // from here on its end sets the deadline
}

// external sends an external call in packets of the size the card takes. A card
// that misses one gets all of them again.
func (p *Panel) external(ctx context.Context, call []byte) error {
	last := (len(call) - 1) / p.packet
	var err error
	for range tries {
		for i := 0; i <= last; i++ {
			part := call[i*p.packet : min(len(call), (i+1)*p.packet)]
			data := append([]byte{byte(len(part)), byte(len(part) >> 8), byte(i), byte(last)}, part...)
			if _, err = p.ask(ctx, cmdExternal, data); err != nil {
				break
			}
		}
		if !errors.Is(err, errOrder) {
			return err
		}
	}
	return err
}
