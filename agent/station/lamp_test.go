package station_test

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// An alarm is heard, seen and lit at once, and lit for as long as it stands, also
// between its rounds and after the last; nothing else lights the lamp but a drill.
func TestAnAlarmIsHeardSeenAndLit(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		r.hear(trusttest.Seal(w.Gong(here, "gong-1"), a1))
		time.Sleep(10 * time.Second)
		if len(r.lamp) != 0 {
			t.Fatalf("a gong lights the lamp: %v", r.lamp)
		}
		came := time.Now()
		r.hear(trusttest.Seal(w.Later(10*time.Second).Alerts(here, trusttest.Office, "flood"), trusttest.Warner1, trusttest.Warner2))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if r.View().Now != nil {
			t.Fatal("its rounds are not over")
		}
		begun := r.written(ledger.Start)[1]
		seen := time.Time{}
		for _, s := range r.scenes {
			if len(s.Shown) > 0 && s.Shown[0].By.Kind == plan.KindAlert && seen.IsZero() {
				seen = s.at
			}
		}
		if len(r.lamp) != 1 || !r.lamp[0].on {
			t.Fatalf("the lamp was told %v", r.lamp)
		}
		for what, at := range map[string]time.Time{"heard": begun.Time, "seen": seen, "lit": r.lamp[0].at} {
			if d := at.Sub(came); d < 0 || d > 100*time.Millisecond {
				t.Errorf("%s %v after it came", what, d)
			}
		}
		r.hear(trusttest.Seal(r.beat(611*time.Second, 2), trusttest.Pulse),
			trusttest.Seal(w.Later(611*time.Second).Alerts(here, trusttest.Office), trusttest.Warner1))
		time.Sleep(time.Second)
		synctest.Wait()
		if len(r.lamp) != 2 || r.lamp[1].on {
			t.Errorf("after the all-clear the lamp was told %v", r.lamp)
		}
	})
}
