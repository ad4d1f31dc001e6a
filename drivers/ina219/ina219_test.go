package ina219

import (
	"math"
	"strings"
	"testing"

	"loa/drivers/ina219/ina219test"
)

func TestRead(t *testing.T) {
	bus := ina219test.New(0x41, 100)
	c, err := New(Opts{Bus: bus, Address: 0x41, ShuntMilliohm: 100})
	if err != nil {
		t.Fatal(err)
	}
	fails := func(why string) {
		t.Helper()
		if r, err := c.Read(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v, %v; want … %s …", r, err, why)
		}
	}
	reads := func(ma, mv float64) {
		t.Helper()
		r, err := c.Read()
		if err != nil || math.Abs(r.MilliAmp-ma) > 0.11 || math.Abs(r.MilliVolt-mv) > 4 {
			t.Errorf("%+v, %v; want %v mA, %v mV", r, err, ma, mv)
		}
	}
	bus.Set(812.3, 24120)
	fails("set up just now")
	reads(812.3, 24120)
	bus.Set(-61, 24000) // the wrong way round
	reads(-61, 24000)
	bus.Set(9000, 23000) // more than the shunt can tell
	reads(3200, 23000)

	bus.Stop(true)
	bus.Set(60, 24000)
	fails("does not measure")
	fails("set up just now")
	fails("does not measure")
	bus.Stop(false)
	fails("set up just now")
	reads(60, 24000)

	bus.Unplug(true)
	fails("remote I/O error")
	fails("remote I/O error")
	bus.Unplug(false)
	fails("set up just now")
	reads(60, 24000)
	bus.Unplug(false) // its supply failed for a moment
	fails("forgotten its configuration")
	fails("set up just now")
	reads(60, 24000)
}

func TestOptsThatNameNothing(t *testing.T) {
	bus := ina219test.New(0x40, 100)
	for _, o := range []Opts{{ShuntMilliohm: 100}, {Bus: bus}, {Bus: bus, ShuntMilliohm: 100, Address: 0x20}, {Bus: bus, ShuntMilliohm: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
