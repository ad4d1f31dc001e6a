package hardware

import (
	"context"
	"fmt"
	"sync"
	"time"

	"loa/boards"
	"loa/drivers/gpioline"
)

// lampName is the line of a board file that shows alarms to whom no horn reaches.
const lampName = "lamp"

// A Lamp is lit while an alarm stands, and for a technician's test. A guard keeps its
// line, as it keeps the amplifier's: it goes dark when the agent dies.
type Lamp struct {
	out *gpioline.Amp

	mu    sync.Mutex
	lit   bool
	tests int
}

// lampOf is the lamp of a board; nil if it has none.
func lampOf(b boards.Board, o Opts, d *Devices) (*Lamp, error) {
	l, ok := b.Lines[lampName]
	if !ok || !l.Output {
		return nil, nil
	}
	out, err := gpioline.New(gpioline.Opts{
		Line:    wireLine(l, o),
		Command: o.process(guardProcess),
		Report: func(err error) {
			if err != nil {
				err = fmt.Errorf("lines.%s: %w", lampName, err)
			}
			o.Report(Missing, err)
		},
		Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	d.runs = append(d.runs, out.Run)
	return &Lamp{out: out}, nil
}

// Set lights the lamp, or lets it go dark.
func (l *Lamp) Set(on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lit = on
	return l.out.Set(l.lit || l.tests > 0)
}

// pulse lights it for a technician; an alarm that comes meanwhile keeps it lit.
func (l *Lamp) pulse(ctx context.Context, d time.Duration) error {
	if err := l.test(1); err != nil {
		return err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return l.test(-1)
}

func (l *Lamp) test(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tests += n
	return l.out.Set(l.lit || l.tests > 0)
}
