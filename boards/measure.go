package boards

import (
	"slices"
	"strings"
)

// CurrentSensor measures what the amplifier draws from its supply: whether it lives, and
// whether horns hang on it.
type CurrentSensor struct {
	// Device is a chip's name in /sys/class/hwmon, such as ina219, where the kernel has
	// its driver; or the I²C bus of an INA219 that it has none for, such as /dev/i2c-0.
	Device  string `toml:"device"`
	Channel string `toml:"channel"` // of the current, such as curr1; hwmon only
	Voltage string `toml:"voltage"` // channel of its voltage, such as in1; hwmon only; empty: none

	Address       int `toml:"address"`    // of the INA219; I²C only; 0: 0x40
	ShuntMilliOhm int `toml:"shunt_mohm"` // the resistor that it measures over; I²C only

	IdleMA float64 `toml:"idle_ma"` // amplifier on, nothing sounds
	FullMA float64 `toml:"full_ma"` // how much more at 0 dBFS RMS, with all horns; console: sensors
	MostMA float64 `toml:"most_ma"` // nothing in order takes more

	LeastMV float64 `toml:"least_mv"` // the amplifier's supply is dead below; 0: not judged
}

// There reports whether the box measures its amplifier.
func (c CurrentSensor) There() bool { return c.Device != "" }

// I2C reports whether the chip is on a bus that the kernel does not read for us.
func (c CurrentSensor) I2C() bool { return strings.HasPrefix(c.Device, "/dev/i2c-") }

// ina219MicroVolt is what its shunt drops at the end of its range.
const ina219MicroVolt = 320_000

// SupplySensor measures what the box runs on: a battery, or its 5 V.
type SupplySensor struct {
	Device  string `toml:"device"`  // as for light
	Channel string `toml:"channel"` // in1 (hwmon), in_voltage0 (IIO)
	// Scale is by how much a divider makes the voltage smaller; 0: 1.
	Scale float64 `toml:"scale"`
	// Valid is what the sensor says while it is in order, LeastMV and MostMV what the box
	// needs and bears, all in mV before the divider. MostMV 0: not judged.
	Valid   []float64 `toml:"valid"`
	LeastMV float64   `toml:"least_mv"`
	MostMV  float64   `toml:"most_mv"`
}

// There reports whether the box measures its supply.
func (s SupplySensor) There() bool { return s.Device != "" }

// HeatSensor is the thermometer in the cabinet.
type HeatSensor struct {
	Device  string  `toml:"device"` // as for temperature
	Channel string  `toml:"channel"`
	MostC   float64 `toml:"most_c"` // what is in it bears no more; 0: 65
}

// There reports whether the box measures the warmth of its cabinet.
func (h HeatSensor) There() bool { return h.Device != "" }

// DoorSwitch tells whether the cabinet is open.
type DoorSwitch struct {
	Chip []string `toml:"chip"` // as for the amplifier's line
	Line *int     `toml:"line"`
	Open string   `toml:"open"` // the level that means open: "high" or "low"; empty: high, as a cut wire reads
	File string   `toml:"file"` // of an emulated switch: 1 is open; relative to the state directory
}

// There reports whether the box has a door switch.
func (d DoorSwitch) There() bool { return len(d.Chip) > 0 || d.File != "" }

func (c CurrentSensor) validate() error {
	const table = "sensor.current"
	switch {
	case c == CurrentSensor{}:
		return nil
	case !c.I2C() && !deviceName(c.Device):
		return wrong(table, "device", "%q is no meter; write its name in /sys/class/hwmon/*/name, such as ina219, or a bus, such as /dev/i2c-0", c.Device)
	case !c.I2C() && !channelOf(c.Channel, "curr", "in_current"):
		return wrong(table, "channel", "%q is no channel of current; write curr1", c.Channel)
	case !c.I2C() && c.Voltage != "" && !channelOf(c.Voltage, "in", "in_voltage"):
		return wrong(table, "voltage", "%q is no channel of voltage; write in1", c.Voltage)
	case c.I2C() && c.Channel+c.Voltage != "":
		return wrong(table, "channel", "an INA219 on a bus has no channels: delete channel and voltage")
	case c.I2C() && (c.ShuntMilliOhm < 1 || c.ShuntMilliOhm > 1000):
		return wrong(table, "shunt_mohm", "%d is outside 1 to 1000; R100 on the module is 100", c.ShuntMilliOhm)
	case !c.I2C() && c.ShuntMilliOhm != 0:
		return wrong(table, "shunt_mohm", "the kernel's driver knows it: delete this")
	case c.Address != 0 && (!c.I2C() || c.Address < 0x40 || c.Address > 0x4f):
		return wrong(table, "address", "%#x is outside 0x40 to 0x4f, or the device is no bus", c.Address)
	case !finite(c.IdleMA, c.FullMA, c.MostMA, c.LeastMV) || c.IdleMA < 1 || c.IdleMA > 5000:
		return wrong(table, "idle_ma", "%v is outside 1 to 5000: what the amplifier takes while it is on and silent", c.IdleMA)
	case c.FullMA < c.IdleMA || c.FullMA > 100_000:
		return wrong(table, "full_ma", "%v is outside idle_ma to 100000: read it off the command sensors while a tone sounds", c.FullMA)
	case c.MostMA <= c.IdleMA || c.MostMA > 200_000:
		return wrong(table, "most_ma", "%v is outside idle_ma to 200000", c.MostMA)
	case c.I2C() && c.MostMA >= float64(ina219MicroVolt/c.ShuntMilliOhm):
		return wrong(table, "most_ma", "over %d mΩ the INA219 ends at %d mA, and a short would not be seen: write less, or put in a smaller shunt", c.ShuntMilliOhm, ina219MicroVolt/c.ShuntMilliOhm)
	case c.LeastMV < 0 || c.LeastMV > 100_000:
		return wrong(table, "least_mv", "%v is outside 0 to 100000", c.LeastMV)
	}
	return nil
}

func (s SupplySensor) validate() error {
	const table = "sensor.supply"
	switch {
	case !s.There() && s.Channel == "" && s.Scale == 0 && s.Valid == nil && s.LeastMV == 0 && s.MostMV == 0:
		return nil
	case !deviceName(s.Device):
		return wrong(table, "device", "%q is no sensor; write its name in /sys/class/hwmon/*/name or /sys/bus/iio/devices/*/name", s.Device)
	case !channelOf(s.Channel, "in", "in_voltage"):
		return wrong(table, "channel", "%q is no channel of voltage; write in1 or in_voltage0", s.Channel)
	case !finite(s.Scale) || s.Scale < 0 || s.Scale > 1000:
		return wrong(table, "scale", "%v is outside 0 to 1000", s.Scale)
	case len(s.Valid) != 2 || !finite(s.Valid...) || s.Valid[0] >= s.Valid[1]:
		return wrong(table, "valid", "%v is no range; write the least and the most that it says while it is in order, such as [6000, 32000]", s.Valid)
	case !finite(s.LeastMV) || s.LeastMV <= s.Valid[0] || s.LeastMV >= s.Valid[1]:
		return wrong(table, "least_mv", "%v is not within valid, %v to %v", s.LeastMV, s.Valid[0], s.Valid[1])
	case s.MostMV != 0 && !(s.MostMV > s.LeastMV && s.MostMV < s.Valid[1]):
		return wrong(table, "most_mv", "%v is not between least_mv and the end of valid, %v", s.MostMV, s.Valid[1])
	}
	return nil
}

func (h HeatSensor) validate() error {
	const table = "sensor.heat"
	if (h == HeatSensor{}) {
		return nil
	}
	if err := (TemperatureSensor{h.Device, h.Channel}).check(table); err != nil {
		return err
	}
	if !(h.MostC >= 30 && h.MostC <= 105) {
		return wrong(table, "most_c", "%v is outside 30 to 105", h.MostC)
	}
	return nil
}

func (d DoorSwitch) validate() error {
	const table = "sensor.door"
	switch {
	case !d.There() && d.Line == nil && d.Open == "":
		return nil
	case d.File != "" && (len(d.Chip) > 0 || d.Line != nil):
		return wrong(table, "file", "an emulated switch has no chip and no line")
	case d.File == "" && len(d.Chip) == 0:
		return wrong(table, "chip", "missing; write the chip's label as gpioinfo shows it, in a list")
	case d.File == "" && (d.Line == nil || *d.Line < 0 || *d.Line > 1023):
		return wrong(table, "line", "missing, or outside 0 to 1023; write the line's offset on the chip")
	case d.Open != "" && d.Open != "high" && d.Open != "low":
		return wrong(table, "open", "%q is neither high nor low", d.Open)
	}
	return nil
}

// channelOf takes a channel of one of the kinds: its name and a number.
func channelOf(channel string, kinds ...string) bool {
	return slices.Contains(kinds, strings.TrimRight(channel, "0123456789"))
}
