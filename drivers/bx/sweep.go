package bx

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Finding is what one speed of a line, or a TCP address, brought.
type Finding struct {
	Baud    int
	Model   string // empty: no card of ours answered
	Address int    // the card's number
	Width   int
	Height  int
	Door    string // a way past the line that a card of this kind has
	Heard   string // what came instead
	Err     error  // the line cannot be opened
}

// String is a line for the technician.
func (f Finding) String() string {
	speed := "TCP"
	if f.Baud > 0 {
		speed = fmt.Sprintf("%d baud", f.Baud)
	}
	switch {
	case f.Err != nil:
		return fmt.Sprintf("%s: %v", speed, f.Err)
	case f.Model != "":
		card := fmt.Sprintf("%s: %s, address %d, %d×%d", speed, f.Model, f.Address, f.Width, f.Height)
		if f.Door != "" {
			card += "; open: " + f.Door
		}
		return card
	case f.Heard != "":
		return fmt.Sprintf("%s: %s", speed, f.Heard)
	}
	return speed + ": nothing"
}

// Sweep asks at 9600 and 57600 baud, in every dialect, whoever hears it: the card
// that is there answers. Where several do at once, which is noise, the addresses
// 1 to 4 are asked one by one. wait is how long an answer may take; zero: 2 s.
// open opens the line at a speed; Sweep closes it.
func Sweep(ctx context.Context, open func(baud int) (Conn, error), wait time.Duration) []Finding {
	var all []Finding
	for _, baud := range []int{9600, 57600} {
		found := sweep(ctx, open, baud, wait)
		all = append(all, found...)
		if ctx.Err() != nil || found[0].Model != "" {
			break
		}
	}
	return all
}

func sweep(ctx context.Context, open func(baud int) (Conn, error), baud int, wait time.Duration) []Finding {
	conn, err := open(baud)
	if err != nil {
		return []Finding{{Baud: baud, Err: err}}
	}
	defer conn.Close()
	t := newTalk(conn, Opts{Baud: baud, Timeout: wait})
	first := knock(ctx, t)
	if first.Model != "" || first.Heard == "" || first.Err != nil {
		return []Finding{first}
	}
	var all []Finding
	for a := uint16(1); a <= 4; a++ {
		t.to = a
		if f := knock(ctx, t); f.Model != "" {
			all = append(all, f)
		}
	}
	if all == nil {
		all = []Finding{first}
	}
	return all
}

// knock asks once in each dialect.
func knock(ctx context.Context, t *talk) Finding {
	f := Finding{Baud: t.baud}
	for _, q := range []question{
		{dialect: sixth, group: 0xA2, answer: 0x80},
		{dialect: fifth, group: 0xA2, answer: 0x80},
		{dialect: fonts, group: 0xA2, cmd: 0x0A, answer: 0x0A},
	} {
		t.device = anyDevice
		b, err := t.try(ctx, q, 1)
		if err != nil {
			var s *silence
			switch {
			case !errors.As(err, &s):
				f.Heard = err.Error()
			case s.heard != "":
				f.Heard = s.heard
			}
			if ctx.Err() != nil {
				return f
			}
			continue
		}
		if q.dialect == fonts {
			s, err := parseScreen(b)
			if err != nil {
				f.Heard = fontModel(s.device) + ": " + err.Error()
				continue
			}
			return Finding{Baud: t.baud, Model: fontModel(s.device), Address: int(s.address), Width: s.width, Height: s.height, Door: s.door()}
		}
		p, err := parsePing(b)
		if err != nil {
			f.Heard = model(p.device) + ": " + err.Error()
			continue
		}
		return Finding{Baud: t.baud, Model: model(p.device), Address: int(p.address), Width: p.width, Height: p.height, Door: p.door()}
	}
	return f
}
