package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/scripts/authority"
)

// long reports whether there is time for the long faults: scripts/soak.sh.
func long() bool { return os.Getenv("LOA_SOAK") != "" }

// TestKilledBroker kills the broker again and again while orders are given to single
// boxes. Whoever gives an order sends it again until the box's ledger has it; there
// each stands exactly once.
func TestKilledBroker(t *testing.T) {
	if testing.Short() {
		t.Skip("real seconds; make test runs it whole")
	}
	boxes, orders, every := 5, 15, 3*time.Second
	if long() {
		boxes, orders, every = 40, 1000, 30*time.Second
	}
	s := newStage(t, boxes)
	s.boxesRun(t, 0, boxes)

	kills := make(chan int, 1)
	done := make(chan struct{})
	go func() { // waited for below
		n := 0
		defer func() { kills <- n }()
		for {
			select {
			case <-done:
				return
			case <-time.After(every/2 + rand.N(every)):
			}
			s.broker.Kill()
			if n++; n%3 == 0 {
				if err := s.broker.Wipe(); err != nil {
					t.Error(err)
				}
			}
			if err := s.broker.Start(); err != nil {
				t.Error(err)
				return
			}
		}
	}()

	given := map[string]authority.Issued{} // not known to have sounded, by occurrence
	of := map[string]string{}              // the box, of all
	began := time.Now()
	for i := range orders {
		is := s.order(t, i%boxes)
		act := is.Doc.(plan.Act)
		id := schedule.ActID(&act.Head)
		given[id], of[id] = is, act.Device
		s.give(is)
		time.Sleep(rand.N(2 * time.Second * 5 / time.Duration(boxes)))
		s.again(t, given)
	}
	close(done)
	n := <-kills
	// A box that lost its broker again and again waits up to a minute before it asks
	// anew; from here on the broker stays.
	for deadline := time.Now().Add(time.Minute); len(given) > 0; time.Sleep(time.Second) {
		s.again(t, given)
		if time.Now().After(deadline) {
			for id := range given {
				t.Errorf("%s has not sounded", id)
			}
			break
		}
	}
	s.broker.Kill() // no order can come any more
	time.Sleep(6 * time.Second)
	check(t, s.fleet.Stop())

	times := map[string]int{}
	for _, b := range s.fleet.Boxes {
		all, err := b.Ledger(ledger.Query{Kind: ledger.Start})
		check(t, err)
		for _, e := range all {
			if of[e.ID] == "" {
				t.Errorf("%s played %s, which nobody ordered", b.Name, e.ID)
			}
			times[e.ID]++
		}
	}
	for id := range of {
		if times[id] != 1 {
			t.Errorf("order %s to %s was played %d times", id, of[id], times[id])
		}
	}
	t.Logf("%d orders to %d boxes in %v, %d kills of the broker: %d played once", orders, boxes, time.Since(began).Round(time.Second), n, len(times))
	if n == 0 {
		t.Error("the broker was never killed")
	}
}

// order is a chime for one box.
func (s *stage) order(t *testing.T, i int) authority.Issued {
	t.Helper()
	act := plan.Act{Item: &plan.Item{Chime: "two-tone"}, Class: plan.Normal, Until: time.Now().Add(10 * time.Minute).UTC().Truncate(time.Second)}
	act.Kind, act.Device = plan.KindPlay, name(i)
	is, err := s.Act(act, signers...)
	check(t, err)
	return is
}

// give sends one without waiting.
func (s *stage) give(is authority.Issued) { s.Publish(is.Topic.String(), is.Raw, false) }

// again gives once more what has not sounded. The test looks at the ledgers on the
// disks for it: acknowledgements may be lost with the broker that took them, and a
// ledger is told to the centre until it says that it has it.
func (s *stage) again(t *testing.T, given map[string]authority.Issued) {
	t.Helper()
	for _, b := range s.fleet.Boxes {
		files, err := filepath.Glob(filepath.Join(b.State, "ledger", "*"))
		check(t, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			check(t, err)
			for line := range bytes.Lines(data) {
				var e ledger.Entry
				if json.Unmarshal(line, &e) == nil && e.Kind == ledger.Start {
					delete(given, e.ID)
				}
			}
		}
	}
	for _, is := range given {
		s.give(is)
	}
}
