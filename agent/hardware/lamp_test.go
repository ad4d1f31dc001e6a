package hardware

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"loa/boards"
	"loa/drivers/gpioline"
)

// A technician's test lights the lamp and lets it go dark again, and not while an alarm
// stands; the end of the agent does.
func TestLamp(t *testing.T) {
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", "")
	b.Lines = map[string]boards.Line{"lamp": {File: "lamp.line", Output: true}}
	state := t.TempDir()
	var r reporter
	d := Open(b, Opts{Root: t.TempDir(), State: state, Report: r.report})
	if d.Lamp == nil || r.String() != "map[]" {
		t.Fatalf("lamp %v, conditions %s", d.Lamp, &r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	var lamp Wire
	for _, w := range d.Wires {
		if w.Name == lampName {
			lamp = w
		}
	}
	if err := lamp.Pulse(ctx, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := d.Lamp.Set(true); err != nil {
		t.Fatal(err)
	}
	if err := lamp.Pulse(ctx, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	cancel()
	wg.Wait()
	edges, err := gpioline.Edges(filepath.Join(state, "lamp.line"))
	if err != nil {
		t.Fatal(err)
	}
	var on []bool
	for _, e := range edges {
		if n := len(on); n == 0 && e.On || n > 0 && on[n-1] != e.On {
			on = append(on, e.On)
		}
	}
	if len(on) != 4 || !on[0] || on[1] || !on[2] || on[3] {
		t.Errorf("the lamp went %v: want on, off (the test), on (the alarm), off (the end)", edges)
	}
}
