package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loa/agent/message"
	"loa/agent/update"
)

// updates: a good update comes over HTTPS, waits for the end of a programme, is installed and
// starts. The power is cut while it is fetched, while it is written and while it is on trial,
// and it goes on each time.
func updates(ctx context.Context, r *rig) (string, error) {
	old, file, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	if err := r.begins(ctx, newer, file); err != nil {
		return "", err
	}
	// Something is due soon, and nothing is written before it is over.
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(60*time.Second), 4*time.Second)
	if err != nil {
		return "", err
	}
	s, err := r.comes(ctx, "it waits for the programme", func(s message.Software) bool {
		return s.Hold == string(update.ForDue) || s.Hold == string(update.ForSound) || s.State == string(update.Installs)
	})
	if err != nil {
		return "", err
	}
	if s.State == string(update.Installs) && time.Now().Before(p.start) {
		return "", errors.New("it is installed though a programme is due")
	}
	heard, err := r.hear(ctx, p)
	if err != nil {
		return "", err
	}
	if err := r.cutWhile(ctx, update.Installs); err != nil {
		return "", err
	}
	from, began := r.Console.Len(), time.Now()
	if s, _, err := r.wait(ctx, r.Console, from, slot); err != nil || s == old.Slot {
		return "", errors.Join(fmt.Errorf("it starts from slot %q", s), err)
	}
	written := time.Since(began)
	if err := r.cutWhile(ctx, update.OnTrial); err != nil {
		return "", err
	}
	if s, err = r.comes(ctx, "it is on trial", in(update.OnTrial)); err == nil && s.Slot == old.Slot {
		err = fmt.Errorf("the box runs from slot %s", s.Slot)
	}
	return fmt.Sprintf("cut three times; with a programme between: %s; %.0f s from the second cut to the new system", heard, written.Seconds()), err
}

// cutWhile waits for a state and cuts the power in it.
func (r *rig) cutWhile(ctx context.Context, state update.State) error {
	if _, err := r.comes(ctx, "it is "+string(state), in(state)); err != nil {
		return err
	}
	if err := r.cutAndKeep(ctx, 5*time.Second); err != nil {
		return fmt.Errorf("cut while it is %s: %w", state, err)
	}
	return nil
}

// before is how the box is with its software before an update, and a good one.
func (r *rig) before(ctx context.Context) (was message.Software, bundle string, err error) {
	if r.was, err = r.runs(ctx); err != nil {
		return r.was, "", err
	}
	bundle, err = r.press().bundle(ctx, good)
	return r.was, bundle, err
}

// proves waits until the update has proven itself, and looks at what the box has kept.
func proves(ctx context.Context, r *rig) (string, error) {
	var s message.Software
	if err := r.meanwhile(ctx, func() (err error) {
		s, err = r.comes(ctx, "it has proven itself", func(s message.Software) bool {
			return s.State == string(update.Current) && s.Version == newer
		})
		return err
	}); err != nil {
		return "", err
	}
	if s.Slot == r.was.Slot {
		return "", fmt.Errorf("it tells that it runs from slot %s", s.Slot)
	}
	proven := time.Since(r.powered)
	heard, err := hears(ctx, r)
	if err != nil {
		return "", err
	}
	boot := r.boot()
	if err := r.cutAndKeep(ctx, time.Second); err != nil {
		return "", err
	}
	if s, err = r.comes(ctx, "it tells what it runs", in(update.Current)); err == nil && (s.Version != newer || r.boot() == boot) {
		err = fmt.Errorf("after a power cut it is %+v", s)
	}
	return fmt.Sprintf("proven %.0f s after power-on, %s runs from slot %s; %s", proven.Seconds(), s.Version, s.Slot, heard), err
}
