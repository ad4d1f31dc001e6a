package station_test

import (
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/trust/trusttest"
)

// live is a station: it has no end, needs a moment to begin and is gone
// for a while.
type live struct {
	sound.Source
	begin      time.Time // of its sound
	away, back time.Time
}

func (l live) Read(p []float32) (int, error) {
	if now := time.Now(); now.Before(l.begin) || now.After(l.away) && now.Before(l.back) {
		return 0, nil
	}
	return l.Source.Read(p)
}

func TestHowARelayEnds(t *testing.T) {
	slot := 30 * time.Minute
	if emulated {
		slot /= 5
	}
	const never = 2 * time.Hour
	for _, c := range []struct {
		name   string
		length time.Duration // 0: of the slot
		away   time.Duration // after a tenth of the slot
		result plan.Result
		heard  time.Duration
	}{
		{"a station to the end of its slot", 0, 0, plan.Heard, slot},
		{"a station for a third of it", slot / 3, 0, plan.Heard, slot / 3},
		{"a station that is away for half of its time", slot / 3, slot / 6, plan.Partial, slot / 6},
		{"a station that does not come back", slot / 3, never, plan.Partial, slot / 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				r := newRig(t, w, t.TempDir()).setUp()
				defer r.stop()
				r.media.relay = func() sound.Source {
					now := time.Now()
					gone := now.Add(slot / 10)
					return live{sound.NewTone(330, -20, never), now.Add(2 * time.Second), gone, gone.Add(c.away)}
				}
				s := w.Schedule(here, "day", plan.Item{Relay: &plan.Relay{
					URLs: []string{"https://radio.example.vn/live"}, Title: "VOV1", Class: plan.Normal, Origin: plan.Higher, Lang: "vi", ForS: int(c.length.Seconds()),
				}})
				s.Slots[0].ForS = int(slot.Seconds())
				r.hear(trusttest.Seal(s, a1))
				sleepUntil("05:30:00")
				time.Sleep(slot + 5*time.Minute)
				ends := r.written(ledger.End)
				if least := c.heard.Seconds() - 10; len(ends) != 1 || ends[0].Result != c.result || ends[0].HeardS < least || ends[0].HeardS > least+20 {
					t.Errorf("the ledger says %+v, want %s after about %v", ends, c.result, c.heard)
				}
			})
		})
	}
}
