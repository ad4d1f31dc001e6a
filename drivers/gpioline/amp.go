package gpioline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// Opts are the choices of an Amp.
type Opts struct {
	Line Line

	// Command starts this program so that it calls [Guard] with the arguments
	// that follow; it is needed. For example: /proc/self/exe guard.
	Command []string

	// Report is told when the guard is in trouble, and nil when it is well
	// again. It may be nil.
	Report func(err error)
	Log    *slog.Logger // may be nil
}

// An Amp is an amplifier behind a guarded line.
type Amp struct {
	o Opts

	setting sync.Mutex    // one Set at a time
	hunger  chan struct{} // want has changed: how often the guard is to be fed, too

	mu    sync.Mutex
	want  bool          // what Set asked for last
	guard *keeper       // nil while there is none
	news  chan struct{} // closed when guard changes
	ended bool          // Run has returned: the line is off and stays off
}

// New makes an amplifier that is off. Its line is not touched before Run.
func New(o Opts) (*Amp, error) {
	if len(o.Command) == 0 {
		return nil, errors.New("gpioline: no command that starts the guard")
	}
	if o.Line.Emulated != "" {
		path, err := filepath.Abs(o.Line.Emulated) // the guard lives in /
		if err != nil {
			return nil, fmt.Errorf("gpioline: %w", err)
		}
		o.Line.Emulated = path
	} else if len(o.Line.Chip) == 0 {
		return nil, errors.New("gpioline: no chip given")
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Amp{o: o, hunger: make(chan struct{}, 1), news: make(chan struct{})}, nil
}

// setTime is how long Set tries, over as many guards as it takes: an emergency
// should not miss its amplifier because a guard has just died.
const setTime = 1500 * time.Millisecond

// Set switches the amplifier and returns when the line has the new level. An
// error means that its level is unknown for the moment; the wish stands, and
// the next guard fulfils it.
func (a *Amp) Set(on bool) error {
	a.setting.Lock()
	defer a.setting.Unlock()
	a.mu.Lock()
	a.want = on
	a.mu.Unlock()
	select { // before the order: a line that is on is fed from the first moment
	case a.hunger <- struct{}{}:
	default:
	}
	timeout := time.NewTimer(setTime)
	defer timeout.Stop()
	err := errors.New("no guard to switch it")
	for {
		a.mu.Lock()
		g, news, ended := a.guard, a.news, a.ended
		a.mu.Unlock()
		if ended {
			if !on {
				return nil
			}
			return fmt.Errorf("gpioline: %s: the amplifier is closed", a.o.Line)
		}
		if g != nil {
			if err = g.set(on); err == nil {
				return nil
			}
		}
		select {
		case <-news:
		case <-timeout.C:
			return fmt.Errorf("gpioline: %s: %w", a.o.Line, err)
		}
	}
}

// Run keeps a guard on the line until ctx ends, and leaves it off.
func (a *Amp) Run(ctx context.Context) error {
	defer a.end()
	const least, most = 50 * time.Millisecond, time.Second
	lost := 0 // guards since one was well
	for pause := least; ctx.Err() == nil; pause = min(2*pause, most) {
		fed, err := a.keep(ctx, lost)
		if ctx.Err() != nil {
			return nil
		}
		if fed > 0 {
			// It owned the line and may have left it on: no time to lose, yet
			// guards that die at birth must not eat the machine.
			lost, pause = 0, least/4
		}
		if lost++; lost == 1 {
			a.o.Log.Error("amplifier guard lost", "line", a.o.Line.String(), "err", err)
		}
		a.o.Report(fmt.Errorf("gpioline: %s: %w", a.o.Line, err))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return nil
}

// keep starts a guard and feeds it until it or ctx ends; fed counts the meals,
// the first when it owns the line.
func (a *Amp) keep(ctx context.Context, lost int) (fed int, err error) {
	g, err := startKeeper(a.o.Command, a.o.Line)
	if err != nil {
		return 0, err
	}
	defer g.stop()
	// The line is off now. What was wanted before the last guard died is
	// wanted still.
	if err := a.assert(g); err != nil {
		return 0, err
	}
	if lost > 0 {
		a.o.Log.Info("amplifier guard is back", "line", a.o.Line.String(), "lost", lost)
	}
	a.have(g)
	defer a.have(nil)
	a.o.Report(nil) // after have: whoever hears that all is well can rely on it
	feed := time.NewTicker(a.pause())
	defer feed.Stop()
	for fed = 1; ; {
		select {
		case <-a.hunger:
			feed.Reset(a.pause())
		case <-ctx.Done():
			return fed, nil
		case <-g.died:
			return fed, g.why()
		case <-g.starved:
			// This process was stopped, or too slow to feed. It lives.
			a.o.Log.Warn("amplifier was switched off: this process had stopped", "line", a.o.Line.String())
			if err := a.assert(g); err != nil {
				return fed, err
			}
		case <-feed.C:
			if err := g.feed(a.pause()); err != nil {
				return fed, err
			}
			fed++
		}
	}
}

// pause is how long the guard may wait for its next meal.
func (a *Amp) pause() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.want {
		return feedEvery
	}
	return restEvery
}

// assert gives the line the level that is wanted.
func (a *Amp) assert(g *keeper) error {
	g.setting.Lock()
	defer g.setting.Unlock()
	a.mu.Lock()
	want := a.want
	a.mu.Unlock()
	if !want {
		return nil
	}
	return g.order(true)
}

func (a *Amp) have(g *keeper) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.guard = g
	close(a.news)
	a.news = make(chan struct{})
}

func (a *Amp) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended, a.want = true, false
	close(a.news)
	a.news = make(chan struct{})
}

// PID is the guard's process, 0 while there is none.
func (a *Amp) PID() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.guard == nil {
		return 0
	}
	return a.guard.cmd.Process.Pid
}
