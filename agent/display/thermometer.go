package display

import (
	"context"
	"fmt"
	"sync"
	"time"

	"loa/agent/sense"
)

const (
	warmthEvery = 10 * time.Second // between two readings
	// warmthSpan is how old a reading may be: a wrong temperature is worse than none.
	warmthSpan = 5 * time.Minute
	// What air in Vietnam can be, in degrees Celsius, with the sun on the cabinet. A
	// broken thermometer says −127, −40, 85 or 128.
	coldest, warmest = -15, 60
)

// A Thermometer knows how warm it is at a board.
type Thermometer struct {
	read   func() (float64, error)
	report func(code string, err error)

	mu   sync.Mutex
	last Reading // that could be true; in degrees Celsius
}

// NewThermometer makes a Thermometer of read, which gives degrees Celsius and may
// hang; it is never called while it does. Nothing is read before Run.
func NewThermometer(read func() (float64, error), report func(code string, err error)) *Thermometer {
	return &Thermometer{read: read, report: report}
}

// Run reads every few seconds until ctx ends. It waits for no reading.
func (t *Thermometer) Run(ctx context.Context) error {
	sense.Poll(ctx, warmthEvery, t.read, func(celsius float64, err error) {
		if err == nil && !(celsius >= coldest && celsius <= warmest) {
			err = fmt.Errorf("it says %g °C, which air here never has", celsius)
		}
		if err == nil {
			t.mu.Lock()
			t.last = Reading{time.Now(), celsius}
			t.mu.Unlock()
		}
		t.report(ThermometerFault, err)
	})
	return nil
}

// Celsius is how warm it is at now, in degrees; nil: nobody knows.
func (t *Thermometer) Celsius(now time.Time) *float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last.At.IsZero() || now.Sub(t.last.At) >= warmthSpan {
		return nil
	}
	celsius := t.last.Value
	return &celsius
}
