package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/ahead"
)

// stuck never answers before it is told to give up.
type stuck struct{}

func (stuck) Ahead(ctx context.Context, _ time.Duration) ([]ahead.Line, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A desk is a technician's terminal at the other end of a line.
type desk struct {
	t    *testing.T
	conn net.Conn
	mu   sync.Mutex
	seen bytes.Buffer
	over chan error
	anew func() // the box begins anew
}

// sit opens a console on p, in a bubble.
func sit(t *testing.T, p *pole, f func(d *desk)) { sitAt(t, New(p.box(), Opts{}), f) }

// sitOn is sit for a box.
func sitOn(t *testing.T, b Box, f func(d *desk)) { sitAt(t, New(b, Opts{}), f) }

// sitAt is sit for any console.
func sitAt(t *testing.T, c *Console, f func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, c)
		f(d)
		d.conn.Close()
		synctest.Wait()
		if len(d.over) == 0 {
			t.Error("the console goes on after the line was closed")
		}
	})
}

// open opens a console, in a bubble. Whoever does closes the line.
func open(t *testing.T, c *Console) *desk {
	here, there := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	d := &desk{t: t, conn: here, over: make(chan error, 1), anew: cancel}
	go func() { d.over <- c.Serve(ctx, there); there.Close() }()
	go io.Copy(d, here)
	synctest.Wait()
	return d
}

func (d *desk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen.Write(b)
}

// types sends keys and gives what came back.
func (d *desk) types(s string) string {
	d.t.Helper()
	d.mu.Lock()
	d.seen.Reset()
	d.mu.Unlock()
	d.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := d.conn.Write([]byte(s)); err != nil {
		d.t.Fatalf("the line broke: %v", err)
	}
	synctest.Wait()
	return d.screen()
}

// screen is what came since keys were typed last.
func (d *desk) screen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen.String()
}

func (d *desk) sees(s, want string) {
	d.t.Helper()
	if got := d.types(s); !strings.Contains(got, want) {
		d.t.Errorf("after %q the screen shows %q, want %q in it", s, got, want)
	}
}

func TestOpeningChangesNothing(t *testing.T) {
	p := new(pole)
	sit(t, p, func(d *desk) {
		if got := d.screen(); !strings.Contains(got, "Ấp 3") || !strings.HasSuffix(got, "loa> ") {
			t.Errorf("the greeting is %q", got)
		}
	})
	if n := p.touched(); n != 0 {
		t.Errorf("opening a console touched the box %d times", n)
	}
}

// A language that is asked for in a question of its own ends with the answer.
func TestALanguageForOneQuestion(t *testing.T) {
	for _, line := range []string{"lang en", "lang vi"} {
		if text, code := ask(t, new(pole), line); code != OK || !strings.Contains(text, "LOA_LANG="+line[5:]) {
			t.Errorf("%s: %d, %q", line, code, text)
		}
	}
	if text, _ := ask(t, new(pole), "lang"); strings.Contains(text, "LOA_LANG") {
		t.Errorf("%q", text)
	}
}

func TestTyping(t *testing.T) {
	p := &pole{level: 60}
	sit(t, p, func(d *desk) {
		d.sees("volume\r", "Âm lượng: 60 %.")
		d.sees("volume 5\x7f\x7f 30\r", "30 %") // backspace
		d.sees("\x1b[A\r", "30 %")              // up
		d.sees("\x1bOA\x1bOA\x1bOA\r", "30 %")  // up, as other terminals say it
		d.sees("ver\t\r", "loa 0.3.1")          // tab
		d.sees("garbage\x03version\r", "0.3.1") // Ctrl-C
		d.sees("volum\r\n", "30")               // one line, not two
		if got := d.types("lang en\n"); !strings.Contains(got, "English") || strings.Contains(got, "LOA_LANG") {
			t.Errorf("in a session: %q", got)
		}
		d.sees("volume\n", "Volume: 30 %.")
		d.sees("tiếng Việt\r", "Type help")
		d.sees("exit\r", "Goodbye.")
		if err := <-d.over; err != nil {
			t.Errorf("exit ends with %v", err)
		}
		d.over <- nil
	})
}

func TestHangingUp(t *testing.T) {
	sit(t, new(pole), func(d *desk) {
		d.sees(strings.Repeat("volume ", 100)+"\r", "dài quá")
		d.types("sta\x04") // Ctrl-D in a line does not
		if got := d.types("\x03\x04"); !strings.HasSuffix(got, "\r\n") {
			t.Errorf("Ctrl-D leaves %q on the screen", got)
		}
		if err := <-d.over; err != nil {
			t.Errorf("Ctrl-D ends with %v", err)
		}
		d.over <- nil
	})
}

func TestConfirmation(t *testing.T) {
	p := &pole{night: true}
	sit(t, p, func(d *desk) {
		d.sees("tone\r", "Vẫn phát?")
		d.sees("\r", "Thôi")
		d.sees("tone\r", "yên tĩnh")
		d.sees("có\r", "Bắt đầu")
		d.sees("\x1b[A\r", "Vẫn phát?") // the yes is not in the history
		d.sees("không\r", "Thôi")
	})
	if len(p.played) != 1 {
		t.Errorf("played %v", p.played)
	}
}

func TestEndOfContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		here, there := net.Pipe()
		go io.Copy(io.Discard, here)
		over := make(chan error)
		go func() { over <- New(Box{}, Opts{}).Serve(ctx, there) }()
		synctest.Wait()
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		here.Close()
	})
}

// Noise must neither stop the console nor fill its memory.
func TestNoise(t *testing.T) {
	for name, noise := range map[string]string{
		"not UTF-8":         "\xff\xfe\x80\xc0\xaf",
		"half a rune":       "\xe1\xbb",
		"endless sequence":  "\x1b[" + strings.Repeat("1;", 4000),
		"cut sequence":      "\x1b[",
		"many escapes":      strings.Repeat("\x1b", 3000),
		"paste":             "\x1b[200~status\r",
		"megabyte":          strings.Repeat("a", 1<<20),
		"megabyte of runes": strings.Repeat("ế", 1<<18),
		"every byte":        string(everyByte()),
		"zeros":             strings.Repeat("\x00", 10000),
	} {
		t.Run(name, func(t *testing.T) {
			p := &pole{level: 42}
			sit(t, p, func(d *desk) {
				d.types(noise)
				d.types("\r\r\x03")
				d.sees("volume\r", "42 %")
			})
			if p.touched() != 0 {
				t.Error("noise touched the box")
			}
		})
	}
}

func everyByte() []byte {
	var b []byte
	for i := range 256 {
		if i != 4 { // Ctrl-D hangs up, as it should
			b = append(b, byte(i))
		}
	}
	return b
}

func FuzzLine(f *testing.F) {
	for _, cmd := range table() {
		f.Add(cmd.name + " " + cmd.usage)
	}
	f.Add("next 7d --json")
	f.Add("why \u202e\x1b]0;x\a")
	f.Fuzz(func(t *testing.T, line string) {
		p := &pole{night: true, stern: true}
		text, code := New(p.box(), Opts{}).Do(t.Context(), line, Asker{})
		if code < OK || code > Refused {
			t.Errorf("code %d", code)
		}
		for _, r := range text {
			if r < ' ' && r != '\n' || r == 0x7f || format(r) {
				t.Errorf("the answer holds %q: %q", r, text)
			}
		}
		if len(p.played) > 0 {
			t.Errorf("it played at night: %v", p.played)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte("status\r\n"), 3)
	f.Add([]byte("\x1b[1;5C\x1bOA\x1b[200~\xff\xe1\xbb"), 1)
	f.Fuzz(func(t *testing.T, noise []byte, step int) {
		var screen bytes.Buffer
		p := &pole{night: true, stern: true}
		c := New(p.box(), Opts{})
		line := struct {
			io.Reader
			io.Writer
		}{&dribble{noise, 1 + step&63}, &screen}
		if err := c.Serve(t.Context(), line); err != nil {
			t.Errorf("ended with %v", err)
		}
		if len(p.played) > 0 {
			t.Errorf("it played at night: %v", p.played)
		}
	})
}

// dribble gives a few bytes at a time, and then the end.
type dribble struct {
	b    []byte
	step int
}

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.b[:min(len(d.b), d.step)])
	d.b = d.b[n:]
	return n, nil
}
