package station_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

var errAmp = errors.New("no such line")

func asError(err error, e **plan.Error) bool { return errors.As(err, e) }

// beat is the sign of life of the world after d, over the documents of its setup.
func (r *rig) beat(d time.Duration, seq int64) plan.Beat {
	b := r.w.Later(d).Beat(seq)
	b.Epochs = map[string]int64{plan.RootPlace: r.w.Now.UnixMilli(), trusttest.Province: r.w.Now.UnixMilli()}
	return b
}

// TestAttacks lets every attack on the authority arrive at a whole box: it is
// refused with its code, changes nothing that the box trusts, and moves no edge
// of the amplifier's line.
func TestAttacks(t *testing.T) {
	n := 0
	for _, c := range trusttest.New(monday).Cases() {
		if c.Want == plan.Accepted || c.Live || c.Asked != nil {
			continue // what is accepted, live packets and time answers are the trust room's own table
		}
		n++
		if len(c.Before) > 100 {
			continue // hundreds of acts would sound for longer than an act lives
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *trusttest.World) { attack(t, w, c) })
		})
	}
	if n < 60 {
		t.Errorf("%d attacks, want at least 60", n)
	}
}

func attack(t *testing.T, w *trusttest.World, c trusttest.Case) {
	dir := t.TempDir()
	r := newRig(t, w, dir)
	defer func() { r.stop() }()
	if !c.Bare {
		r.setUp()
	}
	r.hear(c.Before...)
	if off := c.After > 24*time.Hour && emulated; off || c.Reboot {
		r.stop()
		if off { // an emulator takes minutes for the months until a grant ends
			time.Sleep(c.After)
			c.After = 0
		}
		r = newRig(t, w, dir)
		synctest.Wait()
	}
	r.clock.set(c.Level)
	time.Sleep(c.After)
	settle(r)
	edges, snapshot := len(r.amp.Edges()), r.trust.Snapshot()
	seq, _ := r.ledger.Head()
	r.hear(c.Message)
	time.Sleep(3 * time.Second)
	synctest.Wait()
	if got := len(r.amp.Edges()); got != edges {
		t.Errorf("%d edges of the amplifier's line", got-edges)
	}
	if c.Room == "" && !bytes.Equal(snapshot, r.trust.Snapshot()) {
		t.Error("what the box trusts has changed")
	}
	entries, err := r.ledger.Query(ledger.Query{Kind: ledger.Refused, After: seq})
	if err != nil {
		t.Fatal(err)
	}
	want := c.Want
	if code, ok := sooner[c.Name]; ok {
		want = code
	}
	if len(entries) != 1 || entries[0].Code != want {
		t.Errorf("the ledger has %+v, want one refusal with %s", entries, want)
	}
}

// sooner is what a whole box refuses for a reason that comes before trust's own:
// it has judged its stored documents again, and the want that named its place
// went with the one who had signed it.
var sooner = map[string]plan.Code{
	"a key whose granter was revoked": plan.NotAddressed,
}

// settle lets what sounds come to its end.
func settle(r *rig) {
	for range 600 {
		if r.View().Now == nil && !r.amp.On() {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
}
