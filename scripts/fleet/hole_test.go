package main

import (
	"testing"
	"time"
)

// TestBlackHole holds the agent's own times, unhurried, to a link that swallows
// everything: found within 30 s with bytes pending, and when idle within a keepalive and
// the time for its answer, before a third beat would have come. agent/mqtt does the same
// in seconds (TestHalfOpenLinkIsNoticed).
func TestBlackHole(t *testing.T) {
	if !long() {
		t.Skip("five minutes; scripts/soak.sh")
	}
	p, err := found(ram(t), 1)
	check(t, err)
	m, err := newMosquitto(p, ram(t)+"/mosquitto", "localhost")
	check(t, err)
	check(t, m.Start())
	t.Cleanup(m.Kill)
	for what, most := range map[string]time.Duration{"pending": 30 * time.Second, "idle": alive + 30*time.Second} {
		t.Run(what, func(t *testing.T) {
			far := newLine(t, m.Addr)
			w := newSwarm(t, p, far.URL(), 1, time.Second)
			before := far.calls.Load()
			far.hole.Store(true)
			began := time.Now()
			if what == "pending" {
				w.all[0].Publish("loa/v1/d/"+name(0)+"/health", []byte("x"), true)
			}
			until(t, "the link is given up", most+time.Second, func() bool { return far.calls.Load() > before })
			t.Logf("%s: found after %v", what, time.Since(began).Round(100*time.Millisecond))
		})
	}
}
