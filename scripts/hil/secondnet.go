package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// listensNowhere: of all ports of TCP none takes a connection.
func listensNowhere(ctx context.Context, r *rig) (string, error) {
	began := time.Now()
	open, err := r.LAN.Knock(ctx)
	if err != nil {
		return "", err
	}
	if len(open) > 0 {
		return "", fmt.Errorf("it listens at %v", open)
	}
	return fmt.Sprintf("65535 ports closed, asked in %.0f s", time.Since(began).Seconds()), nil
}

// byServer: with a dead battery and without the centre a time server of the network is all
// that there is. The box takes its time, says whose it is, and plays nothing by it.
func byServer(ctx context.Context, r *rig) (string, error) {
	if err := r.loseTime(ctx); err != nil {
		return "", err
	}
	r.LAN.Tell(0)
	began := time.Now()
	if err := r.asks(ctx, "time --json", `"level": ?"ntp"`); err != nil {
		return "", err
	}
	took := time.Since(began)
	if err := r.asks(ctx, "ntp --json", `"client": ?"systemd-timesyncd"`); err != nil {
		return "", err
	}
	if err := r.right(ctx); err != nil {
		return "", err
	}
	if err := sleep(ctx, 70*time.Second); err != nil { // a slot of every minute is due
		return "", err
	}
	if on := r.ampOn(); len(on) > 0 {
		return "", errors.New("it has played by the word of a time server")
	}
	return fmt.Sprintf("level ntp %.1f s after the server began to answer; silent", took.Seconds()), nil
}

// byLiar: once the time is signed, a time server that is wrong by hours changes nothing but
// the host's clock.
func byLiar(ctx context.Context, r *rig) (string, error) {
	const lie = 3 * time.Hour
	r.LAN.Tell(lie)
	began := time.Now()
	if err := until(ctx, "the time server is asked", func() bool { return r.LAN.Answers() > 0 }); err != nil {
		return "", err
	}
	asked := time.Since(began)
	if err := r.asks(ctx, "ntp --json", `"off_ns": ?-?1[01]\d{12}\b`); err != nil {
		return "", fmt.Errorf("the host did not take the wrong time: %w", err)
	}
	if err := r.ask(ctx, "time --json", `"level": ?"signed"`); err != nil {
		return "", err
	}
	if err := r.right(ctx); err != nil {
		return "", err
	}
	figure, err := hears(ctx, r)
	return fmt.Sprintf("lied to after %.0f s; %s", asked.Seconds(), figure), err
}

// right compares the time that the box tells with this machine's.
func (r *rig) right(ctx context.Context) error {
	said, err := r.answer(ctx, "time --json", `"time": ?"([^"]+)"`)
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339Nano, said)
	if err != nil {
		return err
	}
	if off := time.Since(at); off.Abs() > 10*time.Second { // what a busy emulator needs for an answer
		return fmt.Errorf("its clock is %v off", off)
	}
	return nil
}
