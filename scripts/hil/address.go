package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Addresses of the emulator's network: the box has another by DHCP.
const (
	goodAddress = "10.0.2.77/24 10.0.2.2"
	badAddress  = "10.77.0.5/24 10.77.0.1"
)

// addressKept: an address is set at the console, tried, and kept, and the box goes on
// hearing from the centre.
func addressKept(ctx context.Context, r *rig) (string, error) {
	began := time.Now()
	if err := r.tries(ctx, goodAddress, 5*int(r.pace())); err != nil {
		return "", err
	}
	if err := r.asks(ctx, "net --json", `"addresses":\["10\.0\.2\.77/24"`); err != nil {
		return "", err
	}
	if err := r.reached(ctx); err != nil {
		return "", err
	}
	took := time.Since(began)
	return fmt.Sprintf("reached there after %.0f s", took.Seconds()), r.ask(ctx, "commit", "")
}

// addressLost: an address with which nobody is reached takes itself back.
func addressLost(ctx context.Context, r *rig) (string, error) {
	if err := r.tries(ctx, badAddress, 1); err != nil {
		return "", err
	}
	tried := time.Now()
	if err := r.asks(ctx, "net --json", `"addresses":\["10\.77\.0\.5/24"`); err != nil {
		return "", err
	}
	if err := r.asks(ctx, "net --json", `"addresses":\["10\.0\.2\.77/24"`); err != nil {
		return "", err
	}
	back := time.Since(tried)
	if back < 50*time.Second {
		return "", errors.New("it was taken back before its time")
	}
	return fmt.Sprintf("taken back after %.0f s", back.Seconds()), r.reached(ctx)
}

// addressAfterCut: what was kept outlives the power, and what was tried does not.
func addressAfterCut(ctx context.Context, r *rig) (string, error) {
	if err := r.tries(ctx, badAddress, 10); err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	took, err := r.on(ctx)
	if err != nil {
		return "", err
	}
	if err := r.asks(ctx, "net --json", `"addresses":\["10\.0\.2\.77/24"`); err != nil {
		return "", err
	}
	return fmt.Sprintf("ready after %.0f s, with the address that was kept", took.Seconds()), r.reached(ctx)
}

// tries sets an address, for that many minutes if nobody confirms it.
func (r *rig) tries(ctx context.Context, address string, minutes int) error {
	if err := r.ask(ctx, "net set static "+address, "network.address"); err != nil {
		return err
	}
	return r.ask(ctx, fmt.Sprint("commit confirmed ", minutes), `\d\d:\d\d`)
}

// reached sends the box a programme and its recording, and waits until it has both.
func (r *rig) reached(ctx context.Context) error {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(time.Hour), 4*time.Second)
	if err != nil {
		return err
	}
	return r.has(ctx, p)
}
