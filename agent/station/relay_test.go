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
	for _, c := range []struct {
		name   string
		forS   int
		away   time.Duration // of ten minutes, from the third on
		result plan.Result
		least  float64
	}{
		{"a station to the end of its slot", 0, 0, plan.Heard, 1790},
		{"a station for ten minutes", 600, 0, plan.Heard, 590},
		{"a station that is away for half of it", 600, 5 * time.Minute, plan.Partial, 290},
		{"a station that never comes", 600, time.Hour, plan.Partial, 170},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *trusttest.World) {
				r := newRig(t, w, t.TempDir()).setUp()
				defer r.stop()
				r.media.relay = func() sound.Source {
					now := time.Now()
					return live{sound.NewTone(330, -20, 2*time.Hour), now.Add(2 * time.Second), now.Add(3 * time.Minute), now.Add(3*time.Minute + c.away)}
				}
				s := w.Schedule(here, "day", plan.Item{Relay: &plan.Relay{
					URLs: []string{"https://radio.example.vn/live"}, Title: "VOV1", Class: plan.Normal, Origin: plan.Higher, Lang: "vi", ForS: c.forS,
				}})
				r.hear(trusttest.Seal(s, a1))
				sleepUntil("06:05:00")
				ends := r.written(ledger.End)
				if len(ends) != 1 || ends[0].Result != c.result || ends[0].HeardS < c.least || ends[0].HeardS > c.least+20 {
					t.Errorf("the ledger says %+v, want %s after about %.0f s", ends, c.result, c.least)
				}
			})
		})
	}
}
