package line

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A card answers "n?" with "n!" when it is asked at its baud, and with garbage at
// any other; one question at a time, as over two wires.
type card struct {
	m    *os.File
	baud int
}

// serve ends with the cable.
func (c card) serve() {
	r := bufio.NewReader(c.m)
	for {
		q, err := r.ReadString('?')
		if err != nil {
			return
		}
		now, err := settings(c.m)
		switch {
		case err != nil:
			return
		case int(now.Ospeed) != c.baud:
			c.m.Write([]byte{0xF8, 0x00, 0xFE})
		default:
			c.m.WriteString(strings.TrimSuffix(q, "?") + "!")
		}
	}
}

// ask is what a driver does: a question, an answer, a deadline for both.
func ask(conn interface {
	io.ReadWriter
	SetDeadline(time.Time) error
}, n int, patience time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "%d?", n); err != nil {
		return err
	}
	var heard []byte
	b := make([]byte, 16)
	for {
		k, err := conn.Read(b)
		if heard = append(heard, b[:k]...); strings.HasSuffix(string(heard), fmt.Sprintf("%d!", n)) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("heard %q: %w", heard, err)
		}
	}
}

// From the driver's side of the wire: a wrong baud, the right one, a plug that is
// pulled, and one that comes back under the same name.
func TestACardBehindThePort(t *testing.T) {
	name := filepath.Join(t.TempDir(), "by-path")
	m, path := cable(t)
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
	go card{m, 57600}.serve()

	wrong := open(t, Opts{Path: name, Baud: 9600})
	if err := ask(wrong, 1, 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), name) {
		t.Errorf("at a wrong baud: %v", err)
	}
	wrong.Close()

	l := open(t, Opts{Path: name, Baud: 57600})
	for n := range 50 {
		if err := ask(l, n, long); err != nil {
			t.Fatal(err)
		}
	}

	m.Close()
	if err := ask(l, 51, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("without a plug: %v", err)
	}
	l.Close()
	os.Remove(name)
	if _, err := Open(Opts{Path: name}); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("without a port: %v", err)
	}

	m, path = cable(t)
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
	go card{m, 57600}.serve()
	if err := ask(open(t, Opts{Path: name, Baud: 57600}), 52, long); err != nil {
		t.Error(err)
	}
}

func TestACardOnTheNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	l := open(t, Opts{Address: address})
	if l.String() != address {
		t.Errorf("its name is %s", l)
	}
	theirs, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()

	if err := ask(l, 1, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), address) {
		t.Errorf("a silent card: %v", err)
	}
	io.WriteString(theirs, "2!")
	if err := ask(l, 2, long); err != nil {
		t.Error(err)
	}
	much := make([]byte, 64<<20) // more than sockets hold
	l.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := l.Write(much); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a card that takes nothing: %v", err)
	}
	theirs.Close()
	if err := ask(l, 3, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), address) {
		t.Errorf("a card that has gone: %v", err)
	}
	l.Close()
	if _, err := l.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), address+" is closed") {
		t.Errorf("after Close: %v", err)
	}
}
