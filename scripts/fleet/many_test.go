package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMany is what a broker of a province bears: light clients, which are the agent's
// own connections with nothing behind them.
func TestMany(t *testing.T) {
	measures(t)
	n := size(t, 5000)
	raw := wire(t, n)
	p, err := found(ram(t), n)
	check(t, err)
	m, err := newMosquitto(p, filepath.Join(ram(t), "mosquitto"), "localhost")
	check(t, err)
	check(t, m.Start())
	t.Cleanup(m.Kill)
	s, err := newSender(t.Context(), p, m.URL(), func(string, []byte) {}, "loa/v1/trust/root")
	check(t, err)
	t.Cleanup(s.stop)
	before := m.resident(t)
	began := time.Now()
	w := newSwarm(t, p, m.URL(), n, 30*time.Second)
	t.Logf("%d light clients by mutual TLS: %v", n, time.Since(began))
	figure(t, "fleet-broker-memory-per-tls-client", (m.resident(t)-before)/float64(n), "KiB", 0)
	fans(t, w, s, m, "fleet-tls", n, raw)
	herd(t, w, s, m, n)
}

// TestManyPlain is the same without TLS.
func TestManyPlain(t *testing.T) {
	measures(t)
	n := size(t, 5000) * 2 // 10,000: the machine gives a process 20,000 files
	raw := wire(t, n/2)
	p, err := found(ram(t), n)
	check(t, err)
	m, err := plainMosquitto(p, filepath.Join(ram(t), "mosquitto"))
	check(t, err)
	check(t, m.Start())
	t.Cleanup(m.Kill)
	s, err := newSender(t.Context(), p, "tcp://"+m.Addr, func(string, []byte) {}, "loa/v1/trust/root")
	check(t, err)
	t.Cleanup(s.stop)
	before := m.resident(t)
	w := newSwarm(t, p, "tcp://"+m.Addr, n, 30*time.Second)
	figure(t, "fleet-broker-memory-per-plain-client", (m.resident(t)-before)/float64(n), "KiB", 0)
	fans(t, w, s, m, "fleet-plain", n, 2*raw)
	converge(t, w, s, m)
}

// fans prints the median of five fan-outs beside bare wires.
func fans(t *testing.T, w *swarm, s *sender, m *mosquitto, what string, n int, raw float64) {
	t.Helper()
	var half, last []float64
	for range 5 {
		time.Sleep(3 * time.Second)
		load(what)
		var took []float64
		m.alone(func() { took = w.fan(t, s) })
		half, last = append(half, quantile(took, 0.5)), append(last, quantile(took, 1))
	}
	t.Logf("%s, %d: last delivery of each: %.3f", what, n, last)
	figure(t, what+"-delivery-median", quantile(half, 0.5), "s", 0)
	v := quantile(last, 0.5)
	fmt.Printf("bench %s-delivery-last %.4g s peer wire %.4g ratio %.2f\n", what, v, raw, v/raw)
	if v > 1 {
		t.Errorf("%s: the last of %d has it after %.2f s, more than 1", what, n, v)
	}
}

// wire is how long the same bytes take over as many bare connections of this machine,
// from one that writes to each.
func wire(t *testing.T, n int) float64 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	var got atomic.Int64
	var ends []net.Conn
	defer func() {
		for _, c := range ends {
			c.Close()
		}
	}()
	for range n {
		c, err := net.Dial("tcp", l.Addr().String())
		check(t, err)
		far, err := l.Accept()
		check(t, err)
		ends = append(ends, c, far)
		wg.Go(func() {
			buf := make([]byte, 512)
			for {
				if _, err := io.ReadFull(c, buf); err != nil {
					return
				}
				got.Add(1)
			}
		})
	}
	var all []float64
	load("wire")
	for range 5 {
		got.Store(0)
		began := time.Now()
		for i := 1; i < len(ends); i += 2 {
			_, err := ends[i].Write(make([]byte, 512))
			check(t, err)
		}
		for got.Load() < int64(n) {
			time.Sleep(time.Millisecond)
		}
		all = append(all, time.Since(began).Seconds())
	}
	return quantile(all, 0.5)
}

// converge gives everyone a document, and the broker had none.
func converge(t *testing.T, w *swarm, s *sender, m *mosquitto) {
	t.Helper()
	load("converge")
	began := time.Now()
	m.alone(func() {
		w.want(s, "1")
		until(t, "everyone has its document", 2*time.Minute, func() bool { return w.stale("1") == 0 })
	})
	figure(t, "fleet-converge", time.Since(began).Seconds(), "s", 15)
}

// herd kills the broker under everyone, gives them new documents meanwhile, and
// watches them come back.
func herd(t *testing.T, w *swarm, s *sender, m *mosquitto, n int) {
	t.Helper()
	load("herd")
	killed := time.Now()
	m.Kill()
	check(t, m.Wipe())
	w.want(s, "2")
	time.Sleep(2 * time.Second) // a service manager starts it again
	check(t, m.Start())
	until(t, "everyone is back", w.window+2*time.Minute, func() bool { return time.Since(killed) > 5*time.Second && w.connected() == n })
	back := time.Since(killed)
	until(t, "everyone has the newest", 30*time.Second, func() bool { return w.stale("2") == 0 })
	most, at := w.peak(killed)
	t.Logf("%d are back %v after the kill, nobody with what is old %v after it: %d handshakes, half of them after %v, 99 %% after %v; window %v",
		n, back, time.Since(killed), len(at), at[len(at)/2].Sub(killed), at[len(at)*99/100].Sub(killed), w.window)
	figure(t, "fleet-herd-peak", float64(most), "handshakes/s", 400)
	figure(t, "fleet-herd-back", back.Seconds(), "s", (w.window + 30*time.Second).Seconds())
	figure(t, "fleet-herd-handshakes", float64(len(at)), "handshakes", 0)
}

// resident is a broker's memory in KiB.
func (m *mosquitto) resident(t *testing.T) (kib float64) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	check(t, err)
	for l := range strings.Lines(string(data)) {
		if after, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			_, err := fmt.Sscan(after, &kib)
			check(t, err)
		}
	}
	return kib
}
