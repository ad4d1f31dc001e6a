package main

import (
	"context"
	"fmt"
	"time"
)

// Flash wears by what is written to it. A box that writes all the time is seen by these.
const (
	idleBound      = 128 << 10 // bytes in a quiet minute
	programmeBound = 2 << 20   // for a programme: its recording, the ledger, what is told
)

// quiet is how long a box is left alone.
const quiet = 5 * time.Minute

// writesQuiet: what a box writes that has nothing to do.
func writesQuiet(ctx context.Context, r *rig) (string, error) {
	if err := sleep(ctx, time.Minute); err != nil { // the first start goes on behind: the data partition has grown
		return "", err
	}
	wrote, err := r.wrote(ctx, func() error { return sleep(ctx, quiet) })
	if err != nil {
		return "", err
	}
	day := float64(wrote) * (24 * time.Hour).Seconds() / quiet.Seconds()
	return fmt.Sprintf("%d KiB in %v: %.1f MiB in a day", wrote>>10, quiet, day/(1<<20)), within(wrote, 0, quiet)
}

// writesPlaying: what a programme of 4 s costs, from its coming to its proof.
func writesPlaying(ctx context.Context, r *rig) (string, error) {
	began := time.Now()
	wrote, err := r.wrote(ctx, func() error {
		p, err := r.centre.plan(ctx, r.id(), began.Add(headStart), 4*time.Second)
		if err == nil {
			_, err = r.ended(ctx, p)
		}
		if err == nil {
			err = sleep(ctx, 45*time.Second) // until the kernel has written what it holds back
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d KiB", wrote>>10), within(wrote, 1, time.Since(began))
}

// writesSince: what the session wrote since the box was connected.
func writesSince(ctx context.Context, r *rig) (string, error) {
	now, err := r.Card.Written(ctx)
	if err != nil {
		return "", err
	}
	wrote, took := now-r.written, time.Since(r.connected)
	return fmt.Sprintf("%d KiB in %.0f s with %d programmes", wrote>>10, took.Seconds(), r.programmes), within(wrote, r.programmes, took)
}

// wrote is how many bytes went to the card while something was done.
func (r *rig) wrote(ctx context.Context, do func() error) (int64, error) {
	from, err := r.Card.Written(ctx)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	to, err := r.Card.Written(ctx)
	return to - from, err
}

// within says whether so many bytes are too many for a time and its programmes.
func within(wrote int64, programmes int, took time.Duration) error {
	if most := int64(programmes)*programmeBound + int64(took.Minutes()*idleBound); wrote > most {
		return fmt.Errorf("%d KiB were written to the card, where %d are the most for %d programmes in %v", wrote>>10, most>>10, programmes, took.Round(time.Second))
	}
	return nil
}
