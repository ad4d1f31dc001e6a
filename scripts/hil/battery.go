package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/message"
)

// deadBattery is what a clock shows that has none.
const deadBattery = "1970-01-01"

// lostTime: a box that was without power for a while, whose battery is dead and whose cable
// is pulled. It holds a programme of every minute, so that one is due by whatever clock, and
// must not play it: nobody can say that it is the hour for it.
func lostTime(ctx context.Context, r *rig) (string, error) {
	if err := r.loseTime(ctx); err != nil {
		return "", err
	}
	began := time.Now()
	if err := r.ask(ctx, "time --json", `"level": ?"(none|floor)"`); err != nil {
		return "", fmt.Errorf("its console does not say that it cannot know the time: %w", err)
	}
	// Longer than a minute, in which a slot is due by any clock, and than the patience of
	// the condition.
	if err := sleep(ctx, 100*time.Second); err != nil {
		return "", err
	}
	if on := r.ampOn(); len(on) > 0 {
		return "", errors.New("it has played by a clock of which nobody knows that it is right")
	}
	if err := r.ask(ctx, "faults --json", `"clock-untrusted"`); err != nil {
		return "", err
	}
	return fmt.Sprintf("silent for %.0f s, clock-untrusted", time.Since(began).Seconds()), nil
}

// loseTime gives the box a programme of every minute, and starts it with a dead battery and
// without the centre.
func (r *rig) loseTime(ctx context.Context) error {
	p, err := r.centre.planAlways(ctx, r.id(), 3*time.Second)
	if err != nil {
		return err
	}
	if err := r.has(ctx, p); err != nil {
		return err
	}
	if err := r.cut(); err != nil {
		return err
	}
	r.Battery.Replace(deadBattery)
	from := r.Console.Len()
	if err := r.supply(ctx); err != nil {
		return err
	}
	if err := r.Net.Cable(ctx, false); err != nil {
		return err
	}
	_, _, err = r.wait(ctx, r.Console, from, ready)
	return err
}

// timeBack: with the cable back the signed time comes, and what is due is heard.
func timeBack(ctx context.Context, r *rig) (string, error) {
	r.centre.mean(time.Now(), 3*time.Hour) // it has a programme of every minute
	began := time.Now()
	if err := r.Net.Cable(ctx, true); err != nil {
		return "", err
	}
	var have message.Have
	err := until(ctx, "it says that it knows the time by a signature", func() bool {
		have, _ = told[message.Have](r.centre, message.LeafHave)
		return have.At.After(began.Add(-time.Minute)) && have.Clock == clock.Signed
	})
	if err != nil {
		return "", fmt.Errorf("%w; it says %s of %s", err, have.Clock, have.At)
	}
	signed := time.Since(began)
	if off := time.Since(have.At); off.Abs() > time.Minute {
		return "", fmt.Errorf("its clock is %v off", off)
	}
	if err := until(ctx, "what is due is heard", func() bool { return len(r.ampOn()) > 0 }); err != nil {
		return "", err
	}
	err = until(ctx, "clock-untrusted goes", func() bool {
		return !slices.ContainsFunc(r.centre.faults(), func(a health.Active) bool { return a.Code == "clock-untrusted" })
	})
	return fmt.Sprintf("signed %.1f s after the cable was back, heard after %.1f s", signed.Seconds(), r.ampOn()[0].From.Sub(began).Seconds()), err
}
