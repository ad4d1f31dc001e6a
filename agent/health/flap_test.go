package health

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A sound card that comes back before anybody is told, and goes again, plays nothing that
// can be heard: that it never stays away for long is no reason to say nothing.
func TestWhatFlapsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, nil)
		told := func(code string) bool {
			return slices.ContainsFunc(h.Active(time.Now()), func(a Active) bool { return a.Code == code })
		}
		flap := func(code string, away, there time.Duration) {
			h.Set(code, "unplugged")
			for range away / time.Second {
				time.Sleep(time.Second)
				told(code)
			}
			h.Clear(code)
			for range there / time.Second {
				time.Sleep(time.Second)
				told(code)
			}
		}
		for _, code := range []string{"sink-lost", "clock-missing"} {
			began := time.Now()
			for !told(code) {
				flap(code, 4*time.Second, 6*time.Second)
				if time.Since(began) > 100*time.Second {
					t.Fatalf("%s: not told after %v", code, time.Since(began))
				}
			}
			for range 30 {
				flap(code, 4*time.Second, 6*time.Second)
				if !told(code) {
					t.Fatalf("%s: no longer told, and it still flaps", code)
				}
			}
			last := time.Now()
			for told(code) {
				next := h.Next()
				if next.IsZero() {
					t.Fatalf("%s: nobody would look whether it has ended", code)
				}
				time.Sleep(time.Until(next))
			}
			if took := time.Since(last); took > 2*time.Minute {
				t.Errorf("%s: told for %v after its end", code, took)
			}
			time.Sleep(time.Hour)
			past := h.History()
			if n := len(past); n > 6 || past[n-1].Code != code || past[n-1].Brief || past[n-1].Until.After(last) {
				t.Errorf("%s: %d entries, the last %+v", code, n, past[n-1])
			}
			h.mu.Lock()
			h.history = nil
			h.mu.Unlock()
		}
		for range 20 { // now and then is what patience is for
			flap("sink-lost", 4*time.Second, 3*time.Minute)
			flap("broker-unreachable", 30*time.Second, 30*time.Second) // a poor mast
			if told("sink-lost") || told("broker-unreachable") {
				t.Fatal("told, and it mends itself")
			}
		}
	})
}

// Of several things that flap each ends by itself.
func TestThingsThatFlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, nil)
		for i := range 20 {
			what := []string{"sensor.heat", "sensor.door"}[i%2]
			h.SetOf("heat-sensor", what, "remote I/O error")
			time.Sleep(4 * time.Second)
			h.Active(time.Now())
			h.ClearOf("heat-sensor", what)
			time.Sleep(4 * time.Second)
		}
		got := h.Active(time.Now())
		if len(got) != 1 || !slices.Equal(got[0].Things, []string{"sensor.door"}) {
			t.Errorf("%+v", got)
		}
		time.Sleep(2 * time.Minute)
		if got := h.Active(time.Now()); len(got) != 0 {
			t.Errorf("for ever: %+v", got)
		}
	})
}

// A loose wire in the horns' cable is one fault, not one for each gust of wind: each would
// be a report over mobile data, and a message to whoever is told.
func TestALooseWireIsOneFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(nil, nil)
		changes := 0
		for range 50 { // ten minutes
			h.Set("horn-open", "the line is cut")
			h.Active(time.Now())
			time.Sleep(6 * time.Second)
			h.Clear("horn-open")
			h.Active(time.Now())
			time.Sleep(6 * time.Second)
			select {
			case <-h.Changed():
				changes++
			default:
			}
		}
		if changes > 5 {
			t.Errorf("%d of 50 gusts are news", changes)
		}
		if len(h.Active(time.Now())) != 1 {
			t.Error("it is not told")
		}
		time.Sleep(time.Minute)
		if len(h.Active(time.Now())) != 0 || !h.Next().IsZero() {
			t.Error("it is told when it has been well for a minute")
		}
	})
}
