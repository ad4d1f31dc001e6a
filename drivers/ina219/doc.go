// Package ina219 measures a direct current and its voltage with TI's INA219.
//
// # Wiring
//
// The chip sits in the positive wire from the supply to the amplifier, and measures the
// small voltage over a shunt in that wire:
//
//	supply +  →  VIN+ ─ shunt ─ VIN−  →  amplifier +
//	supply −  →  amplifier −, and the board's ground
//	SDA, SCL  →  the board's I²C with pull-ups to 3.3 V (modules have 10 kΩ)
//	VCC, GND  →  3.3 V (never the amplifier's 24 V), ground
//
// Modules come with a shunt of 0.1 Ω, marked R100, which measures up to 3.2 A. For an
// amplifier that takes more, replace it by R010 (32 A; nothing smaller than 2512 in
// size) or bring your own. The address is 0x40; soldering A0 makes it 0x41, A1 0x44.
// The voltage must stay below 26 V: a 24 V battery that is being charged does not.
//
// # Registers
//
// TI SBOS448G (INA219 data sheet), 8.6. All have two bytes, the high one first.
//
//	0  configuration  0x399F after a reset: 32 V, ±320 mV, 12 bits, all the time
//	1  shunt voltage  signed, 10 µV
//	2  bus voltage    bits 3 to 15: 4 mV each; bit 1: converted since; bit 0: overflow
//	3  power          reading it takes the conversion bit back
//
// The calibration, current and power registers are not needed: current is shunt voltage
// by shunt. The overflow bit is about those only.
//
// # Quirks
//
//   - A chip that lost its supply for a moment has its configuration of the factory again,
//     one that was disturbed may have stopped converting, and both answer on the bus with
//     the last value. So each reading looks whether the configuration is still ours and
//     whether there was a conversion since the last; if not, it is an error, and the
//     configuration is written again.
//   - Wired the wrong way round it measures well, with a minus.
//   - At ±320 mV over the shunt the reading ends: what is more than that is told as that.
//   - A bus with a line held low makes each transfer wait for the adapter's time-out, one
//     second on most, and on some for ever: the deadline is the caller's.
//
// Where the kernel's ina2xx driver has the chip (a device tree or overlay names it), it
// is a hwmon device instead, which drivers/sensor reads; both at once are not possible.
//
// Tried on: the chip of ina219test. No real one yet.
package ina219
