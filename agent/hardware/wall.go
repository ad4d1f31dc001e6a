package hardware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"loa/agent/config"
	"loa/agent/display"
	"loa/boards"
	"loa/drivers/line"
	"loa/drivers/novastar"
)

// A wall is a screen's picture that a NovaStar sending box takes to the panels:
// the picture goes to the screen, brightness to the box, and both are asked how
// they are.
type wall struct {
	screen
	wire func() (novastar.Conn, error)
	box  *novastar.Box // nil: it is to be opened again
}

// A screen is what a wall needs of one; *kms.Panel is one.
type screen interface {
	display.Panel
	display.Prober
	io.Closer
}

func newWall(s screen, p boards.Panel, o Opts) *wall {
	wire := line.Opts{Address: p.SenderHost}
	if p.SenderTTY != "" {
		wire = line.Opts{Path: config.Move(o.Root, p.SenderTTY), Baud: senderBaud}
	}
	return &wall{screen: s, wire: func() (novastar.Conn, error) {
		if p.SenderTTY != "" {
			if err := o.free("panel.sender_tty"); err != nil {
				return nil, err
			}
		}
		l, err := line.Open(wire)
		if err != nil {
			return nil, err
		}
		return l, nil
	}}
}

const senderBaud = 115200

// sender is the sending box, opened again after a loss.
func (w *wall) sender() (*novastar.Box, error) {
	if w.box != nil {
		return w.box, nil
	}
	conn, err := w.wire()
	if err != nil {
		return nil, fmt.Errorf("sending box: %w", err)
	}
	var o novastar.Opts
	if named, ok := conn.(fmt.Stringer); ok {
		o.Name = named.String()
	}
	box, err := novastar.New(conn, o)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("sending box: %w", err)
	}
	w.box = box
	return box, nil
}

// lost gives the box up until it is needed again.
func (w *wall) lost() {
	w.box.Close()
	w.box = nil
}

// SetBrightness is told to the sending box.
func (w *wall) SetBrightness(percent int) error {
	b, err := w.sender()
	if err != nil {
		return err
	}
	if err := b.SetBrightness(percent); err != nil {
		w.lost()
		return err
	}
	return nil
}

// Probe asks the screen and the sending box. What the box says goes before what
// the screen believes: a cable may lie between them. A box that does not answer is a
// fact: the picture may be on the wall all the same, for it has a cable of its own.
func (w *wall) Probe(ctx context.Context) (map[string]string, error) {
	facts, err := w.screen.Probe(ctx)
	if err != nil {
		return nil, err
	}
	b, err := w.sender()
	if err != nil {
		facts["sender"] = err.Error()
		return facts, nil
	}
	said, err := b.Probe(ctx)
	if err != nil {
		w.lost()
		if ctx.Err() != nil {
			return nil, err
		}
		facts["sender"] = err.Error()
		return facts, nil
	}
	for _, own := range []string{"width", "height", "model", "lost"} {
		delete(said, own)
	}
	maps.Copy(facts, said)
	return facts, nil
}

// Close leaves the picture on the wall.
func (w *wall) Close() error {
	err := w.screen.Close()
	if w.box != nil {
		err = errors.Join(err, w.box.Close())
		w.box = nil
	}
	return err
}
