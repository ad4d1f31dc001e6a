package box

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// desk is a box without a broker that has not begun to run.
func desk(t *testing.T) *Box {
	t.Helper()
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	b, err := New(Opts{
		Device: trusttest.Device, State: t.TempDir(), Root: trusttest.New(time.Now()).RootFile(),
		Board: board, Health: health.New(log, nil), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.ledger.Close(); b.lock.Close() })
	return b
}

func (b *Box) complains(code string) bool {
	for _, a := range b.o.Health.Active(time.Now()) {
		if a.Code == code {
			return true
		}
	}
	return false
}

// A box does not say that it has no place before it has looked.
func TestUnassignedIsSaidWhenItIsKnown(t *testing.T) {
	b := desk(t)
	synctest.Test(t, func(t *testing.T) {
		b.loaded = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go b.watch(ctx) // ends with ctx
		time.Sleep(time.Minute)
		if b.complains("unassigned") {
			t.Error("unassigned, before the plan on the disk was read")
		}
		b.changed(&plan.Plan{Place: "26734"}, true)
		time.Sleep(time.Minute)
		if b.complains("unassigned") {
			t.Error("unassigned, with a place")
		}
		b.changed(&plan.Plan{}, true)
		if !b.complains("unassigned") {
			t.Error("a box without a place does not say so")
		}
		b.changed(&plan.Plan{Place: "26734"}, true)
		if b.complains("unassigned") {
			t.Error("unassigned, with a place since just now")
		}
	})
}

// A disk without room says so itself, before anything fails to be written.
func TestAFullDisk(t *testing.T) {
	if err := full(t.TempDir(), unix.Statfs); err != nil {
		t.Error(err)
	}
	if err := full("/proc", unix.Statfs); err == nil { // a file system that has no room
		t.Error("no room, and nobody is told")
	}
}

// What is wrong is in the ledger: the year's report counts faults by it.
func TestFaultsAreInTheLedger(t *testing.T) {
	b := desk(t)
	synctest.Test(t, func(t *testing.T) {
		b.loaded = make(chan struct{})
		close(b.loaded)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go b.watch(ctx) // ends with ctx
		b.o.Health.Set("amp-fault", "no answer")
		time.Sleep(time.Minute)
		b.o.Health.Clear("amp-fault")
		time.Sleep(time.Minute)
		found, err := b.ledger.Query(ledger.Query{ID: "health/amp-fault"})
		if err != nil || len(found) != 2 || found[0].Ends != "" || found[1].Ends != found[0].ID {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
