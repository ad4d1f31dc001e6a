package box

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loa/agent/health"
)

// An overseer is whoever starts the agent again when it is no longer well.
type overseer interface {
	Ready() error
	Alive()
	Status(line string)
	Feed() time.Duration // how often Alive is wanted; 0: not at all
}

// statusEvery is how often the supervisor's line is looked at when it feeds on nothing.
const statusEvery = 10 * time.Second

// supervise says that the box is ready once it decides and could sound, and goes on
// saying so for as long as that is true: a timer that runs by itself would feed the
// watchdog of a box that stands still.
func (b *Box) supervise(ctx context.Context) error {
	o := b.o.Supervisor
	every := o.Feed()
	if every <= 0 {
		every = statusEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	ready, told, stuck := false, "", false
	for {
		err := b.goesRound(ctx, every)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !stuck {
				b.o.Log.Error("the box stands still", "err", err)
			}
			stuck = true
		default:
			stuck = false
			if !ready {
				ready = o.Ready() == nil
			}
			o.Alive()
			if line := b.line(); line != told {
				o.Status(line)
				told = line
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// goesRound reports whether both loops without which nothing sounds went round in time.
func (b *Box) goesRound(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return errors.Join(b.station.Alive(ctx), b.speaker.Alive(ctx))
}

// line is the box in one line, for people.
func (b *Box) line() string {
	what := "idle"
	if b.o.Start.Safe() {
		what = "safe mode"
	}
	if v := b.station.View(); v.Now != nil {
		what = "plays " + v.Now.Occurrence.Title
	}
	faults := 0
	for _, a := range b.o.Health.Active(time.Now()) {
		if a.Severity == health.Fault {
			faults++
		}
	}
	if faults > 0 {
		what += fmt.Sprintf(", %d faults", faults)
	}
	return b.o.Device + ": " + what
}
