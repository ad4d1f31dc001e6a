// Package line is the wire to a panel's card: a serial port or a TCP
// connection, both with the deadlines of a net.Conn.
//
// A card's driver takes the few methods it uses and need not know which wire
// it is on.
//
// # Wiring
//
// RS-232 or RS-485 at the card; TX, RX and ground, 8N1, no flow control. Linux
// raises DTR and RTS when a port is opened; they stay as they are unless
// [Opts] say otherwise, and closing the port does not drop them (HUPCL is
// cleared). Most RS-485 adapters turn their direction round by themselves; a
// transceiver on a bare UART whose direction hangs on RTS needs [Opts.RS485].
// Some half-duplex wiring brings every byte that is sent back as an echo: that
// is left in what is read, since only the driver knows its own frames.
//
// USB adapters change their number with every plug: name the port by
// /dev/serial/by-path, or by-id. One name may then be a different adapter after
// each Open, never during the life of a [Line].
//
// # Pace
//
// A kernel takes 4 KB at once, which are more than four seconds at 9600 baud:
// a stop would come too late, and a reply would be waited for before the
// question has gone out. So Write hands over 50 ms of line time at once and
// the next piece when 50 ms are left. The wire stays busy, Write returns at
// most 50 ms before its last byte has left, and at most 100 ms of bytes leave
// after a deadline.
//
// # Quirks of go.bug.st/serial v1.8.0
//
//   - Its Write has no timeout, and Close does not wake it but closes the
//     descriptor under it. Its Read tells a timeout by 0, nil. So only its
//     knowledge of line settings is used here: bytes go through a descriptor of
//     our own, which does not block and waits in Go's poller. Then deadlines
//     and Close are those of os.File, and no goroutine is left behind in a
//     Write that nobody takes.
//   - It opens without O_CLOEXEC. Its port lives only while no child can start.
//   - TIOCEXCL does not stop root from opening the port a second time and
//     silently changing its baud. Whoever uses this package holds an flock, so
//     two agents never share a wire. Other programs still can.
//   - Setting RTS or DTR fails on a pty: only who asks for it gets the error.
//
// An adapter that was unplugged, or a pty whose master has closed, ends reads
// and writes with an error that is no deadline's. That Line stays lost: close
// it and open another, less often with every failure.
//
// A wrong baud cannot be seen from here: the card is silent or sends garbage.
//
// Tried on: Linux 6.18, pty and TCP. No RS-485 transceiver and no USB
// adapter was at hand.
package line
