package hardware

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loa/agent/survey"
	"loa/boards"
	"loa/drivers/gpioline"
	"loa/drivers/modem/modemtest"
)

// A modem at a serial port is listened to for a while, as a technician does; one that is
// pulled out meanwhile is told.
func TestAModemAtItsPort(t *testing.T) {
	fake := modemtest.New(modemtest.Quectel)
	path, unplug, err := fake.Open()
	if err != nil {
		t.Fatal(err)
	}
	d := Open(boards.Board{Sink: boards.Sink{Driver: "none"}, Amp: boards.Amp{Driver: "none"}, Modem: boards.Modem{TTY: path}}, Opts{State: t.TempDir()})
	m, err := d.Modem(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sim, err := m.SIM(t.Context())
	if err != nil || sim.Model != "EC25" || sim.State != "READY" || sim.Operator != "VIETTEL" {
		t.Errorf("%+v, %v", sim, err)
	}
	dBm := -100
	r, err := survey.Listen(t.Context(), func(ctx context.Context) (survey.Signal, error) {
		dBm--
		fake.Hear(dBm)
		return m.Signal(ctx)
	}, 300*time.Millisecond, 100*time.Millisecond)
	if err != nil || r.RSRP.Most != -101 || r.RSRP.Least > -103 || r.SINR.N < 3 || r.Access != "LTE" {
		t.Errorf("%+v, %v", r, err)
	}
	unplug()
	if _, err := m.Signal(t.Context()); err == nil {
		t.Error("a modem that was pulled out still hears")
	}
	m.Close()
	if _, err := d.Modem(t.Context()); err == nil {
		t.Error("a port that is gone opens")
	}
}

func TestNoModem(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	d := Open(boards.Board{Sink: boards.Sink{Driver: "none"}, Amp: boards.Amp{Driver: "none"}}, Opts{State: t.TempDir()})
	if _, err := d.Modem(t.Context()); !errors.Is(err, survey.ErrNone) {
		t.Error(err)
	}
}

// A relay goes on and off again, also when whoever asked goes away; an input is read and
// never driven.
func TestWires(t *testing.T) {
	state := t.TempDir()
	b := boards.Board{
		Sink: boards.Sink{Driver: "none"}, Amp: boards.Amp{Driver: "none"},
		Lines: map[string]boards.Line{"relay": {File: "relay.line", Output: true}, "door": {Title: "Cửa", File: "door.line"}},
	}
	d := Open(b, Opts{State: state})
	if len(d.Wires) != 2 || d.Wires[0].Name != "door" || d.Wires[0].Pulse != nil || d.Wires[1].Read != nil {
		t.Fatalf("%+v", d.Wires)
	}
	if _, err := os.Stat(filepath.Join(state, "relay.line")); err == nil {
		t.Error("opening touches a line")
	}
	if on, err := d.Wires[0].Read(); on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
	door := "2026-11-23T05:00:00Z on pid 1\n"
	if err := os.WriteFile(filepath.Join(state, "door.line"), []byte(door), 0o600); err != nil {
		t.Fatal(err)
	}
	if on, err := d.Wires[0].Read(); !on || err != nil {
		t.Errorf("%v, %v", on, err)
	}
	if now, _ := os.ReadFile(filepath.Join(state, "door.line")); string(now) != door {
		t.Errorf("reading the door wrote %q", now)
	}
	levels := func() (all []bool) {
		edges, err := gpioline.Edges(filepath.Join(state, "relay.line"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range edges {
			all = append(all, e.On)
		}
		return all
	}
	began := time.Now()
	if err := d.Wires[1].Pulse(t.Context(), 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if l := levels(); time.Since(began) < 200*time.Millisecond || len(l) != 3 || l[0] || !l[1] || l[2] {
		t.Errorf("%v", l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	go func() { over <- d.Wires[1].Pulse(ctx, time.Hour) }()
	for deadline := time.Now().Add(10 * time.Second); len(levels()) < 4 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if l := levels(); len(l) != 5 || !l[3] || l[4] {
		t.Errorf("%v", l)
	}
}
