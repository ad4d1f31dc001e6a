package player_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
	"loa/agent/player"
	"loa/agent/sound"
)

// What a talk says of itself stands in its ending, and one of which more than a
// twentieth was lost was heard in part.
func TestTalkIsAccountedFor(t *testing.T) {
	for share, want := range map[float64]plan.Result{0.04: plan.Heard, 0.06: plan.Partial} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, func(ctx context.Context, p plan.Part) (player.Opened, error) {
				if p.Live == nil {
					return tones(ctx, p)
				}
				return player.Opened{
					Source:  sound.NewTone(440, -20, 2*time.Second),
					Account: func() (float64, string) { return share, "some was lost" },
				}, nil
			})
			defer s.end()
			o := occurrence(time.Second, "gong")
			o.Parts, o.Length = append(o.Parts, plan.Part{Live: &plan.Talk{Place: "26734", Session: "s1"}}), 0
			s.Play(o, 100, time.Now())
			e := <-s.Endings()
			if e.Result != want || e.Note != "some was lost" || !e.Complete {
				t.Errorf("%.2f lost: %+v", share, e)
			}
		})
	}
}

// Who comes back after an alarm hears no chime again and no time of the talk is passed
// over.
func TestTalkGoesOnWhereItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(ctx context.Context, p plan.Part) (player.Opened, error) {
			if p.Live == nil {
				t.Error("the chime sounds again")
				return tones(ctx, p)
			}
			return player.Opened{Source: sound.NewTone(440, -20, 2*time.Second)}, nil
		})
		defer s.end()
		o := occurrence(time.Second, "gong")
		o.Parts, o.Length, o.At = append(o.Parts, plan.Part{Live: &plan.Talk{}}), 0, 90*time.Second
		s.Play(o, 100, time.Now())
		if e := <-s.Endings(); e.Heard < 1900*time.Millisecond {
			t.Errorf("of two seconds %v were heard", e.Heard)
		}
	})
}
