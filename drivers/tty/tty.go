package tty

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// DefaultBaud is the speed of a port whose Opts name none.
const DefaultBaud = 115200

// A Port is an open serial port, raw and without echo. Close ends a Read that
// waits.
type Port struct {
	path string
	port serial.Port

	mu       sync.Mutex
	lost     error
	deadline time.Time // of Read; zero: none
}

// Open opens the port at path. A baud of 0 is [DefaultBaud].
func Open(path string, baud int) (*Port, error) {
	if baud == 0 {
		baud = DefaultBaud
	}
	keep, err := steady(path)
	if err != nil {
		return nil, fmt.Errorf("tty: cannot open %s: %w", path, err)
	}
	defer unix.Close(keep)
	syscall.ForkLock.RLock() // no child may start between open and close-on-exec
	p, err := serial.Open(path, &serial.Mode{BaudRate: baud})
	if err == nil {
		withhold(keep)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("tty: cannot open %s at %d baud: %w", path, baud, err)
	}
	return &Port{path: path, port: p}, nil
}

// steady opens path and clears HUPCL.
func steady(path string) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err == nil && t.Cflag&unix.HUPCL != 0 {
		t.Cflag &^= unix.HUPCL
		err = unix.IoctlSetTermios(fd, unix.TCSETS, t)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("it is no terminal: %w", err)
	}
	return fd, nil
}

// withhold keeps all descriptors of the file under fd from children.
func withhold(fd int) {
	var want, got unix.Stat_t
	if unix.Fstat(fd, &want) != nil {
		return
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range open {
		n, err := strconv.Atoi(e.Name())
		if err == nil && unix.Fstat(n, &got) == nil && got.Rdev == want.Rdev && got.Ino == want.Ino && got.Dev == want.Dev {
			unix.CloseOnExec(n)
		}
	}
}

// SetReadDeadline lets a Read that begins after it fail with [os.ErrDeadlineExceeded]
// once it is t; the port goes on. The zero time is no deadline.
func (p *Port) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	p.deadline = t
	p.mu.Unlock()
	return nil
}

// Read waits for at least one byte.
func (p *Port) Read(b []byte) (int, error) {
	p.mu.Lock()
	deadline, wait := p.deadline, serial.NoTimeout
	p.mu.Unlock()
	if !deadline.IsZero() {
		if wait = time.Until(deadline); wait <= 0 { // although noise may wait to be read
			return 0, os.ErrDeadlineExceeded
		}
	}
	if err := p.port.SetReadTimeout(wait); err != nil {
		return 0, p.note("read", err)
	}
	n, err := p.port.Read(b)
	if n == 0 && err == nil && !deadline.IsZero() && len(b) > 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return n, p.note("read", err)
}

// Write returns when the driver has taken all of b.
func (p *Port) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := p.port.Write(b[done:])
		done += n
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, p.note("write to", err)
		}
	}
	return done, nil
}

// note remembers that the port is of no more use.
func (p *Port) note(verb string, err error) error {
	if err == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost == nil {
		p.lost = fmt.Errorf("tty: cannot %s %s: %w", verb, p.path, err)
	}
	return p.lost
}

// Lost is why the port is of no more use, nil: it still is.
func (p *Port) Lost() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Close gives the port back. The lines stay as they are.
func (p *Port) Close() error {
	p.mu.Lock()
	if p.lost == nil {
		p.lost = fmt.Errorf("tty: %s is closed", p.path)
	}
	p.mu.Unlock()
	return p.port.Close()
}
