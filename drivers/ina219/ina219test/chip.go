// Package ina219test is an INA219 that behaves, on a bus of its own.
package ina219test

import (
	"encoding/binary"
	"errors"
	"math"
	"sync"

	"periph.io/x/conn/v3/physic"
)

// A Chip is an INA219 and the bus it hangs on, an i2c.BusCloser. It has forgotten all but
// the factory's settings when it is made.
type Chip struct {
	address uint16
	shunt   float64 // mΩ

	mu      sync.Mutex
	ma, mv  float64 // what is
	config  uint16
	seen    uint16 // shunt register: the last conversion
	bus     uint16 // bus register without flags
	done    bool   // the conversion bit
	gone    bool
	stopped bool
	hung    chan struct{}
	noise   uint16
}

const factory = 0x399F

// New makes a chip with a shunt in mΩ.
func New(address uint16, shuntMilliohm int) *Chip {
	return &Chip{address: address, shunt: float64(shuntMilliohm), config: factory}
}

// Set lets a current (mA) flow at a voltage (mV).
func (c *Chip) Set(milliAmp, milliVolt float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ma, c.mv = milliAmp, milliVolt
}

// Unplug takes the chip off the bus, or puts it back as it comes up: reset.
func (c *Chip) Unplug(gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone, c.config, c.done = gone, factory, false
}

// Stop stops its conversions: it answers with the last one.
func (c *Chip) Stop(stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = stopped
}

// Hang holds the bus until the function it gives is called.
func (c *Chip) Hang() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hung := make(chan struct{})
	c.hung = hung
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.hung == hung {
			c.hung = nil
			close(hung)
		}
	}
}

// String names the bus.
func (c *Chip) String() string { return "ina219test" }

// Close does nothing.
func (c *Chip) Close() error { return nil }

// SetSpeed is not possible, as on most boards.
func (c *Chip) SetSpeed(physic.Frequency) error { return errors.New("ina219test: one speed only") }

var errNoAnswer = errors.New("remote I/O error")

// Tx is a transfer: a register's number, then two bytes to write or to read.
func (c *Chip) Tx(address uint16, w, r []byte) error {
	c.mu.Lock()
	hung := c.hung
	c.mu.Unlock()
	if hung != nil {
		<-hung
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || address != c.address || len(w) == 0 {
		return errNoAnswer
	}
	c.convert()
	switch {
	case len(w) == 3 && len(r) == 0 && w[0] == 0:
		c.config = binary.BigEndian.Uint16(w[1:])
		if c.config&(1<<15) != 0 {
			c.config = factory
		}
		c.done = false
	case len(w) == 1 && len(r) == 2:
		binary.BigEndian.PutUint16(r, c.register(w[0]))
	default:
		return errNoAnswer
	}
	return nil
}

// convert measures, if the chip does that: its mode says so.
func (c *Chip) convert() {
	if c.stopped || c.config&7 != 7 {
		return
	}
	c.noise ^= 1
	most := float64(int(4000) << ((c.config >> 11) & 3)) // ±40 mV times the gain, in 10 µV
	c.seen = uint16(int16(math.Max(-most, math.Min(most, math.Round(c.ma*c.shunt/10))))) + (c.noise & boolToInt(c.ma > 5))
	c.bus = uint16(math.Round(c.mv/4)) << 3
	c.done = true
}

func boolToInt(b bool) uint16 {
	if b {
		return 1
	}
	return 0
}

func (c *Chip) register(n byte) uint16 {
	switch n {
	case 0:
		return c.config
	case 1:
		return c.seen
	case 2:
		if c.done {
			return c.bus | 1<<1
		}
		return c.bus
	case 3:
		c.done = false
	}
	return 0
}
