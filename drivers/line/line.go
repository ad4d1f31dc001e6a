package line

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Opts say which wire it is. One of Path and Address is needed.
type Opts struct {
	// Path of a serial port, as /dev/serial/by-path/….
	Path string
	// Baud of the port; 0: 9600. Silence, or garbage in the error of a probe?
	// The card is set to another.
	Baud int
	// RTS and DTR, where wiring gives them a meaning; nil leaves them alone.
	RTS, DTR *bool
	// RS485 lets the kernel raise RTS while it sends. The card acts on what it
	// is told but is never heard? Its replies meet our own driver: set this.
	// An error of Open says that the port's kernel driver cannot.
	RS485 bool

	// Address of a card, host:port, instead of a serial port.
	Address string
	// Dial is the longest that connecting may take; 0: 5 s.
	Dial time.Duration
}

// A Line is an open wire. Read, Write, Close and the deadlines may be used from
// several goroutines, as those of a net.Conn; errors name the port, and those of
// a deadline are os.ErrDeadlineExceeded.
type Line struct {
	name   string
	stream stream
	pace   pace // of a serial port

	writing sync.Mutex
	closing sync.Once
}

// A stream is an *os.File or a net.Conn.
type stream interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Open opens the port or connects.
func Open(o Opts) (*Line, error) {
	switch {
	case (o.Path == "") == (o.Address == ""):
		return nil, errors.New("line: a wire is either the path of a port or an address")
	case o.Path != "":
		if o.Baud == 0 {
			o.Baud = 9600
		}
		f, err := openPort(o)
		if err != nil {
			return nil, fmt.Errorf("line: cannot open %s at %d baud: %w", o.Path, o.Baud, err)
		}
		return &Line{name: o.Path, stream: f, pace: pace{baud: o.Baud}}, nil
	}
	if o.Dial <= 0 {
		o.Dial = 5 * time.Second
	}
	c, err := net.DialTimeout("tcp", o.Address, o.Dial)
	if err != nil {
		return nil, fmt.Errorf("line: cannot connect to %s: %w", o.Address, cause(err))
	}
	return &Line{name: o.Address, stream: c}, nil
}

// String is the port's path or the address.
func (l *Line) String() string { return l.name }

// Read waits for at least one byte.
func (l *Line) Read(b []byte) (int, error) {
	n, err := l.stream.Read(b)
	if n > 0 {
		return n, nil
	}
	return 0, l.explain("read from", err)
}

// Write returns once b has gone out, but for the last 50 ms of a serial port.
// The count of an error tells how much of b may have.
func (l *Line) Write(b []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	done := 0
	for done < len(b) {
		time.Sleep(l.pace.wait(time.Now()))
		n, err := l.stream.Write(b[done:min(len(b), done+l.pace.chunk(len(b)))])
		l.pace.sent(time.Now(), n)
		done += n
		if err != nil {
			return done, l.explain("write to", err)
		}
	}
	time.Sleep(l.pace.wait(time.Now()))
	return done, nil
}

// explain names the port, and says what the system's words mean here.
func (l *Line) explain(verb string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrClosed), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("line: %s is closed", l.name)
	case errors.Is(err, io.EOF), errors.Is(err, errHungUp):
		return fmt.Errorf("line: %s was unplugged or hung up: %w", l.name, cause(err))
	}
	return fmt.Errorf("line: cannot %s %s: %w", verb, l.name, cause(err))
}

// cause is err without the names that os and net put before it.
func cause(err error) error {
	var path *os.PathError
	var op *net.OpError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// SetDeadline is that of Read and Write, now waiting or to come; zero: none. A
// Write notices within 0.1 s, a Read at once.
func (l *Line) SetDeadline(t time.Time) error { return l.stream.SetDeadline(t) }

// SetReadDeadline is that of Read alone.
func (l *Line) SetReadDeadline(t time.Time) error { return l.stream.SetReadDeadline(t) }

// SetWriteDeadline is that of Write alone.
func (l *Line) SetWriteDeadline(t time.Time) error { return l.stream.SetWriteDeadline(t) }

// Close ends a Read or Write that waits, and gives the port back. It may be
// called twice.
func (l *Line) Close() (err error) {
	l.closing.Do(func() {
		if f, ok := l.stream.(*os.File); ok {
			release(f)
		}
		if err = l.stream.Close(); err != nil {
			err = fmt.Errorf("line: closing %s: %w", l.name, cause(err))
		}
	})
	return err
}
