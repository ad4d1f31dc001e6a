package gpioline

import (
	"fmt"
	"os"
	"strings"
	"time"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
)

// An Input is a line that a switch pulls to ground, with the chip's pull-up where it has
// one. It is no line of an amplifier: that one is never read.
type Input struct{ line Line }

// NewInput touches nothing yet.
func NewInput(l Line) *Input { return &Input{line: l} }

// On reports whether the line has the level that means on. The line is ours only
// meanwhile, so that a technician can test it. An error says that it is not to be had.
func (in *Input) On() (bool, error) {
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
	if _, err := driverreg.Init(); err != nil {
		return false, fmt.Errorf("periph: %w", err)
	}
	c, err := findChip(in.line)
	if err != nil {
		return false, err
	}
	pin := c.ByNumber(in.line.Offset)
	defer pin.Close()
	if err := pin.In(gpio.PullUp, gpio.NoEdge); err != nil {
		return false, err
	}
	time.Sleep(charged)
	return (pin.Read() == gpio.High) != in.line.ActiveLow, nil
}

// charged is how long a pull-up takes for some metres of wire.
const charged = time.Millisecond
