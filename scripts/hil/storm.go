package main

import (
	"context"
	"fmt"
	"time"
)

// gusts is how often in a row a storm takes the power away while the box starts.
const gusts = 8

// storm: the power comes and goes, now as the kernel begins and now as the agent does. The
// box is as it was before: the same slot, no safe mode, and what is due is heard.
func storm(ctx context.Context, r *rig) (string, error) {
	began, boot := time.Now(), r.boot()
	was := ""
	for n := range gusts {
		if err := r.cut(); err != nil {
			return "", err
		}
		from := r.Console.Len()
		if err := r.supply(ctx); err != nil {
			return "", err
		}
		starts, end, err := r.wait(ctx, r.Console, from, slot)
		if was == "" {
			was = starts
		}
		switch {
		case err != nil:
		case starts != was:
			err = fmt.Errorf("after %d power cuts it starts from slot %s, and did from %s", n+1, starts, was)
		case n%3 == 0:
			err = sleep(ctx, 2*time.Second)
		default:
			_, _, err = r.wait(ctx, r.Console, end, ready)
		}
		if err != nil {
			return "", err
		}
	}
	if _, err := r.online(ctx, boot); err != nil {
		return "", err
	}
	took := time.Since(began)
	figure, err := hears(ctx, r)
	if err == nil {
		err = r.trusts()
	}
	return fmt.Sprintf("%d cuts in %.0f s; %s", gusts, took.Seconds(), figure), err
}
