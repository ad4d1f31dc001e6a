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
	if err := r.supply(ctx); err != nil {
		return "", err
	}
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
	return r.spoiled(ctx, r.disk.TearCounters, `loa: counters from copy 2`)
}

// lostCounters: without either copy the box starts as it did from the shop.
func lostCounters(ctx context.Context, r *rig) (string, error) {
	return r.spoiled(ctx, r.disk.LoseCounters, `loa: no counters yet\s+(?:[^\n]* write: [^\n]*\s+)*loa: slot A \(`)
}

// spoiled cuts the power, spoils the counters, and starts the box again, which has to say
// where it takes them from.
func (r *rig) spoiled(ctx context.Context, spoil func() error, says string) (string, error) {
	if err := r.cut(); err != nil {
		return "", err
	}
	if err := spoil(); err != nil {
		return "", err
	}
	from := r.Console.Len()
	took, err := r.on(ctx)
	if err != nil {
		return "", err
	}
	// It is on the console already.
	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _, err = r.wait(bounded, r.Console, from, regexp.MustCompile(says))
	return fmt.Sprintf("ready after %.1f s", took.Seconds()), err
}
