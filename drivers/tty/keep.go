package tty

import (
	"context"
	"errors"
	"time"
)

// Opts of [Keep].
type Opts struct {
	Baud   int             // 0: DefaultBaud
	Retry  time.Duration   // between two tries to open the port; 0: 2 s
	Report func(err error) // the port is lost or cannot be opened; nil: it is there. Once for each change
}

// Keep opens the port at path and calls session on it, again and again until
// ctx ends. The port stays open from one session to the next: only when it is
// lost, such as by a plug that was pulled, is it opened anew. At the end of
// ctx it is closed, and Keep returns when session has.
func Keep(ctx context.Context, path string, o Opts, session func(context.Context, *Port) error) error {
	if o.Retry <= 0 {
		o.Retry = 2 * time.Second
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	k := keeper{Opts: o}
	for {
		p, err := Open(path, o.Baud)
		if err == nil {
			k.report(nil)
			err = k.use(ctx, p, session)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		k.report(err)
		pause(ctx, o.Retry)
	}
}

type keeper struct {
	Opts
	said bool // that the port is not there
}

func (k *keeper) report(err error) {
	if said := err != nil; said != k.said {
		k.said = said
		k.Report(err)
	}
}

// use holds sessions on p until it is lost or ctx ends.
func (k *keeper) use(ctx context.Context, p *Port, session func(context.Context, *Port) error) error {
	defer p.Close()
	defer context.AfterFunc(ctx, func() { p.Close() })()
	for {
		begun := time.Now()
		err := session(ctx, p)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case p.Lost() != nil:
			return p.Lost()
		case errors.Is(err, context.Canceled):
			return err
		}
		if time.Since(begun) < k.Retry {
			pause(ctx, k.Retry) // a session that ends at once must not spin
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
