package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"loa/agent/message"
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
// every box, and an all-clear to the last; then over a wire that loses packets and a
// line that takes its time. The disks are in memory, and the amplifiers' 80 ms count.
func TestSound(t *testing.T) {
	measures(t)
	n := size(t, 1000)
	s := &stage{dir: ram(t), have: map[string]message.Have{}}
	wire, missing := newSpace(t)
	host, space := "localhost", []string(nil)
	if missing == nil {
		host, space = wire.addr, wire.in()
	}
	var err error
	s.Province, err = found(s.dir, n, "localhost", host)
	check(t, err)
	s.broker, err = newMosquitto(s.Province, filepath.Join(s.dir, "mosquitto"), host, space...)
	check(t, err)
	check(t, s.broker.Start())
	t.Cleanup(s.broker.Kill)
	far := newLine(t, s.broker.Addr)
	s.url = far.URL()
	s.open(t, n)
	before, began := inUse(), time.Now()
	s.boxesRun(t, 0, n)
	t.Logf("%d boxes run after %v", n, time.Since(began))
	figure(t, "fleet-box-memory", (inUse()-before)/float64(n)/1024, "KiB", 0)
	figure(t, "fleet-box-goroutines", float64(runtime.NumGoroutine())/float64(n), "goroutines", 0)

	s.alarms(t, "fleet-alert", "fleet-stop", 1, 1)
	if missing != nil {
		fmt.Println("left out: alerts over a lossy network:", missing)
		return
	}
	wire.lose(t, 5)
	far.delay.Store(int64(200 * time.Millisecond))
	s.alarms(t, "fleet-alert-lossy", "fleet-stop-lossy", 3, 0)
}

// alarms raises some and ends them; the median of each figure counts.
func (s *stage) alarms(t *testing.T, alert, stop string, alertAim, stopAim float64) {
	t.Helper()
	var all [3][]float64
	for range 3 {
		time.Sleep(5 * time.Second) // the reports of what was before
		load(alert)
		var first, silent []float64
		used := cpu()
		s.broker.alone(func() {
			first = s.alarm(t)
			used = (cpu() - used) / float64(len(first))
			time.Sleep(2 * time.Second) // it goes on
			silent = s.allClear(t)
		})
		t.Logf("first sample: median %.3f p99 %.3f last %.3f s, %.2f ms of processor a box; silent: median %.3f p99 %.3f last %.3f s",
			quantile(first, 0.5), quantile(first, 0.99), quantile(first, 1), 1e3*used, quantile(silent, 0.5), quantile(silent, 0.99), quantile(silent, 1))
		for i, v := range []float64{quantile(first, 0.5), quantile(first, 0.99), quantile(silent, 0.99)} {
			all[i] = append(all[i], v)
		}
	}
	figure(t, alert+"-median", quantile(all[0], 0.5), "s", 0)
	figure(t, alert+"-p99", quantile(all[1], 0.5), "s", alertAim)
	figure(t, stop+"-p99", quantile(all[2], 0.5), "s", stopAim)
}

// alarm raises one and says after how many seconds each box was heard.
func (s *stage) alarm(t *testing.T) (first []float64) {
	t.Helper()
	asked := time.Now()
	_, err := s.loactl("alert", "set", province, "--event", "Lũ quét", "--headline", fmt.Sprintf("Lũ quét lúc %d", asked.Unix()), "--as", "an,binh")
	check(t, err)
	until(t, "every box is heard", 2*time.Minute, func() bool { return s.sounded(asked) == len(s.fleet.Boxes) })
	for _, b := range s.fleet.Boxes {
		first = append(first, b.Heard(asked)[0].From.Sub(asked).Seconds())
	}
	return first
}

// allClear ends it and says after how many seconds each box was silent.
func (s *stage) allClear(t *testing.T) (silent []float64) {
	t.Helper()
	asked := time.Now()
	_, err := s.loactl("alert", "clear", province, "--as", "an,binh")
	check(t, err)
	until(t, "every box is silent", 2*time.Minute, func() bool { return s.sounding() == 0 })
	for _, b := range s.fleet.Boxes {
		all := b.Heard(time.Time{})
		silent = append(silent, max(0, all[len(all)-1].To.Sub(asked).Seconds()))
	}
	return silent
}

// inUse is the memory of this process that is in use, in bytes: heap and stacks.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
