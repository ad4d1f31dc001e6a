package update

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loa/agent/plan"
)

// keep writes the record down, before what it speaks of is done.
func (r *Room) keep(n Record, now time.Time) error {
	n.At = now.UTC().Truncate(time.Second)
	if err := save(r.o.Shelf, n); err != nil {
		return err
	}
	r.record = n
	return nil
}

// do carries out a step.
func (r *Room) do(ctx context.Context, f Facts, s Step) error {
	n := r.record
	defer func() { r.askedAt = time.Time{} }()
	switch s.Do {
	case Fetch:
		b := f.Want.Bundles[f.Slots.Board]
		if err := r.keep(Record{Version: f.Want.Version, SHA256: b.SHA256, Bytes: b.Bytes, Phase: Fetching}, f.Now); err != nil {
			return err
		}
		r.o.Library.Later(r.bundle())
	case Install:
		return r.install(ctx, f)
	case Reboot:
		return r.o.Reboot(ctx, "update to "+n.Version)
	case MarkGood:
		return r.markGood(ctx, f)
	case Prove:
		if err := r.markGood(ctx, f); err != nil {
			return err
		}
		n.Phase = Good
		if err := r.keep(n, f.Now); err != nil {
			return err
		}
		r.o.Library.Later()
		r.o.Note(fmt.Sprintf("software %s has proven itself in slot %s", n.Version, f.Slots.Booted), "")
	case Leave:
		if n.Phase != Leaving {
			n.Phase, n.Why, n.Lacks = Leaving, s.Why, s.Lacks
			if err := r.keep(n, f.Now); err != nil {
				return err
			}
		}
		if err := r.o.Installer.MarkBad(ctx); err != nil {
			return err
		}
		return r.o.Reboot(ctx, n.Version+" is given up: "+s.Why)
	case Forget:
		return r.forget(ctx, f)
	case Again:
		n = Record{Version: n.Version, SHA256: n.SHA256, Bytes: n.Bytes, Phase: Fetching, Outages: n.Outages + 1}
		if err := r.keep(n, f.Now); err != nil {
			return err
		}
		r.o.Library.Later(r.bundle())
		r.o.Note(fmt.Sprintf("software %s is tried again: what it could not reach was away for the one before, too", n.Version), "")
	case GiveUp:
		return r.giveUp(f, s.Code, s.Why, s.Lacks)
	}
	return nil
}

// markGood gives the slot that runs its tries back. With it the security number of what
// runs has proven itself.
func (r *Room) markGood(ctx context.Context, f Facts) error {
	if err := r.o.Installer.MarkGood(ctx); err != nil {
		return err
	}
	if f.Security > f.Floor {
		if err := r.o.Proven(ctx, f.Security); err != nil {
			return err
		}
	}
	r.marked = true
	return nil
}

// install writes the other slot. The bundle is held meanwhile.
func (r *Room) install(ctx context.Context, f Facts) error {
	b := f.Want.Bundles[f.Slots.Board]
	path, release, ok := r.o.Library.Hold(b.SHA256)
	defer release()
	if !ok {
		return errors.New("the bundle has gone")
	}
	// The sound device has not been tried, so as not to key anything; before it is
	// asked of the next release this one has to show that it can.
	r.remember(r.o.Reach(ctx, true))
	n := Record{
		Version: f.Want.Version, SHA256: b.SHA256, Bytes: b.Bytes, Phase: Installing, Tries: 1, Boot: f.Boot,
		From: f.Slots.Booted, Was: f.Version, Security: f.Security, Reach: r.reached(),
	}
	if r.record.SHA256 == n.SHA256 {
		n.Outages = r.record.Outages
		if r.record.Phase == Installing {
			n.Tries = r.record.Tries + 1
		}
	}
	if err := r.keep(n, f.Now); err != nil {
		return err
	}
	err := r.o.Installer.Install(ctx, path)
	var bad *plan.Error
	lost := err != nil && ctx.Err() == nil && !errors.Is(err, errBusy) && !r.o.Library.Doubt(b.SHA256)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return err
	case lost && n.Tries < maxTries:
		return fmt.Errorf("the card has lost the bundle, which comes again: %w", err)
	case errors.As(err, &bad) && bad.Code != plan.Storage && !lost:
		return r.giveUp(f, bad.Code, bad.Msg, nil)
	case n.Tries >= maxTries:
		return r.giveUp(f, plan.Storage, err.Error(), nil)
	default:
		return err
	}
	n.Phase = Installed
	if err := r.keep(n, f.Now); err != nil {
		return err
	}
	r.o.Note(fmt.Sprintf("software %s is installed in slot %s", n.Version, f.Slots.Other), "")
	return nil
}

// forget leaves what nobody wants any more before it has run. What may have been written
// would start next, by a power cut if not by us.
func (r *Room) forget(ctx context.Context, f Facts) error {
	was := r.record
	if was.Phase != Fetching {
		if err := r.o.Installer.UseThis(ctx); err != nil {
			return err
		}
		r.marked = false // it has only the tries of one on trial now
	}
	if err := r.keep(Record{}, f.Now); err != nil {
		return err
	}
	r.o.Library.Later()
	if was.Phase == Installed {
		r.o.Note(fmt.Sprintf("software %s is no longer wanted before it has run", was.Version), "")
	}
	return nil
}

// giveUp writes down that a release is not tried again.
func (r *Room) giveUp(f Facts, code plan.Code, why string, lacks []string) error {
	n := r.record
	n.Phase, n.Code, n.Why, n.Lacks = Failed, code, why, lacks
	if err := r.keep(n, f.Now); err != nil {
		return err
	}
	r.o.Library.Later()
	r.o.Note(fmt.Sprintf("software %s is given up, %s runs: %s", n.Version, f.Version, why), code)
	return nil
}

// rollBack is a technician who wants the release back that ran before. It is written
// down first, so that the want does not bring the newer one again.
func (r *Room) rollBack(ctx context.Context) error {
	r.askedAt = time.Time{}
	f, err := r.facts(ctx)
	if err != nil {
		return &plan.Error{Code: plan.Unsupported, Msg: err.Error()}
	}
	f.Air = r.o.Air(ctx)
	if err := MayRollBack(f); err != nil {
		return err
	}
	n := r.record
	n.Phase, n.Code, n.Why = Failed, plan.LocalMode, "a technician brought "+n.Was+" back"
	if err := r.keep(n, f.Now); err != nil {
		return err
	}
	if err := r.o.Installer.UseOther(ctx); err != nil {
		return err
	}
	r.o.Note(fmt.Sprintf("a technician brings software %s back from slot %s", n.Was, f.Slots.Other), "")
	return r.o.Reboot(ctx, "rollback to "+n.Was)
}
