// Package sensor reads what the kernel measures for it: light, voltages and
// temperatures that lie as text in sysfs.
//
// # Wiring
//
// That of the kernel's driver, which the device tree or an overlay names:
//
//	what                        kernel driver       device          channel
//	--------------------------  ------------------  --------------  ---------------
//	TSL2561, I²C 0x39           tsl2563             tsl2561         in_illuminance0
//	BH1750, I²C 0x23            bh1750              bh1750          in_illuminance
//	VEML7700, I²C 0x10          veml6030            veml7700        in_illuminance
//	photocell at an ADC         ti-ads1015 and all  ads1015         in_voltage0
//	                            other IIO ADCs
//	BME280, I²C 0x76            bmp280              bme280          in_temp
//	SHT3x, I²C 0x44             sht3x (hwmon)       sht3x           temp1
//	INA219 or INA226, I²C 0x40  ina2xx (hwmon)      ina219, ina226  curr1, in1
//	DS18B20 on a 1-Wire line    w1_therm            28-*            w1_slave
//
// A photocell (LDR, CdS) makes a divider with a fixed resistor between the ADC's
// reference and ground, so that a cut and a shorted wire lie at the two ends of the
// ADC, where no light brings it.
//
// # Files
//
// IIO, /sys/bus/iio/devices/iio:deviceN (Documentation/ABI/testing/sysfs-bus-iio):
// CHANNEL_input is in the unit itself; else it is (CHANNEL_raw + CHANNEL_offset) ×
// CHANNEL_scale, where scale and offset may be one for all channels of a kind:
// in_voltage_scale beside in_voltage0_raw. The units are lux, millivolts and
// thousandths of a degree Celsius.
//
// hwmon, /sys/class/hwmon/hwmonN (Documentation/hwmon/sysfs-interface): CHANNEL_input,
// in thousandths of a degree, millivolts or milliamperes.
//
// 1-Wire, /sys/bus/w1/devices/28-…/w1_slave (Documentation/w1/slaves/w1_therm): two
// lines, the first of which ends in "crc=xx YES" where the check sum is right, the
// second in "t=23125", thousandths of a degree.
//
// # Quirks
//
//   - The numbers of iio:deviceN and hwmonN move with the order in which drivers load:
//     devices are looked for by name, again after every error.
//   - A DS18B20 that lost its supply for a moment says 85 °C, with a right check sum,
//     until it has measured: 85000 is no temperature here. So is the −127 °C of
//     libraries, which no kernel driver says.
//   - A reading may take long: 750 ms on 1-Wire. On a bus that hangs, such as I²C with
//     a line held low, Read returns when the kernel's driver gives up, which may be
//     never: sysfs knows no deadline, and nothing here ends a reading. The deadline is
//     the caller's: read in a goroutine of its own, take a reading that is late for a
//     failed one, and begin no other before it has returned.
//   - Whether a value can be true is not judged here: a sensor under a bird's nest
//     reads well.
//
// Tried on: directories that sensortest makes. No real chip yet.
package sensor
