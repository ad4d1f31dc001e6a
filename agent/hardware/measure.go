package hardware

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/host/v3/sysfs"

	"loa/agent/sense"
	"loa/boards"
	"loa/drivers/gpioline"
	"loa/drivers/ina219"
	"loa/drivers/vitals"
)

// Measures are what the box measures of itself. What is nil it does not have.
type Measures struct {
	Current      func() (ma, mv float64, err error) // of the amplifier's supply; mv NaN: not measured
	Supply, Heat func() (float64, error)            // mV, °C
	Door         func() (open bool, err error)      // of the cabinet
	Vitals       func() sense.Vitals
}

func measuresOf(b boards.Board, o Opts) (m Measures) {
	m.Vitals = func() sense.Vitals { return vitalsOf(vitals.Read(o.Root)) }
	if c := b.Sensor.Current; c.There() {
		read := currentOf(c, o)
		m.Current = func() (ma, mv float64, err error) {
			ma, mv, err = read()
			return ma, mv, under("sensor.current", err)
		}
	}
	if s := b.Sensor.Supply; s.There() {
		scale := s.Scale
		if scale == 0 {
			scale = 1
		}
		read := sensorOf(s.Device, s.Channel, scale, o)
		m.Supply = func() (float64, error) {
			mv, err := read()
			return mv, under("sensor.supply", err)
		}
	}
	if h := b.Sensor.Heat; h.There() {
		read := sensorOf(h.Device, h.Channel, 1e-3, o)
		m.Heat = func() (float64, error) {
			celsius, err := read()
			return celsius, under("sensor.heat", err)
		}
	}
	if d := b.Sensor.Door; d.There() {
		in := gpioline.NewInput(doorLine(d, o))
		var one sync.Mutex // a technician looks at it too, and a line has one holder
		m.Door = func() (bool, error) {
			one.Lock()
			defer one.Unlock()
			open, err := in.On()
			return open, under("sensor.door", err)
		}
	}
	return m
}

// doorLine is where a door's switch is.
func doorLine(d boards.DoorSwitch, o Opts) gpioline.Line {
	if d.File != "" {
		return gpioline.Line{Emulated: o.path(d.File)}
	}
	return gpioline.Line{Chip: d.Chip, Offset: *d.Line, ActiveLow: d.Open == "low"}
}

// under names the table of the board file that an error belongs to.
func under(table string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", table, err)
}

// currentOf reads the amplifier's meter: through the kernel, or off the bus.
func currentOf(c boards.CurrentSensor, o Opts) func() (ma, mv float64, err error) {
	if c.I2C() {
		return ina219Of(c, o)
	}
	current := sensorOf(c.Device, c.Channel, 1, o)
	if c.Voltage == "" {
		return func() (float64, float64, error) {
			ma, err := current()
			return ma, math.NaN(), err
		}
	}
	voltage := sensorOf(c.Device, c.Voltage, 1, o)
	return func() (float64, float64, error) {
		ma, err := current()
		if err != nil {
			return 0, 0, err
		}
		mv, err := voltage()
		return ma, mv, err
	}
}

// ina219Of opens the bus at the first reading, and again after one that failed: it may
// come with an adapter, late.
func ina219Of(c boards.CurrentSensor, o Opts) func() (ma, mv float64, err error) {
	open := o.I2C
	if open == nil {
		open = openI2C
	}
	var bus i2c.BusCloser
	var chip *ina219.Chip
	return func() (float64, float64, error) {
		if chip == nil {
			var err error
			if bus, err = open(c.Device); err != nil {
				return 0, 0, err
			}
			if chip, err = ina219.New(ina219.Opts{Bus: bus, Address: uint16(c.Address), ShuntMilliohm: c.ShuntMilliOhm}); err != nil {
				bus.Close()
				return 0, 0, err
			}
		}
		r, err := chip.Read()
		if err != nil && !ina219.Fresh(err) {
			bus.Close()
			chip = nil
		}
		return r.MilliAmp, r.MilliVolt, err
	}
}

func openI2C(path string) (i2c.BusCloser, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(path, "/dev/i2c-"))
	if err != nil {
		return nil, fmt.Errorf("%q is no I²C bus, such as /dev/i2c-0", path)
	}
	bus, err := sysfs.NewI2C(n)
	if err != nil {
		return nil, err
	}
	return bus, nil
}

// vitalsOf is what the kernel told, as sense judges it.
func vitalsOf(v vitals.Vitals) sense.Vitals {
	out := sense.Vitals{LowSupply: v.Undervoltage, CPUCelsius: v.CPUCelsius, Life: map[string]int{}, Spare: map[string]int{}, Errors: map[string]int{}}
	for _, c := range v.Cards {
		if c.LifePercent > 0 {
			out.Life[c.Name] = c.LifePercent
		}
		switch c.Spare {
		case vitals.SpareWarning:
			out.Spare[c.Name] = 80
		case vitals.SpareUrgent:
			out.Spare[c.Name] = 90
		}
	}
	for _, f := range v.Filesystems {
		out.Errors[f.Name] = f.Errors
	}
	return out
}
