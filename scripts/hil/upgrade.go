package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loa/agent/message"
	"loa/agent/update"
)

// updates: a good update comes over HTTPS, waits for the end of a programme, is installed,
// starts and proves itself.
func updates(ctx context.Context, r *rig) (string, error) {
	old, file, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	// Something is due soon, and nothing is written before it is over.
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(90*time.Second), 4*time.Second)
	if err != nil {
		return "", err
	}
	if err := r.has(ctx, p); err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, file); err != nil {
		return "", err
	}
	began := time.Now()
	s, err := r.comes(ctx, "it waits for the programme", func(s message.Software) bool {
		return s.Hold == string(update.ForDue) || s.Hold == string(update.ForSound) || s.State == string(update.Installs)
	})
	if err != nil {
		return "", err
	}
	fetched := time.Since(began)
	if s.State == string(update.Installs) && time.Now().Before(p.start) {
		return "", errors.New("it is installed though a programme is due")
	}
	heard, err := r.hear(ctx, p)
	if err != nil {
		return "", err
	}
	from := r.Console.Len()
	if _, err := r.comes(ctx, "it is installed", in(update.Installs)); err != nil {
		return "", err
	}
	began = time.Now()
	if s, _, err := r.wait(ctx, r.Console, from, slot); err != nil || s == old.Slot {
		return "", fmt.Errorf("it starts from slot %q, %w", s, err)
	}
	written := time.Since(began)
	if _, err := r.comes(ctx, "it is on trial", in(update.OnTrial)); err != nil {
		return "", err
	}
	return fmt.Sprintf("fetched in %.0f s; %s; written in %.0f s", fetched.Seconds(), heard, written.Seconds()), nil
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
	s, err := r.comes(ctx, "it has proven itself", func(s message.Software) bool {
		return s.State == string(update.Current) && s.Version == newer
	})
	if err != nil {
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

// cutUpdates: the power is cut while an update is fetched, while it is written and while it
// is on trial, and it goes on each time.
func cutUpdates(ctx context.Context, r *rig) (string, error) {
	old, file, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, file); err != nil {
		return "", err
	}
	for _, phase := range []struct {
		name   string
		is     func(message.Software) bool
		within time.Duration
	}{
		{"fetched", in(update.Fetches), 5 * time.Second},
		{"written", in(update.Installs), 10 * time.Second},
		{"on trial", in(update.OnTrial), 10 * time.Second},
	} {
		if _, err := r.comes(ctx, "it is "+phase.name, phase.is); err != nil {
			return "", err
		}
		if err := r.cutAndKeep(ctx, phase.within); err != nil {
			return "", fmt.Errorf("cut while it is %s: %w", phase.name, err)
		}
	}
	s, err := r.comes(ctx, "it is on trial", in(update.OnTrial))
	if err == nil && s.Slot == old.Slot {
		err = fmt.Errorf("the box runs from slot %s", s.Slot)
	}
	return "cut while it was fetched, written and on trial", err
}
