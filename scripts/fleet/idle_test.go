package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// TestIdle is what a box costs a SIM card that does nothing all month, with loactl
// dispatch at the other end: four minutes of what goes over its line by TLS, with 52
// bytes of IP and TCP for each packet and half as much again for its acknowledgement.
// What comes more seldom is added by its size.
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
	bytes, packets, began := far.bytes.Load(), far.packets.Load(), time.Now()
	time.Sleep(4 * time.Minute)
	rate := (float64(far.bytes.Load()-bytes) + 1.5*52*float64(far.packets.Load()-packets)) / time.Since(began).Seconds()
	t.Logf("%d bytes in %d packets", far.bytes.Load()-bytes, far.packets.Load()-packets)

	const month = 30 * 24 * 3600
	s.mu.Lock()
	have := float64(len(message.SealHave(s.have[name(0)], s.handed[name(0)].key))) + 300 // topic, records, packets
	s.mu.Unlock()
	seldom := month*(have/900+500.0/900+500.0/600) + month/3600*1500 // have, health, readings; the time, hourly
	figure(t, "fleet-idle-pings-and-beats", rate*month/1e6, "MB/month", 0)
	figure(t, "fleet-idle-reports", seldom/1e6, "MB/month", 0)
	figure(t, "fleet-idle-data", (rate*month+seldom)/1e6, "MB/month", 15)
}

// register takes a box into the authority's books, so that a dispatcher answers it.
func (s *stage) register(t *testing.T, device, place string) {
	t.Helper()
	check(t, s.AddBox(device, kind, authority.Box{Place: place}))
	want, err := s.Want(device, &plan.Settings{Commissioned: true}, signers...)
	check(t, err)
	check(t, s.Keep(want))
	etc := filepath.Join(s.BoxDir(device), "etc", "loa")
	pair, err := tls.LoadX509KeyPair(filepath.Join(etc, "box.pem"), filepath.Join(etc, "box.key"))
	check(t, err)
	s.handed[device] = identity{name: device, key: pair.PrivateKey.(ed25519.PrivateKey), tls: s.shown(pair), want: want}
}
