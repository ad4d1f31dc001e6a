package boards

import (
	"math"
	"slices"
	"strings"
)

// Sensors are what measures how it is where the board hangs, and how the box is. A table without a
// device is a sensor that is not there.
type Sensors struct {
	Light       LightSensor       `toml:"light"`
	Temperature TemperatureSensor `toml:"temperature"`

	Current CurrentSensor `toml:"current"`
	Supply  SupplySensor  `toml:"supply"`
	Heat    HeatSensor    `toml:"heat"`
	Door    DoorSwitch    `toml:"door"`
}

// LightSensor dims the panel by the light around it: never above what a signed
// policy allows at that hour.
type LightSensor struct {
	// Device is the chip's name in /sys/bus/iio/devices/*/name, such as bh1750, with *
	// for anything; or its directory, which begins with /sys.
	Device string `toml:"device"`
	// Channel is what of it is read: in_illuminance gives lux, in_voltage0 (a photocell
	// at an ADC) millivolts.
	Channel string `toml:"channel"`

	// Valid is the least and the most that a sensor in order says. Outside of it the
	// wire is cut or shorted.
	Valid []float64 `toml:"valid"`
	// Curve is pairs of a reading and the brightness there, in percent; between them
	// lies a straight line, beyond its ends nothing changes. It may fall.
	Curve [][]float64 `toml:"curve"`
	// DefaultPercent is how bright the panel is while nobody knows how light it is.
	DefaultPercent int `toml:"default_percent"`
}

// There reports whether the box has a light sensor.
func (l LightSensor) There() bool { return l.Device != "" }

// TemperatureSensor is the thermometer behind {temperature} on a page.
type TemperatureSensor struct {
	// Device is the chip's name in /sys/bus/iio/devices or /sys/class/hwmon, such as
	// bme280, or its directory in /sys; for 1-Wire 28-*.
	Device string `toml:"device"`
	// Channel is in_temp (IIO), temp1 (hwmon) or w1_slave (1-Wire).
	Channel string `toml:"channel"`
}

// There reports whether the box has a thermometer.
func (t TemperatureSensor) There() bool { return t.Device != "" }

func (l LightSensor) validate() error {
	const table = "sensor.light"
	switch {
	case !l.There() && l.Channel == "" && l.Valid == nil && l.Curve == nil && l.DefaultPercent == 0:
		return nil
	case !deviceName(l.Device):
		return wrong(table, "device", "%q is no sensor; write its name in /sys/bus/iio/devices/*/name, such as bh1750, or its directory in /sys", l.Device)
	case !strings.HasPrefix(l.Channel, "in_") || !plainName(l.Channel):
		return wrong(table, "channel", "%q is no channel of light; write in_illuminance, or in_voltage0 for a photocell", l.Channel)
	case len(l.Valid) != 2 || !finite(l.Valid...) || l.Valid[0] >= l.Valid[1]:
		return wrong(table, "valid", "%v is no range; write the least and the most that it says while it is in order, such as [0, 120000]", l.Valid)
	case len(l.Curve) < 2 || len(l.Curve) > 32:
		return wrong(table, "curve", "%d points; write 2 to 32, such as [[1, 10], [1000, 60], [20000, 100]]", len(l.Curve))
	case l.DefaultPercent < 1 || l.DefaultPercent > 100:
		return wrong(table, "default_percent", "%d is outside 1 to 100", l.DefaultPercent)
	}
	for i, p := range l.Curve {
		switch {
		case len(p) != 2 || !finite(p...):
			return wrong(table, "curve", "%v is no point; write [reading, percent]", p)
		case p[0] < l.Valid[0] || p[0] > l.Valid[1]:
			return wrong(table, "curve", "a reading of %v is outside valid, %v to %v", p[0], l.Valid[0], l.Valid[1])
		case p[1] < 1 || p[1] > 100:
			return wrong(table, "curve", "%v %% is outside 1 to 100", p[1])
		case i > 0 && p[0] <= l.Curve[i-1][0]:
			return wrong(table, "curve", "%v does not come after %v: readings must rise", p[0], l.Curve[i-1][0])
		}
	}
	return nil
}

func (t TemperatureSensor) validate() error {
	if (t == TemperatureSensor{}) {
		return nil
	}
	return t.check("sensor.temperature")
}

func (t TemperatureSensor) check(table string) error {
	switch {
	case !deviceName(t.Device):
		return wrong(table, "device", "%q is no thermometer; write its name in /sys/class/hwmon/*/name or /sys/bus/iio/devices/*/name, or its directory in /sys", t.Device)
	case !slices.Contains([]string{"in_temp", "temp", "w1_slave"}, strings.TrimRight(t.Channel, "0123456789")):
		return wrong(table, "channel", "%q is no channel of temperature; write in_temp, temp1 or w1_slave", t.Channel)
	}
	return nil
}

// deviceName takes a chip's name, where * stands for anything, or a directory of sysfs.
func deviceName(s string) bool {
	if strings.HasPrefix(s, "/") {
		return strings.HasPrefix(s, "/sys/") && !strings.Contains(s, "..")
	}
	return s != "" && plainName(strings.NewReplacer("*", "", ",", "", ".", "").Replace(s))
}

// finite keeps what is no number out of a range.
func finite(all ...float64) bool {
	return !slices.ContainsFunc(all, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}
