package station_test

import (
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// A recording that will not open takes seconds from its slot, not the slot.
func TestRecordingThatWillNotOpenLetsTheNextItemSound(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		a, b := bulletin(w, "a", 10*time.Second), bulletin(w, "bb", 10*time.Second)
		r.media.hangs = map[string]bool{a.Audio[0].SHA256: true}
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(a), item(b)), a1))
		sleepUntil("05:30:30")
		slot := here + "/schedule/day/morning@2026-11-23T05:30/"
		equal(t, r.results(), slot+"0 silent media-format", slot+"1 heard")
	})
}

// An alarm whose words will not open sounds its siren in every round, and lets go
// of the speaker.
func TestAlarmWhoseWordsWillNotOpen(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		words := w.Bulletin(here, "flood", plan.Emergency)
		r.media.hangs = map[string]bool{words.Audio[0].SHA256: true}
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 3
		r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if r.View().Now != nil {
			t.Error("it holds the speaker")
		}
		edges := r.amp.Edges()
		if len(edges) == 0 || edges[len(edges)-1].On {
			t.Errorf("the amplifier: %v", edges)
		}
		ends := r.written(ledger.End)
		if len(ends) != 3 {
			t.Errorf("%d rounds ended, want 3", len(ends))
		}
		for _, e := range ends { // the siren lasts 9 s, and its words are opened meanwhile
			if e.Result != plan.Partial || e.Code != plan.MediaFormat || e.HeardS < 8.5 || e.AirS > 15 {
				t.Errorf("%s %s %s, %.1f s heard of %.1f s", e.ID, e.Result, e.Code, e.HeardS, e.AirS)
			}
		}
	})
}
