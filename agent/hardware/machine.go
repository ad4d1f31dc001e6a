package hardware

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"loa/agent/config"
	"loa/boards"
)

// rightMachine says why b is not for the machine under root: what the file calls the
// amplifier's line may there be the line of a memory or of a regulator. A machine
// without a device tree has no pins by which it could be mistaken for a board.
func rightMachine(b boards.Board, root string) error {
	if len(b.Compatible) == 0 {
		return nil
	}
	data, err := os.ReadFile(config.Move(root, "/proc/device-tree/compatible"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("board %s: cannot tell whether it is for this machine: %w", b.Name, err)
	}
	here := strings.FieldsFunc(string(data), func(r rune) bool { return r == 0 })
	if slices.ContainsFunc(b.Compatible, func(name string) bool { return slices.Contains(here, name) }) {
		return nil
	}
	return fmt.Errorf("board %s is for %s, and this machine is %q", b.Name, strings.Join(b.Compatible, " or "), strings.Join(here, " "))
}

// withoutPins is what can be opened on any machine: the technician's port, where
// somebody reads what is wrong.
func withoutPins(b boards.Board) boards.Board {
	b.Sink, b.Amp = boards.Sink{Driver: "none"}, boards.Amp{Driver: "none"}
	b.Panel, b.Sensor, b.Inputs = boards.Panel{}, boards.Sensors{}, nil
	return b
}
