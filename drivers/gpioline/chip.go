package gpioline

import (
	"errors"
	"fmt"
	"strings"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// chipLine is a line of a chip. It knows no Read: on an output that would
// switch the amplifier.
type chipLine struct {
	pin interface {
		Out(gpio.Level) error
		Close()
	}
	on gpio.Level // the level that means on
}

func openChip(l Line) (output, error) {
	// A failed driver is no reason to give up: on most boards some are.
	if _, err := driverreg.Init(); err != nil {
		return nil, fmt.Errorf("periph: %w", err)
	}
	c, err := findChip(l)
	if err != nil {
		return nil, err
	}
	return &chipLine{pin: c.ByNumber(l.Offset), on: gpio.Level(!l.ActiveLow)}, nil
}

// findChip is the chip that a line is on.
func findChip(l Line) (*gpioioctl.GPIOChip, error) {
	var there []string
	for _, label := range l.Chip {
		for _, c := range gpioioctl.Chips {
			if c.Label() != label {
				continue
			}
			if l.Offset < 0 || l.Offset >= c.LineCount() {
				return nil, fmt.Errorf("chip %s has %d lines", label, c.LineCount())
			}
			return c, nil
		}
	}
	for _, c := range gpioioctl.Chips {
		there = append(there, c.Label())
	}
	if len(there) == 0 {
		return nil, errors.New("this machine has no GPIO chip that may be opened")
	}
	return nil, fmt.Errorf("no such chip here; there are %s", strings.Join(there, ", "))
}

func (c *chipLine) set(on bool) error {
	level := c.on
	if !on {
		level = !level
	}
	return c.pin.Out(level)
}

// close gives the line back to the kernel, which keeps its level.
func (c *chipLine) close() error {
	c.pin.Close()
	return nil
}
