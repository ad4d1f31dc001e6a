package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/drivers/gpioline"
	"loa/scripts/heard"
)

// leastScore is how like its master a bulletin must sound: MP3 at 48 kbit/s
// scores 0.98, another recording less than 0.3.
const leastScore = 0.9

// check waits for the programme to end and compares what was heard with what
// was sent.
func check(ctx context.Context, out io.Writer, s *stage, b *box, p *programme) error {
	w := watcher{box: b, out: out}
	var board boardWatch
	var spoken time.Time
	deadline := time.After(time.Until(p.start) + p.length + 8*time.Second)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ended := 0; ended < 3; {
		select {
		case err := <-b.ended:
			b.ended <- err
			return fmt.Errorf("the agent ended: %v; see %s", err, b.logFile)
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("only %d of 3 items have ended; see %s", ended, b.logFile)
		case <-tick.C:
		}
		w.lines()
		board.look(b.panel())
		entries, err := put[[]ledger.Entry](b, "ledger last 20")
		if err != nil {
			return err
		}
		ended = 0
		for _, e := range entries {
			if e.Kind == ledger.End {
				ended++
			}
			if e.Kind == ledger.Start && strings.HasSuffix(e.Item, "-thong-bao") {
				spoken = e.Time
			}
		}
	}
	time.Sleep(1800 * time.Millisecond) // the amplifier lingers for 1.5 s
	b.stop()
	w.lines()
	return errors.Join(checkLedger(out, b), checkSound(out, b, p), board.check(out, spoken), checkAmp(out, b))
}

func checkLedger(out io.Writer, b *box) error {
	entries, err := b.entries()
	if err != nil {
		return fmt.Errorf("the ledger does not verify: %w", err)
	}
	n := 0
	for _, e := range entries {
		if e.Kind != ledger.End {
			continue
		}
		n++
		if e.Result != plan.Heard {
			err = errors.Join(err, fmt.Errorf("%s ended %s: %s %s", e.ID, e.Result, e.Code, e.Detail))
		}
	}
	if n != 3 {
		err = errors.Join(err, fmt.Errorf("%d items in the ledger, want 3", n))
	}
	fmt.Fprintf(out, "\nledger    %d entries, chain whole, %d items heard\n", len(entries), n)
	return err
}

func checkSound(out io.Writer, b *box, p *programme) (err error) {
	got, rate, err := heard.ReadWAV(b.state("heard.wav"))
	if err != nil {
		return err
	}
	var places []time.Duration
	for _, id := range []string{"thong-bao", "nhac"} {
		want, wantRate, err := heard.ReadWAV(p.masters[id])
		if err != nil {
			return err
		}
		m := heard.Find(want, wantRate, got, rate)
		fmt.Fprintf(out, "sound     %-9s likeness %.3f at %.2f s, level %+.1f dB\n", id, m.Score, m.At.Seconds(), 20*math.Log10(m.Gain))
		if m.Score < leastScore {
			return fmt.Errorf("%s was not heard as it was sent: likeness %.3f, want %.2f", id, m.Score, leastScore)
		}
		places = append(places, m.At)
	}
	if !slices.IsSorted(places) {
		return errors.New("the items were heard in another order than sent")
	}
	return nil
}

func checkAmp(out io.Writer, b *box) error {
	edges, err := gpioline.Edges(b.state("amp.line"))
	if err != nil {
		return err
	}
	ons := 0
	for _, e := range edges {
		if e.On {
			ons++
		}
	}
	if ons == 0 {
		return errors.New("the amplifier was never on")
	}
	if edges[len(edges)-1].On {
		return errors.New("the amplifier was left on")
	}
	fmt.Fprintf(out, "amplifier %d times on, off at the end\n", ons)
	return nil
}
