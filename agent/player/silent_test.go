package player_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
)

// A silent drill says what would have been heard, and the card gets nothing but silence
// with the amplifier off.
func TestSilentDrill(t *testing.T) {
	for _, c := range []struct {
		name   string
		chimes []string
		broken bool
		result plan.Result
		code   plan.Code
	}{
		{name: "good", chimes: []string{"a", "b"}, result: plan.Proven},
		{name: "a silent recording", chimes: []string{"silence"}, result: plan.Silent},
		{name: "a faint recording", chimes: []string{"faint"}, result: plan.Weak},
		{name: "a recording is missing", chimes: []string{"a", "missing"}, result: plan.Partial, code: plan.MediaMissing},
		{name: "the card is gone", chimes: []string{"a"}, broken: true, result: plan.Partial},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, tones)
				defer s.end()
				if c.broken {
					s.card.Lose()
				}
				o := occurrence(20*time.Second, c.chimes...)
				o.Silent = true
				began := time.Now()
				s.Play(o, 100, began)
				e := <-s.Endings()
				if e.Result != c.result || e.Code != c.code || e.Heard != 0 {
					t.Errorf("ended %s (%s), heard %v: %v", e.Result, e.Code, e.Heard, e.Err)
				}
				if c.result == plan.Proven && (e.Proof != "silence" || e.RMSDBFS < -30) {
					t.Errorf("proof %q, level %v", e.Proof, e.RMSDBFS)
				}
				if took := time.Since(began); took > o.Length/4+10*time.Second {
					t.Errorf("it took %v", took)
				}
				for _, h := range s.card.Heard() {
					if loudest := slices.Max(h.PCM); loudest != 0 {
						t.Fatalf("the card was given %d", loudest)
					}
				}
				if s.amp.On() || len(s.amp.Edges()) > 1 { // off, at the start
					t.Errorf("the amplifier's line: %v", s.amp.Edges())
				}
			})
		})
	}
}

// An alarm does not wait for it.
func TestSilentDrillGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, tones)
		defer s.end()
		o := occurrence(time.Minute, "a")
		o.Silent = true
		s.Play(o, 100, time.Now())
		time.Sleep(time.Second)
		alarm := occurrence(3*time.Second, "b")
		alarm.ID, alarm.Class = "alert", plan.Emergency
		began := time.Now()
		s.Play(alarm, 100, began)
		if e := <-s.Endings(); e.Occurrence.ID != o.ID || e.Result != plan.Partial {
			t.Errorf("%+v", e)
		}
		if e := <-s.Endings(); e.Result != plan.Heard || time.Since(began) > 4*time.Second {
			t.Errorf("%+v after %v", e, time.Since(began))
		}
	})
}
