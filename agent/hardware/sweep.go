package hardware

import (
	"context"
	"time"

	"loa/agent/config"
	"loa/boards"
	"loa/drivers/bx"
	"loa/drivers/line"
)

// sweepOf looks for a card at every speed and address of the panel's line, and says
// what was heard; nil where the driver has no such thing. Nothing else may have the
// line open.
func sweepOf(p boards.Panel, o Opts) func(context.Context) []string {
	if p.Driver != "bx" && p.Driver != "bxk" {
		return nil
	}
	return func(ctx context.Context) (heard []string) {
		open := func(baud int) (bx.Conn, error) {
			w := line.Opts{Address: p.Host}
			if p.TTY != "" {
				w = line.Opts{Path: config.Move(o.Root, p.TTY), Baud: baud}
			}
			l, err := line.Open(w)
			if err != nil {
				return nil, err
			}
			return l, nil
		}
		for _, f := range bx.Sweep(ctx, open, time.Second) {
			heard = append(heard, f.String())
		}
		return heard
	}
}
