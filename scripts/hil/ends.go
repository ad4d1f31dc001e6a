package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// crashedAgent: agent, guard and sound process fall down together while something sounds.
func crashedAgent(ctx context.Context, r *rig) (string, error) {
	program, err := r.disk.System(ctx, "/usr/bin/agent")
	if err != nil {
		return "", err
	}
	before := r.boot()
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 100*time.Second)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	if len(r.ampOn()) == 0 {
		return "", errors.New("the programme has not begun")
	}
	patches, err := r.plant(ctx, program, trap)
	if err != nil {
		return "", err
	}
	crashed := time.Now()
	if err := errors.Join(sleep(ctx, 200*time.Millisecond), r.thaw(ctx, patches)); err != nil {
		return "", err
	}
	off, back, figure, err := r.comesBack(ctx, p, before, crashed)
	return fmt.Sprintf("amplifier off after %.1f s, another agent after %.0f s; %s", off.Seconds(), back.Sub(crashed).Seconds(), figure), err
}

// rebooted: a technician starts the box anew while something sounds.
func rebooted(ctx context.Context, r *rig) (string, error) {
	before := r.boot()
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 30*time.Second)
	if err != nil {
		return "", err
	}
	if err := r.ask(ctx, "version", ""); err != nil { // with the code, while there is time
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	if on := r.ampOn(); len(on) == 0 || time.Since(on[len(on)-1].To) > time.Second {
		return "", errors.New("the programme has not begun")
	}
	from, asked := r.Console.Len(), time.Now()
	fmt.Fprint(r.Tech, "reboot --reason HIL --yes\r")
	if err := until(ctx, "the amplifier is off", func() bool {
		on := r.ampOn()
		return on[len(on)-1].To.Before(time.Now().Add(-100 * time.Millisecond))
	}); err != nil {
		return "", err
	}
	off := time.Since(asked)
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return "", err
	}
	_, err = r.online(ctx, before)
	return fmt.Sprintf("amplifier off after %.1f s, ready again after %.0f s", off.Seconds(), time.Since(asked).Seconds()), err
}
