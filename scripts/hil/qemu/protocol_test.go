package qemu

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loa/scripts/hil/tape"
)

// emulator is a socket that talks as an emulator does: greeting first, then what reply
// says to each line.
func emulator(t *testing.T, greeting string, reply func(line string) string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, greeting)
		for in := bufio.NewScanner(conn); in.Scan(); {
			answer := reply(in.Text())
			if answer == "hang up" {
				return
			}
			io.WriteString(conn, answer)
		}
	}()
	return path
}

func limit(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestQMP(t *testing.T) {
	path := emulator(t, `{"QMP": {"version": {}}}`+"\n", func(line string) string {
		switch {
		case strings.Contains(line, "qmp_capabilities"):
			return `{"return": {}}` + "\n"
		case strings.Contains(line, "qom-list") && strings.Contains(line, `"path":"/machine/unattached"`):
			return `{"event": "RESUME", "data": {"a": 1}}` + "\n" + `{"return": [{"name": "device[3]", "type": "child<pl031>"}, {"name": "device[7]", "type": "child<pl061>"}]}` + "\n"
		case strings.Contains(line, "quit"):
			return "hang up"
		case strings.Contains(line, "silence"):
			return ""
		}
		return `{"error": {"class": "CommandNotFound", "desc": "no such command"}}` + "\n"
	})
	q, err := DialQMP(limit(t, 5*time.Second), path)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if got, err := chip(t.Context(), q); err != nil || got != "/machine/unattached/device[7]" {
		t.Errorf("chip %q, %v", got, err)
	}
	if e, err := q.Wait(limit(t, time.Second), "RESUME", before); err != nil || string(e.Data) != `{"a": 1}` {
		t.Errorf("event %s, %v", e.Data, err)
	}
	if _, err := q.Wait(limit(t, 20*time.Millisecond), "RESUME", time.Now()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an old event counts: %v", err)
	}
	if err := q.Do(t.Context(), "dance", nil, nil); err == nil || !strings.Contains(err.Error(), "dance: no such command") {
		t.Errorf("%v", err)
	}
	if err := q.Do(t.Context(), "quit", nil, nil); err == nil {
		t.Error("the end of the emulator is no error")
	}
	if _, err := q.Wait(limit(t, 5*time.Second), "WATCHDOG", before); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("%v", err)
	}
}

func TestQMPThatDoesNotAnswer(t *testing.T) {
	path := emulator(t, `{"QMP": {}}`+"\n", func(line string) string {
		if strings.Contains(line, "qmp_capabilities") {
			return `{"return": {}}` + "\n"
		}
		return ""
	})
	q, err := DialQMP(limit(t, 5*time.Second), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Do(limit(t, 20*time.Millisecond), "stop", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := q.Do(limit(t, time.Second), "cont", nil, nil); err == nil {
		t.Error("the late answer would be taken for that of this command")
	}
}

func TestQTest(t *testing.T) {
	var said []string
	path := emulator(t, "", func(line string) string {
		said = append(said, line)
		if strings.HasPrefix(line, "irq_intercept_out") {
			return "OK\nIRQ raise 5\nIRQ lower 5\n"
		}
		if strings.Contains(line, "nowhere") {
			return "FAIL Unknown device\n"
		}
		return "IRQ raise 2\nOK\n" // an edge may come before the answer
	})
	edges := make(chan tape.Edge, 9)
	q, err := DialQTest(limit(t, 5*time.Second), path, func(e tape.Edge) { edges <- e })
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	ctx := limit(t, 5*time.Second)
	for _, err := range []error{q.Intercept(ctx, "/gpio"), q.Drive(ctx, "/gpio", 4, true), q.Poke(ctx, 0x40001000, []byte{0, 0, 0, 0x14})} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := q.Drive(ctx, "/nowhere", 1, false); err == nil || !strings.Contains(err.Error(), "Unknown device") {
		t.Errorf("%v", err)
	}
	got := ""
	for range 4 {
		e := <-edges
		got += fmt.Sprint(e.Line, e.High, " ")
	}
	if got != "5 true 5 false 2 true 2 true " {
		t.Errorf("edges %q", got)
	}
	if said[1] != "set_irq_in /gpio unnamed-gpio-in 4 1" || said[2] != "write 0x40001000 0x4 0x00000014" {
		t.Errorf("said %q", said)
	}
}

func TestWritten(t *testing.T) {
	path := emulator(t, `{"QMP": {"version": {}}}`+"\n", func(line string) string {
		if strings.Contains(line, "query-blockstats") {
			return `{"return": [{"device": "d0", "stats": {"wr_bytes": 8192, "rd_bytes": 5}}, {"device": "", "stats": {"wr_bytes": 512}}]}` + "\n"
		}
		return `{"return": {}}` + "\n"
	})
	ctx := limit(t, 5*time.Second)
	q, err := DialQMP(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if n, err := written(ctx, q); n != 8704 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// A line keeps what came before a power cut, and loses what is sent meanwhile.
func TestPort(t *testing.T) {
	p := newPort("tech", io.Discard)
	stream := p.Stream()
	for _, text := range []string{"loa> one", "loa> two"} {
		fmt.Fprint(p, "lost") // nobody is there
		ours, theirs := net.Pipe()
		ended := make(chan struct{})
		go func() { p.attach(ours); close(ended) }()
		from := p.Len()
		io.WriteString(theirs, text[:3])
		io.WriteString(theirs, text[3:])
		if m, end, err := p.Wait(limit(t, 5*time.Second), from, regexp.MustCompile(`loa> (\w+)`)); err != nil || !strings.HasPrefix(text[5:], m) || end <= from {
			t.Errorf("%q %d %v", m, end, err)
		}
		theirs.Close()
		<-ended
	}
	got := make([]byte, 16)
	if _, err := io.ReadFull(stream, got); err != nil || string(got) != "loa> oneloa> two" {
		t.Errorf("the device at the line heard %q, %v", got, err)
	}
	if _, _, err := p.Wait(limit(t, 20*time.Millisecond), 0, regexp.MustCompile("three")); err == nil || !strings.Contains(err.Error(), "loa> two") {
		t.Errorf("it does not say what came: %v", err)
	}
	stream.Close()
	if _, err := stream.Read(got); err != io.EOF {
		t.Errorf("%v", err)
	}
}

// Of an emulator's log only what is written to the amplifier's line is told, and only changes.
func TestWhatIsWrittenToPA6(t *testing.T) {
	log := strings.Join([]string{
		"pio: unimplemented device read  (size 4, offset 0x010)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x00000000)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x00020000)", // PA17, a lamp
		"r_pio: unimplemented device write (size 4, offset 0x010, value 0x00000040)",
		"pio: unimplemented device write (size 4, offset 0x014, value 0x00000040)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x00000040)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x00000040)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x00000000)",
		"pio: unimplemented device write (size 4, offset 0x010, value 0x0000004",
	}, "\n")
	var got []bool
	follow(strings.NewReader(log), func(e tape.Edge) {
		if e.Line != 6 || e.At.IsZero() {
			t.Errorf("%+v", e)
		}
		got = append(got, e.High)
	})
	if len(got) != 2 || !got[0] || got[1] {
		t.Errorf("the edges are %v", got)
	}
}
