package station_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// wait lets time pass and the box decide.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// untouched fails if the amplifier's line moved.
func (r *rig) untouched(why string) {
	r.t.Helper()
	if n := len(r.amp.Edges()); n > 0 {
		r.t.Errorf("%d edges: %s", n, why)
		for _, e := range r.written(ledger.Start) {
			r.t.Logf("%s %s %s", e.Time.In(vietnam).Format("15:04:05"), e.Clock, e.ID)
		}
	}
}

// A box without a battery clock comes back from a power cut in the hour before it.
func TestAnActThatWaitedDoesNotSoundInTheNight(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir)
		r.hear(w.Setup()[:4]...) // no policy: quiet from 21:00 to 05:30
		sleepUntil("10:00:00")
		d := 6 * time.Hour
		r.hear(trusttest.Seal(r.beat(d, 2), trusttest.Pulse))
		long := w.Later(d).Bulletin(here, "long", plan.Normal)
		long.Audio[0].DurationMS = 240_000
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Later(d).Play(here, "a-long", item(long)), a1), trusttest.Seal(w.Later(d).Gong(here, "z-gong"), a1))
		wait(20 * time.Second)
		r.stop()
		sleepUntil("03:00:00")
		again := bootRig(t, w, dir, clock.Floor, -17*time.Hour+20*time.Second)
		defer again.stop()
		wait(time.Minute)
		again.untouched("at 03:00, and for the box it is 10:00")
	})
}

func TestAnAlarmOfDaysAgoWaitsForASignOfTheTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		level clock.Level
		away  time.Duration
		skew  time.Duration
		rings bool
	}{
		{"days later, by no clock", clock.Floor, 72 * time.Hour, -72 * time.Hour, false},
		{"days later, by a clock", clock.NTP, 72 * time.Hour, 0, false},
		{"a minute later, by a clock", clock.NTP, time.Minute, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				dir := t.TempDir()
				r := newRig(t, w, dir).setUp()
				alarm := w.Alerts(here, trusttest.Office, "flood")
				alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 3, 120
				r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
				wait(time.Minute)
				r.stop()
				time.Sleep(c.away)
				again := bootRig(t, w, dir, c.level, c.skew)
				defer again.stop()
				wait(10 * time.Minute)
				if rings := len(again.amp.Edges()) > 0; rings != c.rings {
					t.Errorf("it sounds: %v", rings)
				}
			})
		})
	}
}

// What somebody stopped stays silent over a restart, also when the stop itself is
// long forgotten.
func TestAStopHoldsOverARestart(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		a, b := bulletin(w, "a", 10*time.Minute), bulletin(w, "b", 10*time.Minute)
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(a), item(b)), a1))
		sleepUntil("05:31:00")
		d := 91 * time.Minute
		r.hear(trusttest.Seal(r.beat(d, 2), trusttest.Pulse), trusttest.Seal(w.Later(d).Stop(here, "enough", plan.Normal), a1))
		sleepUntil("05:41:00")
		if r.View().Now != nil {
			t.Fatal("the stop does not stop")
		}
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		wait(5 * time.Minute)
		again.untouched("the slot was stopped")
	})
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 3, 60
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		wait(time.Second)
		r.hear(trusttest.Seal(w.Later(time.Second).Stop(here, "enough", plan.Emergency), trusttest.Prov1, trusttest.Prov2))
		wait(20 * time.Minute)
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		wait(10 * time.Minute)
		again.untouched("the alarm was stopped")
	})
}

// A battery that kept the wrong year must not let what has ended sound again when
// the clock is put right, nor lift a cap.
func TestAClockThatWasAheadAtBootForgetsNothing(t *testing.T) {
	const ahead = 100 * 24 * time.Hour
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat = 2
		r.hear(trusttest.Seal(w.Gong(here, "gong"), a1))
		wait(20 * time.Second)
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		wait(2 * time.Minute)
		r.stop()
		again := bootRig(t, w, dir, clock.NTP, ahead)
		defer again.stop()
		wait(10 * time.Second)
		again.clock.set(clock.Signed)
		again.clock.step(-ahead)
		wait(time.Minute)
		again.untouched("it was heard before the restart")
	})
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir)
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.AirtimeDayS = 60
		long := bulletin(w, "long", 60*time.Second)
		r.hear(trusttest.Seal(p, a1, a2), trusttest.Seal(long, a1), trusttest.Seal(w.Play(here, "p", item(long)), a1))
		wait(90 * time.Second)
		r.stop()
		again := bootRig(t, w, dir, clock.RTC, ahead)
		defer again.stop()
		wait(3 * time.Second)
		again.clock.step(-ahead)
		wait(2 * time.Second)
		again.hear(trusttest.Seal(again.beat(95*time.Second, 2), trusttest.Pulse), trusttest.Seal(w.Later(95*time.Second).Play(here, "q", item(long)), a1))
		wait(30 * time.Second)
		again.untouched("the day's air time was used up")
	})
}

func TestOneHolderLoosensNothingWithinADay(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.RelayHosts = nil
		more := w.Later(time.Second).Policy()
		more.ID, more.RelayHosts = "relays", []string{"evil.example"}
		relay := plan.Item{Relay: &plan.Relay{URLs: []string{"https://evil.example/live"}, Title: "x", Class: plan.Normal, Origin: plan.Higher, Lang: "vi"}}
		play := w.Later(time.Second).Play(here, "one", relay)
		play.ForS = 60
		r.hear(trusttest.Seal(p, a1, a2), trusttest.Seal(more, a1), trusttest.Seal(play, a1))
		wait(5 * time.Second)
		r.untouched("one holder alone let a new host be relayed at once")
	})
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		strict := w.Policy()
		strict.QuietHours = []plan.Span{{From: "21:00", Until: "05:30"}}
		strict.ValidUntil = w.Now.Add(2 * time.Minute)
		loose := w.Later(time.Second).Policy() // no quiet hours
		loose.ID = "more"
		looser := w.Later(2 * time.Second).Policy()
		looser.ID, looser.RepeatsPerDay = "more", 5
		r.hear(trusttest.Seal(strict, a1, a2), trusttest.Seal(loose, a1), trusttest.Seal(looser, a1))
		time.Sleep(3 * time.Minute)
		r.hear(trusttest.Seal(w.Later(3*time.Minute).Gong(here, "gong"), a1))
		wait(5 * time.Second)
		r.untouched("04:03: one holder alone took the quiet hours away by letting the strict policy end")
	})
}

func TestACancelledAlarmIsNotBroughtBackByOne(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = 5, 60
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		wait(5 * time.Second)
		cancel := w.Later(5*time.Second).Alerts(trusttest.Province, trusttest.ProvinceOffice, "storm")
		cancel.Alerts[0].Repeat = 1
		cancel.Cancel = []plan.Cancel{{Place: here, Office: trusttest.Office, ID: "flood"}}
		r.hear(trusttest.Seal(cancel, trusttest.Prov1, trusttest.Prov2))
		wait(2 * time.Minute)
		n := len(r.amp.Edges())
		empty := w.Later(2*time.Minute).Alerts(trusttest.Province, trusttest.ProvinceOffice)
		r.hear(trusttest.Seal(empty, trusttest.Prov1))
		wait(2 * time.Minute)
		if len(r.amp.Edges()) > n {
			t.Error("one holder's empty set lets a cancelled alarm sound again")
		}
		// All clear for one's own alarm, the cancel staying: one signature.
		kept := w.Later(3*time.Minute).Alerts(trusttest.Province, trusttest.ProvinceOffice)
		kept.Cancel = cancel.Cancel
		r.hear(trusttest.Seal(kept, trusttest.Prov1))
		wait(time.Second)
		for _, e := range r.written(ledger.Refused) {
			if strings.HasPrefix(e.Time.In(vietnam).Format("15:04"), "04:04") {
				t.Errorf("all clear beside a cancel was refused: %s %s", e.Code, e.Detail)
			}
		}
		if all := r.written(ledger.Alert); all[len(all)-1].Detail != "all clear" {
			t.Errorf("the last word of an alarm: %+v", all[len(all)-1])
		}
		wait(2 * time.Minute)
		if len(r.amp.Edges()) > n {
			t.Error("the cancelled alarm sounds again after the all clear")
		}
	})
}

func TestNoNumberOfNoticesKeepsAnAlarmOut(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		for i := range 120 { // 4 MiB
			b := w.Bulletin(here, fmt.Sprintf("b%d", i), plan.Normal)
			b.Text = strings.Repeat("ếệộữ", 4000)
			r.hear(trusttest.Seal(b, a1))
		}
		full := false
		for _, e := range r.written(ledger.Refused) {
			full = full || e.Code == plan.Storage
		}
		if !full {
			t.Fatal("the room of the place is not full")
		}
		words := w.Bulletin(here, "words", plan.Emergency)
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin = trusttest.RefTo(words)
		r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		wait(2 * time.Second)
		if !r.amp.On() {
			t.Error("one author's notices keep the commune's flood alarm out")
		}
	})
}

// A siren whose words never come sounds once, however often the supply fails.
func TestASirenWithoutWordsDoesNotFlicker(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		words := w.Bulletin(here, "flood", plan.Emergency)
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 1
		edges := 0
		for i := range 6 {
			r := newRig(t, w, dir)
			r.media.mu.Lock()
			r.media.lacks[words.Audio[0].SHA256] = true
			r.media.mu.Unlock()
			if i == 0 {
				r.setUp()
				r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
			}
			wait(2 * time.Minute)
			edges += len(r.amp.Edges())
			if i == 5 { // and the words sound when they come
				r.media.lack(words.Audio[0].SHA256, false)
				wait(2 * time.Second)
				if !r.amp.On() {
					t.Error("the words have come, and nothing sounds")
				}
			}
			r.stop()
		}
		if edges != 2 {
			t.Errorf("%d edges over six starts, of an alarm of one round", edges)
		}
	})
}

func TestTheLedgerSaysThatACapCutAnItem(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.AirtimeSessionS = 60
		long := bulletin(w, "long", 5*time.Minute)
		r.hear(trusttest.Seal(p, a1, a2), trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:35:00")
		ends := r.written(ledger.End)
		if len(ends) != 1 || ends[0].Code != plan.Airtime {
			t.Errorf("cut by the cap of air time: %+v", ends)
		}
	})
}

// Who asks for something now and is refused is not surprised by it later.
func TestARefusedActDoesNotSoundLater(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		if _, err := r.LocalMode(t.Context(), 5*time.Minute, ""); err != nil {
			t.Fatal(err)
		}
		r.hear(trusttest.Seal(w.Gong(here, "gong"), a1))
		wait(6 * time.Minute)
		r.untouched("it was refused while a technician was at the horn")
	})
}
