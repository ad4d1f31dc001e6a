package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loa/agent/ledger"
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

// keeps says what of a pledge is not on the box's disk. The broker would give documents
// again, so the disk is looked at before the box is switched on.
func (r *rig) keeps(ctx context.Context, p pledge) error {
	dir, err := os.MkdirTemp(r.dir, "cut")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.disk.Check(ctx, "/lib/loa", dir); err != nil {
		return err
	}
	for name := range p.documents {
		file := filepath.Join(dir, "loa", "docs", "docs", name)
		if strings.Contains(name, "/want/") {
			file = filepath.Join(dir, "loa", "docs", "docs", "want")
		}
		if found, _ := filepath.Glob(file + "@*"); len(found) == 0 {
			return fmt.Errorf("%s is lost", name)
		}
	}
	book := filepath.Join(dir, "loa", "ledger")
	if _, err := os.Stat(book); p.seq == 0 && err != nil {
		return nil // it has not begun
	}
	l, err := ledger.Open(book, ledger.Opts{})
	if err != nil {
		return fmt.Errorf("the ledger does not open: %w", err)
	}
	defer l.Close()
	if err := l.Verify(); err != nil {
		return fmt.Errorf("the ledger's chain is broken: %w", err)
	}
	if seq, _ := l.Head(); seq < p.seq {
		return fmt.Errorf("the ledger is cut: the centre has %d entries of it, the disk %d", p.seq, seq)
	}
	return nil
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
		cancel()
		if err != nil {
			return fail(err)
		}
		slowest = max(slowest, took)
		// Documents come and a programme sounds: all of it is written while the cut comes.
		if _, err := r.centre.plan(ctx, r.id(), time.Now().Add(4*time.Second), 3*time.Second); err != nil {
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
		if err := r.keeps(ctx, have); err != nil {
			return fail(err)
		}
	}
	if _, err := r.on(ctx); err != nil {
		return "", fmt.Errorf("after the last cut: %w", err)
	}
	if _, err := r.online(ctx, boot); err != nil {
		return "", fmt.Errorf("after the last cut: %w", err)
	}
	if _, err := r.centre.ledger(); err != nil {
		return "", fmt.Errorf("the centre's copy of the ledger does not hold: %w", err)
	}
	if r.centre.archive.Forked(device) {
		return "", errors.New("the box tells another past than before")
	}
	return fmt.Sprintf("%d cuts, %d more while it started; ready after %.0f s at most", r.o.cuts, whileStarting, slowest.Seconds()), nil
}
