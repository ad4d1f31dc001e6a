package display

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// A warm place has a temperature that tests set, or a thermometer that fails.
type warmPlace struct {
	bus bus

	mu      sync.Mutex
	celsius float64
	err     error
	fault   error // what is reported
}

func (w *warmPlace) read() (float64, error) {
	w.bus.wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.celsius, w.err
}

func (w *warmPlace) set(celsius float64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.celsius, w.err = celsius, err
}

func (w *warmPlace) report(code string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault = err; code != ThermometerFault {
		w.fault = errors.New("the code " + code)
	}
}

func (w *warmPlace) reported() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

// measure runs a thermometer in a bubble.
func (w *warmPlace) measure(t *testing.T) *Thermometer {
	th := NewThermometer(w.read, w.report)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); th.Run(ctx) }() // waited for below
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return th
}

func TestThermometer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := &warmPlace{err: errors.New("no device")}
		th := w.measure(t)
		if c := th.Celsius(time.Now()); c != nil || w.reported() == nil {
			t.Errorf("%v °C without a thermometer; reported: %v", *c, w.reported())
		}
		w.set(31.4, nil)
		after(warmthEvery)
		if c := th.Celsius(time.Now()); c == nil || *c != 31.4 || w.reported() != nil {
			t.Errorf("%v, %v", c, w.reported())
		}
		for _, wrong := range []float64{-127, 85, 128, math.NaN(), math.Inf(1)} {
			w.set(31.4, nil)
			after(warmthEvery)
			w.set(wrong, nil)
			after(warmthEvery)
			if c := th.Celsius(time.Now()); c == nil || *c != 31.4 || w.reported() == nil {
				t.Errorf("%v °C: %v, %v", wrong, c, w.reported())
			}
			after(warmthSpan)
			if c := th.Celsius(time.Now()); c != nil {
				t.Errorf("%v °C for five minutes, and a page says %v", wrong, *c)
			}
		}
		w.set(-2.5, nil)
		after(warmthEvery)
		if c := th.Celsius(time.Now()); c == nil || *c != -2.5 {
			t.Errorf("frost in the mountains: %v", c)
		}
	})
}

// A bus that hangs is a thermometer that says nothing, and keeps nobody.
func TestAThermometerHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := &warmPlace{celsius: 31.4}
		th := NewThermometer(w.read, w.report)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); th.Run(ctx) }() // waited for below
		after(time.Minute)
		letGo := w.bus.hang()
		defer func() { letGo() }()
		after(2 * warmthEvery)
		if c := th.Celsius(time.Now()); c == nil || w.reported() == nil {
			t.Errorf("after a minute: %v, %v", c, w.reported())
		}
		after(warmthSpan)
		letGo()
		synctest.Wait()
		if c := th.Celsius(time.Now()); c != nil || w.reported() == nil {
			t.Errorf("by an answer that is six minutes late: %v, %v", c, w.reported())
		}
		after(warmthEvery)
		if c := th.Celsius(time.Now()); c == nil || w.reported() != nil {
			t.Errorf("it answers again: %v, %v", c, w.reported())
		}
		letGo = w.bus.hang()
		after(warmthEvery)
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("Run waits for the bus")
		}
		if n := w.bus.atOnce(); n != 1 {
			t.Errorf("%d readings at once", n)
		}
		letGo()
		<-done
	})
}

// A board never shows a temperature that nobody measures, and shows it again when
// somebody does.
func TestABoardWithoutItsThermometer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := &warmPlace{celsius: 31.4}
		th := w.measure(t)
		b := &board{fields: func() layout.Fields {
			return layout.Fields{Now: time.Now(), TempC: th.Celsius(time.Now())}
		}}
		r := newRig(t, b, true)
		r.d.Show(plan.Scene{Standing: plan.Idle, Defaults: []plan.DefaultPage{
			{Page: plan.Page{Text: "Xã An Sơn", StayS: 5}}, {Page: plan.Page{Text: "{temperature}", StayS: 5}},
		}})
		seen := func() map[string]bool {
			all := map[string]bool{}
			for range 20 {
				after(time.Second)
				all[r.sees("Xã An Sơn", "31°C", "28°C")] = true
			}
			return all
		}
		if all := seen(); !all["Xã An Sơn"] || !all["31°C"] || len(all) != 2 {
			t.Errorf("with a thermometer: %v", all)
		}
		w.set(0, errors.New("no device"))
		after(warmthSpan + time.Minute)
		if all := seen(); !all["Xã An Sơn"] || len(all) != 1 {
			t.Errorf("without: %v", all)
		}
		w.set(28, nil)
		after(time.Minute)
		if all := seen(); !all["Xã An Sơn"] || !all["28°C"] || len(all) != 2 {
			t.Errorf("with it again: %v", all)
		}
	})
}
