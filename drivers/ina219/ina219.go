package ina219

import (
	"encoding/binary"
	"errors"
	"fmt"

	"periph.io/x/conn/v3/i2c"
)

// Registers.
const (
	regConfig = 0
	regShunt  = 1
	regBus    = 2
	regPower  = 3
)

const (
	// config is 32 V, ±320 mV, both averaged over 16 conversions of 532 µs, all the
	// time: a class-D amplifier takes its current in pulses.
	config = 0x3E67

	converted = 1 << 1 // in regBus

	microVoltPerShunt = 10
	milliVoltPerBus   = 4
)

// Opts say which chip it is.
type Opts struct {
	Bus     i2c.Bus
	Address uint16 // 0: 0x40
	// ShuntMilliohm is the resistor that the current goes through. Ten times too much or
	// too little? The module has R010 or R100.
	ShuntMilliohm int
}

// A Chip is one INA219. Its methods are called by one goroutine at a time.
type Chip struct {
	o     Opts
	ready bool // our configuration is in the chip
}

// A Reading is one measurement.
type Reading struct {
	MilliAmp  float64 // from VIN+ to VIN−
	MilliVolt float64 // at VIN−, against ground
}

// New touches no bus yet: a chip may come later than the box.
func New(o Opts) (*Chip, error) {
	if o.Address == 0 {
		o.Address = 0x40
	}
	switch {
	case o.Bus == nil:
		return nil, errors.New("ina219: no bus")
	case o.Address < 0x40 || o.Address > 0x4f:
		return nil, fmt.Errorf("ina219: address %#x is outside 0x40 to 0x4f", o.Address)
	case o.ShuntMilliohm <= 0:
		return nil, fmt.Errorf("ina219: a shunt of %d mΩ", o.ShuntMilliohm)
	}
	return &Chip{o: o}, nil
}

// errFresh is what there is to read right after the configuration was written.
var errFresh = errors.New("it was set up just now and has not measured yet")

// Read gives what was measured since the last call. The first one after a start, or
// after a fault, fails: it sets the chip up.
func (c *Chip) Read() (Reading, error) {
	r, err := c.read()
	if err != nil {
		c.ready = false
		if errors.Is(err, errFresh) {
			c.ready = true
		}
		return Reading{}, fmt.Errorf("ina219: %#x: %w", c.o.Address, err)
	}
	return r, nil
}

// Fresh reports that err only says that the chip was set up by this call.
func Fresh(err error) bool { return errors.Is(err, errFresh) }

func (c *Chip) read() (Reading, error) {
	if !c.ready {
		if err := c.write(regConfig, config); err != nil {
			return Reading{}, err
		}
		_, err := c.register(regPower) // takes the conversion bit back
		return Reading{}, errors.Join(err, errFresh)
	}
	now, err := c.register(regConfig)
	switch {
	case err != nil:
		return Reading{}, err
	case now != config:
		return Reading{}, fmt.Errorf("it has forgotten its configuration (%#04x): its supply failed for a moment", now)
	}
	bus, err := c.register(regBus)
	if err != nil {
		return Reading{}, err
	}
	if bus&converted == 0 {
		return Reading{}, errors.New("it answers and does not measure")
	}
	shunt, err := c.register(regShunt)
	if err != nil {
		return Reading{}, err
	}
	if _, err := c.register(regPower); err != nil {
		return Reading{}, err
	}
	return Reading{
		MilliAmp:  float64(int16(shunt)) * microVoltPerShunt / float64(c.o.ShuntMilliohm),
		MilliVolt: float64(bus>>3) * milliVoltPerBus,
	}, nil
}

func (c *Chip) register(n byte) (uint16, error) {
	var b [2]byte
	if err := c.o.Bus.Tx(c.o.Address, []byte{n}, b[:]); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint16(b[:]), nil
}

func (c *Chip) write(n byte, v uint16) error {
	return c.o.Bus.Tx(c.o.Address, []byte{n, byte(v >> 8), byte(v)}, nil)
}
