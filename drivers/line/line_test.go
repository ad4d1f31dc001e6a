package line

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const long = 10 * time.Second // what is noticed at once takes less, on any machine

// A cable is a pty: the card holds its master.
func cable(t *testing.T) (card *os.File, path string) {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); s.Close() }) // while a slave is open the master reads no EIO
	return m, s.Name()
}

func open(t *testing.T, o Opts) *Line {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// within returns what f does, if it does so before long.
func within[T any](t *testing.T, what string, f func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case v := <-done:
		return v
	case <-time.After(long):
		t.Fatalf("%s goes on and on", what)
		panic("not reached")
	}
}

func TestEveryByteBothWays(t *testing.T) {
	m, path := cable(t)
	l := open(t, Opts{Path: path, Baud: 115200})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range []struct {
		from io.Writer
		to   io.Reader
	}{{l, m}, {m, l}} {
		if n, err := way.from.Write(all); n != len(all) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		got := make([]byte, len(all))
		if err := within(t, "a read", func() error { _, err := io.ReadFull(way.to, got); return err }); err != nil || !bytes.Equal(got, all) {
			t.Fatalf("read % x, %v", got, err)
		}
	}
}

// settings are those of the port at the other end of the card's pty.
func settings(m *os.File) (tio *unix.Termios, err error) {
	c, err := m.SyscallConn()
	if err != nil {
		return nil, err
	}
	if e := c.Control(func(fd uintptr) { tio, err = unix.IoctlGetTermios(int(fd), unix.TCGETS2) }); e != nil {
		return nil, e
	}
	return tio, err
}

// speed is its baud; the rest must be as a card needs it.
func speed(t *testing.T, m *os.File) int {
	t.Helper()
	tio, err := settings(m)
	if err != nil {
		t.Fatal(err)
	}
	if tio.Cflag&unix.HUPCL != 0 {
		t.Error("HUPCL is set: closing the port would drop RTS and DTR")
	}
	if tio.Cflag&unix.CRTSCTS != 0 || tio.Iflag&(unix.IXON|unix.IXOFF) != 0 {
		t.Error("flow control is on: a loose cable would hold up the panel")
	}
	if tio.Cflag&unix.CSIZE != unix.CS8 {
		t.Error("bytes have not eight bits")
	}
	return int(tio.Ospeed)
}

func TestBaud(t *testing.T) {
	m, path := cable(t)
	tio, err := settings(m)
	if err != nil {
		t.Fatal(err)
	}
	tio.Cflag |= unix.HUPCL | unix.CRTSCTS | unix.PARENB // as who had it before may leave it
	tio.Iflag |= unix.IXON
	if err := unix.IoctlSetTermios(int(m.Fd()), unix.TCSETS2, tio); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ asked, set int }{{0, 9600}, {57600, 57600}, {115200, 115200}, {250000, 250000}} {
		l, err := Open(Opts{Path: path, Baud: c.asked})
		if err != nil {
			t.Fatal(err)
		}
		if got := speed(t, m); got != c.set {
			t.Errorf("a baud of %d set %d", c.asked, got)
		}
		l.Close()
	}
}

func TestOpenRefuses(t *testing.T) {
	_, taken := cable(t)
	open(t, Opts{Path: taken})
	_, path := cable(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	yes := true
	for _, c := range []struct {
		o    Opts
		want string
	}{
		{Opts{}, "either"},
		{Opts{Path: path, Address: "10.0.0.1:5200"}, "either"},
		{Opts{Path: "/dev/does-not-exist"}, "cannot open /dev/does-not-exist at 9600 baud: no such file"},
		{Opts{Path: file}, "no serial port"},
		{Opts{Path: path, Baud: -1}, "no such speed"},
		{Opts{Path: taken}, "another program has it"},
		{Opts{Path: path, RTS: &yes}, "setting RTS"}, // a pty has none: who asks is told
		{Opts{Path: path, DTR: &yes}, "setting DTR"},
		{Opts{Path: path, RS485: true}, "no RS-485"},
		{Opts{Address: "127.0.0.1:1"}, "cannot connect to 127.0.0.1:1"},
	} {
		if l, err := Open(c.o); err == nil {
			l.Close()
			t.Errorf("%+v was opened", c.o)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q in it", c.o, err, c.want)
		}
	}
	open(t, Opts{Path: path}) // no refusal has kept it
}

// The card takes nothing: its cable is out, or it hangs.
func TestStarved(t *testing.T) {
	_, path := cable(t)
	before := runtime.NumGoroutine()
	l := open(t, Opts{Path: path, Baud: 4000000})
	l.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	n, err := 0, error(nil)
	within(t, "a Write that nobody takes", func() bool { n, err = l.Write(make([]byte, 1<<20)); return true })
	if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), path) || n <= 0 || n >= 1<<20 {
		t.Fatalf("wrote %d, %v", n, err)
	}
	if err := within(t, "Close", l.Close); err != nil {
		t.Fatal(err)
	}
	if err := within(t, "a second Close", l.Close); err != nil {
		t.Fatal(err)
	}
	open(t, Opts{Path: path}).Close() // the port was given back
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i > 1000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCloseEndsAWriteAndARead(t *testing.T) {
	_, path := cable(t)
	l := open(t, Opts{Path: path, Baud: 4000000})
	ends := make(chan error, 2)
	go func() { _, err := l.Write(make([]byte, 1<<20)); ends <- err }()
	go func() { _, err := l.Read(make([]byte, 1)); ends <- err }()
	time.Sleep(50 * time.Millisecond) // both should wait; it holds as well if they do not yet
	l.Close()
	for range 2 {
		err := within(t, "what waited", func() error { return <-ends })
		if want := fmt.Sprintf("line: %s is closed", path); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestADeadlineWakesARead(t *testing.T) {
	_, path := cable(t)
	l := open(t, Opts{Path: path})
	end := make(chan error, 1)
	go func() { _, err := l.Read(make([]byte, 1)); end <- err }()
	time.Sleep(10 * time.Millisecond)
	l.SetDeadline(time.Unix(1, 0))
	if err := within(t, "the Read", func() error { return <-end }); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}

// The adapter is pulled out while a frame leaves and another is waited for.
func TestCutInAFrame(t *testing.T) {
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	path := s.Name()
	l := open(t, Opts{Path: path, Baud: 57600})
	s.Close()
	ends := make(chan error, 2)
	go func() { _, err := l.Write(make([]byte, 1<<20)); ends <- err }()
	go func() { _, err := l.Read(make([]byte, 1)); ends <- err }()
	if _, err := io.ReadFull(m, make([]byte, 300)); err != nil {
		t.Fatal(err)
	}
	m.Close()
	for range 2 {
		err := within(t, "what was cut", func() error { return <-ends })
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), path+" was unplugged") {
			t.Errorf("%v", err)
		}
	}
	if _, err := l.Write([]byte("more")); err == nil {
		t.Error("a lost port took more")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(Opts{Path: path}); err == nil {
		t.Error("a port that has gone was opened")
	}
}

// The card never stops talking: all of it comes, and a deadline still ends a read.
func TestFlooded(t *testing.T) {
	m, path := cable(t)
	l := open(t, Opts{Path: path})
	const much = 1 << 20
	go func() {
		for i := 0; i < much; i += 256 {
			m.Write(bytes.Repeat([]byte{byte(i >> 8)}, 256))
		}
	}()
	l.SetReadDeadline(time.Now().Add(long))
	got, piece := 0, make([]byte, 4096)
	for got < much {
		n, err := l.Read(piece)
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		for _, b := range piece[:n] {
			if b != byte(got>>8) {
				t.Fatalf("byte %d is %d", got, b)
			}
			got++
		}
	}
	l.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := l.Read(piece); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// What a card said to whoever had the port before is no answer to us.
func TestOldBytesAreForgotten(t *testing.T) {
	m, path := cable(t)
	first := open(t, Opts{Path: path}) // raw, else the pty holds bytes back until a line ends
	m.Write([]byte("an old answer"))
	first.Close()
	l := open(t, Opts{Path: path})
	m.Write([]byte("new"))
	got := make([]byte, 16)
	l.SetReadDeadline(time.Now().Add(long))
	n, err := l.Read(got)
	if err != nil || !strings.HasPrefix("new", string(got[:n])) {
		t.Errorf("read %q, %v", got[:n], err)
	}
}
