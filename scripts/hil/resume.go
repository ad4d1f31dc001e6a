package main

import (
	"context"
	"fmt"
	"time"

	"loa/scripts/hil/tape"
)

// resumes: the power goes in the middle of a programme and comes back; without anybody
// doing anything, what is due sounds.
func resumes(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 4*time.Minute)
	if err != nil {
		return "", err
	}
	if err := r.has(ctx, p); err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	ready, err := r.on(ctx)
	if err != nil {
		return "", err
	}
	var sounds []tape.Span
	var broken error
	err = until(ctx, "it sounds", func() bool {
		var s tape.Sound
		s, broken = r.AudioTap.Sound()
		sounds = s.Audible(time.Second)
		return len(sounds) > 0 || broken != nil
	})
	if err == nil {
		err = broken
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ready after %.1f s, the first sound after %.1f s", ready.Seconds(), sounds[0].From.Sub(r.powered).Seconds()), nil
}
