package station_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// said is what the box says that will sound, and what will not.
func (r *rig) said(d time.Duration) (sounds, refused []ahead.Line) {
	r.t.Helper()
	lines, err := r.Ahead(r.t.Context(), d)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, l := range lines {
		switch {
		case l.Sounds:
			sounds = append(sounds, l)
		case !l.Shows:
			refused = append(refused, l)
		}
	}
	return sounds, refused
}

// turns is what the ledger says that sounded from a moment on: starts, and when
// each of them ended.
func (r *rig) turns(from time.Time) (all []ahead.Line) {
	entries, err := r.ledger.Query(ledger.Query{})
	if err != nil {
		r.t.Fatal(err)
	}
	open := map[string]int{}
	for _, e := range entries {
		i, sounds := open[e.ID]
		switch e.Kind {
		case ledger.Start:
			open[e.ID] = len(all)
			all = append(all, ahead.Line{At: e.Time, Until: e.Time.AddDate(1, 0, 0), Volume: e.Volume, Occurrence: plan.Occurrence{ID: e.ID}})
		case ledger.Pause, ledger.End:
			if sounds {
				all[i].Until = e.Time
				delete(open, e.ID)
			}
		}
	}
	all = slices.DeleteFunc(all, func(l ahead.Line) bool { return !l.Until.After(from) })
	for i := range all {
		if all[i].At.Before(from) {
			all[i].At = from
		}
	}
	return all
}

// compare asks what will sound in the next d, lets them pass and compares.
func (r *rig) compareAhead(d time.Duration) (sounds, refused []ahead.Line) {
	r.t.Helper()
	from := time.Now()
	sounds, refused = r.said(d)
	time.Sleep(d)
	synctest.Wait()
	heard := slices.DeleteFunc(r.turns(from), func(l ahead.Line) bool { return !l.At.Before(from.Add(d)) })
	same := len(heard) == len(sounds)
	for i := range min(len(heard), len(sounds)) {
		h, s := heard[i], sounds[i]
		// An item's recordings overlap a little, and the last of them ends after the stretch.
		if h.Until.After(from.Add(d)) {
			h.Until = from.Add(d)
		}
		same = same && h.Occurrence.ID == s.Occurrence.ID && h.At.Sub(s.At).Abs() < 3*time.Second && h.Until.Sub(s.Until).Abs() < 3*time.Second
	}
	if !same {
		tell := func(ls []ahead.Line) (s string) {
			for _, l := range ls {
				s += fmt.Sprintf("\n  %s-%s %s %s", l.At.In(vietnam).Format("15:04:05.0"), l.Until.In(vietnam).Format("15:04:05.0"), l.Occurrence.ID, l.Code)
			}
			return s
		}
		r.t.Errorf("at %s it was said%s\nand there sounded%s", from.In(vietnam).Format("15:04:05"), tell(sounds), tell(heard))
	}
	return sounds, refused
}

// What is said of the board is what the board is told.
func TestAheadOfTheBoard(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		notice := func(id string, seconds int) plan.Bulletin {
			b := bulletin(w, id, time.Minute)
			b.Title, b.Audio, b.Pages = id, nil, []plan.Page{{Text: id, StayS: seconds}}
			return b
		}
		spoken := bulletin(w, "spoken", 90*time.Second)
		spoken.Title, spoken.Pages = "spoken", []plan.Page{{Text: "spoken"}}
		water, vaccine := notice("water", 20), notice("vaccine", 40)
		day := w.Schedule(here, "day", item(water), item(vaccine))
		day.Slots[0].Loops = -1
		noon := w.Schedule(here, "noon", item(spoken))
		noon.Slots[0].At = []string{"05:35"}
		r.hear(trusttest.Seal(water, a1), trusttest.Seal(vaccine, a1), trusttest.Seal(spoken, a1), trusttest.Seal(day, a1), trusttest.Seal(noon, a1))
		sleepUntil("05:20:00")
		alarm := w.Later(80*time.Minute).Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Headline, alarm.Alerts[0].Repeat = "flood", 1
		alarm.Alerts[0].From = time.Now().Add(20 * time.Minute)
		alarm.Alerts[0].Until = time.Now().Add(30 * time.Minute)
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		from := time.Now()
		lines, err := r.Ahead(t.Context(), 2*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		on := map[string]int{} // by title, how often it came on, as the board was told
		var told, said string
		before := ""
		r.mu.Lock()
		for _, s := range r.scenes {
			id := ""
			if len(s.Shown) > 0 {
				id = s.Shown[0].ID
			}
			if id != before && !s.at.Before(from) {
				told += s.at.In(vietnam).Format("15:04:05 ") + id + "\n"
				if id != "" {
					on[s.Shown[0].Title]++
				}
			}
			before = id
		}
		r.mu.Unlock()
		total := map[string]int{}
		for _, l := range lines {
			if !l.Shows {
				continue
			}
			total[l.Occurrence.Title] += l.Times
			said += l.At.In(vietnam).Format("15:04:05 ") + l.Occurrence.ID + "\n"
			if !strings.Contains(told, l.At.In(vietnam).Format("15:04:05 ")+l.Occurrence.ID+"\n") {
				t.Errorf("at %s %s was not shown", l.At.In(vietnam).Format("15:04:05"), l.Occurrence.ID)
			}
		}
		if !maps.Equal(on, total) || len(on) != 4 {
			t.Errorf("said %v, told %v; said\n%s\ntold\n%s", total, on, said, told)
		}
	})
}

// An alarm made the item begin so late that it would not be taken up again.
func TestAheadOfAnItemThatBeganLate(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		a := bulletin(w, "a", 20*time.Minute)
		words := w.Bulletin(here, "flood", plan.Emergency)
		words.Audio[0].DurationMS = 900_000
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(w.Schedule(here, "day", item(a)), a1))
		sleepUntil("05:29:00")
		alarm := w.Later(89*time.Minute).Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 1
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		sleepUntil("05:50:00")
		if sounds, _ := r.compareAhead(30 * time.Minute); len(sounds) != 1 {
			t.Errorf("%d things sound, want the rest of the item", len(sounds))
		}
	})
}

func TestAheadOfAnAlarmThatSounds(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		r.hear(w.Setup()[:4]...)
		p := w.Policy()
		p.EmergencyHourS = 60 // three times as much for two signers
		words := w.Bulletin(here, "flood", plan.Emergency)
		words.Audio[0].DurationMS = 400_000
		alarm := w.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat = trusttest.RefTo(words), 1
		r.hear(trusttest.Seal(p, a1, a2), trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		time.Sleep(time.Minute)
		synctest.Wait()
		sounds, _ := r.compareAhead(10 * time.Minute)
		if len(sounds) != 1 || sounds[0].Code != plan.Airtime || sounds[0].Until.Sub(sounds[0].At).Round(time.Second) != 2*time.Minute {
			t.Errorf("ahead is %+v", sounds)
		}
	})
}

func TestAheadKnowsTheClockAndTheLibrary(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		a, b := bulletin(w, "a", time.Minute), bulletin(w, "bb", time.Minute)
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(a), item(b)), a1))
		r.clock.set(clock.NTP)
		sounds, refused := r.compareAhead(3 * time.Hour) // 04:00 to 07:00
		if len(sounds) != 0 || len(refused) != 2 || refused[0].Code != plan.ClockCode {
			t.Errorf("with NTP alone: %+v, %+v", sounds, refused)
		}
		r.clock.set(clock.RTC)
		r.media.lack(a.Audio[0].SHA256, true)
		sounds, refused = r.compareAhead(24 * time.Hour)
		if len(sounds) != 1 || len(refused) != 1 || refused[0].Code != plan.MediaMissing {
			t.Errorf("without the first recording: %+v, %+v", sounds, refused)
		}
		r.media.mu.Lock()
		r.media.spoilt = map[string]plan.Code{a.Audio[0].SHA256: plan.MediaDigest}
		r.media.mu.Unlock()
		if _, refused = r.said(24 * time.Hour); len(refused) != 1 || refused[0].Code != plan.MediaDigest {
			t.Errorf("with a spoilt recording: %+v", refused)
		}
	})
}

// Whatever sounds, and whenever somebody asks: what is said is what comes.
func TestAheadIsWhatTheBoxDoes(t *testing.T) {
	n := 8
	if testing.Short() || emulated {
		n = 1
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *trusttest.World) { anHourAhead(t, w, rand.New(rand.NewPCG(uint64(seed), 7))) })
		})
	}
}

func anHourAhead(t *testing.T, w *trusttest.World, x *rand.Rand) {
	r := newRig(t, w, t.TempDir())
	defer r.stop()
	r.card.Deaf = true
	r.hear(w.Setup()[:4]...)
	p := w.Policy()
	p.QuietHours = []plan.Span{{From: "05:40", Until: "05:42"}}
	p.AirtimeSessionS, p.EmergencyHourS = []int{0, 300}[x.IntN(2)], []int{0, 50}[x.IntN(2)]
	r.hear(trusttest.Seal(p, a1, a2))
	var items []plan.Item
	for i := range 4 {
		b := bulletin(w, "abcdefgh"[:i+1], time.Duration(20+x.IntN(200))*time.Second)
		r.hear(trusttest.Seal(b, a1))
		items = append(items, item(b))
		if x.IntN(6) == 0 {
			r.media.lack(b.Audio[0].SHA256, true)
		}
	}
	s := w.Schedule(here, "day", items...)
	s.Slots[0].ForS, s.Slots[0].GapS = 900, x.IntN(5)
	words := w.Bulletin(here, "flood", plan.Emergency)
	words.Audio[0].DurationMS = 30_000 + x.Int64N(60_000)
	if x.IntN(4) == 0 {
		r.media.lack(words.Audio[0].SHA256, true)
	}
	r.hear(trusttest.Seal(s, a1), trusttest.Seal(words, trusttest.Warner1, trusttest.Warner2))
	if x.IntN(6) == 0 {
		r.clock.set(clock.NTP)
	}
	begin := 88*time.Minute + time.Duration(x.IntN(600))*time.Second
	time.Sleep(begin)
	alarm := w.Later(begin).Alerts(here, trusttest.Office, "flood")
	alarm.Alerts[0].Bulletin, alarm.Alerts[0].Repeat, alarm.Alerts[0].GapS = trusttest.RefTo(words), 1+x.IntN(3), x.IntN(60)
	r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
	time.Sleep(time.Duration(x.IntN(300)) * time.Second)
	synctest.Wait()
	r.compareAhead(40 * time.Minute)
}
