package station_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trigger"
	"loa/agent/trust/trusttest"
)

// triggers are what two have signed for the box: a switch and one code.
func triggers(w *trusttest.World) trusttest.Message {
	return trusttest.Seal(w.Triggers(here, "keys", trigger.Sum("K7QX39MPAT5C", here, "keys", trusttest.Device)), trusttest.Warner1, trusttest.Warner2)
}

// press holds a switch for so long.
func (r *rig) press(line string, d time.Duration) {
	r.t.Helper()
	at := time.Now()
	for held := time.Second; held <= d; held += time.Second {
		time.Sleep(time.Second)
		if err := r.Pressed(r.t.Context(), line, at, held); err != nil {
			r.t.Error(err)
		}
	}
	synctest.Wait()
}

// code lets the code arrive by SMS that was sent so long ago.
func (r *rig) code(ago time.Duration) plan.Code {
	r.t.Helper()
	sums := map[plan.Key]string{{Place: here, Kind: plan.KindTrigger, ID: "keys"}: trigger.Sum("K7QX39MPAT5C", here, "keys", trusttest.Device)}
	_, wrong, err := r.Coded(r.t.Context(), sums, "+84912345678", time.Now().Add(-ago))
	if err != nil {
		r.t.Error(err)
	}
	synctest.Wait()
	if wrong == nil {
		return plan.Accepted
	}
	return wrong.Code
}

func (r *rig) alarm() string {
	if v := r.View(); v.Now != nil && v.Now.Occurrence.Class == plan.Emergency {
		return v.Now.Occurrence.Title
	}
	return ""
}

// A switch starts the alarm when it is held for as long as the triggers say, in the middle
// of the night, so often a day, and only where triggers let it. It ends by itself, and a
// second switch takes it back.
func TestASwitchStartsAnAlarm(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		r.press("key", 10*time.Second)
		if r.alarm() != "" {
			t.Fatal("without triggers it sounds")
		}
		r.hear(trusttest.Seal(r.beat(10*time.Second, 2), trusttest.Pulse), triggers(w))
		r.press("key", 2*time.Second)
		if r.alarm() != "" {
			t.Fatal("it sounds before the switch was held for 3 s")
		}
		r.press("key", 8*time.Second)
		if r.alarm() != "BÁO ĐỘNG LŨ" {
			t.Fatalf("%+v", r.View().Now)
		}
		if n := len(r.written(ledger.Start)); n != 1 {
			t.Fatalf("one press begins %d times", n)
		}
		r.press("sorry", 3*time.Second)
		time.Sleep(time.Second)
		if r.alarm() != "Đính chính" {
			t.Fatalf("the correction: %+v", r.View().Now)
		}
		time.Sleep(5 * time.Minute)
		r.press("key", 3*time.Second)
		if r.alarm() != "BÁO ĐỘNG LŨ" {
			t.Fatal("not a second time")
		}
		begun := time.Now()
		for time.Since(begun) < 15*time.Minute {
			time.Sleep(time.Second)
			if r.alarm() != "" && time.Since(begun) > 601*time.Second {
				t.Fatal("it does not end by itself")
			}
		}
		r.press("key", 3*time.Second)
		if r.alarm() != "" {
			t.Error("a third time in a day: two are allowed")
		}
		var notes, refused []string
		for _, e := range r.written(ledger.Alert) {
			notes = append(notes, e.Detail)
		}
		for _, e := range r.written(ledger.Refused) {
			refused = append(refused, string(e.Code))
		}
		if all := strings.Join(notes, "; "); len(notes) != 3 || !strings.Contains(all, "started at the box by line key") || !strings.Contains(all, "false-alarm") {
			t.Errorf("the ledger says %s", all)
		}
		if strings.Join(refused, " ") != "repeat-limit" {
			t.Errorf("refused were %v", refused)
		}
		if n := len(r.lamp); n != 4 || r.lamp[1].on || r.lamp[3].on {
			t.Errorf("the lamp: %+v", r.lamp)
		}
	})
}

// A code counts once, also after a power cut in the second it was used in; what it started
// goes on then, if the time is known, until its time is over.
func TestACodeCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		r.hear(triggers(w))
		if got := r.code(16 * time.Minute); got != plan.Expired {
			t.Errorf("an SMS of a quarter of an hour ago: %q", got)
		}
		r.clock.set(clock.None)
		if got := r.code(0); got != plan.ClockCode {
			t.Errorf("without the time: %q", got)
		}
		r.clock.set(clock.RTC)
		if got := r.code(time.Minute); got != plan.Accepted || r.alarm() != "BÁO ĐỘNG BÃO" {
			t.Fatalf("%q, %+v", got, r.View().Now)
		}
		if got := r.code(0); got != plan.Replay {
			t.Errorf("once more: %q", got)
		}
		r.stop()

		time.Sleep(time.Minute)
		unsure := bootRig(t, w, dir, clock.None, 0)
		time.Sleep(10 * time.Second)
		if unsure.alarm() != "" {
			t.Error("it goes on although nobody knows how long the power was off")
		}
		unsure.stop()
		again := bootRig(t, w, dir, clock.RTC, 0)
		time.Sleep(20 * time.Second)
		if again.alarm() != "BÁO ĐỘNG BÃO" {
			t.Errorf("it does not go on: %+v", again.View().Now)
		}
		if got := again.code(0); got != plan.Replay {
			t.Errorf("after a power cut: %q", got)
		}
		again.stop()
		time.Sleep(10 * time.Minute)
		later := bootRig(t, w, dir, clock.RTC, 0)
		defer later.stop()
		time.Sleep(20 * time.Second)
		if later.alarm() != "" {
			t.Error("it sounds when its time is over")
		}
		if got := later.code(0); got != plan.Replay {
			t.Errorf("after the alarm: %q", got)
		}
	})
}

// The press of a switch needs no clock; a stop, the office's withdrawal and a technician
// silence it.
func TestWhatWasStartedHereIsSilenced(t *testing.T) {
	withdrawn := func(w *trusttest.World) trusttest.Message {
		doc := w.Later(20*time.Second).Triggers(here, "keys")
		doc.Withdrawn = true
		return trusttest.Seal(doc, trusttest.Warner1)
	}
	for name, silence := range map[string]func(*rig, *trusttest.World){
		"stop": func(r *rig, w *trusttest.World) {
			r.hear(trusttest.Seal(w.Later(20*time.Second).Stop(here, "stop-1", plan.Emergency), trusttest.Prov1))
		},
		"withdrawn": func(r *rig, w *trusttest.World) { r.hear(withdrawn(w)) },
		"technician": func(r *rig, _ *trusttest.World) {
			if _, err := r.LocalMode(r.t.Context(), 20*time.Minute, ""); err != nil {
				r.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				r := newRig(t, w, t.TempDir()).setUp()
				defer r.stop()
				r.hear(triggers(w))
				r.clock.set(clock.None)
				r.press("key", 3*time.Second)
				if r.alarm() == "" {
					t.Fatal("without a clock it does not sound")
				}
				r.clock.set(clock.Signed)
				time.Sleep(17 * time.Second)
				r.hear(trusttest.Seal(r.beat(20*time.Second, 2), trusttest.Pulse))
				silence(r, w)
				time.Sleep(time.Second)
				for range 580 {
					if r.alarm() != "" {
						t.Fatal("it still sounds")
					}
					time.Sleep(time.Second)
				}
			})
		})
	}
}

// What a technician tries in local mode does not sound when that is over either.
func TestATechnicianTriesTheSwitch(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		r.hear(triggers(w))
		if _, err := r.LocalMode(t.Context(), time.Minute, ""); err != nil {
			t.Fatal(err)
		}
		r.press("key", 5*time.Second)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := len(r.written(ledger.Start)); n != 0 {
			t.Errorf("it sounded %d times", n)
		}
		r.press("key", 3*time.Second)
		if r.alarm() == "" {
			t.Error("afterwards it does not sound")
		}
	})
}

// A code that could not be kept starts nothing; the switch does.
func TestADiskThatKeepsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		defer r.stop()
		r.hear(triggers(w))
		// No folder can be made where a file is.
		if err := os.WriteFile(filepath.Join(dir, "docs", "trigger"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.code(0); got != plan.Storage || r.alarm() != "" {
			t.Errorf("the code: %q, %q", got, r.alarm())
		}
		r.press("key", 3*time.Second)
		if r.alarm() == "" {
			t.Error("the switch does not sound")
		}
	})
}
