package line

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// errHungUp is what the kernel answers when a port has gone.
const errHungUp = unix.EIO

// openPort opens the port for us alone and sets it up.
func openPort(o Opts) (*os.File, error) {
	if o.Baud < 0 {
		return nil, errors.New("there is no such speed")
	}
	fd, err := unix.Open(o.Path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := setUp(fd, o); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), o.Path), nil // not blocking: it goes to the poller
}

func setUp(fd int, o Opts) error {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
		return errors.New("it is no serial port")
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		return errors.New("another program has it")
	} else if err != nil {
		return fmt.Errorf("taking it for ourselves: %w", err)
	}
	// What fd is open on, even if its name points elsewhere by now.
	if err := setMode(fmt.Sprintf("/proc/self/fd/%d", fd), o); err != nil {
		return err
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS2) // 2: it knows every baud
	if err == nil && t.Cflag&unix.HUPCL != 0 {
		t.Cflag &^= unix.HUPCL
		err = unix.IoctlSetTermios(fd, unix.TCSETS2, t)
	}
	if err != nil {
		return fmt.Errorf("clearing HUPCL: %w", err)
	}
	if o.RS485 {
		if err := turnByRTS(fd); err != nil {
			return fmt.Errorf("its driver has no RS-485: %w", err)
		}
	}
	unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) // keeps out who knows no flock, but for root
	// What came before us answers nobody's question.
	unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH)
	return nil
}

// setMode lets go.bug.st/serial set the port raw, 8N1, to its baud.
func setMode(path string, o Opts) error {
	syscall.ForkLock.RLock() // no child may inherit its descriptor
	defer syscall.ForkLock.RUnlock()
	p, err := serial.Open(path, &serial.Mode{BaudRate: o.Baud})
	if err != nil {
		return err
	}
	if o.RTS != nil {
		if err := p.SetRTS(*o.RTS); err != nil {
			p.Close()
			return fmt.Errorf("setting RTS: %w", err)
		}
	}
	if o.DTR != nil {
		if err := p.SetDTR(*o.DTR); err != nil {
			p.Close()
			return fmt.Errorf("setting DTR: %w", err)
		}
	}
	return p.Close()
}

// turnByRTS asks for struct serial_rs485 of linux/serial.h: RTS is raised while
// the port sends.
func turnByRTS(fd int) error {
	const enabled, rtsOnSend = 1 << 0, 1 << 1
	set := [8]uint32{enabled | rtsOnSend} // flags, two delays in ms, padding
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCSRS485, uintptr(unsafe.Pointer(&set))); e != 0 {
		return e
	}
	return nil
}

// release undoes TIOCEXCL, which outlives our descriptor while another is open.
func release(f *os.File) {
	if c, err := f.SyscallConn(); err == nil {
		c.Control(func(fd uintptr) { unix.IoctlSetInt(int(fd), unix.TIOCNXCL, 0) })
	}
}
