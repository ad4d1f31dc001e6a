package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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
// every box, and an all-clear and an order to stop from loactl's start to silence;
// then over a wire that loses packets and a line that takes its time. loactl has the
// boxes in its books and takes their answers. The disks are in memory, the amplifiers'
// 80 ms count, and the cards stand once they are heard; see ear.
func TestSound(t *testing.T) {
	measures(t)
	n := size(t, 1000)
	t.Run("clean", func(t *testing.T) {
		s := &stage{dir: ram(t), have: map[string]message.Have{}, stands: true, booked: true}
		s.loud(t, n, "localhost", nil)
		s.url = s.broker.URL()
		before, began := inUse(), time.Now()
		s.soundly(t, n)
		t.Logf("%d boxes run after %v", n, time.Since(began))
		figure(t, "fleet-box-memory", (inUse()-before)/float64(n)/1024, "KiB", 0)
		figure(t, "fleet-box-goroutines", float64(runtime.NumGoroutine())/float64(n), "goroutines", 0)
		s.alarms(t, "", 1, 1)
	})
	t.Run("lossy", func(t *testing.T) {
		wire, missing := newSpace(t)
		if missing != nil {
			fmt.Println("left out: alerts over a lossy network:", missing)
			return
		}
		s := &stage{dir: ram(t), have: map[string]message.Have{}, stands: true, booked: true}
		s.loud(t, n, wire.addr, wire.in())
		far := newLine(t, s.broker.Addr)
		s.url = far.URL()
		s.soundly(t, n)
		wire.lose(t, 5)
		far.delay.Store(int64(200 * time.Millisecond))
		s.alarms(t, "-lossy", 3, 0)
	})
}

// loud founds the province of n boxes and starts its broker.
func (s *stage) loud(t *testing.T, n int, host string, space []string) {
	t.Helper()
	var err error
	s.Province, err = found(s.dir, n, "localhost", host)
	check(t, err)
	s.broker, err = newMosquitto(s.Province, filepath.Join(s.dir, "mosquitto"), host, space...)
	check(t, err)
	check(t, s.broker.Start())
	t.Cleanup(s.broker.Kill)
}

// soundly runs the boxes; nobody but loactl listens to them.
func (s *stage) soundly(t *testing.T, n int) {
	t.Helper()
	s.open(t, n)
	s.boxesRun(t, 0, n)
	s.sender.stop()
}

// alarms raises some and ends them, then plays and stops; the median of each figure
// counts.
func (s *stage) alarms(t *testing.T, line string, alertAim, stopAim float64) {
	t.Helper()
	as := []string{province, "--as", strings.Join(signers, ",")}
	var alert, cleared, stopped [][]float64
	for i := range 3 {
		s.calm(t)
		load("fleet-alert" + line)
		used := cpu()
		s.broker.alone(func() {
			alert = append(alert, s.heard(t, append(as, "--event", "Lũ quét", "--headline", fmt.Sprintf("Lũ quét lần %d", i)), "alert", "set"))
			used = (cpu() - used) / float64(len(s.fleet.Boxes))
			time.Sleep(2 * time.Second) // it goes on
			cleared = append(cleared, s.silent(t, as, "alert", "clear"))
		})
		s.calm(t)
		load("fleet-stop" + line)
		s.broker.alone(func() {
			s.heard(t, append(as, "--chime", "two-tone", "--repeat", "10"), "play")
			time.Sleep(2 * time.Second)
			stopped = append(stopped, s.silent(t, append(as, "--classes", "normal"), "stop"))
		})
		for what, took := range map[string][]float64{"alert": alert[i], "clear": cleared[i], "stop": stopped[i]} {
			t.Logf("%s: first %.3f median %.3f p99 %.3f last %.3f s", what, quantile(took, 0), quantile(took, 0.5), quantile(took, 0.99), quantile(took, 1))
		}
		t.Logf("%.2f ms of processor a box for an alert", 1e3*used)
	}
	middle := func(all [][]float64, q float64) float64 {
		var of []float64
		for _, took := range all {
			of = append(of, quantile(took, q))
		}
		return quantile(of, 0.5)
	}
	figure(t, "fleet-alert"+line+"-median", middle(alert, 0.5), "s", 0)
	figure(t, "fleet-alert"+line+"-p99", middle(alert, 0.99), "s", alertAim)
	figure(t, "fleet-clear"+line+"-p99", middle(cleared, 0.99), "s", stopAim)
	figure(t, "fleet-stop"+line+"-p99", middle(stopped, 0.99), "s", stopAim)
}

// calm waits until the reports of what was before are over.
func (s *stage) calm(t *testing.T) {
	t.Helper()
	until(t, "nobody sounds", time.Minute, func() bool { return s.sounding() == 0 })
	time.Sleep(5 * time.Second)
}

// heard runs loactl and says after how many seconds from its start each box was heard.
func (s *stage) heard(t *testing.T, args []string, command ...string) (first []float64) {
	t.Helper()
	asked := time.Now()
	_, err := s.loactl(append(command, args...)...)
	check(t, err)
	until(t, "every box is heard", 2*time.Minute, func() bool { return s.sounded(asked) == len(s.fleet.Boxes) })
	for _, b := range s.fleet.Boxes {
		first = append(first, b.Heard(asked)[0].From.Sub(asked).Seconds())
	}
	return first
}

// silent is heard for the last of the sound.
func (s *stage) silent(t *testing.T, args []string, command ...string) (last []float64) {
	t.Helper()
	asked := time.Now()
	_, err := s.loactl(append(command, args...)...)
	check(t, err)
	until(t, "every box is silent", 2*time.Minute, func() bool { return s.sounding() == 0 })
	for _, b := range s.fleet.Boxes {
		s, _ := b.Last()
		last = append(last, max(0, s.To.Sub(asked).Seconds()))
	}
	return last
}

// inUse is the memory of this process that is in use, in bytes: heap and stacks.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
