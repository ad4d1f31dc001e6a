package hardware

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"loa/agent/config"
	"loa/boards"
	"loa/drivers/kms"
	"loa/drivers/line"
	"loa/drivers/novastar"
)

// A wall is a screen's picture that a NovaStar sending box takes to the panels:
// the picture goes to the screen, brightness to the box, and both are asked how
// they are.
type wall struct {
	*kms.Panel
	wire line.Opts
	box  *novastar.Box // nil: it is to be opened again
}

func newWall(screen *kms.Panel, p boards.Panel, o Opts) *wall {
	w := &wall{Panel: screen, wire: line.Opts{Address: p.SenderHost}}
	if p.SenderTTY != "" {
		w.wire = line.Opts{Path: config.Move(o.Root, p.SenderTTY), Baud: senderBaud}
	}
	return w
}

const senderBaud = 115200

// sender is the sending box, opened again after a loss.
func (w *wall) sender() (*novastar.Box, error) {
	if w.box != nil {
		return w.box, nil
	}
	l, err := line.Open(w.wire)
	if err != nil {
		return nil, fmt.Errorf("sending box: %w", err)
	}
	if w.box, err = novastar.New(l, novastar.Opts{Name: l.String()}); err != nil {
		l.Close()
		return nil, fmt.Errorf("sending box: %w", err)
	}
	return w.box, nil
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
// the screen believes: a cable may lie between them.
func (w *wall) Probe(ctx context.Context) (map[string]string, error) {
	facts, err := w.Panel.Probe(ctx)
	if err != nil {
		return nil, err
	}
	b, err := w.sender()
	if err != nil {
		return nil, err
	}
	said, err := b.Probe(ctx)
	if err != nil {
		w.lost()
		return nil, err
	}
	for _, own := range []string{"width", "height", "model", "lost"} {
		delete(said, own)
	}
	maps.Copy(facts, said)
	return facts, nil
}

// Close leaves the picture on the wall.
func (w *wall) Close() error {
	err := w.Panel.Close()
	if w.box != nil {
		err = errors.Join(err, w.box.Close())
		w.box = nil
	}
	return err
}
