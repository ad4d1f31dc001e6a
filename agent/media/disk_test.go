package media

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/agent/store/powertest"
)

// Whenever the power goes, what is visible afterwards is whole.
func TestPowerCut(t *testing.T) {
	d := powertest.New(t, 64)
	s := newServer(t)
	var list []plan.Audio
	for range 40 {
		list = append(list, s.add(rand.IntN(300_000)+1, ""))
	}
	whole := 0
	for range 8 {
		b := newBox(t, d.Dir(), opts(s))
		for _, a := range list {
			if path, ok := b.Path(a.SHA256); ok {
				if err := verify(path, a.SHA256); err != nil {
					t.Fatalf("after a power cut: %v", err)
				}
				whole++
			}
		}
		b.Want(list)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { // waited for below
			_ = b.Run(ctx)
			close(done)
		}()
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond) // the instant of the cut
		d.Cut()
		cancel()
		<-done
		d.Boot()
	}
	t.Logf("%d recordings were there at 8 boots, every one whole", whole)
}

// When something else fills the disk, recordings that nobody needs make room;
// when that is not enough it is said, and nothing that is needed goes.
func TestFullDisk(t *testing.T) {
	d := powertest.New(t, 32)
	s := newServer(t)
	o := opts(s)
	o.Reserve = 1 << 20
	b := newBox(t, d.Dir(), o)
	b.run()
	idle, needed := s.add(4<<20, ""), s.add(4<<20, "")
	b.Want([]plan.Audio{idle, needed})
	b.until("both", func() bool { return b.has(idle) && b.has(needed) })
	b.Want([]plan.Audio{needed})
	filler := d.Fill()

	fresh, another := s.add(2<<20, ""), s.add(2<<20, "")
	b.Want([]plan.Audio{needed, fresh, another})
	b.until("room for one", func() bool { return b.has(fresh) })
	b.until("the other's report", func() bool { return b.holds(another) == CodeStorage })
	if b.has(idle) || !b.has(needed) || b.has(another) {
		t.Fatalf("idle %v, needed %v, another %v", b.has(idle), b.has(needed), b.has(another))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	b.until("room again", func() bool { return b.has(another) && b.holds(another) == "" })
}

func TestReadOnlyDisk(t *testing.T) {
	d := powertest.New(t, 32)
	s := newServer(t)
	b := newBox(t, d.Dir(), opts(s))
	a, c := s.add(1000, ""), s.add(1000, "")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // waited for below
		_ = b.Run(ctx)
		close(done)
	}()
	b.Want([]plan.Audio{a})
	b.until("fetched", func() bool { return b.has(a) })
	cancel()
	<-done
	d.ReadOnly()
	b = newBox(t, d.Dir(), opts(s))
	b.run()
	b.Want([]plan.Audio{a, c})
	check(t, b, s, a)
	b.until("the report", func() bool { return b.holds(c) == CodeStorage })
}
