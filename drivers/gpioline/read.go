package gpioline

import (
	"errors"
	"fmt"
	"os"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// Read makes a line that somebody else drives an input and says whether it is on. Never
// ask it of a line that switches something.
func Read(l Line) (on bool, err error) {
	if l.Emulated != "" {
		edges, err := Edges(l.Emulated)
		return len(edges) > 0 && edges[len(edges)-1].On, err
	}
	if _, err := driverreg.Init(); err != nil {
		return false, fmt.Errorf("gpioline: periph: %w", err)
	}
	for _, label := range l.Chip {
		for _, c := range gpioioctl.Chips {
			if c.Label() != label {
				continue
			}
			if l.Offset < 0 || l.Offset >= c.LineCount() {
				return false, fmt.Errorf("gpioline: chip %s has %d lines", label, c.LineCount())
			}
			pin := c.ByNumber(l.Offset)
			defer pin.Close()
			if err := pin.In(gpio.PullNoChange, gpio.NoEdge); err != nil {
				return false, fmt.Errorf("gpioline: cannot read %s: %w", l, err)
			}
			return bool(pin.Read()) != l.ActiveLow, nil
		}
	}
	return false, fmt.Errorf("gpioline: cannot read %s: %w", l, errors.Join(os.ErrNotExist))
}
