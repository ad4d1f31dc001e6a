package boards

import (
	"strings"
	"testing"
)

const measuring = small + `
[sensor.current]
device = "/dev/i2c-0"
shunt_mohm = 10
idle_ma = 60
full_ma = 4000
most_ma = 6000
least_mv = 20000
[sensor.supply]
device = "ina219"
channel = "in1"
valid = [6000, 32000]
least_mv = 11500
most_mv = 15000
[sensor.heat]
device = "28-*"
channel = "w1_slave"
most_c = 65
[sensor.door]
chip = ["1c20800.pinctrl"]
line = 7
`

func TestMeasures(t *testing.T) {
	b, err := Parse("b.toml", []byte(measuring))
	if err != nil {
		t.Fatal(err)
	}
	if s := b.Sensor; !s.Current.There() || !s.Current.I2C() || !s.Supply.There() || !s.Heat.There() || !s.Door.There() || s.Door.Open != "high" {
		t.Errorf("%+v", b.Sensor)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"no meter", `"/dev/i2c-0"`, `"/dev/null"`, "b.toml:11: sensor.current.device"},
		{"no shunt", "shunt_mohm = 10", "", "sensor.current.shunt_mohm: 0 is outside"},
		{"a channel on a bus", "shunt_mohm = 10", "shunt_mohm = 10\nchannel = \"curr1\"", "b.toml:13: sensor.current.channel"},
		{"a chip of the kernel's with a shunt", `"/dev/i2c-0"`, "\"ina219\"\nchannel = \"curr1\"", "sensor.current.shunt_mohm"},
		{"address", "shunt_mohm = 10", "shunt_mohm = 10\naddress = 0x20", "b.toml:13: sensor.current.address"},
		{"idle", "idle_ma = 60", "idle_ma = 0", "b.toml:13: sensor.current.idle_ma"},
		{"no number", "idle_ma = 60", "idle_ma = nan", "sensor.current.idle_ma"},
		{"full", "full_ma = 4000", "full_ma = 5", "b.toml:14: sensor.current.full_ma"},
		{"a meter that ends before a short", "shunt_mohm = 10", "shunt_mohm = 100", "sensor.current.most_ma: over 100 mΩ the INA219 ends at 3200 mA"},
		{"most", "most_ma = 6000", "most_ma = 50", "b.toml:15: sensor.current.most_ma"},
		{"least", "least_mv = 20000", "least_mv = -1", "b.toml:16: sensor.current.least_mv"},
		{"no line", "driver = \"gpio\"\nchip = [\"x\"]\nline = 0", "driver = \"none\"", "sensor.current.device: no line"},
		{"least of a supply", "least_mv = 11500", "least_mv = 100", "b.toml:21: sensor.supply.least_mv"},
		{"most of a supply", "most_mv = 15000", "most_mv = 11000", "b.toml:22: sensor.supply.most_mv"},
		{"range of a supply", "[6000, 32000]", "[6000]", "b.toml:20: sensor.supply.valid"},
		{"channel of a supply", `"in1"`, `"curr1"`, "b.toml:19: sensor.supply.channel"},
		{"warmth", "most_c = 65", "most_c = 10", "b.toml:26: sensor.heat.most_c"},
		{"thermometer", `"w1_slave"`, `"in1"`, "b.toml:25: sensor.heat.channel"},
		{"no pin", "line = 7", "", "sensor.door.line"},
		{"level", "line = 7", "line = 7\nopen = \"up\"", "b.toml:30: sensor.door.open"},
		{"unknown", "most_ma", "most_mha", `did you mean "most_ma"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("b.toml", []byte(strings.Replace(measuring, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant … %s …", err, c.want)
			}
		})
	}
}
