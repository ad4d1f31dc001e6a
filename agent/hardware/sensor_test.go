package hardware

import (
	"testing"

	"loa/boards"
	"loa/drivers/sensor/sensortest"
)

// What a board file names is read in the units that it is written in.
func TestSensorsOfABoard(t *testing.T) {
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	if d := Open(b, Opts{State: t.TempDir()}); d.Light != nil || d.Temperature != nil {
		t.Error("a desk measures something")
	}
	b.Sensor.Light = boards.LightSensor{Device: "bh1750", Channel: "in_illuminance"}
	b.Sensor.Temperature = boards.TemperatureSensor{Device: "28-*", Channel: "w1_slave"}
	root := t.TempDir()
	d := Open(b, Opts{Root: root, State: t.TempDir()})
	if v, err := d.Light(); err == nil {
		t.Errorf("%v lux without a sensor", v)
	}
	light := sensortest.New(t, root, sensortest.IIO, 0, "bh1750") // its module loads late
	light.Set("in_illuminance_raw", 600)
	light.Set("in_illuminance_scale", "0.5")
	sensortest.New(t, root, sensortest.OneWire, 7, "28-000000000007").Set("w1_slave",
		"f6 01 4b 46 7f ff 0a 10 5f : crc=5f YES\nf6 01 4b 46 7f ff 0a 10 5f t=31375")
	if v, err := d.Light(); err != nil || v != 300 {
		t.Errorf("%v lux, %v", v, err)
	}
	if v, err := d.Temperature(); err != nil || v != 31.375 {
		t.Errorf("%v °C, %v", v, err)
	}
}
