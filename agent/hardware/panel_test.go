package hardware

import (
	"context"
	"image"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/agent/layout"
	"loa/agent/plan"
	"loa/boards"
	"loa/drivers/bx/bxtest"
)

// A cabinet is a board as it hangs at the road: a card at the end of a serial line,
// which can be cut and mended.
type cabinet struct {
	t    *testing.T
	card *bxtest.Card
	path string // that the board file names
	mu   sync.Mutex
	m, s *os.File
}

func newCabinet(t *testing.T) *cabinet {
	c := &cabinet{t: t, card: bxtest.New(bxtest.BX5E2), path: filepath.Join(t.TempDir(), "ttyPanel")}
	t.Cleanup(c.card.Close)
	c.mend()
	t.Cleanup(c.cut)
	return c
}

// mend lays a new line to the card, under the old name.
func (c *cabinet) mend() {
	c.t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		c.t.Fatal(err)
	}
	// The other end stays open and raw, or what is sent first is echoed.
	if _, err := term.MakeRaw(int(s.Fd())); err != nil {
		c.t.Fatal(err)
	}
	os.Remove(c.path)
	if err := os.Symlink(s.Name(), c.path); err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.m, c.s = m, s
	c.mu.Unlock()
	go c.card.ServeNet(m) // ends with the line
}

// cut hangs the line up.
func (c *cabinet) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Close()
	c.m.Close()
}

// flood is noise from a broken adapter.
func (c *cabinet) flood(n int) {
	c.mu.Lock()
	m := c.m
	c.mu.Unlock()
	noise := []byte(strings.Repeat("\xa5\x00\x5a\xff\xa6", 200))
	for ; n > 0; n -= len(noise) {
		if _, err := m.Write(noise); err != nil {
			return
		}
	}
}

// sees waits until the board shows this text.
func (c *cabinet) sees(b layout.Board, text string, within time.Duration) {
	c.t.Helper()
	look, _ := layout.LookNamed("")
	pages, _ := layout.Set(text, look, b, layout.Fields{})
	want := image.NewRGBA(image.Rectangle{Max: b.Size})
	pages[0].Frame(want, 0)
	var err error
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) { // a real line takes real time
		if err = displaytest.Same(c.card.Screen(), want, 0); err == nil {
			return
		}
	}
	c.t.Errorf("the board does not show %q: %v", text, err)
}

// A receiver is told which box sends to it, and two boxes are two sources.
func TestTheSourceOfE131IsTheBox(t *testing.T) {
	sent := map[string]string{} // CID: name
	for _, device := range []string{"d-0001", "d-0002", "d-0001", strings.Repeat("d", 64)} {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p, err := openE131(boards.Panel{Width: 16, Height: 8, Host: conn.LocalAddr().String()}, Opts{Device: device})
		if err != nil {
			t.Fatal(err)
		}
		defer p.(io.Closer).Close()
		if err := p.Show(t.Context(), image.NewRGBA(image.Rect(0, 0, 16, 8))); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2000)
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, _, err := conn.ReadFrom(b); err != nil || n < 126 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		cid, name := string(b[22:38]), strings.TrimRight(string(b[44:108]), "\x00")
		if name != device[:min(len(device), 63)] {
			t.Errorf("%s calls itself %q", device, name)
		}
		if before, ok := sent[cid]; ok && before != name {
			t.Errorf("%s and %s are one source", before, name)
		}
		sent[cid] = name
	}
	if len(sent) != 3 {
		t.Errorf("three boxes are %d sources", len(sent))
	}
}

// From a decision to lit lamps: display, driver, the serial library, a pty, a card
// that behaves. The line is cut in the middle of a page, starved and flooded.
func TestABoardAtTheEndOfALine(t *testing.T) {
	c := newCabinet(t)
	kind := boards.Board{Name: "test", Sink: boards.Sink{Driver: "none"}, Amp: boards.Amp{Driver: "none"}, Panel: boards.Panel{
		Driver: "bx", Width: bxtest.BX5E2.Size.X, Height: bxtest.BX5E2.Size.Y, Colors: "red", TTY: c.path, Baud: 57600,
	}}
	devices := Open(kind, Opts{State: t.TempDir()})
	b := layout.BoardOf(kind.Panel)
	var mu sync.Mutex
	conditions := map[string]error{}
	d := display.New(display.Opts{
		Open: devices.Panel, Board: b,
		Report: func(code string, err error) {
			mu.Lock()
			defer mu.Unlock()
			conditions[code] = err
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }() // waited for below
	defer func() { cancel(); <-done }()
	show := func(id, text string) {
		d.Show(plan.Scene{Shown: []plan.Occurrence{{ID: id, Class: plan.Normal, Pages: []plan.Page{{Text: text, StayS: 600}}}}})
	}

	show("a", "Họp dân")
	c.sees(b, "Họp dân", 20*time.Second)

	c.cut()
	show("b", "Lịch tiêm")
	time.Sleep(300 * time.Millisecond) // it meets the dead line
	c.mend()
	c.sees(b, "Lịch tiêm", 30*time.Second)

	if testing.Short() {
		return
	}
	go c.flood(200_000) // ends with the line
	show("c", "Ngày hội")
	c.sees(b, "Ngày hội", 30*time.Second)

	c.card.Silence(true)
	show("d", "Nước lên")
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		mu.Lock()
		err := conditions[display.PanelSilent]
		mu.Unlock()
		if err != nil {
			break
		}
		time.Sleep(50 * time.Millisecond) // a real line takes real time
	}
	if time.Now().After(deadline) {
		t.Error("nobody is told that the card is silent")
	}
	c.card.Silence(false)
	c.sees(b, "Nước lên", 40*time.Second)
}
