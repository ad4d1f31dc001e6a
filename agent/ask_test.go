package main

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
		args []string
		sent string
		code int
	}{
		{[]string{"status", "--json"}, "status --json\n", 3},
		{[]string{"--lang", "en", "ledger", "last", "3"}, "--lang en ledger last 3\n", 3},
		{[]string{"--lang=vi", "status"}, "--lang vi status\n", 3},
		{nil, "\n", exitOK},
		{[]string{"--lang", "en"}, "--lang en \n", exitOK},
	} {
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
