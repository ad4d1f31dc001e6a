package sensor

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"loa/drivers/sensor/sensortest"
)

// Every way in which the kernel tells a value, as the ABI documents have it.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, bus, chip string
		files           map[string]any
		channel         string
		want            float64
		err             string
	}{
		{"lux", sensortest.IIO, "tsl2561", map[string]any{"in_illuminance0_input": 312}, "in_illuminance0", 312, ""},
		{"raw lux with a scale", sensortest.IIO, "bh1750", map[string]any{"in_illuminance_raw": 1200, "in_illuminance_scale": "0.833333"}, "in_illuminance", 999.9996, ""},
		{"a scale for all voltages", sensortest.IIO, "ads1015", map[string]any{"in_voltage0_raw": 800, "in_voltage_scale": 2}, "in_voltage0", 1600, ""},
		{"its own scale goes first", sensortest.IIO, "ads1015", map[string]any{"in_voltage0_raw": 800, "in_voltage0_scale": 1, "in_voltage_scale": 2}, "in_voltage0", 800, ""},
		{"an offset", sensortest.IIO, "mcp9808", map[string]any{"in_temp_raw": 100, "in_temp_offset": -30, "in_temp_scale": "62.5"}, "in_temp", 4375, ""},
		{"counts without a scale", sensortest.IIO, "adc", map[string]any{"in_voltage3_raw": 4095}, "in_voltage3", 4095, ""},
		{"processed goes before raw", sensortest.IIO, "x", map[string]any{"in_temp_input": 31000, "in_temp_raw": 1}, "in_temp", 31000, ""},
		{"hwmon", sensortest.HWMon, "sht3x", map[string]any{"temp1_input": -1250}, "temp1", -1250, ""},
		{"1-Wire", sensortest.OneWire, "28-0316a2794eff", map[string]any{"w1_slave": "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125"}, "w1_slave", 23125, ""},
		{"1-Wire, frost", sensortest.OneWire, "28-0", map[string]any{"w1_slave": "f8 ff 4b 46 7f ff 08 10 da : crc=da YES\nf8 ff 4b 46 7f ff 08 10 da t=-500"}, "w1_slave", -500, ""},
		{"1-Wire, noise", sensortest.OneWire, "28-0", map[string]any{"w1_slave": "ff ff ff ff ff ff ff ff ff : crc=c9 NO\nff ff ff ff ff ff ff ff ff t=-62"}, "w1_slave", 0, "check sum"},
		{"1-Wire, power was lost", sensortest.OneWire, "28-0", map[string]any{"w1_slave": "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000"}, "w1_slave", 0, "before it has measured"},
		{"1-Wire, cut off", sensortest.OneWire, "28-0", map[string]any{"w1_slave": "72 01 4b"}, "w1_slave", 0, "is not what"},
		{"words", sensortest.HWMon, "x", map[string]any{"temp1_input": "warm"}, "temp1", 0, `"warm", which is no number`},
		{"no number", sensortest.HWMon, "x", map[string]any{"temp1_input": "nan"}, "temp1", 0, "no number"},
		{"endless", sensortest.IIO, "x", map[string]any{"in_temp_raw": "1e300", "in_temp_scale": "1e300"}, "in_temp", 0, "no number"},
		{"a broken scale", sensortest.IIO, "x", map[string]any{"in_temp_raw": 7, "in_temp_scale": ""}, "in_temp", 0, "in_temp_scale"},
		{"another channel", sensortest.IIO, "bme280", map[string]any{"in_temp_input": 1}, "in_pressure", 0, "no device; there are bme280"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			chip := sensortest.New(t, root, c.bus, 1, c.chip)
			for file, v := range c.files {
				chip.Set(file, v)
			}
			s, err := New(Opts{Root: root, Device: c.chip, Channel: c.channel})
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Read()
			if c.err == "" && (err != nil || math.Abs(v-c.want) > 1e-9*math.Abs(c.want)) {
				t.Errorf("%v, %v; want %v", v, err, c.want)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v, %v; want … %s …", v, err, c.err)
			}
		})
	}
}

// A chip has another number after its module was loaded again, and is found.
func TestAChipIsFoundAgain(t *testing.T) {
	root := t.TempDir()
	if s, _ := New(Opts{Root: root, Device: "bh1750", Channel: "in_illuminance"}); s != nil {
		if _, err := s.Read(); err == nil || !strings.Contains(err.Error(), "no sensor at all") {
			t.Errorf("an empty box: %v", err)
		}
	}
	sensortest.New(t, root, sensortest.IIO, 0, "ads1015").Set("in_voltage0_raw", 1)
	other := sensortest.New(t, root, sensortest.HWMon, 0, "bh1750") // the same name, without light
	other.Set("temp1_input", 1)
	chip := sensortest.New(t, root, sensortest.IIO, 1, "bh1750")
	chip.Set("in_illuminance_raw", 40)
	s, err := New(Opts{Root: root, Device: "bh17*", Channel: "in_illuminance"})
	if err != nil {
		t.Fatal(err)
	}
	want := func(lux float64) {
		t.Helper()
		if v, err := s.Read(); err != nil || v != lux {
			t.Errorf("%v, %v; want %v", v, err, lux)
		}
	}
	fails := func() {
		t.Helper()
		if v, err := s.Read(); err == nil {
			t.Errorf("%v of a chip that does not answer", v)
		}
	}
	want(40)
	chip.Fail("in_illuminance_raw")
	fails()
	chip.Set("in_illuminance_raw", 41)
	want(41)
	chip.Unplug()
	fails()
	chip.Plug(3)
	want(41)

	t.Chdir(filepath.Dir(root))
	for _, root := range []string{root, filepath.Base(root), root + "/"} { // as -root has it
		for _, device := range []string{"bh1750", chip.Dir()} {
			s, err := New(Opts{Root: root, Device: device, Channel: "in_illuminance"})
			if err != nil {
				t.Fatal(err)
			}
			if v, err := s.Read(); err != nil || v != 41 {
				t.Errorf("%s under %s: %v, %v", device, root, v, err)
			}
		}
	}
}

func TestOptsThatNameNothing(t *testing.T) {
	for _, o := range []Opts{{Channel: "temp1"}, {Device: "x"}, {Device: "[", Channel: "temp1"}, {Device: "x", Channel: "../../etc/passwd"}} {
		if s, err := New(o); err == nil {
			t.Errorf("%+v gives %v", o, s)
		}
	}
}

func FuzzOneWire(f *testing.F) {
	f.Add("72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125")
	f.Add("\nt=")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := parseOneWire(text); err == nil && !strings.Contains(text, "YES") {
			t.Errorf("%q is taken for %v without its check sum", text, v)
		}
	})
}
