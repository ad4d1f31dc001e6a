package station_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// A broker may deliver a year of documents while the agent is told to end.
func TestNobodyWaitsForAStationThatHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		r.stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 1000 {
				r.Receive(context.Background(), "loa/v1/p/26734/act", []byte("x"))
			}
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Error("Receive waits for a station that has ended")
		}
	})
}

// Every subscription anew brings everything retained once more, over a SIM card.
func TestOnlyTrustAndAssignmentSubscribeAgain(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		before := r.asked
		for i := range 20 {
			r.hear(trusttest.Seal(w.Bulletin(here, fmt.Sprintf("b%d", i), plan.Normal), a1))
		}
		if n := r.asked - before; n != 0 {
			t.Errorf("20 bulletins made the box subscribe %d times", n)
		}
		r.hear(trusttest.Seal(w.Later(time.Second).ProvinceList(), trusttest.Prov1, trusttest.Prov2))
		if n := r.asked - before; n != 1 {
			t.Errorf("a new list made the box subscribe %d times, want 1", n)
		}
	})
}

// A hostile broker has recorded every sign of life of a year.
func TestRecordedBeatsDoNotFillTheLedger(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		time.Sleep(time.Hour)
		r.hear(trusttest.Seal(r.beat(time.Hour, 1000), trusttest.Pulse))
		before, acks := len(r.written(ledger.Refused)), len(r.acks)
		for i := range 500 {
			r.hear(trusttest.Seal(r.beat(time.Duration(i)*time.Second, int64(i+2)), trusttest.Pulse))
		}
		if n := len(r.written(ledger.Refused)) - before; n > 4 {
			t.Errorf("500 recorded beats made %d entries", n)
		}
		if n := len(r.acks) - acks; n > 4 {
			t.Errorf("500 recorded beats made %d acknowledgements", n)
		}
	})
}

// The same with documents that are old by now, each signed.
func TestOldVersionsDoNotFillTheLedger(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		time.Sleep(time.Hour)
		r.hear(trusttest.Seal(r.beat(time.Hour, 1000), trusttest.Pulse))
		r.hear(trusttest.Seal(w.Later(time.Hour).Bulletin(here, "b", plan.Normal), a1))
		before := len(r.written(ledger.Refused))
		var old []trusttest.Message
		for i := range 600 {
			old = append(old, trusttest.Seal(w.Later(time.Duration(i)*time.Second).Bulletin(here, "b", plan.Normal), a1))
		}
		for range 3 {
			r.hear(old...)
		}
		if n := len(r.written(ledger.Refused)) - before; n > 200 {
			t.Errorf("600 old versions, three times, made %d entries", n)
		}
	})
}

func TestARefusedDocumentIsToldOnceOverRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		bad := trusttest.Seal(w.Bulletin(trusttest.Province, "note", plan.Normal), a1) // scope
		for i := range 4 {
			r := newRig(t, w, dir)
			if i == 0 {
				r.setUp()
			}
			time.Sleep(time.Second)
			r.hear(bad)
			if n := len(r.written(ledger.Refused)); n != 1 {
				t.Errorf("start %d: %d refusals, want 1", i+1, n)
			}
			r.stop()
		}
	})
}

// A disk that takes nothing any more must not keep a revoked signer speaking.
func TestAFullDiskDoesNotHalfApplyAList(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		defer r.stop()
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		if r.View().Now == nil {
			t.Fatal("nothing sounds")
		}
		mend := breakDisk(t, filepath.Join(dir, "docs", "trust"))
		list := w.Later(91 * time.Minute).ProvinceList()
		list.Grants = slices.DeleteFunc(list.Grants, func(g plan.Grant) bool { return g.Holder == a1 })
		r.hear(trusttest.Seal(list, trusttest.Prov1, trusttest.Prov2))
		time.Sleep(time.Second)
		synctest.Wait()
		if v := r.View(); v.Now != nil {
			t.Errorf("the revoked signer's %s still sounds", v.Now.Occurrence.ID)
		}
		mend()
		time.Sleep(3 * time.Minute)
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if e := again.trust.Epochs()[trusttest.Province]; e != list.Epoch() {
			t.Errorf("after the disk was mended and a restart the list has epoch %d, want %d", e, list.Epoch())
		}
	})
}

// An act that is not on the disk must not sound; but silence may be had.
func TestAFullDiskBeginsNoActButStops(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		defer r.stop()
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		now := w.Later(91 * time.Minute)
		r.hear(trusttest.Seal(r.beat(91*time.Minute, 2), trusttest.Pulse))
		breakDisk(t, filepath.Join(dir, "docs", "trust"))
		r.hear(trusttest.Seal(now.Gong(here, "gong"), a1))
		time.Sleep(2 * time.Minute)
		for _, e := range r.written(ledger.Start) {
			if strings.Contains(e.ID, "gong") {
				t.Error("an act sounded that the box could have forgotten")
			}
		}
		later := w.Later(93 * time.Minute)
		r.hear(trusttest.Seal(r.beat(93*time.Minute, 3), trusttest.Pulse), trusttest.Seal(later.Stop(here, "stop", plan.Normal), a1))
		time.Sleep(time.Second)
		synctest.Wait()
		if r.View().Now != nil {
			t.Error("a full disk kept act.stop from silencing the horn")
		}
	})
}

// breakDisk makes everything below dir unwritable, until mend is called.
func breakDisk(t *testing.T, dir string) (mend func()) {
	t.Helper()
	aside := dir + ".aside"
	if err := os.Rename(dir, aside); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		os.Remove(dir)
		if err := os.Rename(aside, dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLedgerNamesTheStop(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		later := w.Later(91 * time.Minute)
		r.hear(trusttest.Seal(r.beat(91*time.Minute, 2), trusttest.Pulse), trusttest.Seal(later.Stop(here, "enough", plan.Normal), a1))
		time.Sleep(10 * time.Second)
		ends := r.written(ledger.End)
		if len(ends) != 1 {
			t.Fatalf("the ledger has %+v, want one ending", ends)
		}
		e := ends[0]
		if e.Code == plan.Revoked || !strings.Contains(e.Detail, here+"/act.stop/enough") || e.Result != plan.Partial {
			t.Errorf("the ending says %s %s %q; want partial, stopped by the act", e.Result, e.Code, e.Detail)
		}
		if e.HeardS < 58 || e.HeardS > 62 {
			t.Errorf("%.1f s heard, want 60", e.HeardS)
		}
	})
}

// The ceiling of the evening comes down over a programme that sounds already.
func TestVolumeFollowsTheHourWhileItSounds(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.Volumes = []plan.Volume{{Span: plan.Span{From: "05:35", Until: "06:00"}, Percent: 25}}
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(p, a1, a2), trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:34:30")
		loud := r.spk.Status().RMSDBFS
		sleepUntil("05:35:10")
		soft := r.spk.Status().RMSDBFS
		if d := loud - soft; d < 23 || d > 25 {
			t.Errorf("from %.1f to %.1f dBFS, want 24 dB less", loud, soft)
		}
		if v := r.View(); v.Now == nil || v.Now.Volume != 25 {
			t.Errorf("the view says %+v", v.Now)
		}
		if n := len(r.written(ledger.Pause)); n != 0 {
			t.Errorf("%d pauses: it should go on without a gap", n)
		}
	})
}

func TestAConfirmedToneIsUnderEveryCeiling(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.QuietHours, p.VolumeCeilingPercent = []plan.Span{{From: "00:00", Until: "05:00"}}, 40
		r.hear(trusttest.Seal(p, a1, a2))
		tone := plan.Part{Chime: "test", Length: 4 * time.Second}
		for _, c := range []struct{ asked, want int }{{100, 40}, {20, 20}, {0, 40}} {
			if err := r.PlayLocal(t.Context(), tone, "Âm thử", c.asked, true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if v := r.View(); v.Now == nil || v.Now.Volume != c.want {
				t.Errorf("asked for %d %%: %+v, want %d %%", c.asked, v.Now, c.want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestARestartRepeatsNoActThatItCutShort(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		dir := t.TempDir()
		r := newRig(t, w, dir).setUp()
		long := bulletin(w, "a", 3*time.Minute)
		r.hear(trusttest.Seal(long, a1), trusttest.Seal(w.Play(here, "now", item(long)), a1))
		time.Sleep(time.Minute)
		if r.View().Now == nil {
			t.Fatal("the act does not sound")
		}
		r.stop()
		again := newRig(t, w, dir)
		defer again.stop()
		time.Sleep(30 * time.Second)
		if again.View().Now != nil || len(again.amp.Edges()) != 0 {
			t.Error("the act sounds again from its beginning")
		}
		equal(t, again.results(), here+"/act.play/now partial")
	})
}

// What waits behind an emergency until its time is over must not vanish.
func TestAnActThatNeverHadItsTurnIsWrittenDown(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		words := w.Bulletin(here, "flood", plan.Emergency)
		words.Audio[0].DurationMS = 400_000
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 2
		r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		r.hear(trusttest.Seal(w.Gong(here, "gong"), a1))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		equal(t, slices.DeleteFunc(r.results(), func(s string) bool { return !strings.Contains(s, "gong") }),
			here+"/act.play/gong pre-empted priority")
		i := slices.IndexFunc(r.acks, func(a station.Ack) bool { return a.State == "expired" })
		if i < 0 || r.acks[i].Doc.ID != "gong" {
			t.Errorf("no acknowledgement says that the gong expired: %+v", r.acks)
		}
	})
}

func TestTheKnobCountsAlsoAtZeroAndAfterAWant(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		want := w.Later(time.Second).Want()
		want.Settings = &plan.Settings{VolumePercent: 60, Commissioned: true}
		long := bulletin(w, "a", 20*time.Minute)
		r.hear(trusttest.Seal(want, trusttest.Prov1), trusttest.Seal(long, a1), trusttest.Seal(w.Schedule(here, "day", item(long)), a1))
		sleepUntil("05:31:00")
		for _, c := range []struct{ set, want int }{{-1, 60}, {30, 30}, {0, 1}, {100, 100}} {
			if c.set >= 0 {
				if err := r.Volume(t.Context(), c.set); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			if v := r.View(); v.Now == nil || v.Now.Volume != c.want || v.Volume != c.want {
				t.Errorf("after the knob was set to %d the view says %d, sounding %+v; want %d", c.set, v.Volume, v.Now, c.want)
			}
		}
		want = w.Later(91 * time.Minute).Want()
		want.Settings = &plan.Settings{VolumePercent: 50, Commissioned: true}
		r.hear(trusttest.Seal(r.beat(91*time.Minute, 2), trusttest.Pulse), trusttest.Seal(want, trusttest.Prov1))
		time.Sleep(time.Second)
		if v := r.View(); v.Volume != 50 {
			t.Errorf("the centre's newer want is not heeded: %d", v.Volume)
		}
	})
}

func TestWhatIsMissingIsSaidOnceWhileOthersArrive(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "a", 10*time.Second)
		r.media.lack(b.Audio[0].SHA256, true)
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Play(here, "now", item(b)), a1))
		for range 50 {
			r.media.lack("another", false)
			synctest.Wait()
		}
		time.Sleep(time.Second)
		if n := len(r.written(ledger.Refused)); n != 1 {
			t.Errorf("%d refusals while 50 other recordings came, want 1", n)
		}
		r.media.lack(b.Audio[0].SHA256, false)
		time.Sleep(20 * time.Second)
		equal(t, r.results(), here+"/act.play/now heard")
	})
}

func TestWhatCameAfterItsTimeWasMissed(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "a", 10*time.Second)
		s := w.Schedule(here, "day", item(b))
		sleepUntil("06:30:00")
		r.hear(trusttest.Seal(r.beat(150*time.Minute, 2), trusttest.Pulse), trusttest.Seal(b, a1), trusttest.Seal(s, a1))
		slot := here + "/schedule/day/morning@2026-11-2"
		time.Sleep(time.Minute)
		equal(t, r.results(), slot+"3T05:30/0 missed")
		sleepUntil("05:40:00")
		equal(t, r.results(), slot+"3T05:30/0 missed", slot+"4T05:30/0 heard")
	})
}

func TestAStoppedToneIsOverThoughItsWordsAreMissing(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		words := w.Bulletin(here, "flood", plan.Emergency)
		r.media.lack(words.Audio[0].SHA256, true)
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 3
		r.hear(trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(time.Second)
		r.hear(trusttest.Seal(w.Later(time.Second).Stop(here, "enough", plan.Emergency), trusttest.Prov1, trusttest.Prov2))
		time.Sleep(time.Minute)
		r.media.lack(words.Audio[0].SHA256, false)
		time.Sleep(time.Minute)
		if got := r.results(); len(got) != 1 || !strings.HasSuffix(got[0], " partial") && !strings.Contains(got[0], " partial ") {
			t.Errorf("the ledger says %q, want one ending, partial", got)
		}
		if r.View().Now != nil || r.amp.On() {
			t.Error("it sounds again after the stop")
		}
	})
}
