// Package tty is a serial port with a technician at its other end.
//
// # Wiring
//
// TX, RX and ground of a UART at its own level (3.3 V on the boards we know),
// or a USB adapter; 115200 baud, 8N1, no flow control. Nothing else: never key
// an amplifier or a relay by DTR or RTS.
//
// # What the kernel does to the lines
//
// Linux raises DTR and RTS when a port is opened for the first time, before
// any program can say no, and lowers them at the last close while HUPCL is set,
// as it is by default. So a port that is opened and closed toggles both, and
// whatever hangs on them switches: transmitters have gone on the air that way.
// Here
//
//   - a port is opened once and kept over as many sessions as there are,
//   - HUPCL is cleared before anything else, so that the end of the agent
//     changes no line, and the next agent finds them as they were,
//   - TIOCMSET and TIOCMBIS are never called.
//
// What is left is the one rise at the first open after boot.
//
// # Quirks of go.bug.st/serial v1.8.0
//
//   - A port that was unplugged reads as "Port has been closed"; a hung-up pty
//     as "input/output error". Both are a loss here.
//   - Its handle is not to be had, so HUPCL is cleared through a second one,
//     opened before and closed after.
//   - It opens without O_CLOEXEC, so every child of the agent would hold the
//     port open, and an adapter that is plugged in again would get a new number.
//     The flag is set afterwards, before any child can start.
//   - Opening takes the port for itself (TIOCEXCL): a second open fails with
//     EBUSY, except for root.
//   - A write blocks for as long as the driver takes nothing. Without flow
//     control a UART always takes.
//
// USB adapters change their number with every plug: name them by
// /dev/serial/by-id.
//
// Tried on: Linux 6.1, pty; the modem lines need a real UART or QEMU.
package tty
