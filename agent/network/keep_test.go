package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A manager is ModemManager 1.20 with one modem, as mmcli -J speaks of it.
type manager struct {
	t         *testing.T
	gone      bool
	state     string
	locked    string
	pin       string // the right one
	tries     int    // for it
	refuses   bool   // the provider does
	method    string
	port      string
	connects  int
	reloads   int
	lastWords string
}

func (m *manager) run(_ context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	if line == strings.Join(reload, " ") {
		m.reloads++
		return nil, nil
	}
	words, connect := strings.CutPrefix(line, "mmcli -m any --simple-connect=")
	switch {
	case m.gone:
		return nil, errors.New("mmcli: couldn't find modem")
	case line == "mmcli -m any -J":
		bearers := ""
		if m.state == "connected" {
			bearers = `"/org/freedesktop/ModemManager1/Bearer/6","/org/freedesktop/ModemManager1/Bearer/7"`
		}
		return fmt.Appendf(nil, `{"modem":{"generic":{"state":%q,"state-failed-reason":"--","unlock-required":%q,"unlock-retries":["sim-pin (%d)","sim-puk (10)"],"bearers":[%s]}}}`, m.state, m.locked, m.tries, bearers), nil
	case line == "mmcli -b 6 -J":
		return []byte(`{"bearer":{"ipv4-config":{"address":"--","dns":[],"method":"--"},"status":{"connected":"no","interface":"--"}}}`), nil
	case line == "mmcli -b 7 -J":
		return fmt.Appendf(nil, `{"bearer":{"ipv4-config":{"address":"10.64.3.5","dns":["203.162.0.11","x\n[Match]"],"gateway":"10.64.3.6","method":%q,"mtu":"1500","prefix":"30"},"status":{"connected":"yes","interface":%q}}}`, m.method, m.port), nil
	case line == "mmcli -m any --simple-disconnect":
		if m.state == "connected" {
			m.state = "registered"
		}
		return nil, nil
	case connect:
		m.connects++
		m.lastWords = words
		if m.locked == "sim-pin" {
			if !strings.Contains(words, `pin="`+m.pin+`"`) {
				if m.tries--; m.tries == 0 {
					m.locked = "sim-puk"
				}
				return nil, errors.New("mmcli: incorrect password")
			}
			m.locked, m.tries = "--", 3
		}
		if m.refuses {
			return nil, errors.New("mmcli: unknown apn")
		}
		m.state = "connected"
		return nil, nil
	}
	m.t.Errorf("ran %s", line)
	return nil, errors.New("unknown")
}

func newManager(t *testing.T) *manager {
	return &manager{t: t, state: "registered", locked: "--", tries: 3, method: "static", port: "wwan0"}
}

// kept runs a keeper in free time while f looks on, and gives its network file.
func kept(t *testing.T, m *manager, words string, f func(file func() string)) {
	dir := filepath.Join(t.TempDir(), "network")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		k := Keeper{Modem: Modem{Connect: words, Metric: 200}, Dir: dir, Run: m.run, Log: slog.New(slog.DiscardHandler)}
		go func() { k.Keep(ctx); close(ended) }()
		f(func() string {
			synctest.Wait()
			text, _ := os.ReadFile(filepath.Join(dir, heldFile))
			return string(text)
		})
		cancel()
		<-ended
	})
}

func TestConnectionIsHeld(t *testing.T) {
	m := newManager(t)
	m.state = "connected" // by another APN
	kept(t, m, `ip-type=ipv4,apn="v-internet"`, func(file func() string) {
		text := file()
		for _, line := range []string{"Name=wwan0", "Address=10.64.3.5/30", "DNS=203.162.0.11", "Gateway=10.64.3.6", "Metric=200"} {
			if !slices.Contains(strings.Split(text, "\n"), line) {
				t.Errorf("no %s in\n%s", line, text)
			}
		}
		if strings.Count(text, "[Match]") != 1 {
			t.Errorf("the provider writes into the file:\n%s", text)
		}
		if m.connects != 1 || m.lastWords != `ip-type=ipv4,apn="v-internet"` {
			t.Errorf("connected %d times, by %s", m.connects, m.lastWords)
		}
		time.Sleep(time.Hour)
		if m.connects != 1 || m.reloads != 1 || file() != text {
			t.Errorf("in a quiet hour: %d connections, %d reloads", m.connects, m.reloads)
		}

		m.state, m.refuses = "registered", true // lost, and not to be had again
		time.Sleep(time.Hour)
		if got := file(); got != "" {
			t.Errorf("while there is no connection:\n%s", got)
		}
		if m.connects < 10 || m.connects > 25 {
			t.Errorf("%d tries in an hour", m.connects-1)
		}
		m.refuses = false
		time.Sleep(lastAgain)
		if file() != text {
			t.Errorf("it is not there again:\n%s", file())
		}
		m.gone = true
		time.Sleep(lookEvery)
		if file() != "" {
			t.Error("without a modem there is still an address")
		}
		m.gone, m.state = false, "disabled"
		time.Sleep(lastAgain)
		if file() != text {
			t.Error("plugged in again, it is not connected")
		}
	})
}

// A wrong PIN is entered once, however often the box starts anew: the third locks the card.
func TestWrongPIN(t *testing.T) {
	m := newManager(t)
	m.state, m.locked, m.pin = "locked", "sim-pin", "4321"
	for range 5 {
		kept(t, m, `pin="1234"`, func(func() string) { time.Sleep(time.Hour) })
	}
	if m.connects != 1 || m.tries != 2 {
		t.Errorf("entered %d times, %d tries left", m.connects, m.tries)
	}
	m.connects, m.tries = 0, 3
	kept(t, m, "ip-type=ipv4", func(func() string) { time.Sleep(time.Hour) })
	if m.connects != 0 {
		t.Error("connects without the PIN")
	}
	kept(t, m, `pin="4321"`, func(file func() string) {
		time.Sleep(time.Minute)
		if file() == "" {
			t.Error("the right PIN does not help")
		}
	})
}

// What is no connection of ours is told, and nothing is written of it.
func TestOtherConnections(t *testing.T) {
	m := newManager(t)
	m.port = "ttyUSB0"
	kept(t, m, "", func(file func() string) {
		if file() != "" {
			t.Errorf("PPP:\n%s", file())
		}
	})
	m = newManager(t)
	m.method = "dhcp"
	kept(t, m, "", func(file func() string) {
		if text := file(); !strings.Contains(text, "DHCP=yes") || !strings.Contains(text, "RouteMetric=200") {
			t.Errorf("DHCP:\n%s", text)
		}
	})
}
