package sensor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Opts say what is read.
type Opts struct {
	// Root is a directory that stands for /; "" is / itself.
	Root string
	// Device is the chip's name as the kernel shows it, such as bh1750; * stands for
	// anything, and the first that has the channel counts. Or its directory, which
	// begins with /sys. Wrong: "no device".
	Device string
	// Channel is what of it: in_illuminance, in_voltage0, temp1, w1_slave.
	Channel string
}

// A Sensor is one channel of one chip. Its methods are called by one goroutine at a
// time.
type Sensor struct {
	o   Opts
	dir string // where the chip was last found; "": look for it
}

// New looks at nothing yet: a chip may come later than the box.
func New(o Opts) (*Sensor, error) {
	if o.Channel == "" || strings.ContainsAny(o.Channel, "/\x00") {
		return nil, fmt.Errorf("sensor: %q is no channel; such as in_illuminance", o.Channel)
	}
	if _, err := path.Match(o.Device, ""); o.Device == "" || err != nil {
		return nil, fmt.Errorf("sensor: %q is no name of a device", o.Device)
	}
	return &Sensor{o: o}, nil
}

// Read measures, in the unit of the kernel: lux, millivolts, milliamperes, or thousandths
// of a degree Celsius. It is a finite number. While the bus hangs it does not return: the
// deadline is the caller's.
func (s *Sensor) Read() (float64, error) {
	v, err := s.read()
	if err != nil {
		s.dir = "" // it may have another number now
		return 0, fmt.Errorf("sensor: %s, %s: %w", s.o.Device, s.o.Channel, err)
	}
	return v, nil
}

func (s *Sensor) read() (float64, error) {
	if s.dir == "" {
		if err := s.find(); err != nil {
			return 0, err
		}
	}
	if s.o.Channel == oneWire {
		text, err := read(filepath.Join(s.dir, oneWire))
		if err != nil {
			return 0, err
		}
		return parseOneWire(text)
	}
	v, err := number(filepath.Join(s.dir, s.o.Channel+"_input"))
	if !errors.Is(err, fs.ErrNotExist) {
		return v, err
	}
	raw, err := number(filepath.Join(s.dir, s.o.Channel+"_raw"))
	if err != nil {
		return 0, err
	}
	offset, err := s.shared("_offset", 0)
	if err != nil {
		return 0, err
	}
	scale, err := s.shared("_scale", 1)
	if err != nil {
		return 0, err
	}
	if v = (raw + offset) * scale; math.IsInf(v, 0) {
		return 0, fmt.Errorf("(%v + %v) × %v is no number", raw, offset, scale)
	}
	return v, nil
}

// shared is what belongs to the channel, or to all of its kind; without either usual.
func (s *Sensor) shared(what string, usual float64) (float64, error) {
	for _, of := range []string{s.o.Channel, strings.TrimRight(s.o.Channel, "0123456789")} {
		v, err := number(filepath.Join(s.dir, of+what))
		if !errors.Is(err, fs.ErrNotExist) {
			return v, err
		}
	}
	return usual, nil
}

// buses are where chips lie, each in a directory with its name in a file.
var buses = []string{"/sys/bus/iio/devices", "/sys/class/hwmon", "/sys/bus/w1/devices"}

// find looks for the chip.
func (s *Sensor) find() error {
	if strings.HasPrefix(s.o.Device, "/") {
		s.dir = s.o.Root + s.o.Device
		return nil
	}
	var others []string
	for _, bus := range buses {
		bus = s.o.Root + bus
		entries, err := os.ReadDir(bus)
		if err != nil {
			continue // a kernel without this bus
		}
		for _, e := range entries {
			dir := filepath.Join(bus, e.Name())
			name, err := read(filepath.Join(dir, "name"))
			if err != nil {
				continue // no chip, but a trigger or the bus itself
			}
			if ok, _ := path.Match(s.o.Device, name); ok && s.has(dir) { // New looked at the pattern
				s.dir = dir
				return nil
			}
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return errors.New("no device: the kernel knows of no sensor at all")
	}
	return fmt.Errorf("no device; there are %s", strings.Join(others, ", "))
}

// has reports whether the chip in dir has the channel.
func (s *Sensor) has(dir string) bool {
	for _, file := range []string{s.o.Channel + "_input", s.o.Channel + "_raw", s.o.Channel} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			return true
		}
	}
	return false
}

const (
	oneWire  = "w1_slave"
	mostText = 256 // bytes of a file; those of sysfs that are read here have 75 at most
	powerOn  = 85000
)

// read is the text of a small file.
func read(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostText))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}

// number is the number in a file.
func number(file string) (float64, error) {
	text, err := read(file)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s says %q, which is no number", filepath.Base(file), text)
	}
	return v, nil
}

// parseOneWire reads what w1_therm writes.
func parseOneWire(text string) (float64, error) {
	first, second, ok := strings.Cut(text, "\n")
	_, t, there := strings.Cut(second, "t=")
	n, err := strconv.Atoi(t)
	switch {
	case !ok || !there || err != nil:
		return 0, fmt.Errorf("%q is not what a thermometer on 1-Wire says", text)
	case !strings.HasSuffix(first, "YES"):
		return 0, errors.New("the check sum on the 1-Wire line is wrong")
	case n == powerOn:
		return 0, errors.New("it says 85 °C, which is what it says before it has measured")
	}
	return float64(n), nil
}
