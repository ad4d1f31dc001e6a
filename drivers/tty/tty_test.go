package tty

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A cable is a pty: the technician holds its master.
func cable(t *testing.T) (technician *os.File, path string) {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	path = s.Name()
	s.Close()
	t.Cleanup(func() { m.Close() })
	return m, path
}

// expect reads exactly want.
func expect(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	done := make(chan error, 1)
	go func() {
		n, err := io.ReadFull(r, got)
		for n == 0 && errors.Is(err, unix.EIO) { // nobody is at the other end of the pty yet
			time.Sleep(time.Millisecond)
			n, err = io.ReadFull(r, got)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing came, want %q", want)
	}
}

// Every byte passes both ways unchanged, and nothing is echoed.
func TestRaw(t *testing.T) {
	m, path := cable(t)
	p, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := m.Write(all); err != nil {
		t.Fatal(err)
	}
	expect(t, p, all)
	if n, err := p.Write(all); n != len(all) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	expect(t, m, all) // an echo would have come first
}

func termios(t *testing.T, path string) *unix.Termios {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return tio
}

func TestSettings(t *testing.T) {
	m, path := cable(t)
	// As a login program may leave it: HUPCL and flow control on.
	tio, err := unix.IoctlGetTermios(int(m.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	tio.Cflag |= unix.HUPCL | unix.CRTSCTS
	tio.Iflag |= unix.IXON
	if err := unix.IoctlSetTermios(int(m.Fd()), unix.TCSETS, tio); err != nil {
		t.Fatal(err)
	}
	p, err := Open(path, 57600)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got, err := unix.IoctlGetTermios(int(m.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if got.Cflag&unix.HUPCL != 0 {
		t.Error("HUPCL is set: closing the port would drop DTR and RTS")
	}
	if got.Cflag&unix.CRTSCTS != 0 || got.Iflag&(unix.IXON|unix.IXOFF) != 0 {
		t.Error("flow control is on: a loose cable would hold up the console")
	}
	if got.Cflag&unix.CLOCAL == 0 {
		t.Error("modem lines are watched")
	}
	if got.Cflag&unix.CBAUD != unix.B57600 {
		t.Errorf("baud bits are %#o, want %#o", got.Cflag&unix.CBAUD, unix.B57600)
	}
}

// A child that held the port would keep an unplugged adapter's name taken.
func TestChildrenDoNotInheritThePort(t *testing.T) {
	_, path := cable(t)
	p, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out, err := exec.Command("ls", "-l", "/proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), path+"\n") {
		t.Errorf("a child holds %s:\n%s", path, out)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/dev/does-not-exist", file, t.TempDir()} {
		if p, err := Open(path, 0); err == nil {
			p.Close()
			t.Errorf("%q was opened", path)
		} else if !strings.Contains(err.Error(), "tty: cannot open "+path) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestCloseEndsARead(t *testing.T) {
	_, path := cable(t)
	p, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := p.Read(make([]byte, 1)); done <- err }()
	p.Close()
	p.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a read of a closed port gave no error")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read goes on")
	}
}

// The plug is pulled, and comes back under the same name.
func TestKeepOpensAgain(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ttyUSB")
	m, path := cable(t)
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
	reports := make(chan error, 100)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	sessions := 0
	go func() {
		over <- Keep(ctx, name, Opts{Retry: 5 * time.Millisecond, Report: func(err error) { reports <- err }}, func(_ context.Context, p *Port) error {
			sessions++
			if _, err := p.Write([]byte("loa> ")); err != nil {
				return err
			}
			_, err := p.Read(make([]byte, 1))
			return err
		})
	}()
	expect(t, m, []byte("loa> "))
	m.Write([]byte("x")) // the technician leaves: a new session on the same port
	expect(t, m, []byte("loa> "))
	select {
	case err := <-reports:
		t.Errorf("reported %v while the port was there", err)
	default:
	}
	m.Close()
	if err := <-reports; err == nil {
		t.Error("the loss was reported as a recovery")
	}
	os.Remove(name)
	m2, path2 := cable(t)
	if err := os.Symlink(path2, name); err != nil {
		t.Fatal(err)
	}
	if err := <-reports; err != nil {
		t.Errorf("after the plug is back: %v", err)
	}
	expect(t, m2, []byte("loa> "))
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("Keep ended with %v", err)
	}
	if sessions != 3 {
		t.Errorf("%d sessions, want 3", sessions)
	}
	if tio := termios(t, path2); tio.Cflag&unix.HUPCL != 0 {
		t.Error("HUPCL is set after the end")
	}
}

// A session may end while nothing comes, and while nothing but noise does; the port goes on.
func TestDeadline(t *testing.T) {
	m, path := cable(t)
	p, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	b := make([]byte, 8)
	for _, noise := range []string{"", "noise"} {
		p.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
		if noise != "" {
			p.SetReadDeadline(time.Now().Add(-time.Millisecond))
			if _, err := m.WriteString(noise); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := p.Read(b); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || p.Lost() != nil {
			t.Fatalf("%d, %v, lost %v", n, err, p.Lost())
		}
	}
	p.SetReadDeadline(time.Time{})
	expect(t, p, []byte("noise"))
}
