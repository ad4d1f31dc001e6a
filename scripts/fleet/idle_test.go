package main

import (
	"fmt"
	"testing"
	"time"

	"loa/agent/message"
)

// TestIdle is what a box costs a SIM card that does nothing all month: what goes over
// its line by TLS, with 52 bytes of IP and TCP for each packet and half as much again
// for its acknowledgement. Beats and pings are counted as they go; reports by their
// size and how often the agent gives them.
func TestIdle(t *testing.T) {
	measures(t)
	s := newStage(t, 1)
	far := newLine(t, s.broker.Addr)
	s.url = far.URL()
	s.boxesRun(t, 0, 1)
	time.Sleep(10 * time.Second) // the reports of the start

	const beats = 20
	was, packets := far.bytes.Load(), far.packets.Load()
	for range beats {
		is, err := s.Beat(province, dispatcher, 30*time.Second)
		check(t, err)
		check(t, s.issue(t.Context(), is))
		time.Sleep(100 * time.Millisecond)
	}
	beat := wireBytes(far, was, packets) / beats

	was, packets = far.bytes.Load(), far.packets.Load()
	began := time.Now()
	time.Sleep(150 * time.Second)
	rest := wireBytes(far, was, packets) / time.Since(began).Seconds()

	s.mu.Lock()
	h := message.SealHave(s.have[name(0)], s.handed[name(0)].key)
	s.mu.Unlock()
	have, other := float64(len(h))+150, 400.0 // and its topic, records, packets; readings and conditions are smaller
	const month = 30 * 24 * 3600
	total := beat*month/120 + rest*month + have*month/900 + other*(month/600+month/900)
	fmt.Printf("a beat %.0f bytes, idle %.2f bytes/s, a report of what it has %.0f bytes\n", beat, rest, have)
	figure(t, "fleet-idle-beats", beat*month/120/1e6, "MB/month", 0)
	figure(t, "fleet-idle-pings", rest*month/1e6, "MB/month", 0)
	figure(t, "fleet-idle-data", total/1e6, "MB/month", 15)
}

// wireBytes is what went over a line since, with the headers of its packets.
func wireBytes(l *line, bytes, packets int64) float64 {
	return float64(l.bytes.Load()-bytes) + 1.5*52*float64(l.packets.Load()-packets)
}
