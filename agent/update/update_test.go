package update

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/update/rauctest"
)

func TestFromOneReleaseToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		st := g.live()
		if st.Version != "1.1" || st.Slot != "B" || st.State != Current || st.Before != "1.0" {
			t.Errorf("%+v", st)
		}
		if g.starts != 2 || g.floor != 2 || len(g.later) > 0 || len(g.codes) > 0 {
			t.Errorf("%d starts, floor %d, wanted %v, conditions %v", g.starts, g.floor, g.later, g.codes)
		}
		if want := []string{"software 1.1 is installed in slot B", "software 1.1 has proven itself in slot B"}; !slices.Equal(g.notes, want) {
			t.Errorf("the ledger says %q", g.notes)
		}
		if _, left := g.machine.Booted(); left != 3 {
			t.Errorf("%d tries left", left)
		}
		g.rollout = nil // and so it stays, rollout or not
		if st := g.live(); st.Version != "1.1" || g.starts != 3 {
			t.Errorf("%+v after %d starts", st, g.starts)
		}
	})
}

// A slow board's RAUC may not answer in time. That says nothing of the box's slots and
// nothing of the release that it should run.
func TestSlotsThatAreNotToldYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.mum = 3
		r := g.start()
		if st := r.Status(); st.State != Unknown {
			t.Errorf("before it was asked: %+v", st)
		}
		g.run(r, time.Minute)
		if st := r.Status(); st.State != Unknown || st.Code != "" || st.Why == "" || len(g.hold()) > 0 {
			t.Errorf("RAUC is silent: %+v, %v", st, g.hold())
		}
		if st := g.live(); st.Version != "1.1" || st.State != Current {
			t.Errorf("RAUC answers: %+v", st)
		}
	})
}

// The broker goes while a release is on trial, and is away for hours: that says nothing of
// the release, which runs in the end. One that is deaf is given up all the same.
func TestAnOutageIsNotTheRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		r := g.start()
		if !g.run(r, 40*time.Minute) {
			t.Fatalf("it does not start the new release: %+v", r.Status())
		}
		g.reach.Broker = false
		st := g.live()
		if st.Version != "1.0" || st.State != Waits || st.Hold != ForCentre {
			t.Fatalf("without a broker: %+v", st)
		}
		if _, left := g.machine.Booted(); left != 3 {
			t.Errorf("%d tries left", left)
		}
		r = g.start()
		g.after(30*time.Minute, func() {
			g.reach.Broker = true
		})
		if !g.run(r, 3*time.Hour) {
			t.Fatalf("the broker is back: %+v", r.Status())
		}
		if st := g.live(); st.Version != "1.1" || st.State != Current || len(g.hold()) > 0 {
			t.Errorf("%+v, %v", st, g.hold())
		}
	})
}

// Whatever is wrong with the next release, the last one runs again after three starts at
// the most, it can be started as often as before, and the bad one is not tried again.
func TestABadReleaseIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		is     rauctest.Image
		why    string
		starts int // of the agent
	}{
		"it does not start":          {rauctest.Image{Version: "1.1", Dead: true}, "did not start", 2},
		"it finds no broker":         {rauctest.Image{Version: "1.1", Deaf: true}, "broker", 3},
		"it cannot play":             {rauctest.Image{Version: "1.1", Mute: true}, "sound", 3},
		"it neither plays nor hears": {rauctest.Image{Version: "1.1", Mute: true, Deaf: true}, "broker, sound", 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(t)
				g.offer(c.is)
				st := g.live()
				if st.Version != "1.0" || st.Slot != "A" || st.State != Gone || !strings.Contains(st.Why, c.why) {
					t.Errorf("%+v", st)
				}
				if g.starts != c.starts || g.floor != 1 {
					t.Errorf("the agent started %d times, floor %d", g.starts, g.floor)
				}
				if _, left := g.machine.Booted(); left != 3 {
					t.Errorf("%d tries left", left)
				}
				if got := g.hold(); !slices.Equal(got, []string{"update-failed"}) {
					t.Errorf("conditions %v", got)
				}
				if st := g.live(); st.State != Gone || g.starts != c.starts+1 {
					t.Errorf("after another start: %+v", st)
				}
				g.offer(rauctest.Image{Version: "1.2"})
				g.rollout = &plan.Rollout{Version: "1.2", Percent: 100}
				if st := g.live(); st.Version != "1.2" || st.State != Current || len(g.codes) > 0 {
					t.Errorf("the mended release: %+v, %v", st, g.codes)
				}
			})
		})
	}
}

// What the box could not do before is not asked of the next release.
func TestWhatWasAwayBeforeIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.reach.Network, g.reach.Broker = false, false
		g.stick = true // so that it can be the box's turn at all
		if st := g.live(); st.Version != "1.1" || st.State != Current {
			t.Errorf("without a network: %+v", st)
		}
	})
}

// A modem that is away in the minute of the update was still there before.
func TestWhatWasReachedWithinTheHourCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.rollout = nil
		r := g.start()
		g.after(20*time.Minute, func() {
			g.reach.Broker = false
			g.rollout = &plan.Rollout{Version: "1.1", Percent: 100}
		})
		if !g.run(r, time.Hour) {
			t.Fatalf("it does not begin: %+v", r.Status())
		}
		if st := g.live(); st.Version != "1.0" || !strings.Contains(st.Why, "broker") {
			t.Errorf("%+v", st)
		}
	})
}

// The power fails before and after everything that is done for good, once in each run.
func TestPowerCutAtEveryStep(t *testing.T) {
	for _, c := range []struct {
		is    rauctest.Image
		ends  string
		state State
	}{
		{rauctest.Image{Version: "1.1"}, "1.1", Current},
		{rauctest.Image{Version: "1.1", Mute: true}, "1.0", Gone},
		{rauctest.Image{Version: "1.1", Deaf: true}, "1.0", Gone},
		{rauctest.Image{Version: "1.1", Dead: true}, "1.0", Gone},
	} {
		t.Run(fmt.Sprintf("%+v", c.is), func(t *testing.T) {
			cuts := 0
			for at := 1; ; at++ {
				done := false
				synctest.Test(t, func(t *testing.T) {
					g := newRig(t)
					g.offer(c.is)
					g.cutAt = at
					st := g.live()
					if st.Version != c.ends || st.State != c.state {
						t.Errorf("cut at step %d: %+v, notes %q", at, st, g.notes)
					}
					if _, left := g.machine.Booted(); left != 3 {
						t.Errorf("cut at step %d: %d tries left", at, left)
					}
					done = g.steps < at
				})
				if done {
					break
				}
				cuts++
			}
			if cuts < 12 {
				t.Errorf("only %d steps were cut", cuts)
			}
		})
	}
}

// An installation that is cut off again and again wears the card out: it ends.
func TestInstallationThatIsAlwaysCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.torn = true
		st := g.live()
		if st.Version != "1.0" || st.State != Gone || st.Code != plan.Storage || g.tears != maxTries {
			t.Errorf("%+v after %d cuts", st, g.tears)
		}
	})
}

func TestRollBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		roll := func(want plan.Code) {
			t.Helper()
			r := g.start()
			go func() {
				time.Sleep(time.Minute)
				err := r.RollBack(t.Context())
				var bad *plan.Error
				if errors.As(err, &bad) != (want != "") || bad != nil && bad.Code != want {
					t.Errorf("rollback: %v, want %q", err, want)
				}
			}()
			if down := g.run(r, 2*time.Minute); down != (want == "") {
				t.Errorf("it went down: %v", down)
			}
		}
		g.rollout = nil
		roll(plan.Unsupported) // nothing ran before
		g.rollout = &plan.Rollout{Version: "1.1", Percent: 100}
		g.live()
		roll(plan.Rollback) // 1.0 has security 1, and 1.1 has proven 2
		g.floor, g.next = 1, 1
		g.air.Emergency = true
		roll(plan.Priority)
		g.air.Emergency = false
		g.stuck = true // a card that stutters: the technician tries again
		r := g.start()
		go func() {
			time.Sleep(time.Minute)
			if err := r.RollBack(t.Context()); err == nil {
				t.Error("it says that it goes back")
			}
		}()
		if g.run(r, 2*time.Minute) {
			t.Error("it went down")
		}
		if st := r.Status(); st.Before != "1.0" {
			t.Errorf("after a try that failed: %+v", st)
		}
		g.stuck = false
		roll("")
		if st := g.live(); st.Version != "1.0" || st.State != Gone || st.Code != plan.LocalMode {
			t.Errorf("%+v", st)
		}
	})
}
