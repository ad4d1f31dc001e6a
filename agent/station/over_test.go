package station_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// silent fails if an alarm sounds within d.
func (r *rig) silent(d time.Duration) {
	r.t.Helper()
	begun := len(r.written(ledger.Start))
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Second) {
		synctest.Wait()
		if n := len(r.written(ledger.Start)); r.alarm() != "" || n != begun {
			r.t.Fatalf("%q sounds %v before the end, begun %d times", r.alarm(), time.Until(end), n-begun)
		}
	}
}

// sounds fails if the alarm does not sound now.
func (r *rig) sounds(why string) {
	r.t.Helper()
	synctest.Wait()
	if r.alarm() == "" {
		r.t.Fatal("it does not sound: " + why)
	}
}

// What was played to its end, stopped or taken back does not begin again after a power
// cut, when the box learns the time only later.
func TestAnAlarmThatIsOverStaysSoWithoutAClock(t *testing.T) {
	for name, end := range map[string]func(*rig, *trusttest.World){
		"played": func(*rig, *trusttest.World) { time.Sleep(3 * time.Minute) },
		"stopped": func(r *rig, w *trusttest.World) {
			time.Sleep(17 * time.Second)
			r.hear(trusttest.Seal(w.Later(20*time.Second).Stop(here, "stop-1", plan.Emergency), trusttest.Prov1))
			time.Sleep(5 * time.Minute) // the stop itself is forgotten by then
		},
		"taken back": func(r *rig, _ *trusttest.World) {
			r.press("sorry", 3*time.Second)
			time.Sleep(time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				dir := t.TempDir()
				r := newRig(t, w, dir).setUp()
				r.hear(triggers(w))
				r.press("key", 3*time.Second)
				r.sounds("the key")
				end(r, w)
				r.stop()
				again := bootRig(t, w, dir, clock.Floor, 0)
				defer again.stop()
				time.Sleep(10 * time.Second)
				again.clock.set(clock.Signed)
				again.silent(12 * time.Minute)
			})
		})
	}
}

// After a power cut an alarm that was started here waits for its end as any alarm does; a
// press of now waits for nothing.
func TestAnAlarmOfBeforeThePowerCutWaits(t *testing.T) {
	stands := func(r *rig, _ *trusttest.World) {
		time.Sleep(14 * time.Second)
		if r.alarm() != "" {
			r.t.Error("it does not wait")
		}
		time.Sleep(2 * time.Second)
		r.sounds("nobody took it back")
	}
	for name, then := range map[string]func(*rig, *trusttest.World){
		"it stands, by NTP alone": stands, // where the broker is cut and the mobile network is not
		"withdrawn": func(r *rig, w *trusttest.World) {
			time.Sleep(5 * time.Second)
			after := time.Since(w.Now)
			doc := w.Later(after).Triggers(here, "keys")
			doc.Withdrawn = true
			r.hear(trusttest.Seal(r.beat(after, 2), trusttest.Pulse), trusttest.Seal(doc, trusttest.Warner1))
			r.silent(10 * time.Minute)
			if edges := r.amp.Edges(); len(edges) != 0 {
				r.t.Errorf("the amplifier went %v", edges)
			}
		},
		"it stands": stands,
		"pressed again": func(r *rig, _ *trusttest.World) {
			r.press("key", 3*time.Second)
			r.sounds("a press of now")
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				dir := t.TempDir()
				r := newRig(t, w, dir).setUp()
				r.hear(triggers(w))
				r.press("key", 3*time.Second)
				time.Sleep(5 * time.Second)
				r.sounds("the key")
				r.stop()
				time.Sleep(time.Minute)
				level := clock.RTC
				if name == "it stands, by NTP alone" {
					level = clock.NTP
				}
				again := bootRig(t, w, dir, level, 0)
				defer again.stop()
				synctest.Wait()
				then(again, w)
			})
		})
	}
}

// Triggers that are signed again do not bring back what ended with the old ones.
func TestTriggersThatAreSignedAgain(t *testing.T) {
	again := func(w *trusttest.World, after time.Duration) trusttest.Message {
		doc := w.Later(after).Triggers(here, "keys")
		doc.ForS, doc.Repeat = 7200, 20
		return trusttest.Seal(doc, trusttest.Warner1, trusttest.Warner2)
	}
	for name, then := range map[string]func(*rig, *trusttest.World) *rig{
		"when they were withdrawn": func(r *rig, w *trusttest.World) *rig {
			doc := w.Later(20*time.Second).Triggers(here, "keys")
			doc.Withdrawn = true
			r.hear(trusttest.Seal(doc, trusttest.Warner1))
			return r
		},
		"when they were withdrawn, after a power cut": func(r *rig, w *trusttest.World) *rig {
			doc := w.Later(20*time.Second).Triggers(here, "keys")
			doc.Withdrawn = true
			r.hear(trusttest.Seal(doc, trusttest.Warner1))
			r.stop()
			return newRig(r.t, w, r.dir)
		},
		"when its time was over": func(r *rig, w *trusttest.World) *rig {
			time.Sleep(11 * time.Minute)
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				r := newRig(t, w, t.TempDir()).setUp()
				defer func() { r.stop() }()
				r.hear(triggers(w))
				r.press("key", 3*time.Second)
				r.sounds("the key")
				time.Sleep(20 * time.Second)
				r = then(r, w)
				after := time.Since(w.Now)
				time.Sleep(time.Second)
				r.hear(trusttest.Seal(r.beat(after, 2), trusttest.Pulse), again(w, after))
				r.silent(2 * time.Hour)
				r.press("key", 3*time.Second)
				r.sounds("the new triggers let it")
			})
		})
	}
}

// What was started while the clock was hours ahead does not come when that hour has come:
// it goes on for as long as it was meant to, or, after a power cut, not at all.
func TestAnAlarmOfAClockThatWasAhead(t *testing.T) {
	const ahead = 7 * time.Hour
	start := func(t *testing.T, w *trusttest.World, dir string) *rig {
		r := newRig(t, w, dir).setUp()
		r.hear(triggers(w))
		r.stop()
		r = bootRig(t, w, dir, clock.RTC, ahead)
		r.press("key", 3*time.Second)
		r.sounds("the key")
		return r
	}
	t.Run("a power cut, then the time", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			dir := t.TempDir()
			start(t, w, dir).stop()
			r := bootRig(t, w, dir, clock.RTC, ahead)
			defer func() { r.stop() }()
			time.Sleep(time.Second)
			r.clock.step(-ahead)
			r.silent(time.Hour)
			r.stop()
			r = newRig(t, w, dir)
			r.silent(ahead)
		})
	})
	t.Run("the time, then a power cut", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			dir := t.TempDir()
			r := start(t, w, dir)
			time.Sleep(5 * time.Second)
			r.clock.step(-ahead)
			time.Sleep(time.Second)
			r.sounds("the clock does not end it")
			r.stop()
			r = newRig(t, w, dir)
			defer r.stop()
			time.Sleep(20 * time.Second)
			r.sounds("it goes on")
			time.Sleep(15 * time.Minute)
			r.silent(ahead)
		})
	})
	t.Run("the time, as the key is pressed", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			dir := t.TempDir()
			r := newRig(t, w, dir).setUp()
			r.hear(triggers(w))
			r.stop()
			r = bootRig(t, w, dir, clock.RTC, ahead)
			defer r.stop()
			synctest.Wait()
			r.clock.mu.Lock()
			r.clock.jump = -ahead
			r.clock.mu.Unlock()
			if err := r.Pressed(t.Context(), "key", time.Now(), 3*time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			r.sounds("it was pressed now")
		})
	})
}

// A recording in another language that never comes takes nothing from the alarm that lies
// on the box.
func TestAnAlarmWithoutItsOtherLanguage(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		khmer := w.Bulletin(here, "standing-flood", plan.Emergency)
		khmer.Lang, khmer.Audio[0].Lang = "km", "km"
		r.media.lack(khmer.Audio[0].SHA256, true)
		r.hear(trusttest.Seal(khmer, trusttest.Warner1, trusttest.Warner2), triggers(w))
		r.press("key", 3*time.Second)
		r.sounds("the key")
		if n := len(r.View().Now.Occurrence.Parts); n != 3 {
			t.Fatalf("%d parts, not tone, Vietnamese and Khmer", n)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if ends := r.written(ledger.End); len(ends) != 3 {
			t.Errorf("%d rounds, not three: %+v", len(ends), ends)
		}
	})
}

// Codes whose use nobody remembers any more are refused; the switch goes on.
func TestWhatWasStartedCannotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		r.hear(triggers(w))
		if got := r.code(0); got != plan.Accepted {
			t.Fatal(got)
		}
		time.Sleep(15 * time.Minute)
		r.stop()
		files, err := filepath.Glob(filepath.Join(dir, "docs", "trigger", "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, name := range files {
			if err := os.WriteFile(name, []byte("rotten"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // a switch in between does not make them good again
			r = newRig(t, w, dir)
			if got := r.code(0); got != plan.Storage {
				t.Errorf("a code that was used: %q", got)
			}
			time.Sleep(20 * time.Second)
			r.press("key", 3*time.Second)
			r.sounds("the switch needs no memory")
			r.stop()
		}
	})
}

// Who notices his mistake when the alarm is over can take it back all the same.
func TestACorrectionAfterTheAlarm(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		r.hear(triggers(w))
		r.press("key", 3*time.Second)
		time.Sleep(20 * time.Minute)
		r.press("sorry", 3*time.Second)
		time.Sleep(time.Second)
		if r.alarm() != "Đính chính" {
			t.Fatalf("%+v", r.View().Now)
		}
		time.Sleep(time.Minute)
		r.press("sorry", 3*time.Second)
		r.silent(time.Minute)
	})
}

// The key waits for no disk, and what it started is kept.
func TestTheKeyDoesNotWaitForTheDisk(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir, func(r *rig) { r.diskTakes = 3 * time.Second }).setUp()
		r.hear(triggers(w))
		go func() {
			if err := r.Pressed(t.Context(), "key", time.Now(), 3*time.Second); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(100 * time.Millisecond)
		if synctest.Wait(); len(r.amp.Edges()) == 0 {
			t.Error("it waits for the disk")
		}
		time.Sleep(10 * time.Second)
		r.stop()
		r = newRig(t, w, dir)
		defer r.stop()
		time.Sleep(20 * time.Second)
		r.sounds("it goes on after a power cut")
	})
}
