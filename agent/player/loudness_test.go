package player

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Ten ask for a recording that is being measured: all wait for the one answer, but
// for who is called off; when whoever measured is called off, another takes over.
func TestOneMeasurementAtATime(t *testing.T) {
	const none = "/dev/null" // measured anew, it has no loudness
	for _, c := range []struct {
		name      string
		abandoned bool
		want      float64
	}{
		{"measured", false, -31},
		{"abandoned", true, TargetLUFS},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				running := &measurement{done: make(chan struct{})}
				l := loudness{of: map[string]*measurement{"a": running}}
				got := make(chan float64, 10)
				for range cap(got) {
					go func() { got <- l.measure(t.Context(), "a", none, "") }() // read below
				}
				synctest.Wait()
				if len(got) > 0 {
					t.Fatalf("%d did not wait", len(got))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				l.measure(ctx, "a", none, "")
				if d := time.Since(began); d != time.Second {
					t.Errorf("who is called off after 1 s waited %v", d)
				}
				l.measure(t.Context(), "b", none, "") // returns, or the bubble is stuck

				running.lufs, running.abandoned = -31, c.abandoned
				if c.abandoned {
					delete(l.of, "a")
				}
				close(running.done)
				for range cap(got) {
					if lufs := <-got; lufs != c.want {
						t.Errorf("%g LUFS, want %g", lufs, c.want)
					}
				}
			})
		})
	}
}
