package station_test

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// A box that was away is brought an old alarm and its end one after the other, and one
// that was without power knows an alarm that has ended: the amplifier stays off. An
// alarm that stands sounds all the same.
func TestAnAlarmThatIsOverIsNotHeardByWhomItComesLate(t *testing.T) {
	set := func(w *trusttest.World, after time.Duration, ids ...string) trusttest.Message {
		return trusttest.Seal(w.Later(after).Alerts(here, trusttest.Office, ids...), trusttest.Warner1, trusttest.Warner2)
	}
	t.Run("away", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			r := newRig(t, w, t.TempDir()).setUp()
			defer r.stop()
			time.Sleep(10 * time.Minute)
			r.hear(trusttest.Seal(r.beat(10*time.Minute, 2), trusttest.Pulse), set(w, time.Minute, "flood"))
			time.Sleep(300 * time.Millisecond)
			r.hear(set(w, 2*time.Minute))
			time.Sleep(time.Minute)
			synctest.Wait()
			if edges := r.amp.Edges(); len(edges) != 0 || len(r.written(ledger.Start)) != 0 {
				t.Errorf("the amplifier went %v, begun was %+v", edges, r.written(ledger.Start))
			}
			r.hear(set(w, 3*time.Minute, "dam"))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if v := r.View(); v.Now == nil || v.Now.Occurrence.Class != plan.Emergency {
				t.Errorf("an alarm that stands: %+v", v.Now)
			}
		})
	})
	for _, c := range []struct {
		what   string
		wait   time.Duration
		clears bool
	}{
		{"no power, and all clear", time.Second, true},
		{"no power, and a sign of life alone", time.Second, false},
		{"no power, and no network", 16 * time.Second, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				dir := t.TempDir()
				r := newRig(t, w, dir).setUp()
				r.hear(set(w, 0, "flood"))
				time.Sleep(2 * time.Second)
				r.stop()
				time.Sleep(time.Minute)
				again := newRig(t, w, dir)
				defer again.stop()
				synctest.Wait()
				if edges := again.amp.Edges(); len(edges) != 0 {
					t.Errorf("it sounds before it can know whether the alarm stands: %v", edges)
				}
				if c.wait == time.Second {
					again.hear(trusttest.Seal(again.beat(62*time.Second, 2), trusttest.Pulse))
				}
				if c.clears {
					again.hear(set(w, 30*time.Second))
				}
				time.Sleep(c.wait)
				synctest.Wait()
				if sounds := again.View().Now != nil; sounds == c.clears {
					t.Errorf("it sounds: %v", sounds)
				}
			})
		})
	}
}
