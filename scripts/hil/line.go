package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a board whose emulator is too slow to be listened to still shows: its lines.

// lineAlone: a programme switches the amplifier on once, for at least as long as it lasts.
func lineAlone(ctx context.Context, r *rig) (string, error) {
	before := len(r.ampOn())
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart*r.pace()), 4*time.Second)
	if err != nil {
		return "", err
	}
	if _, err := r.ended(ctx, p); err != nil {
		return "", err
	}
	if err := until(ctx, "the amplifier goes off", func() bool { return !r.ampIsOn() }); err != nil {
		return "", err
	}
	on := r.ampOn()[before:]
	if len(on) != 1 {
		return "", fmt.Errorf("the amplifier was switched on %d times", len(on))
	}
	took := on[0].To.Sub(on[0].From)
	if least := r.kind.Amp.Settle() + p.end().Sub(p.start) + r.kind.Amp.Linger(); took < least-slack {
		return "", fmt.Errorf("it was on for %v, and %v are meant", took, least)
	}
	return fmt.Sprintf("on for %.1f s, %+.1f s from its time", took.Seconds(), on[0].From.Sub(p.start).Seconds()), nil
}

// lineCut: the power goes while the amplifier is on. It comes back, and nothing switches the
// amplifier on but what is still due.
func lineCut(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart*r.pace()), 20*time.Second)
	if err != nil {
		return "", err
	}
	if err := until(ctx, "the amplifier goes on", r.ampIsOn); err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	if left := time.Until(p.end()); left > 0 { // nothing is due any more
		if err := sleep(ctx, left); err != nil {
			return "", err
		}
	}
	took, err := r.on(ctx)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, 10*time.Second); err != nil {
		return "", err
	}
	if on := r.ampOn(); len(on) > 0 {
		return "", errors.New("the amplifier came on by itself")
	}
	return fmt.Sprintf("ready again after %.0f s, and silent", took.Seconds()), nil
}

// ampIsOn reports whether the amplifier is on now.
func (r *rig) ampIsOn() bool {
	edges := r.edges()
	return len(edges) > 0 && edges[len(edges)-1].High == (r.kind.Amp.Active != "low")
}
