package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"loa/drivers/tty"
)

// A notebook is a technician's, at the other end of a cable that plugs into name.
type notebook struct {
	t    *testing.T
	name string

	mu    sync.Mutex
	cable *os.File // nil: unplugged
	seen  bytes.Buffer
	more  chan struct{} // something was seen
}

// plug puts the cable in.
func (l *notebook) plug() {
	l.t.Helper()
	master, s, err := pty.Open()
	if err != nil {
		l.t.Skip("no pseudo-terminals here: ", err)
	}
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil || unix.SetNonblock(fd, true) != nil {
		l.t.Fatal("cannot wait for the pseudo-terminal: ", err)
	}
	master.Close()
	m := os.NewFile(uintptr(fd), "cable") // closing it ends a Read
	l.mu.Lock()
	l.cable = m
	l.seen.Reset()
	l.mu.Unlock()
	os.Remove(l.name)
	if err := os.Symlink(s.Name(), l.name); err != nil {
		l.t.Fatal(err)
	}
	go func() { // ends when the cable is pulled
		defer s.Close() // a pty whose other end nobody holds is one that was never plugged in
		b := make([]byte, 512)
		for {
			n, err := m.Read(b)
			l.mu.Lock()
			l.seen.Write(b[:n])
			l.mu.Unlock()
			select {
			case l.more <- struct{}{}:
			default:
			}
			if err != nil && !errors.Is(err, unix.EIO) {
				return
			}
		}
	}()
}

func (l *notebook) pull() {
	l.mu.Lock()
	defer l.mu.Unlock()
	os.Remove(l.name)
	l.cable.Close()
	l.cable = nil
}

// types sends bytes, in pieces as a slow line gives them.
func (l *notebook) types(s string) {
	l.t.Helper()
	for len(s) > 0 {
		n := min(len(s), 1+rand.IntN(7))
		if _, err := io.WriteString(l.cable, s[:n]); err != nil {
			l.t.Fatal(err)
		}
		s = s[n:]
	}
}

// sees types and waits for want on the screen.
func (l *notebook) sees(s, want string) {
	l.t.Helper()
	l.mu.Lock()
	l.seen.Reset()
	l.mu.Unlock()
	l.types(s)
	l.awaits(want)
}

// awaits waits for want on the screen.
func (l *notebook) awaits(want string) {
	l.t.Helper()
	over := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		got := l.seen.String()
		l.mu.Unlock()
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-l.more:
		case <-over:
			l.t.Fatalf("the screen shows %q, want %q", got, want)
		}
	}
}

// noisy is s as a bad line brings it: bytes dropped, bits turned, and bytes that nobody
// has typed, among them those of a line that is opened or breaks.
func noisy(r *rand.Rand, s string, share float64) string {
	var b []byte
	for i := range len(s) {
		if r.Float64() >= share {
			b = append(b, s[i])
			continue
		}
		switch r.IntN(4) {
		case 0: // dropped
		case 1:
			b = append(b, s[i]^1<<r.IntN(8))
		case 2:
			b = append(b, s[i], 0)
		default:
			for range 1 + r.IntN(6) {
				b = append(b, byte(r.IntN(256)))
			}
		}
	}
	return string(b)
}

// The console at a real serial line, with all that one does.
func TestSerialLine(t *testing.T) {
	code, sum := sealed(t)
	p := &pole{level: 42}
	box, k := settled(t, p, t.TempDir())
	l := &notebook{t: t, name: filepath.Join(t.TempDir(), "ttyUSB0"), more: make(chan struct{}, 1)}
	l.plug()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	line := New(box, Opts{}).At(port(NewLogin(), sum))
	line.line.Wide = 80
	go func() {
		over <- tty.Keep(ctx, l.name, tty.Opts{Retry: 10 * time.Millisecond}, func(ctx context.Context, p *tty.Port) error { return line.Serve(ctx, p) })
	}()
	defer func() { cancel(); <-over; l.pull() }()

	l.sees("\x00\xff\xf8\x00", "Mã của thiết bị") // a cable that is plugged in
	l.sees("\xff~{\r", "Sai mã")
	l.sees(strings.ToLower(code)+"\r", "loa> ")

	r := rand.New(rand.NewPCG(5, 2026))
	for range 200 {
		// Nothing that noise can make of these touches a box, and Ctrl-D is left out: it leaves.
		l.types(strings.ReplaceAll(noisy(r, "version\rclock\r", 0.05), "\x04", ""))
	}
	l.sees("\r\x03version\r", "loa 0.3.1") // and then it is as before
	if n := p.touched(); n != 0 {
		t.Errorf("noise touched the box %d times", n)
	}

	l.sees("volume\r", "42 %")                        // CR alone
	l.sees("volume\r\n", "42 %")                      // CRLF is one line
	l.sees("volume\n", "42 %")                        // LF alone
	l.sees("lệnh lạ\r", "Không có lệnh")              // runes cut in pieces
	l.sees("lang ascii\rvolume\r", "Am luong: 42 %.") // a terminal that has no marks
	l.sees("lang vi\r", "Ngôn ngữ")

	// The adapter is unplugged in the middle of an edit, and of a commit on trial.
	l.sees("config edit media_mb 7\r", "+ media_mb = 7")
	l.types("commit conf")
	l.pull()
	l.plug()
	l.awaits("Mã của thiết bị") // whoever plugs in again says the code again
	l.sees(code+"\r", "Có thay đổi chưa ghi, của người ở cổng nối tiếp")
	l.sees("commit confirmed 5 --yes\r", "Dùng thử đến")
	l.pull()
	l.plug()
	l.awaits("Mã của thiết bị")
	l.sees(code+"\r", "Đang dùng thử cấu hình đến")
	l.sees("commit\r", "Đã ghi cấu hình.")
	if k.Kept().MediaMB != 7 {
		t.Error("not kept")
	}
}
