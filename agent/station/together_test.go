package station_test

import (
	"io"
	"math"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/player"
	"loa/agent/sound"
	"loa/agent/speaker/speakertest"
	"loa/agent/trust/trusttest"
)

// pulses has a bell of 2 ms at the beginning of every second.
type pulses struct{ at, left int }

func (p *pulses) Read(b []float32) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b)/2, p.left)
	for i := range n {
		x := float64((p.at+i+sound.Rate/2)%sound.Rate-sound.Rate/2) / 24
		b[2*i] = float32(0.5 * math.Exp(-x*x))
		b[2*i+1] = b[2*i]
	}
	p.at, p.left = p.at+n, p.left-n
	return 2 * n, nil
}

func (p *pulses) Left() (int64, bool) { return int64(p.left), true }
func (p *pulses) Close() error        { return nil }

// chorus makes a box of recordings that are pulses, on a card whose clock is off.
func chorus(ppm float64) func(*rig) {
	return func(r *rig) {
		r.card = &speakertest.Card{Full: true, Queue: 24000, Stuck: 5760, PPM: ppm}
		r.media.record = func(d time.Duration) sound.Source { return &pulses{left: int(sound.Frames64(d))} }
	}
}

// beats is when each pulse came out of a card.
func beats(c *speakertest.Card) (at []time.Time) {
	for _, s := range c.Heard() {
		for n := 1; n+1 < s.Frames(); n++ {
			a, b, c2 := float64(s.PCM[2*n-2]), float64(s.PCM[2*n]), float64(s.PCM[2*n+2])
			if b < 3000 || b < a || b <= c2 {
				continue
			}
			frame := float64(n) + 0.5*(a-c2)/(a-2*b+c2)
			when := s.At.Add(time.Duration(frame / sound.Rate / (1 + c.PPM/1e6) * 1e9))
			if len(at) == 0 || when.Sub(at[len(at)-1]) > 100*time.Millisecond {
				at = append(at, when)
			}
		}
	}
	return at
}

// A street of two boxes, whose cards run apart by 160 ppm, says two recordings at the
// second they were planned for, as one voice.
func TestBoxesSoundTogether(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		a, b := bulletin(w, "a", 40*time.Second), bulletin(w, "b", 10*time.Second)
		s := w.Schedule(here, "day", item(a), item(b))
		s.Slots[0].StartAt = true
		var boxes []*rig
		for _, ppm := range []float64{80, -80} {
			r := newRig(t, w, t.TempDir(), chorus(ppm)).setUp()
			defer r.stop()
			r.hear(trusttest.Seal(a, a1), trusttest.Seal(b, a1), trusttest.Seal(s, a1))
			boxes = append(boxes, r)
		}
		sleepUntil("05:29:30")
		start := time.Now().Add(30 * time.Second)
		sleepUntil("05:32:00")
		for i, r := range boxes {
			all := beats(r.card)
			if len(all) != 51 { // and half a one at the very end
				t.Fatalf("box %d: %d pulses, want one in each of 50 s", i, len(all))
			}
			for k, at := range all[:50] {
				if off := at.Sub(start.Add(time.Duration(k) * time.Second)); off.Abs() > 400*time.Microsecond {
					t.Errorf("box %d: second %d is heard %v from its time", i, k, off)
				}
			}
			if st := r.player.Sync(); !st.Asked || st.Why != "" || st.Jumps != 0 || st.Worst > 400*time.Microsecond {
				t.Errorf("box %d says of itself %+v", i, st)
			}
			if got := r.results(); len(got) != 2 {
				t.Errorf("box %d: the ledger says %q", i, got)
			}
			if err := r.condition(player.Alone); err != nil {
				t.Errorf("box %d complains: %v", i, err)
			}
		}
	})
}

// The clock on the wall was wrong and is set while the item sounds: within seconds the box
// is where its neighbours are.
func TestAClockThatIsSetIsFollowed(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		a := bulletin(w, "a", time.Minute)
		s := w.Schedule(here, "day", item(a))
		s.Slots[0].StartAt = true
		r := newRig(t, w, t.TempDir(), chorus(20)).setUp()
		defer r.stop()
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(s, a1))
		sleepUntil("05:30:20")
		r.clock.mu.Lock()
		r.clock.skew += 300 * time.Millisecond
		r.clock.mu.Unlock()
		set := time.Now()
		sleepUntil("05:32:00")
		after := 0
		for _, at := range beats(r.card) {
			want := time.Duration(0)
			if at.After(set.Add(3 * time.Second)) {
				want = -300 * time.Millisecond
				after++
			} else if at.After(set) {
				continue
			}
			if off := at.Sub(at.Round(time.Second)) - want; off.Abs() > 400*time.Microsecond {
				t.Errorf("%v after the clock was set a pulse is off by %v", at.Sub(set), off)
			}
		}
		if st := r.player.Sync(); after < 30 || st.Jumps != 1 {
			t.Errorf("%d pulses after that; %+v", after, st)
		}
	})
}

// A box that does not know the time well enough plays at once, and says that it is alone.
func TestABoxThatDoesNotKnowTheTimeExactlyPlaysAlone(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		a := bulletin(w, "a", 20*time.Second)
		s := w.Schedule(here, "day", item(a))
		s.Slots[0].StartAt = true
		r := newRig(t, w, t.TempDir(), chorus(0)).setUp()
		defer r.stop()
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(s, a1))
		sleepUntil("05:29:00")
		start := time.Now().Add(time.Minute)
		r.clock.set(clock.RTC)
		sleepUntil("05:31:00")
		all := beats(r.card)
		if len(all) < 19 {
			t.Fatalf("%d pulses", len(all))
		}
		// Of the first pulse, with which it begins, there is only the end.
		if late := all[0].Sub(start) - time.Second; late < 0 || late > 300*time.Millisecond {
			t.Errorf("it began %v after its time", late)
		}
		if st := r.player.Sync(); !st.Asked || st.Why == "" {
			t.Errorf("it says of itself %+v", st)
		}
		if r.condition(player.Alone) == nil {
			t.Error("it does not say that it plays alone")
		}
	})
}

// An alarm does not wait for anything that is to be together, before it or under it, and
// what it interrupts goes on where it was stopped.
func TestAnAlarmDoesNotWaitForTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		a := bulletin(w, "a", 5*time.Minute)
		s := w.Schedule(here, "day", item(a))
		s.Slots[0].StartAt = true
		r := newRig(t, w, t.TempDir(), chorus(50)).setUp()
		defer r.stop()
		r.hear(trusttest.Seal(a, a1), trusttest.Seal(s, a1))
		sleepUntil("05:30:30")
		// Half a minute on.
		later := w.Later(90*time.Minute + 30*time.Second)
		alarm := later.Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Repeat = 1
		sent := time.Now()
		r.hear(trusttest.Seal(r.beat(90*time.Minute+30*time.Second, 2), trusttest.Pulse), trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		for r.spk.Status().Sounding == nil || r.View().Now == nil || r.View().Now.Occurrence.Title == "a" {
			time.Sleep(10 * time.Millisecond)
			if time.Since(sent) > time.Second {
				t.Fatalf("a second after the alarm %+v sounds", r.View().Now)
			}
		}
		sleepUntil("05:50:00")
		if got := r.results(); len(got) != 2 {
			t.Errorf("the ledger says %q", got)
		}
		if st := r.player.Sync(); st.Why == "" {
			t.Errorf("what went on after an alarm says that it is with the others: %+v", st)
		}
	})
}
