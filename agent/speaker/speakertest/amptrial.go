package speakertest

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// Switch is speaker.Amp.
type Switch interface{ Set(on bool) error }

// RunAmp asks of an amplifier's line all that the speaker relies on. open gives
// a fresh driver on a line that another process has left on, and the way to see
// the amplifier's power (not the pin: a line may be active low).
func RunAmp[A Switch](t *testing.T, open func() (amp A, power func() bool, err error)) {
	for _, c := range ampTrials {
		t.Run(c.name, func(t *testing.T) {
			a, power, err := open()
			if err != nil {
				t.Fatalf("cannot open the line: %v", err)
			}
			if err := c.try(a, power); err != nil {
				t.Error(err)
			}
			if c, ok := Switch(a).(io.Closer); ok {
				_ = c.Close() // the trial of Close looks at its errors
			}
		})
	}
}

var ampTrials = []struct {
	name string
	try  func(Switch, func() bool) error
}{
	{"opening leaves it off", func(_ Switch, power func() bool) error { return want(power, false, "after it was opened") }},
	{"it follows", func(a Switch, power func() bool) error {
		for k, on := range []bool{true, false, false, true, true, false} {
			if err := a.Set(on); err != nil {
				return fmt.Errorf("Set(%v): %w", on, err)
			}
			if err := want(power, on, fmt.Sprintf("after Set(%v), step %d", on, k)); err != nil {
				return err
			}
		}
		return nil
	}},
	{"Close leaves it off", func(a Switch, power func() bool) error {
		c, ok := a.(io.Closer)
		if !ok {
			return nil
		}
		if err := a.Set(true); err != nil {
			return fmt.Errorf("Set(true): %w", err)
		}
		for range 2 {
			if err := c.Close(); err != nil {
				return fmt.Errorf("Close: %w", err)
			}
		}
		if err := want(power, false, "after Close"); err != nil {
			return err
		}
		if err := a.Set(true); err == nil {
			return errors.New("a closed line was set without an error")
		}
		return want(power, false, "after Set on a closed line")
	}},
}

func want(power func() bool, on bool, when string) error {
	if got := power(); got != on {
		return fmt.Errorf("%s the amplifier is on: %v, want %v", when, got, on)
	}
	return nil
}
