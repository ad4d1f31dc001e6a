package hardware

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"loa/boards"
	"loa/drivers/gpioline"
)

// A Wire is a pin besides the amplifier's.
type Wire struct {
	Name, Title string
	Where       string // chip and offset, for people
	Output      bool

	// Read says whether an input is on; nil at outputs.
	Read func() (bool, error)
	// Pulse switches an output on for d and off again, whatever becomes of the agent;
	// nil at inputs.
	Pulse func(ctx context.Context, d time.Duration) error
}

// wiresOf are the lines of a board, and the switch of its door, which is read where it is
// watched. None is touched before somebody asks.
func wiresOf(b boards.Board, m Measures, lamp *Lamp, o Opts) []Wire {
	var all []Wire
	if m.Door != nil {
		all = append(all, Wire{Name: "door", Where: doorLine(b.Sensor.Door, o).String(), Read: m.Door})
	}
	for _, name := range slices.Sorted(maps.Keys(b.Lines)) {
		l := b.Lines[name]
		line := wireLine(l, o)
		w := Wire{Name: name, Title: l.Title, Where: line.String(), Output: l.Output}
		switch {
		case name == lampName && lamp != nil:
			w.Pulse = lamp.pulse
		case l.Output:
			w.Pulse = func(ctx context.Context, d time.Duration) error { return pulse(ctx, line, d, o) }
		default:
			w.Read = func() (bool, error) { return gpioline.Read(line) }
		}
		all = append(all, w)
	}
	return all
}

// wireLine is a line of a board file as its driver wants it.
func wireLine(l boards.Line, o Opts) gpioline.Line {
	if l.File != "" {
		return gpioline.Line{Emulated: o.path(l.File)}
	}
	return gpioline.Line{Chip: l.Chip, Offset: *l.Line, ActiveLow: l.Low()}
}

// pulse has a guard of its own, as the amplifier has: what a technician switched on goes
// off also when the agent dies meanwhile.
func pulse(ctx context.Context, line gpioline.Line, d time.Duration, o Opts) error {
	out, err := gpioline.New(gpioline.Opts{Line: line, Command: o.process(guardProcess), Log: o.Log})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan error, 1)
	go func() { over <- out.Run(ctx) }() // waited for below
	err = out.Set(true)
	if err == nil {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		err = out.Set(false)
	}
	if ctx.Err() != nil {
		err = nil // it was cut off, and Run leaves the line off
	}
	cancel()
	if ended := <-over; err == nil && ended != nil {
		err = fmt.Errorf("%s: %w", line, ended)
	}
	return err
}
