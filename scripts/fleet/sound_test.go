package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// size is how many boxes a figure is of.
func size(t *testing.T, usual int) int {
	t.Helper()
	if s := os.Getenv("LOA_FLEET"); s != "" {
		n, err := strconv.Atoi(s)
		check(t, err)
		return n
	}
	return usual
}

// TestSound is how long an alarm takes from loactl's start to the first sample of
// every box, and a stop to the last.
func TestSound(t *testing.T) {
	measures(t)
	n := size(t, 1000)
	began := time.Now()
	s := newStage(t, n)
	t.Logf("province of %d: %v", n, time.Since(began))
	before := inUse()
	began = time.Now()
	s.boxesRun(t, 0, n)
	t.Logf("%d boxes run: %v", n, time.Since(began))
	figure(t, "fleet-box-memory", (inUse()-before)/float64(n)/1024, "KiB", 0)
	figure(t, "fleet-box-goroutines", float64(runtime.NumGoroutine())/float64(n), "goroutines", 0)
	for range 3 {
		s.alarm(t)
	}
}

// alarm raises one and ends it.
func (s *stage) alarm(t *testing.T) (first, silent []float64) {
	t.Helper()
	time.Sleep(5 * time.Second) // the reports of what was before
	load("alert")
	asked := time.Now()
	out, err := s.loactl("alert", "set", province, "--event", "Lũ quét", "--headline", fmt.Sprintf("Lũ quét lúc %d", asked.Unix()), "--as", "an,binh")
	check(t, err)
	t.Logf("loactl took %v: %.200s", time.Since(asked), out)
	until(t, "every box is heard", time.Minute, func() bool {
		for _, b := range s.fleet.Boxes {
			if len(b.Heard(asked)) == 0 {
				return false
			}
		}
		return true
	})
	for _, b := range s.fleet.Boxes {
		first = append(first, b.Heard(asked)[0].From.Sub(asked).Seconds())
	}
	t.Logf("first sample: median %.3f p99 %.3f max %.3f", quantile(first, 0.5), quantile(first, 0.99), quantile(first, 1))
	asked = time.Now()
	out, err = s.loactl("alert", "clear", province, "--as", "an,binh")
	check(t, err)
	t.Logf("loactl took %v: %.200s", time.Since(asked), out)
	time.Sleep(3 * time.Second)
	for _, b := range s.fleet.Boxes {
		all := b.Heard(time.Time{})
		silent = append(silent, max(0, all[len(all)-1].To.Sub(asked).Seconds()))
	}
	t.Logf("silent: median %.3f p99 %.3f max %.3f", quantile(silent, 0.5), quantile(silent, 0.99), quantile(silent, 1))
	return first, silent
}

// inUse is the memory of this process that is in use, in bytes: heap and stacks.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
