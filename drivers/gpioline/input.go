package gpioline

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// An Input is a line that a switch pulls to ground, with the chip's pull-up where it has
// one. It is no line of an amplifier: that one is never read.
type Input struct {
	line Line

	mu  sync.Mutex
	pin *gpioioctl.GPIOLine // nil: not taken yet
}

// NewInput touches nothing yet.
func NewInput(l Line) *Input { return &Input{line: l} }

// On reports whether the line has the level that means on. An error says that the line is
// not to be had; it is tried again at the next call.
func (in *Input) On() (bool, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	on, err := in.read()
	if err != nil {
		return false, fmt.Errorf("gpioline: %s: %w", in.line, err)
	}
	return on, nil
}

func (in *Input) read() (bool, error) {
	if in.line.Emulated != "" {
		text, err := os.ReadFile(in.line.Emulated)
		if err != nil {
			return false, err
		}
		switch strings.TrimSpace(string(text)) {
		case "0":
			return false, nil
		case "1":
			return true, nil
		}
		return false, fmt.Errorf("%.20q is neither 0 nor 1", text)
	}
	if in.pin == nil {
		if _, err := driverreg.Init(); err != nil {
			return false, fmt.Errorf("periph: %w", err)
		}
		c, err := findChip(in.line)
		if err != nil {
			return false, err
		}
		pin := c.ByNumber(in.line.Offset)
		if err := pin.In(gpio.PullUp, gpio.NoEdge); err != nil {
			pin.Close()
			return false, err
		}
		in.pin = pin
	}
	return (in.pin.Read() == gpio.High) != in.line.ActiveLow, nil
}
