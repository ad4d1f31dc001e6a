// Package gpioline keys an amplifier with one GPIO line that is off whenever
// nobody alive wants it on.
//
// The process that dies cannot clean up, and the kernel keeps a line's level
// after its owner has gone. So the line belongs to a guard: a child process
// that takes the line, writes "off" first, does what [Amp] tells it over a
// pipe, and is fed through the same pipe, every 200 ms while the line is on.
// After 500 ms without food, or at the end of the pipe, it switches off.
//
//	what happens                         the line is off after
//	-----------------------------------  ------------------------------------
//	exit, panic, SIGKILL of the agent    end of pipe: a few milliseconds
//	SIGKILL of its process group         the same; the guard has its own session
//	SIGSTOP of the agent, swap storm     500 ms; on again when the agent lives again
//	SIGINT, SIGTERM to the guard         ignored: it ends when the agent has ended
//	SIGKILL of the guard                 the agent starts another, which writes off
//	                                     first: tens of milliseconds
//	SIGKILL of both at once              the service's ExecStopPost (see [Off]), or
//	                                     the first write of the next agent
//	kernel hangs                         the hardware watchdog resets the board, the
//	                                     pin becomes an input, the resistor pulls it off
//	power-on, boot loader                the resistor
//
// # Wiring
//
// Line → the amplifier's ENABLE, MUTE# or a relay driver, and a resistor of
// 10 kΩ from there to the level that means off: to ground when active is high.
// Prefer active high. The kernel interface that periph uses cannot request an
// output with its level: the line passes through low for some microseconds on
// the first write, which an active-low amplifier answers with a pop.
//
// # Quirks of periph.io/x/host/v3 v3.8.5, package gpioioctl
//
//   - It registers only lines that have a name; the lines of sunxi and PL061
//     chips have none. A line is found by the label of its chip and its offset.
//     Numbers of /dev/gpiochip* and of sysfs change between kernels.
//   - Read, Func and Function turn an output into an input with pull-up. They
//     are never called; the level is remembered.
//   - After a failed first Out the line believes to be an output with file
//     descriptor 0. It is closed before it is tried again.
//   - Errors come as text; EBUSY, which a guard meets while its predecessor
//     still holds the line, cannot be told apart, so every error at opening is
//     tried again for 2 s.
//   - Only /dev/gpiochip* is searched, wherever -root points.
//
// # Emulated line
//
// For desks and tests: a file with a line of text for every edge, written as
// it happens. Like the kernel it keeps its level when the writer is killed and
// has one owner at a time. [Edges] reads it.
//
// Tried on: Linux 6.1 x86-64 with the emulated line. The facts on periph were
// found on QEMU's PL061 (-M virt) and the kernel's gpio-sim.
package gpioline
