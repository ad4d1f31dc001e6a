package hardware

import "loa/drivers/sensor"

// sensorOf reads one channel of a sensor, times scale. It is looked for at each reading
// while it is missing: its module may load late.
func sensorOf(device, channel string, scale float64, o Opts) func() (float64, error) {
	s, err := sensor.New(sensor.Opts{Root: o.Root, Device: device, Channel: channel})
	return func() (float64, error) {
		if err != nil {
			return 0, err
		}
		v, err := s.Read()
		return v * scale, err
	}
}
