package station_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/station"
	"loa/agent/trust/trusttest"
)

// soundsClass is the class of what has the speaker; empty: nothing has.
func (r *rig) soundsClass() plan.Class {
	if v := r.View(); v.Now != nil {
		return v.Now.Occurrence.Class
	}
	return ""
}

// A technician at the horn hears nothing from afar, an alarm included, and the
// rest of it when he has gone.
func TestLocalModeLetsNothingFromAfarSound(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		until, err := r.LocalMode(t.Context(), 2*time.Hour, "")
		if want := time.Now().Add(30 * time.Minute); err != nil || !until.Equal(want) {
			t.Fatalf("local mode until %v, %v; want half an hour, %v", until, err, want)
		}
		time.Sleep(2 * time.Second)
		if r.amp.On() {
			t.Error("the programme goes on")
		}
		if v := r.View(); !v.LocalUntil.Equal(until) {
			t.Errorf("the view says until %v", v.LocalUntil)
		}
		r.hear(trusttest.Seal(r.beat(91*time.Minute, 2), trusttest.Pulse),
			trusttest.Seal(w.Later(91*time.Minute).Alerts(here, trusttest.Office, "flood"), trusttest.Warner1, trusttest.Warner2))
		time.Sleep(time.Second)
		synctest.Wait()
		if r.amp.On() {
			t.Error("an alarm sounds over the technician")
		}
		if !slices.ContainsFunc(r.acks, func(a station.Ack) bool { return a.State == "refused" && a.Code == plan.LocalMode }) {
			t.Error("the centre is not told that the alarm does not sound")
		}
		if err := r.PlayLocal(t.Context(), plan.Part{Chime: "test", Length: time.Second}, "Âm thử", 20, false); err != nil {
			t.Errorf("his own tone: %v", err)
		}
		time.Sleep(3 * time.Second)
		if got := r.results(); len(got) != 1 || !strings.HasPrefix(got[0], "local/") {
			t.Errorf("the ledger says %q, want his own tone", got)
		}
		if _, err := r.LocalMode(t.Context(), 0, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := r.soundsClass(); got != plan.Emergency || !r.View().LocalUntil.IsZero() {
			t.Errorf("after he has gone sounds %q, local mode until %v", got, r.View().LocalUntil)
		}
		mutes := r.written(ledger.Mute)
		if len(mutes) != 2 || !mutes[0].Due.Equal(until) || !mutes[1].Due.IsZero() {
			t.Errorf("the ledger says of local mode %+v", mutes)
		}
	})
}

// Local mode lasts over a restart, and then ends by itself.
func TestLocalModeEndsByItself(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		if _, err := r.LocalMode(t.Context(), 20*time.Minute, "thay loa"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		alarm := w.Later(6*time.Minute).Alerts(here, trusttest.Office, "flood")
		again.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(13*time.Minute + 50*time.Second)
		if len(again.amp.Edges()) != 0 {
			t.Error("an alarm sounds over the technician after a restart")
		}
		if why := again.View().LocalWhy; why != "thay loa" {
			t.Errorf("after a restart the reason is %q", why)
		}
		time.Sleep(12 * time.Second)
		if got := again.soundsClass(); got != plan.Emergency {
			t.Errorf("when local mode is over sounds %q", got)
		}
		if why := again.View().LocalWhy; why != "" {
			t.Errorf("it is over, and its reason is still %q", why)
		}
	})
}

// A clock that is set back makes local mode no longer.
func TestLocalModeLastsAsLongByAnyClock(t *testing.T) {
	for _, by := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			r := newRig(t, w, t.TempDir()).setUp()
			defer r.stop()
			if _, err := r.LocalMode(t.Context(), 20*time.Minute, ""); err != nil {
				t.Fatal(err)
			}
			r.clock.step(by)
			time.Sleep(20*time.Minute - 10*time.Second)
			if r.View().LocalUntil.IsZero() {
				t.Errorf("a step by %v ended local mode", by)
			}
			time.Sleep(20 * time.Second)
			if until := r.View().LocalUntil; !until.IsZero() {
				t.Errorf("after a step by %v local mode lasts until %v", by, until)
			}
		})
	}
}

// A technician who stops an alert stops all of it, over a restart too. What its
// office changes in it is news, and sounds.
func TestAStopAtTheBoxEndsAllRoundsOfAnAlert(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 5, 0
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(2 * time.Second)
		stopped, err := r.StopLocal(t.Context())
		if err != nil || stopped == nil || stopped.By != alarm.Key() {
			t.Fatalf("stop: %+v, %v", stopped, err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		ends := r.written(ledger.End)
		if len(ends) != 1 || !strings.HasSuffix(ends[0].ID, "/0") || ends[0].Code != plan.LocalMode || ends[0].Result != plan.Partial || ends[0].Detail != "stopped at the box" {
			t.Fatalf("the ledger says %+v, want one round, stopped at the box", ends)
		}
		if !slices.ContainsFunc(r.acks, func(a station.Ack) bool {
			return a.Doc == alarm.Key() && a.State == "finished" && a.Code == plan.LocalMode
		}) {
			t.Error("the centre is not told that the alert was stopped")
		}
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		again.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(time.Minute)
		if len(again.amp.Edges()) != 0 {
			t.Error("after a restart it sounds again")
		}
		change := w.Later(4*time.Minute).Alerts(here, trusttest.Office, "flood")
		change.Alerts[0].Headline = "Nước lên nhanh"
		again.hear(trusttest.Seal(again.beat(4*time.Minute, 2), trusttest.Pulse), trusttest.Seal(change, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(time.Second)
		if got := again.soundsClass(); got != plan.Emergency {
			t.Errorf("after its office has changed the alert sounds %q", got)
		}
	})
}

// That local mode cut a round short is no word against the alert.
func TestAnAlertGoesOnAfterLocalMode(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 2, 0
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(2 * time.Second)
		for _, d := range []time.Duration{time.Minute, 0} {
			if _, err := r.LocalMode(t.Context(), d, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		time.Sleep(2 * time.Minute)
		if got := r.results(); len(got) != 2 || !strings.HasSuffix(got[0], "/0 heard") || !strings.HasSuffix(got[1], "/1 heard") {
			t.Errorf("the ledger says %q, want both rounds heard", got)
		}
	})
}

// Who has listened to the horns lets them play at full level, what sounds included; taken
// back it is soft again. What the centre says of it still counts.
func TestCommissioningAtTheBox(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir(), func(r *rig) { r.soft = 40 }).setUp()
		defer r.stop()
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		volume := func() int {
			time.Sleep(time.Second)
			if v := r.View(); v.Now != nil {
				return v.Now.Volume
			}
			return -1
		}
		if v := volume(); v != 40 {
			t.Fatalf("before anybody has listened: %d %%", v)
		}
		for _, c := range []struct {
			is   bool
			want int
		}{{true, 100}, {false, 40}} {
			if err := r.Commissioned(t.Context(), c.is); err != nil {
				t.Fatal(err)
			}
			if v := volume(); v != c.want {
				t.Errorf("commissioned is %v: %d %%, want %d", c.is, v, c.want)
			}
		}
	})
}
