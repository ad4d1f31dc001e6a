package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The moments at which the power is cut, in turns. One in six leaves the box in peace for
// more than a minute: what never stays up is in safe mode after a while.
var moments = []struct {
	name string
	work func(context.Context, *rig) error // nil: while it starts
}{
	{"starting", nil},
	{"programme", writesProgramme},
	{"starting", nil},
	{"commit", commits},
	{"starting", nil},
	{"good minute", staysUp},
}

// powerCuts takes the supply away at random instants while the box starts, takes documents
// in, downloads, plays, writes its ledger and its settings, and looks each time at what is
// left. Each cut is a line in a file beside the session's folder, so that what was not done
// in one run is done in the next, or by another bench with the same file.
func powerCuts(ctx context.Context, r *rig) (string, error) {
	tally := filepath.Join(r.o.out, "cuts.log")
	done, err := counted(tally)
	if err != nil {
		return "", err
	}
	began, before, here := time.Now(), done, 0
	c := cutter{rig: r, slowest: 30 * time.Second}
	for n := 1; done < r.o.cuts && (r.o.within == 0 || time.Since(began) < r.o.within); n++ {
		m := moments[n%len(moments)]
		if err := c.cut(ctx, m.work); err != nil {
			return "", fmt.Errorf("cut %d (%s): %w", here+1, m.name, err)
		}
		here++
		if err := count(tally, fmt.Sprintf("%s %s, %s", time.Now().UTC().Format(time.RFC3339), m.name, r.o.board)); err != nil {
			return "", err
		}
		if done, err = counted(tally); err != nil {
			return "", err
		}
	}
	if err := c.start(ctx); err != nil {
		return "", fmt.Errorf("after the last cut: %w", err)
	}
	if _, err := r.centre.ledger(); err != nil {
		return "", fmt.Errorf("the centre's copy of the ledger does not hold: %w", err)
	}
	if r.centre.archive.Forked(device) {
		return "", errors.New("the box tells another past than before")
	}
	return fmt.Sprintf("%d cuts now, %d before; ready after %.0f s at most", here, before, c.slowest.Seconds()), nil
}

// A cutter takes a box through its lives. Between two cuts the box is off.
type cutter struct {
	*rig
	boot    string // the last start that was heard of
	have    pledge
	slowest time.Duration // from power-on to ready
}

func (c *cutter) start(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	took, err := c.on(bounded)
	if err != nil {
		return err
	}
	c.slowest = max(c.slowest, took)
	c.boot, err = c.online(bounded, c.boot)
	return err
}

// cut gives the box power, lets it work, takes the power away, and looks at what is left.
func (c *cutter) cut(ctx context.Context, work func(context.Context, *rig) error) (err error) {
	if work == nil {
		err = errors.Join(c.supply(ctx), sleep(ctx, rand.N(c.slowest)))
	} else if err = c.start(ctx); err == nil {
		err = work(ctx, c.rig)
	}
	if err != nil {
		return err
	}
	if work != nil {
		if c.have, err = c.pledged(); err != nil {
			return err
		}
		c.boot = c.rig.boot() // settings that were committed begin another
	}
	if err := c.rig.cut(); err != nil {
		return err
	}
	return c.keeps(ctx, c.have)
}

// writesProgramme: documents come, a recording is fetched, it sounds, and the ledger tells
// of it.
func writesProgramme(ctx context.Context, r *rig) error {
	// Under few names: what comes again is a new version.
	r.programmes = r.programmes % 6
	if _, err := r.centre.plan(ctx, r.id(), time.Now().Add(4*time.Second), 3*time.Second); err != nil {
		return err
	}
	return sleep(ctx, rand.N(12*time.Second))
}

// commits: a technician commits a setting. Before the box has answered it may have it or not;
// after that it has it.
func commits(ctx context.Context, r *rig) error {
	next := 20 + rand.N(200)
	if err := r.ask(ctx, fmt.Sprintf("config edit console.idle_min %d", next), ""); err != nil {
		return err
	}
	if len(r.idle) > 0 {
		r.idle = append(r.idle[:1:1], next)
	}
	from := r.Tech.Len()
	fmt.Fprint(r.Tech, "config commit --yes --json\r")
	bounded, cancel := context.WithTimeout(ctx, rand.N(1500*time.Millisecond))
	defer cancel()
	if _, _, err := r.wait(bounded, r.Tech, from, regexp.MustCompile(`"changes"`)); err == nil {
		r.idle = []int{next}
		return sleep(ctx, rand.N(3*time.Second)) // it begins anew with them
	}
	return ctx.Err()
}

// staysUp: a programme, and long enough to count as a start that went well. What came
// before were power cuts and no crashes, so it is not in safe mode.
func staysUp(ctx context.Context, r *rig) error {
	if err := r.trusts(); err != nil {
		return err
	}
	if err := sleep(ctx, 55*time.Second); err != nil {
		return err
	}
	return writesProgramme(ctx, r)
}

// trusts says if the box is in safe mode.
func (r *rig) trusts() error {
	for _, a := range r.centre.faults() {
		if a.Code == "safe-mode" {
			return fmt.Errorf("it is in safe mode: %v", a)
		}
	}
	return nil
}

// counted is how many lines a file has; none, if there is none.
func counted(file string) (int, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return bytes.Count(text, []byte("\n")), err
}

// count adds a line to a file.
func count(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, strings.ReplaceAll(line, "\n", " "))
	return errors.Join(err, f.Close())
}
