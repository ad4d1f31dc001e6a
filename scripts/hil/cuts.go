package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"loa/agent/message"
)

// A pledge is what the box has said that it has: a power cut takes none of it.
type pledge struct {
	documents map[string]int64
	seq       int64 // of the ledger, as the centre has it
}

// pledged is what the box has told so far.
func (r *rig) pledged() (p pledge, err error) {
	have, _ := told[message.Have](r.centre, message.LeafHave)
	p.documents = have.Documents
	all, err := r.centre.ledger()
	for _, e := range all {
		p.seq = max(p.seq, e.Seq)
	}
	return p, err
}

// keeps says what of a pledge is gone.
func (r *rig) keeps(p pledge) error {
	have, _ := told[message.Have](r.centre, message.LeafHave)
	for name, version := range p.documents {
		if have.Documents[name] < version {
			return fmt.Errorf("%s is lost: the box had version %d, it has %d", name, version, have.Documents[name])
		}
	}
	if have.Ledger < p.seq {
		return fmt.Errorf("the ledger is cut: it had %d entries, it has %d", p.seq, have.Ledger)
	}
	_, err := r.centre.ledger() // its chain holds, and it tells no other past
	if err == nil && r.centre.archive.Forked(device) {
		err = errors.New("the box tells another past than before")
	}
	return err
}

// powerCuts takes the supply away at random instants while the box takes documents in,
// downloads, plays and writes its ledger, and looks each time at what is left.
func powerCuts(ctx context.Context, r *rig) (string, error) {
	var have pledge
	boot, slowest, whileStarting := "", time.Duration(0), 0
	for n := range r.o.cuts {
		fail := func(err error) (string, error) { return "", fmt.Errorf("cut %d of %d: %w", n+1, r.o.cuts, err) }
		if n%3 == 2 { // one of three comes while it starts
			whileStarting++
			if err := r.Power.On(ctx); err != nil {
				return fail(err)
			}
			if err := sleep(ctx, rand.N(25*time.Second)); err != nil {
				return fail(err)
			}
			if err := r.cut(); err != nil {
				return fail(err)
			}
		}
		bounded, cancel := context.WithTimeout(ctx, 4*time.Minute)
		took, err := r.on(bounded)
		if err == nil {
			boot, err = r.online(bounded, boot)
		}
		if err == nil {
			err = until(bounded, "the box tells what it has", func() bool {
				have, ok := told[message.Have](r.centre, message.LeafHave)
				return ok && have.At.After(r.powered)
			})
		}
		cancel()
		if err != nil {
			return fail(err)
		}
		slowest = max(slowest, took)
		if err := r.keeps(have); err != nil {
			return fail(err)
		}
		// Documents come and a programme sounds: all of it is written while the cut comes.
		if _, err := r.centre.plan(ctx, fmt.Sprintf("n%d", n), time.Now().Add(4*time.Second), 3*time.Second); err != nil {
			return fail(err)
		}
		if err := sleep(ctx, rand.N(12*time.Second)); err != nil {
			return fail(err)
		}
		if have, err = r.pledged(); err != nil {
			return fail(err)
		}
		if err := r.cut(); err != nil {
			return fail(err)
		}
		if err := r.disk.Check(ctx); err != nil {
			return fail(err)
		}
	}
	if _, err := r.on(ctx); err != nil {
		return "", fmt.Errorf("after the last cut: %w", err)
	}
	if _, err := r.online(ctx, boot); err != nil {
		return "", fmt.Errorf("after the last cut: %w", err)
	}
	return fmt.Sprintf("%d cuts, %d more while it started; ready after %.0f s at most", r.o.cuts, whileStarting, slowest.Seconds()), nil
}
