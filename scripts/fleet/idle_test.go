package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/dispatch"
)

// TestIdle is what a box costs a SIM card that does nothing all month but one programme of
// three items a day, with loactl serve at the other end: some minutes of what goes over its
// line by TLS, taken apart into beats and pings; then an item. Packets are counted by the
// kernel, those that only acknowledge too, with 52 bytes of IP and TCP each. What comes
// more seldom is added by its size, as often as agent/box's TestIdleDay lets it.
func TestIdle(t *testing.T) {
	measures(t)
	s := &stage{dir: ram(t), have: map[string]message.Have{}}
	var err error
	s.Province, err = found(s.dir, 1)
	check(t, err)
	s.register(t, name(0), commune(0))
	s.broker, err = newMosquitto(s.Province, filepath.Join(s.dir, "mosquitto"), "localhost")
	check(t, err)
	check(t, s.broker.Start())
	t.Cleanup(s.broker.Kill)
	far := newLine(t, s.broker.Addr)
	var beats, pings atomic.Int64
	far.hear = func() func([]byte) {
		return func(p []byte) { // a TLS record of 2 bytes answers a ping
			if len(p) == 24 {
				pings.Add(1)
			} else if len(p) > 400 {
				beats.Add(1)
			}
		}
	}
	s.url = far.URL()
	s.open(t, 1)
	s.boxesRun(t, 0, 1)
	s.sender.stop() // its name is the dispatcher's
	centre := exec.Command(filepath.Join(bin, "loactl"), "serve")
	centre.Env = append(os.Environ(), "LOA_AUTHORITY="+s.Dir(), "LOA_PASSPHRASE_FILE="+s.Secret)
	check(t, centre.Start())
	t.Cleanup(func() {
		_ = centre.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = centre.Wait()
	})
	time.Sleep(30 * time.Second) // the reports of the start, and what they are answered

	load("idle")
	began, before := time.Now(), far.cost()
	cost := map[string]int64{}
	times := map[string]int64{}
	for n, p, u := beats.Load(), pings.Load(), far.up.Load(); time.Since(began) < 8*time.Minute; {
		time.Sleep(time.Second)
		now := far.cost()
		if now == before {
			continue
		}
		time.Sleep(time.Second) // what acknowledges it
		now = far.cost()
		what := "else"
		switch b, q := beats.Load()-n, pings.Load()-p; {
		case b == 1 && q == 0 && far.up.Load() == u: // else the answer to a question
			what = "beat"
		case b == 0 && q == 1:
			what = "ping"
		}
		cost[what] += now - before
		times[what]++
		n, p, u, before = beats.Load(), pings.Load(), far.up.Load(), now
	}
	took := time.Since(began)
	t.Logf("in %v: %v, bytes %v", took.Round(time.Second), times, cost)
	if times["beat"] == 0 || times["beat"] > int64(took/dispatch.Period)+1 || times["ping"] == 0 || times["ping"] > int64(took/alive)+1 {
		t.Fatalf("%v in %v", times, took)
	}
	began, before = time.Now(), far.cost()
	_, err = s.loactl("play", name(0), "--chime", "gong", "--as", strings.Join(signers, ","))
	check(t, err)
	time.Sleep(45 * time.Second)
	item := float64(far.cost() - before)

	const day, month = 24 * time.Hour, 30
	beat := float64(cost["beat"]) / float64(times["beat"]) * float64(day/dispatch.Period)
	ping := float64(cost["ping"]) / float64(times["ping"]) * float64(day/alive)
	item -= (beat + ping) * float64(time.Since(began)) / float64(day)
	s.mu.Lock()
	have := float64(len(message.SealHave(s.have[name(0)], s.handed[name(0)].key))) + 300 // topic, records, packets
	s.mu.Unlock()
	seldom := 4*(have+500) + 24*500 + 6*1100 // have and health, readings, the time
	for _, f := range []struct {
		name string
		day  float64
		aim  float64
	}{
		{"-beats", beat, 0}, {"-pings", ping, 0}, {"-reports", seldom, 0}, {"-programme", 3 * item, 0}, {"-data", beat + ping + seldom + 3*item, 15},
	} {
		figure(t, "fleet-idle"+f.name, f.day*month/1e6, "MB/month", f.aim)
	}
}

// alive is how often the box pings a broker to which it has nothing to say.
const alive = 230 * time.Second

// register takes a box into the authority's books, so that a dispatcher answers it.
func (s *stage) register(t *testing.T, device, place string) {
	t.Helper()
	check(t, s.AddBox(device, kind, authority.Box{Place: place}))
	want, err := s.Want(device, &plan.Settings{Commissioned: true}, signers...)
	check(t, err)
	check(t, s.Keep(want))
	check(t, s.hand(device, want))
}
