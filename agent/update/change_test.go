package update

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/update/rauctest"
)

// What was signed changes while RAUC writes, or while the box waits for a quiet moment to
// start what was written: what nobody wants any more is not started, by a power cut either.
func TestWhatIsNoLongerWantedIsNotStarted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig)
		ends   string
		state  State
	}{
		"withdrawn": {func(g *rig) { g.want = nil }, "1.0", Current},
		"replaced": {func(g *rig) {
			g.offer(rauctest.Image{Version: "1.2"})
			g.rollout = &plan.Rollout{Version: "1.2", Percent: 100}
		}, "1.2", Current},
		"another bundle": {func(g *rig) { g.offer(rauctest.Image{Version: "1.1", Mute: true}) }, "1.0", Gone},
		"refused":        {func(g *rig) { g.floor = 2 }, "1.0", Refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(t)
				g.installed = func() { g.air.Sounds = true } // a programme begins meanwhile
				r := g.start()
				g.after(10*time.Minute, func() {
					c.change(g)
					r.Wake()
				})
				if g.run(r, 30*time.Minute) {
					t.Fatal("it went down while something sounded")
				}
				g.installed = nil
				g.air.Sounds = false
				if is, _, _, err := g.machine.Start(); err != nil || is.Version != "1.0" {
					t.Errorf("after a power cut it starts %+v, %v", is, err)
				}
				if st := g.live(); st.Version != c.ends || st.State != c.state {
					t.Errorf("%+v, notes %q", st, g.notes)
				}
				if _, left := g.machine.Booted(); left != 3 {
					t.Errorf("%d tries left", left)
				}
			})
		})
	}
}

// A release that was stopped waits, written or not: it is not started by the boxes that
// had it already.
func TestAStoppedReleaseIsNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.installed = func() { g.air.Sounds, g.rollout = true, nil }
		r := g.start()
		g.after(10*time.Minute, func() {
			g.air.Sounds = false
		})
		if g.run(r, time.Hour) {
			t.Error("it is started")
		}
		if st := r.Status(); st.State != Waits || st.Hold != ForRing {
			t.Errorf("%+v", st)
		}
		g.installed = nil
		g.rollout = &plan.Rollout{Version: "1.1", Percent: 100}
		if st := g.live(); st.Version != "1.1" || st.State != Current {
			t.Errorf("resumed: %+v", st)
		}
	})
}

// A SIM card pays for no bundle that nobody wants any more, and one that is wanted again
// comes.
func TestAWithdrawnReleaseIsNotFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		want := g.want
		g.slow = true
		r := g.start()
		g.after(time.Minute, func() {
			if len(g.later) != 1 {
				t.Errorf("it is not fetched: %v", g.later)
			}
			g.want = nil
			r.Wake()
		})
		g.after(2*time.Minute, func() {
			if len(g.later) > 0 {
				t.Errorf("still fetched: %v", g.later)
			}
			g.want, g.slow = want, false
			r.Wake()
		})
		if !g.run(r, time.Hour) {
			t.Fatalf("it does not come: %+v", r.Status())
		}
		if st := g.live(); st.Version != "1.1" {
			t.Errorf("%+v", st)
		}
	})
}

// RAUC is a service, and goes on when the agent that asked is killed: the next agent
// waits for it, does not count that as a try, refuses nothing, and above all does not
// start the machine anew under it.
func TestAnAgentThatDiesWhileRAUCWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		up := time.Now().Add(-time.Hour) // long after the machine's start
		g.up = func() time.Duration { return time.Since(up) }
		ctx, kill := context.WithCancel(t.Context())
		g.installed = func() { g.machine.Busy(true); kill(); g.died = true }
		r := g.start()
		if r.Run(ctx); r.record.Phase != Installing || r.record.Tries != 1 {
			t.Fatalf("%+v", r.record)
		}
		g.installed, g.died = nil, false
		writes := g.steps
		r = g.again(g.up)
		g.after(4*time.Minute, func() {
			if st := r.Status(); st.State != Installs || len(g.codes) > 0 {
				t.Errorf("while RAUC writes: %+v, conditions %v", st, g.codes)
			}
			if g.steps != writes {
				t.Errorf("%d things were done for good while RAUC wrote", g.steps-writes)
			}
			g.machine.Busy(false)
		})
		if !g.run(r, 10*time.Minute) {
			t.Fatalf("it does not go on: %+v", r.Status())
		}
		if r.record.Tries != 2 || r.record.Phase != Installed {
			t.Errorf("%+v", r.record)
		}
		g.up = nil
		if st := g.live(); st.Version != "1.1" || st.State != Current {
			t.Errorf("%+v", st)
		}
	})
}

// A bundle that was whole when it came, and which the card has lost since, is no bad
// release: it is fetched again, a few times.
func TestABundleThatTheCardLoses(t *testing.T) {
	for rots, want := range map[int]string{1: "1.1", 2: "1.1", 100: "1.0"} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(t)
			g.rots = rots
			st := g.live()
			if st.Version != want || want == "1.0" && (st.State != Gone || st.Code != plan.Storage) {
				t.Errorf("lost %d times: %+v, notes %q", rots, st, g.notes)
			}
			if left := 100 - g.rots; rots == 100 && left > maxTries {
				t.Errorf("fetched and installed %d times", left)
			}
		})
	}
}
