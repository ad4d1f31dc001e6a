package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// An answer to one question is broken between words on a terminal, as in a session; one
// that a program reads is as it was.
func TestAnAnswerIsAsWideAsTheTerminal(t *testing.T) {
	m, s, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	defer m.Close()
	defer s.Close()
	if err := pty.Setsize(m, &pty.Winsize{Rows: 24, Cols: 50}); err != nil {
		t.Fatal(err)
	}
	const text = "Làm tại chỗ đến 02:36: không có gì phát từ xa, kể cả tin khẩn cấp."
	if got, want := asWide(text, s), "Làm tại chỗ đến 02:36: không có gì phát từ xa, kể\n  cả tin khẩn cấp."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	const json = `{"text":"Làm tại chỗ đến 02:36: không có gì phát từ xa, kể cả tin khẩn cấp."}`
	if got := asWide(json, s); got != json {
		t.Errorf("%q", got)
	}
	if got := asWide(text, new(strings.Builder)); got != text {
		t.Errorf("%q", got)
	}
}

// A box with as many sessions as it has is no riddle.
func TestABoxThatHasNoSeat(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "console")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			bufio.NewReader(conn).ReadString('\n')
			conn.Close()
		}
	}()
	var out, errs strings.Builder
	if code := askOnce(socket, "status", &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "four sessions") {
		t.Errorf("code %d, %q", code, errs.String())
	}
}

// What agent console asks the box for, one question at a time and for a session,
// and in which language.
func TestConsoleAsks(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "console")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lines := make(chan string, 1)
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			conn.Write([]byte("answer\n\x003"))
			conn.Close()
			lines <- line
		}
	}()
	nobody, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	for _, c := range []struct {
		env  string
		args []string
		sent string
		code int
	}{
		{"", []string{"status", "--json"}, "status --json\n", 3},
		{"en", []string{"status", "--json"}, "--lang en status --json\n", 3},
		{"en", []string{"--lang", "vi", "status"}, "--lang vi status\n", 3},
		{"", []string{"--lang", "en", "ledger", "last", "3"}, "--lang en ledger last 3\n", 3},
		{"", []string{"--lang=vi", "status"}, "--lang vi status\n", 3},
	} {
		t.Setenv("LOA_LANG", c.env)
		var out, errs strings.Builder
		code := run(append([]string{"console", "--socket", socket}, c.args...), nobody, &out, &errs)
		if got := <-lines; got != c.sent || code != c.code || !strings.HasPrefix(out.String(), "answer\n") {
			t.Errorf("%q sends %q and ends with %d, %q %q; want %q and %d", c.args, got, code, out.String(), errs.String(), c.sent, c.code)
		}
	}
	for arg, want := range map[string]int{"--lang=fr": exitUsage, "--lang=EN": exitUsage, "--help": exitOK} {
		var out, errs strings.Builder
		if code := run([]string{"console", "--socket", socket, arg}, nobody, &out, &errs); code != want || !strings.Contains(errs.String(), "vi") {
			t.Errorf("%s: %d, %q", arg, code, errs.String())
		}
	}
}

// Without a terminal every line is a question of its own, nothing is echoed, and
// the end of the lines ends the program.
func TestConsoleReadsLines(t *testing.T) {
	t.Setenv("LOA_LANG", "")
	for _, c := range []struct {
		in, sent, out string
		code          int
	}{
		{"", "", "", exitOK},
		{"volume\n", "volume", "answer 1", 1},
		{"volume", "volume", "answer 1", 1},
		{"\nvolume\r\n  \nclock\n", "volume|clock", "answer 1|answer 2", 2},
		{"volume\nexit\nclock\n", "volume", "answer 1", 1},
	} {
		socket := filepath.Join(t.TempDir(), "console")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		var sent []string
		over := make(chan struct{})
		go func() { // ends with the listener
			defer close(over)
			for n := 1; ; n++ {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				line, _ := bufio.NewReader(conn).ReadString('\n')
				sent = append(sent, strings.TrimSuffix(line, "\n"))
				fmt.Fprintf(conn, "answer %d\n\x00%d", n, n)
				conn.Close()
			}
		}()
		in, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.WriteString(c.in)
		w.Close()
		var out, errs strings.Builder
		code := run([]string{"console", "--socket", socket}, in, &out, &errs)
		l.Close()
		<-over
		in.Close()
		got := strings.ReplaceAll(strings.TrimSuffix(out.String(), "\n"), "\n", "|")
		if asked := strings.Join(sent, "|"); asked != c.sent || got != c.out || code != c.code {
			t.Errorf("%q asks %q, shows %q %q and ends with %d", c.in, asked, got, errs.String(), code)
		}
	}
}

// At a terminal it asks for the line editor, and keys go to the box as they come.
func TestConsoleAtATerminal(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	defer tty.Close()
	socket := filepath.Join(t.TempDir(), "console")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() { // ends with the test: the master writes what it waits for
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		opening, _ := in.ReadString('\n')
		master.WriteString("vol\t")
		keys := make([]byte, 4)
		io.ReadFull(in, keys)
		got <- opening + string(keys)
	}()
	var out, errs strings.Builder
	code := run([]string{"console", "--lang", "en", "--socket", socket}, tty, &out, &errs)
	if s := <-got; s != "--lang en \nvol\t" || code != exitOK {
		t.Errorf("%q, %d, %q", s, code, errs.String())
	}
}
