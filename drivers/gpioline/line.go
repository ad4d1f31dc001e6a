package gpioline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Line says which line it is: an offset on a chip, or a file that stands for one.
type Line struct {
	// Chip lists labels of GPIO chips, as gpioinfo shows them; the line is on
	// the first that exists.
	Chip   []string
	Offset int
	// ActiveLow lines are on when they are low. Amplifier on when it should be
	// off, and off when on? This is the wrong way round.
	ActiveLow bool

	// Emulated is the file that stands for the line; the rest is then ignored.
	Emulated string
}

// String names the line as errors should.
func (l Line) String() string {
	if l.Emulated != "" {
		return l.Emulated
	}
	return fmt.Sprintf("%s line %d", strings.Join(l.Chip, " or "), l.Offset)
}

// args is l as command-line arguments; parseLine reads them.
func (l Line) args() []string {
	if l.Emulated != "" {
		return []string{"emulated", l.Emulated}
	}
	active := "high"
	if l.ActiveLow {
		active = "low"
	}
	return append([]string{"gpio", strconv.Itoa(l.Offset), active}, l.Chip...)
}

func parseLine(args []string) (Line, error) {
	switch {
	case len(args) == 2 && args[0] == "emulated":
		return Line{Emulated: args[1]}, nil
	case len(args) >= 4 && args[0] == "gpio" && (args[2] == "high" || args[2] == "low"):
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return Line{}, fmt.Errorf("offset %q is no number", args[1])
		}
		return Line{Chip: args[3:], Offset: n, ActiveLow: args[2] == "low"}, nil
	}
	return Line{}, errors.New("want: emulated FILE, or: gpio OFFSET high|low LABEL [LABEL]…")
}

// An output is a line this process owns.
type output interface {
	set(on bool) error
	close() error
}

// takeTime is how long a predecessor may hold the line before it is an error.
const takeTime = 2 * time.Second

// takeOff makes the line ours and off. While it is not to be had it tries
// again, until takeTime has passed or wait, which passes some time, says stop.
func takeOff(l Line, wait func(time.Duration) (stop bool)) (output, error) {
	for deadline := time.Now().Add(takeTime); ; {
		out, err := open(l)
		if err == nil {
			if err = out.set(false); err == nil {
				return out, nil
			}
			err = errors.Join(err, out.close())
		}
		if time.Now().After(deadline) || wait(20*time.Millisecond) {
			return nil, fmt.Errorf("cannot take %s: %w", l, err)
		}
	}
}

func open(l Line) (output, error) {
	if l.Emulated != "" {
		return openEmulated(l.Emulated)
	}
	return openChip(l)
}

// Off takes the line, switches it off and lets it go; the kernel keeps the
// level. It is for the end of a service whose guard was killed as well.
func Off(l Line) error {
	out, err := takeOff(l, func(d time.Duration) bool { time.Sleep(d); return false })
	if err != nil {
		return fmt.Errorf("gpioline: %w", err)
	}
	return out.close()
}
