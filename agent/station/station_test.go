package station_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/trust/trusttest"
)

const (
	a1, a2 = trusttest.Author1, trusttest.Author2
	here   = trusttest.Commune
)

// bulletin is one of the commune with a recording of its own and that length.
func bulletin(w *trusttest.World, id string, length time.Duration) plan.Bulletin {
	b := w.Bulletin(here, id, plan.Normal)
	b.Audio[0].SHA256 = strings.Repeat(string("0123456789abcdef"[len(id)%16]), 64)
	b.Audio[0].DurationMS = length.Milliseconds()
	return b
}

func item(b plan.Bulletin) plan.Item { return plan.Item{Ref: trusttest.RefTo(b)} }

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the ledger says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestAScheduleIsPlayedAndProven(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		one, three := bulletin(w, "a", 10*time.Second), bulletin(w, "abc", 20*time.Second)
		s := w.Schedule(here, "day", item(one), plan.Item{Chime: "gong"}, item(three))
		r.hear(trusttest.Seal(one, a1), trusttest.Seal(three, a1), trusttest.Seal(s, a1))
		if len(r.amp.Edges()) != 0 {
			t.Error("the amplifier moved before anything was due")
		}
		sleepUntil("05:30:05")
		if v := r.View(); v.Now == nil || v.Now.Occurrence.Title != one.Title {
			t.Errorf("at 05:30:05 sounds %+v, want %q", v.Now, one.Title)
		}
		sleepUntil("05:40:00")
		slot := here + "/schedule/day/morning@2026-11-23T05:30/"
		equal(t, r.results(), slot+"0 heard", slot+"1 heard", slot+"2 heard")
		if e := r.written(ledger.End)[2]; e.HeardS < 19.5 || e.HeardS > 20.5 || e.Proof == "" {
			t.Errorf("the last item: %.1f s heard, proof %q; want 20 s", e.HeardS, e.Proof)
		}
		if r.amp.On() {
			t.Error("the amplifier is still on")
		}
		sleepUntil("05:29:00")
		if n := len(r.results()); n != 3 {
			t.Errorf("%d endings before the next morning, want 3", n)
		}
		sleepUntil("05:40:00")
		if n := len(r.results()); n != 6 {
			t.Errorf("%d endings after the second morning, want 6", n)
		}
	})
}

func TestAnEmergencyTakesOverAndTheItemGoesOnWhereItStopped(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		long := bulletin(w, "a", 10*time.Minute)
		s := w.Schedule(here, "day", item(long))
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(s, a1))
		sleepUntil("05:32:00")
		later := w.Later(92 * time.Minute)
		alarm := later.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat = 1
		r.hear(trusttest.Seal(r.beat(92*time.Minute, 2), trusttest.Pulse), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		if v := r.View(); v.Now == nil || v.Now.Occurrence.Class != plan.Emergency {
			t.Fatalf("right after the alert sounds %+v", v.Now)
		}
		sleepUntil("05:50:00")
		got := r.results()
		if len(got) != 2 || !strings.HasPrefix(got[0], here+"/alert/") || got[1] != here+"/schedule/day/morning@2026-11-23T05:30/0 heard" {
			t.Fatalf("the ledger says %q", got)
		}
		if e := r.written(ledger.End)[1]; e.HeardS < 595 || e.HeardS > 605 {
			t.Errorf("the interrupted item was heard for %.1f s in all, want 600", e.HeardS)
		}
		if n := len(r.written(ledger.Pause)); n != 1 {
			t.Errorf("%d pauses, want 1", n)
		}
	})
}

func TestWhatNoLongerFitsAfterAnEmergencyIsPreempted(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		long := bulletin(w, "a", 29*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:35:00")
		later := w.Later(95 * time.Minute)
		alarm := later.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 12, 0
		r.hear(trusttest.Seal(r.beat(95*time.Minute, 2), trusttest.Pulse), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		sleepUntil("06:10:00")
		want := here + "/schedule/day/morning@2026-11-23T05:30/0 " + string(plan.Preempted) + " " + string(plan.Priority)
		if !slices.Contains(r.results(), want) {
			t.Errorf("the ledger says %q, want among it %q", r.results(), want)
		}
	})
}

func TestARestartJoinsTheTimelineAndRepeatsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		one, three := bulletin(w, "a", time.Minute), bulletin(w, "abc", 5*time.Minute)
		r.hear(trusttest.Seal(one, a1), trusttest.Seal(three, a1), trusttest.Seal(w.Schedule(here, "day", item(one), item(three)), a1))
		sleepUntil("05:32:00")
		r.stop()
		if r.amp.On() {
			t.Fatal("the amplifier is on after the agent has left")
		}
		time.Sleep(time.Minute)
		again := newRig(t, w, dir)
		defer again.stop()
		time.Sleep(time.Second)
		synctest.Wait()
		v := again.View()
		if v.Now == nil || v.Now.Occurrence.Title != three.Title {
			t.Fatalf("after the restart sounds %+v, want %q", v.Now, three.Title)
		}
		if at := v.Now.Occurrence.At; at < 119*time.Second || at > 121*time.Second {
			t.Errorf("joined at %v of the item, want 2 min", at)
		}
		sleepUntil("05:40:00")
		slot := here + "/schedule/day/morning@2026-11-23T05:30/"
		equal(t, again.results(), slot+"0 heard", slot+"1 heard")
		if err := again.ledger.Verify(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnActDoesNotSoundAgainAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		r.hear(trusttest.Seal(w.Gong(here, "gong-1"), a1))
		time.Sleep(6 * time.Second)
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		time.Sleep(time.Second)
		again.hear(trusttest.Seal(w.Gong(here, "gong-1"), a1))
		time.Sleep(10 * time.Second)
		if len(again.amp.Edges()) != 0 {
			t.Error("an act that was carried out moved the amplifier after a restart")
		}
	})
}

func TestSilentRecordingIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "a", 10*time.Second)
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
		r.amp.Fail(errAmp)
		sleepUntil("05:40:00")
		if got := r.results(); len(got) != 1 || strings.HasSuffix(got[0], " heard") {
			t.Errorf("with a dead amplifier the ledger says %q", got)
		}
	})
}

func TestMissingRecordingIsRefusedAndTheNextItemSounds(t *testing.T) {
	for _, spoilt := range []plan.Code{plan.Accepted, plan.MediaDigest} {
		missingRecording(t, spoilt)
	}
}

// missingRecording leaves out an item whose recording did not come, or came spoilt.
func missingRecording(t *testing.T, spoilt plan.Code) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		want := plan.MediaMissing
		one, three := bulletin(w, "a", 10*time.Second), bulletin(w, "abc", 10*time.Second)
		r.media.lack(one.Audio[0].SHA256, true)
		if spoilt != plan.Accepted {
			want = spoilt
			r.media.spoilt = map[string]plan.Code{one.Audio[0].SHA256: spoilt}
		}
		r.hear(trusttest.Seal(one, a1), trusttest.Seal(three, a1), trusttest.Seal(w.Schedule(here, "day", item(one), item(three)), a1))
		sleepUntil("05:40:00")
		slot := here + "/schedule/day/morning@2026-11-23T05:30/"
		equal(t, r.results(), slot+"1 heard")
		refused := r.written(ledger.Refused)
		if len(refused) != 1 || refused[0].Code != want || refused[0].ID != slot+"0" {
			t.Errorf("refusals %+v", refused)
		}
	})
}

func TestAnAlarmSoundsItsToneAndItsWordsWhenTheyCome(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		words := w.Bulletin(here, "flood", plan.Emergency)
		r.media.lack(words.Audio[0].SHA256, true)
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 1
		r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(30 * time.Second)
		if n := len(r.written(ledger.Pause)); n != 1 {
			t.Fatalf("the tone sounded %d times, want once", n)
		}
		equal(t, r.results())
		r.media.lack(words.Audio[0].SHA256, false)
		time.Sleep(30 * time.Second)
		if got := r.results(); len(got) != 1 || !strings.HasSuffix(got[0], " heard") {
			t.Errorf("after the words came the ledger says %q", got)
		}
	})
}

func TestWithoutASureClockNoSlotSoundsButAnAlarmDoes(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "a", 10*time.Second)
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
		r.clock.set(clock.NTP)
		sleepUntil("05:35:00")
		if len(r.amp.Edges()) != 0 {
			t.Error("a slot sounded by a clock that is not sure")
		}
		later := w.Later(95 * time.Minute)
		r.hear(trusttest.Seal(later.Alerts(here, trusttest.Office, "flood"), trusttest.Warner1, trusttest.Warner2))
		time.Sleep(5 * time.Second)
		if !r.amp.On() {
			t.Error("the alarm did not sound")
		}
	})
}

func TestTheTechnicianIsHeardUnderTheSameLaw(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...) // no policy: quiet until 05:30
		tone := plan.Part{Chime: "test", Length: 4 * time.Second}
		err := r.PlayLocal(t.Context(), tone, "Âm thử", 20, false)
		var e *plan.Error
		if !asError(err, &e) || e.Code != plan.QuietHours {
			t.Errorf("at 4 in the morning: %v, want quiet-hours", err)
		}
		if len(r.amp.Edges()) != 0 {
			t.Error("the refused tone moved the amplifier")
		}
		if err := r.PlayLocal(t.Context(), tone, "Âm thử", 20, true); err != nil {
			t.Errorf("confirmed: %v", err)
		}
		time.Sleep(time.Second)
		if !r.amp.On() {
			t.Error("the confirmed tone did not sound")
		}
		stopped, err := r.StopLocal(t.Context())
		if stopped == nil || stopped.Title != "Âm thử" || err != nil {
			t.Errorf("stop: %+v, %v", stopped, err)
		}
		time.Sleep(2 * time.Second)
		if r.amp.On() {
			t.Error("the amplifier is on after stop")
		}
	})
}

func TestAStepOfTheClockPlaysNothingTwice(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "a", 10*time.Second)
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
		sleepUntil("05:35:00")
		r.clock.step(-20 * time.Minute)
		time.Sleep(40 * time.Minute)
		synctest.Wait()
		equal(t, r.results(), here+"/schedule/day/morning@2026-11-23T05:30/0 heard")
	})
}

func TestAllClearEndsAnAlarmInItsOwnWords(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		long := bulletin(w, "a", 10*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:32:00")
		r.hear(trusttest.Seal(r.beat(92*time.Minute, 2), trusttest.Pulse),
			trusttest.Seal(w.Later(92*time.Minute).Alerts(here, trusttest.Office, "flood"), trusttest.Warner1, trusttest.Warner2))
		time.Sleep(2 * time.Second)
		r.hear(trusttest.Seal(w.Later(92*time.Minute+2*time.Second).Alerts(here, trusttest.Office), trusttest.Warner1))
		time.Sleep(time.Second)
		synctest.Wait()
		ends := r.written(ledger.End)
		if len(ends) != 1 || ends[0].Class != plan.Emergency || ends[0].Code != "" || ends[0].Detail != "all clear" {
			t.Errorf("the alarm ended as %+v", ends)
		}
		if v := r.View(); v.Now == nil || v.Now.Occurrence.Title != long.Title {
			t.Errorf("after the all-clear sounds %+v, want %q", v.Now, long.Title)
		}
	})
}

// The items of a slot go over into one another; each has its lines in the ledger.
func TestAProgrammeHasNoBreaks(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		one, three := bulletin(w, "a", 10*time.Second), bulletin(w, "abc", 20*time.Second)
		s := w.Schedule(here, "day", item(one), item(three), item(one))
		r.hear(trusttest.Seal(one, a1), trusttest.Seal(three, a1), trusttest.Seal(s, a1))
		sleepUntil("05:40:00")
		slot := here + "/schedule/day/morning@2026-11-23T05:30/"
		equal(t, r.results(), slot+"0 heard", slot+"1 heard", slot+"2 heard")
		heard := r.card.Heard()
		if len(heard) != 1 {
			t.Fatalf("%d breaks between three items", len(heard)-1)
		}
		if d := sound.Duration(heard[0].Frames()); (d - (40*time.Second - 2*sound.Overlap)).Abs() > 60*time.Millisecond {
			t.Errorf("they lasted %v", d)
		}
		starts := r.written(ledger.Start)
		for k, e := range r.written(ledger.End) {
			if e.HeardS < e.PlannedS-0.3 || e.Time.Before(starts[k].Time) {
				t.Errorf("item %d: heard %.1f of %.1f s, from %v to %v", k, e.HeardS, e.PlannedS, starts[k].Time, e.Time)
			}
		}
	})
}

// What would follow and is withdrawn in the last moment does not.
func TestAProgrammeCanBeCutShort(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		one, three := bulletin(w, "a", 10*time.Second), bulletin(w, "abc", 20*time.Second)
		s := w.Schedule(here, "day", item(one), item(three))
		r.hear(trusttest.Seal(one, a1), trusttest.Seal(three, a1), trusttest.Seal(s, a1))
		sleepUntil("05:30:08") // the player knows what follows
		short := w.Schedule(here, "day", item(one))
		short.Issued = s.Issued.Add(time.Second)
		alive := time.Since(w.Now)
		r.hear(trusttest.Seal(r.beat(alive, 100), trusttest.Pulse))
		r.hear(trusttest.Seal(short, a1))
		sleepUntil("05:40:00")
		equal(t, r.results(), here+"/schedule/day/morning@2026-11-23T05:30/0 heard")
		all := 0
		for _, h := range r.card.Heard() {
			all += h.Frames()
		}
		if d := sound.Duration(all); d > 10100*time.Millisecond {
			t.Errorf("%v sounded of one item of 10 s", d)
		}
	})
}
