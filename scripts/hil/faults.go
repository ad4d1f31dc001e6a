package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/plan"
)

// tells waits until the box has told of a condition whose words hold all of these.
func (r *rig) tells(ctx context.Context, words ...string) (c health.Active, err error) {
	err = until(ctx, fmt.Sprintf("the box tells of %q", words), func() bool {
		for _, c = range r.centre.faults() {
			text := fmt.Sprint(c)
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
				return true
			}
		}
		return false
	})
	if err != nil {
		err = fmt.Errorf("%w; it tells of %v", err, r.centre.faults())
	}
	return c, err
}

// cardPulled: the sound card is pulled while it plays, and comes back.
func cardPulled(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 20*time.Second)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	boot, _ := r.centre.online()
	pulled := time.Now()
	if err := r.USB.Unplug(ctx, "card"); err != nil {
		return "", err
	}
	if _, err := r.tells(ctx, "sink"); err != nil {
		return "", err
	}
	told := time.Since(pulled)
	if err := r.USB.Plug(ctx, "card", ""); err != nil {
		return "", err
	}
	err = until(ctx, "the condition goes", func() bool {
		return !slices.ContainsFunc(r.centre.faults(), func(a health.Active) bool { return strings.Contains(fmt.Sprint(a), "sink") })
	})
	if err != nil {
		return "", err
	}
	well := time.Since(pulled) - told
	if now, _ := r.centre.online(); now != boot {
		return "", fmt.Errorf("the agent was started again")
	}
	figure, err := hears(ctx, r)
	return fmt.Sprintf("told after %.1f s, well %.1f s after it was back; %s", told.Seconds(), well.Seconds(), figure), err
}

// named: the wrong key of a board file is named on the console and at the centre.
func named(table, key string, rest ...func(context.Context, *rig) (string, error)) func(context.Context, *rig) (string, error) {
	return func(ctx context.Context, r *rig) (string, error) {
		name := table + "." + key
		if _, err := r.tells(ctx, name); err != nil {
			return "", err
		}
		if table != "console" { // it is the technician's line that is wrong
			if err := r.ask(ctx, "faults", regexp.QuoteMeta(name)); err != nil {
				return "", err
			}
		}
		for _, try := range rest {
			if _, err := try(ctx, r); err != nil {
				return "", fmt.Errorf("the rest does not work: %w", err)
			}
		}
		return name, nil
	}
}

// wrongImage: the settings are for another board than this machine. It says so, and
// drives no pin.
func wrongImage(ctx context.Context, r *rig) (string, error) {
	if _, err := r.tells(ctx, "board-wrong", "orangepi-zero"); err != nil {
		return "", err
	}
	if err := sleep(ctx, 10*time.Second); err != nil {
		return "", err
	}
	if n := len(r.GPIO.Edges()); n > 0 {
		return "", fmt.Errorf("%d edges were seen on its pins", n)
	}
	return "no edge on any pin", nil
}

// leftOver is what a full disk still has room for.
const leftOver = 16 << 10

// diskFull: the card fills up, whoever filled it. The box says so; what it holds is heard,
// and an alarm sounds.
func diskFull(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.planAlways(ctx, r.id(), 3*time.Second)
	if err != nil {
		return "", err
	}
	r.centre.mean(time.Now(), 3*time.Hour) // it is due every minute
	if err := r.has(ctx, p); err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	if err := r.disk.Settle(ctx); err != nil {
		return "", err
	}
	if err := r.disk.Fill(ctx, leftOver); err != nil {
		return "", err
	}
	boot := r.boot()
	if _, err := r.on(ctx); err != nil {
		return "", err
	}
	if _, err := r.online(ctx, boot); err != nil {
		return "", err
	}
	c, err := r.tells(ctx, "storage-full")
	if err != nil {
		return "", err
	}
	if err := until(ctx, "what it holds is heard", func() bool { return len(r.ampOn()) > 0 }); err != nil {
		return "", err
	}
	if err := r.ask(ctx, "faults --json", `"storage-full"`); err != nil {
		return "", err
	}
	if err := r.centre.alarm(ctx, true); err != nil {
		return "", err
	}
	began := time.Now()
	var sounds *message.Sounds
	err = until(ctx, "the alarm sounds", func() bool {
		have, _ := told[message.Have](r.centre, message.LeafHave)
		sounds = have.Sounds
		return sounds != nil && sounds.Class == plan.Emergency && len(r.ampOn()) > 0
	})
	return fmt.Sprintf("%s; an alarm sounds after %.1f s", c.Code, time.Since(began).Seconds()), err
}

// roomAgain: somebody makes room, and all is well.
func roomAgain(ctx context.Context, r *rig) (string, error) {
	if err := r.centre.alarm(ctx, false); err != nil {
		return "", err
	}
	have, err := r.pledged()
	if err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	if err := r.keeps(ctx, have); err != nil {
		return "", err
	}
	if err := errors.Join(r.disk.Settle(ctx), r.disk.Empty(ctx)); err != nil {
		return "", err
	}
	boot := r.boot()
	if _, err := r.on(ctx); err != nil {
		return "", err
	}
	if _, err := r.online(ctx, boot); err != nil {
		return "", err
	}
	err = until(ctx, "storage-full goes", func() bool {
		h, ok := told[message.HealthReport](r.centre, message.LeafHealth)
		return ok && !slices.ContainsFunc(h.Active, func(a health.Active) bool { return a.Code == "storage-full" })
	})
	if err != nil {
		return "", err
	}
	return hears(ctx, r)
}
