package plan

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTriggers(t *testing.T) {
	issued := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	good := func() Triggers {
		return Triggers{
			Head:     Head{Format: 1, Kind: KindTrigger, Place: "26734", ID: "keys", Issued: issued},
			Validity: Validity{ValidUntil: issued.AddDate(0, 6, 0)}, ForS: 600,
			Lines:   []TriggerLine{{Line: "key", Alert: "flood", HoldS: 3, PerDay: 2}},
			Codes:   []TriggerCode{{Alert: "dam", Sum: strings.Repeat("0a", 16)}},
			Box:     "box-1",
			Senders: []string{"+84912345678"},
		}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*Triggers){
		"lines[0].hold_s":  func(d *Triggers) { d.Lines[0].HoldS = 2 },
		"lines[0].per_day": func(d *Triggers) { d.Lines[0].PerDay = 25 },
		"lines[1].line":    func(d *Triggers) { d.Lines = append(d.Lines, d.Lines[0]) },
		"codes[0].sum":     func(d *Triggers) { d.Codes[0].Sum = strings.Repeat("0A", 16) },
		"codes":            func(d *Triggers) { d.Codes = make([]TriggerCode, 129) },
		"senders[0]":       func(d *Triggers) { d.Senders[0] = "0912345678" },
		"box":              func(d *Triggers) { d.Box = "" },
		"for_s":            func(d *Triggers) { d.ForS = 7201 },
		"id":               func(d *Triggers) { d.ID = strings.Repeat("k", 57) },
		"valid_until":      func(d *Triggers) { d.ValidUntil = issued.AddDate(2, 0, 0) },
	} {
		d := good()
		spoil(&d)
		var bad *Error
		if err := d.Validate(); !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The names under which boxes keep what was started at them are no office's.
func TestNoOfficeIsCalledAsTheBoxesOwn(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	s := AlertSet{Head: Head{Format: 1, Kind: KindAlert, Place: "26734", ID: "trigger-keys", Issued: now}, Office: "trigger-keys", Alerts: []Alert{}}
	var bad *Error
	if err := s.Validate(); !errors.As(err, &bad) || bad.Field != "office" || !s.Key().Triggered() {
		t.Error(err)
	}
}
