package box

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/health"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A lamp is a panel that can be dimmed.
type lamp struct {
	mu      sync.Mutex
	percent int
}

func (l *lamp) Size() image.Point                       { return image.Pt(128, 32) }
func (l *lamp) Show(context.Context, image.Image) error { return nil }
func (l *lamp) SetBrightness(percent int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.percent = percent
	return nil
}

// From a board file to the panel: the sensor dims it below what policy allows; when it
// fails the default holds, and the box says which part to buy.
func TestABoxWithSensors(t *testing.T) {
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	board.Sensor.Light = boards.LightSensor{
		Device: "bh1750", Channel: "in_illuminance", Valid: []float64{0, 120000},
		Curve: [][]float64{{3, 8}, {1000, 50}, {20000, 100}}, DefaultPercent: 40,
	}
	var (
		mu        sync.Mutex
		lux, warm = 1000.0, 31.4
		broken    error
		hung      chan struct{} // until it is closed, if there is one, no sensor answers
		panel     lamp
	)
	set := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	read := func(v *float64) func() (float64, error) {
		return func() (float64, error) {
			mu.Lock()
			bus := hung
			mu.Unlock()
			if bus != nil {
				<-bus
			}
			mu.Lock()
			defer mu.Unlock()
			return *v, broken
		}
	}
	log := slog.New(slog.DiscardHandler)
	root := trusttest.New(time.Now()).RootFile()
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Opts{
			Device: trusttest.Device, State: state, Root: root, Board: board, Health: health.New(log, nil), Log: log,
			Panel: func(context.Context) (display.Panel, error) { return &panel, nil },
			Light: read(&lux), Temperature: read(&warm),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, run := range []func(context.Context) error{b.display.Run, b.light.Run, b.warmth.Run} {
			wg.Go(func() { run(ctx) }) // waited for below
		}
		defer func() { cancel(); wg.Wait(); b.ledger.Close(); b.lock.Close() }()
		want := func(when string, percent int) {
			t.Helper()
			time.Sleep(15 * time.Minute)
			synctest.Wait()
			panel.mu.Lock()
			defer panel.mu.Unlock()
			if panel.percent != percent {
				t.Errorf("%s: %d %% instead of %d", when, panel.percent, percent)
			}
		}
		b.show(plan.Scene{Standing: plan.Idle})
		want("an overcast day", 50)
		if c := b.fields().TempC; c == nil || *c != warm {
			t.Errorf("a page says %v °C", c)
		}
		b.show(plan.Scene{Standing: plan.Idle, BrightnessPercent: 30})
		want("policy allows 30", 30)
		set(func() { lux = 0.1 })
		want("a dark night", 8)
		if s := (boardOfBox{b}).Board(); s.Light == nil || s.Light.Percent != 8 || s.Light.Reading != 0.1 || s.Light.Fault != "" || s.TempC == nil {
			t.Errorf("the technician reads %+v", s)
		}
		if b.complains("light-sensor") || b.complains("temperature-sensor") {
			t.Error("sensors in order are complained of")
		}
		set(func() { broken = errors.New("input/output error") })
		want("the sensor is gone, and policy allows 30", 30)
		b.show(plan.Scene{Standing: plan.Idle})
		want("the sensor is gone", 40)
		if c := b.fields().TempC; c != nil {
			t.Errorf("a page says %v °C, half an hour after the last reading", *c)
		}
		if s := (boardOfBox{b}).Board(); s.Light.Fault == "" || s.TempC != nil {
			t.Errorf("the technician reads %+v", s)
		}
		for _, code := range []string{"light-sensor", "temperature-sensor"} {
			if c, _ := health.Lookup(code); !b.complains(code) || c.PartVI == "" {
				t.Errorf("%s is not said, or no part is named", code)
			}
		}
		set(func() { broken = nil })
		want("it is back, at night", 8)
		if b.complains("light-sensor") || b.complains("temperature-sensor") {
			t.Error("sensors that were mended are complained of")
		}
		set(func() { hung = make(chan struct{}) }) // until the box has stopped
		defer func() { close(hung) }()
		defer func() { cancel(); wg.Wait() }()
		want("the bus hangs", 40)
		if !b.complains("light-sensor") || !b.complains("temperature-sensor") {
			t.Error("sensors that hang are not complained of")
		}
	})
}
