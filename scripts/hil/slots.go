package main

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// slotB is a box whose update was written to slot B, and which has never started from it.
func slotB(ctx context.Context, r *rig) error {
	if err := r.disk.BreakB(ctx); err != nil {
		return err
	}
	return r.disk.Count("B A", 3, 3)
}

// oldSystem: a slot that does not start is given up after its tries.
func oldSystem(ctx context.Context, r *rig) (string, error) {
	from := r.Console.Len()
	began := time.Now()
	if err := r.Power.On(ctx); err != nil {
		return "", err
	}
	r.powered = began
	for _, slot := range []string{"B", "B", "B", "A"} {
		got, end, err := r.wait(ctx, r.Console, from, regexp.MustCompile(`loa: slot (\w) \(`))
		if err != nil {
			return "", err
		}
		if got != slot {
			return "", fmt.Errorf("it starts from slot %s, and should from %s", got, slot)
		}
		from = end
	}
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return "", err
	}
	return fmt.Sprintf("three tries, then the old one: ready after %.0f s", time.Since(began).Seconds()), nil
}

// tornCounters: the second copy of the boot counters serves.
func tornCounters(ctx context.Context, r *rig) (string, error) {
	if err := r.cut(); err != nil {
		return "", err
	}
	if err := r.disk.TearCounters(); err != nil {
		return "", err
	}
	from := r.Console.Len()
	took, err := r.on(ctx)
	if err != nil {
		return "", err
	}
	_, _, err = r.wait(ctx, r.Console, from, regexp.MustCompile(`loa: counters from copy 2`))
	return fmt.Sprintf("ready after %.1f s", took.Seconds()), err
}
