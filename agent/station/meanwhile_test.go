package station_test

import (
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// An alarm sounds, then it is written down and answered; whatever comes, or the end,
// does not find it unwritten.
func TestAnAlarmSoundsFirst(t *testing.T) {
	for name, then := range map[string]func(*rig){
		"in a moment":             func(*rig) { wait(700 * time.Millisecond) },
		"before what comes next":  func(r *rig) { r.hear(trusttest.Seal(r.beat(time.Second, 2), trusttest.Pulse)) },
		"before the box goes off": func(r *rig) { r.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				r := newRig(t, w, t.TempDir()).setUp()
				defer r.stop()
				began, acks := time.Now(), r.acknowledged()
				alarm := w.Alerts(here, trusttest.Office, "flood")
				doc := "docs/" + alarm.Key().String()
				r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
				if v := r.View(); v.Now == nil || v.Now.Occurrence.Class != plan.Emergency {
					t.Fatalf("right after the alert sounds %+v", v.Now)
				}
				if _, err := r.docs.Get(doc); err == nil || len(r.written(ledger.Start)) > 0 || r.acknowledged() != acks {
					t.Error("the alarm waited for the disk, or for an answer")
				}
				then(r)
				if _, err := r.docs.Get(doc); err != nil {
					t.Error(err)
				}
				if all := r.written(ledger.Start); len(all) != 1 || !all[0].Time.Equal(began) {
					t.Errorf("the ledger says that these began: %+v", all)
				}
				if n := r.acknowledged() - acks; n < 2 {
					t.Errorf("%d answers; want that it was received, and that it sounds", n)
				}
			})
		})
	}
}

// acknowledged is how many answers there were so far.
func (r *rig) acknowledged() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.acks)
}
