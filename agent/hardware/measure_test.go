package hardware

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"periph.io/x/conn/v3/i2c"

	"loa/boards"
	"loa/drivers/ina219/ina219test"
	"loa/drivers/sensor/sensortest"
)

// What a box measures of itself, on machines that have it and on those that do not: what
// is missing is told under its key of the board file, and the rest is read.
func TestMeasures(t *testing.T) {
	desk, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	line := 900
	i2cMeter := boards.CurrentSensor{Device: "/dev/i2c-0", ShuntMilliOhm: 10, IdleMA: 60, FullMA: 4000, MostMA: 6000}
	for _, c := range []struct {
		name  string
		board func(*boards.Sensors)
		there func(root, state string, meter *ina219test.Chip)
		err   string
		read  func(Measures) (float64, error)
	}{
		{"INA219 on a bus", func(s *boards.Sensors) { s.Current = i2cMeter }, func(_, _ string, m *ina219test.Chip) { m.Set(812, 24000) }, "", func(m Measures) (float64, error) {
			ma, mv, err := m.Current()
			if err == nil && mv != 24000 {
				err = errors.New("another voltage")
			}
			return ma - 812, err
		}},
		{"INA219 that is not plugged in", func(s *boards.Sensors) { s.Current = i2cMeter }, func(_, _ string, m *ina219test.Chip) { m.Unplug(true) }, "sensor.current: ina219: 0x40: remote I/O error", current},
		{"a bus that is not there", func(s *boards.Sensors) { s.Current = i2cMeter; s.Current.Device = "/dev/i2c-9" }, nil, "sensor.current: no such bus", current},
		{"INA219 of the kernel's", func(s *boards.Sensors) {
			s.Current = boards.CurrentSensor{Device: "ina219", Channel: "curr1", Voltage: "in1"}
		}, func(root, _ string, _ *ina219test.Chip) {
			chip := sensortest.New(t, root, sensortest.HWMon, 3, "ina219")
			chip.Set("curr1_input", 812)
			chip.Set("in1_input", 23980)
		}, "", func(m Measures) (float64, error) { ma, _, err := m.Current(); return ma - 812, err }},
		{"a kernel without it", func(s *boards.Sensors) { s.Current = boards.CurrentSensor{Device: "ina219", Channel: "curr1"} }, nil, "sensor.current: sensor: ina219, curr1: no device", current},
		{"a supply behind a divider", func(s *boards.Sensors) {
			s.Supply = boards.SupplySensor{Device: "ads1015", Channel: "in_voltage0", Scale: 11}
		}, func(root, _ string, _ *ina219test.Chip) {
			sensortest.New(t, root, sensortest.IIO, 0, "ads1015").Set("in_voltage0_raw", 1200)
		}, "", func(m Measures) (float64, error) { v, err := m.Supply(); return v - 13200, err }},
		{"no supply's meter", func(s *boards.Sensors) { s.Supply = boards.SupplySensor{Device: "ads1015", Channel: "in_voltage0"} }, nil, "sensor.supply: sensor: ads1015", func(m Measures) (float64, error) { return m.Supply() }},
		{"a thermometer", func(s *boards.Sensors) { s.Heat = boards.HeatSensor{Device: "sht3x", Channel: "temp1"} }, func(root, _ string, _ *ina219test.Chip) {
			sensortest.New(t, root, sensortest.HWMon, 1, "sht3x").Set("temp1_input", 41500)
		}, "", func(m Measures) (float64, error) { v, err := m.Heat(); return v - 41.5, err }},
		{"no thermometer", func(s *boards.Sensors) { s.Heat = boards.HeatSensor{Device: "sht3x", Channel: "temp1"} }, nil, "sensor.heat: sensor: sht3x", func(m Measures) (float64, error) { return m.Heat() }},
		{"a door", func(s *boards.Sensors) { s.Door = boards.DoorSwitch{File: "door"} }, func(_, state string, _ *ina219test.Chip) {
			if err := os.WriteFile(filepath.Join(state, "door"), []byte("1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "", func(m Measures) (float64, error) {
			open, err := m.Door()
			if err == nil && !open {
				err = errors.New("it is open")
			}
			return 0, err
		}},
		{"a pin that does not exist", func(s *boards.Sensors) {
			s.Door = boards.DoorSwitch{Chip: []string{"nowhere"}, Line: &line, Open: "high"}
		}, nil, "sensor.door: gpioline: nowhere line 900", func(m Measures) (float64, error) { _, err := m.Door(); return 0, err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, root, state, meter := desk, t.TempDir(), t.TempDir(), ina219test.New(0x40, 10)
			c.board(&b.Sensor)
			if c.there != nil {
				c.there(root, state, meter)
			}
			d := Open(b, Opts{Root: root, State: state, I2C: func(path string) (i2c.BusCloser, error) {
				if path != "/dev/i2c-0" {
					return nil, errors.New("no such bus")
				}
				return meter, nil
			}})
			off, err := c.read(d.Measures)
			if c.err == "" && err != nil { // an INA219 is set up first
				off, err = c.read(d.Measures)
			}
			if c.err == "" && (err != nil || math.Abs(off) > 1) {
				t.Errorf("%v off, %v", off, err)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v; want … %s …", err, c.err)
			}
		})
	}
}

func current(m Measures) (float64, error) {
	ma, _, err := m.Current()
	return ma, err
}

// The rest of the box works, and each part that does not is told by its key.
func TestAWrongBoardFileIsToldByKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pole.toml")
	text := "[sink]\ndriver = \"wav\"\nfile = \"heard.wav\"\n[amp]\ndriver = \"gpio\"\nchip = [\"x\"]\nline = 4000\n[panel]\ndriver = \"png\"\nwidth = 64\nheight = 32\ncolors = \"red\"\nfile = \"p.png\"\n[console]\ntty = \"ttyS9\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var r reporter
	d := Open(boards.Salvage(path), Opts{Root: t.TempDir(), State: t.TempDir(), Report: r.report})
	for _, want := range []string{BoardFile, "pole.toml:7: amp.line: 4000 is outside", "pole.toml:15: console.tty"} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("%s lacks %s", r.String(), want)
		}
	}
	if d.Amp != nil || d.Panel == nil {
		t.Errorf("amplifier %v, panel there %v", d.Amp, d.Panel != nil)
	}
	if s, err := d.OpenSink(); err != nil {
		t.Error(err)
	} else if err := s.Write(make([]int16, 960)); err != nil {
		t.Error(err)
	}
}
