package update

import (
	"context"
	"errors"
	"time"

	"loa/agent/plan"
)

// without is the answer of a box that has no slots, or cannot be asked for them now.
func (r *Room) without(f Facts, err error) Step {
	switch {
	case errors.Is(err, errBusy):
		return Step{State: Installs} // for an agent that has gone
	case !errors.Is(err, ErrNoSlots):
		return Step{State: Unknown, Why: err.Error()}
	}
	s := Step{State: NoSlots, Why: err.Error()}
	if w := f.Want; w != nil && plan.CompareReleases(w.Version, f.Version) != 0 {
		s.State, s.Code = Refused, plan.Unsupported
	}
	return s
}

func (r *Room) facts(ctx context.Context) (f Facts, err error) {
	f = Facts{
		Device: r.o.Device, Version: r.o.Version, Security: r.o.Security, Floor: r.o.Floor(), Want: r.o.Want(),
		Record: r.record, Boot: r.o.Boot, Up: r.o.Up(), Run: time.Since(r.began), Marked: r.marked,
	}
	f.Now, f.Trusted = r.o.Now()
	f.Rollout, f.Carried = r.o.Rollout()
	if f.Slots, err = r.slotsOf(ctx); err != nil {
		return f, err
	}
	f.Reach, f.Safe = r.o.Reach(ctx, onTrial(f)), r.o.Safe
	r.remember(f.Reach)
	if w := f.Want; w != nil {
		if b, ok := w.Bundles[f.Slots.Board]; ok {
			path, release, here := r.o.Library.Hold(b.SHA256)
			release()
			if f.Bundle = path; !here {
				f.Bundle = ""
				f.Code, _ = r.o.Library.Why(b.SHA256)
			}
		}
	}
	return f, nil
}

// slotsOf asks RAUC, which would be a process every time, only when the answer may be
// another: at first, after everything that was done, where it had none, and seldom where it
// knows of no slots.
func (r *Room) slotsOf(ctx context.Context) (Slots, error) {
	patience := lookEvery / 2
	if errors.Is(r.noSlots, ErrNoSlots) {
		patience = lookSeldom
	}
	if r.askedAt.IsZero() || r.noSlots != nil && time.Since(r.askedAt) > patience {
		r.slots, r.noSlots = r.o.Installer.Slots(ctx)
		r.askedAt = time.Now()
	}
	return r.slots, r.noSlots
}

// remember notes what can be reached. A modem may be away for the minute in which an
// update begins; what was reached within the hour is what the box can do.
func (r *Room) remember(now Reach) {
	at := time.Now()
	for _, x := range []struct {
		is  bool
		was *time.Time
	}{{now.Network, &r.since.network}, {now.Broker, &r.since.broker}, {now.Clock, &r.since.clock}, {now.Sound, &r.since.sound}, {now.Panel, &r.since.panel}} {
		if x.is {
			*x.was = at
		}
	}
}

func (r *Room) reached() Reach {
	is := func(t time.Time) bool { return !t.IsZero() && time.Since(t) < lately }
	return Reach{Network: is(r.since.network), Broker: is(r.since.broker), Clock: is(r.since.clock), Sound: is(r.since.sound), Panel: is(r.since.panel)}
}
