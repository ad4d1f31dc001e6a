package hardware

import (
	"context"
	"fmt"
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
	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/boards"
	"loa/drivers/bx/bxtest"
)

// A cabinet is a board as it hangs at the road: a card at the end of a serial line,
// which can be cut and mended.
type cabinet struct {
	t     *testing.T
	card  *bxtest.Card
	path  string // that the board file names
	mu    sync.Mutex
	m, s  *os.File
	left  int // bytes that come over before the line breaks; 0: it does not
	stuck bool
	wake  sync.Cond // of stuck
}

func newCabinet(t *testing.T) *cabinet {
	c := &cabinet{t: t, card: bxtest.New(bxtest.BX5E2), path: filepath.Join(t.TempDir(), "ttyPanel")}
	c.wake.L = &c.mu
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
	go c.card.ServeNet(tap{m, c}) // ends with the line
}

// A tap is the card's end of the line, where it can be broken in the middle of a page,
// and starved: then nobody takes what comes.
type tap struct {
	*os.File
	c *cabinet
}

func (t tap) Read(b []byte) (int, error) {
	c := t.c
	c.mu.Lock()
	for c.stuck {
		c.wake.Wait()
	}
	if c.left > 0 {
		b = b[:min(len(b), c.left)]
	}
	c.mu.Unlock()
	n, err := t.File.Read(b)
	c.mu.Lock()
	breaks := c.left > 0 && c.left <= n
	c.left = max(0, c.left-n)
	c.mu.Unlock()
	if breaks {
		c.cut()
		return 0, os.ErrClosed
	}
	return n, err
}

// cutAfter breaks the line when n more bytes have come over.
func (c *cabinet) cutAfter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = n
}

// starve lets nothing come over, or lets it come again.
func (c *cabinet) starve(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = on
	c.wake.Broadcast()
}

// cutOff tells whether the line broke.
func (c *cabinet) cutOff() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.s.Stat()
	return err != nil
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

// speak plays a tone on a sink that takes sound as a card does, in real time, for as long
// as the test goes on. What it returns ends that and tells whether it ever had to wait.
func speak(t *testing.T) (end func() error) {
	sink := &earful{began: time.Now()}
	spk := speaker.New(func() (speaker.Sink, error) { return sink, nil }, nil, speaker.Opts{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); spk.Run(ctx) }() // waited for below
	snd := spk.Play(sound.NewTone(440, -12, 10*time.Minute), speaker.Voice{Class: 1})
	stop := sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return func() error {
		stop()
		<-snd.Done()
		sink.mu.Lock()
		defer sink.mu.Unlock()
		if sink.frames < 48000 {
			return fmt.Errorf("it took %d frames", sink.frames)
		}
		if sink.dry > 0 {
			return fmt.Errorf("its buffer of %v ran dry %d times, for %v at most", buffer, sink.dry, sink.longest)
		}
		return nil
	}
}

// buffer is what an earful keeps, more than a pole's card: the machine that tests has
// other things to do, too.
const buffer = 500 * time.Millisecond

// An earful plays 48,000 frames a second and counts when it has none.
type earful struct {
	mu      sync.Mutex
	began   time.Time // when the first of frames would have been heard
	frames  int64
	dry     int
	longest time.Duration
}

func (e *earful) Write(p []int16) error {
	e.mu.Lock()
	now := time.Now()
	if e.frames == 0 {
		e.began = now
	}
	end := e.began.Add(time.Duration(e.frames) * time.Second / 48000)
	if gap := now.Sub(end); e.frames > 0 && gap > 0 {
		e.dry, e.longest = e.dry+1, max(e.longest, gap)
		e.began = e.began.Add(gap)
	}
	e.frames += int64(len(p) / 2)
	ahead := time.Until(e.began.Add(time.Duration(e.frames) * time.Second / 48000))
	e.mu.Unlock()
	time.Sleep(ahead - buffer)
	return nil
}

func (e *earful) Drain(context.Context) error { return nil }
func (e *earful) Drop() (int, error)          { return 0, nil }

// From a decision to lit lamps: display, driver, the serial library, a pty, a card
// that behaves. The line is cut in the middle of a page, flooded and starved, and the
// card falls silent; the speaker beside it never notices.
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

	told := func(code string) {
		t.Helper()
		c.until("somebody is told "+code, 40*time.Second, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return conditions[code] != nil
		})
	}
	spoken := speak(t)
	defer func() {
		if err := spoken(); err != nil {
			t.Errorf("the speaker noticed: %v", err)
		}
	}()

	show("a", "Họp dân")
	c.sees(b, "Họp dân", 20*time.Second)

	c.cutAfter(150) // of the 300 of a page
	show("b", "Lịch tiêm")
	c.until("the line has broken", 10*time.Second, c.cutOff)
	told(display.PanelSilent)
	c.mend()
	c.sees(b, "Lịch tiêm", 30*time.Second)

	if testing.Short() {
		return
	}
	go c.flood(200_000) // ends with the line
	show("c", "Ngày hội")
	c.sees(b, "Ngày hội", 30*time.Second)

	c.starve(true)
	show("d", "Nước lên")
	told(display.PanelSilent)
	c.starve(false)
	c.sees(b, "Nước lên", 40*time.Second)

	c.card.Silence(true)
	show("e", "Nước rút")
	told(display.PanelSilent)
	c.card.Silence(false)
	c.sees(b, "Nước rút", 40*time.Second)
}

// until waits for what a real line takes real time for.
func (c *cabinet) until(what string, within time.Duration, is func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(within); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within %v: %s", within, what)
		}
	}
}
