package supervisor

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "notify"), "@loa-supervisor-test-" + filepath.Base(t.TempDir())} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7"}
		s, err := New(func(k string) string { return env[k] }, 7)
		if err != nil {
			t.Fatal(err)
		}
		if s.Feed() != 5*time.Second {
			t.Errorf("fed every %v", s.Feed())
		}
		s.Ready()
		s.Status("phát\nREADY=0  x") // a title must not become a word of its own
		s.Alive()
		s.Stopping()
		for _, want := range []string{"READY=1", "STATUS=phát READY=0 x", "WATCHDOG=1", "STOPPING=1"} {
			b := make([]byte, 100)
			l.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, err := l.Read(b)
			if err != nil || string(b[:n]) != want {
				t.Errorf("heard %q, %v, want %q", b[:n], err, want)
			}
		}
	}
}

func TestNobodyAsks(t *testing.T) {
	s, err := New(func(string) string { return "" }, 1)
	if s != nil || err != nil {
		t.Errorf("made %v, %v", s, err)
	}
	s.Ready()
	s.Alive()
	s.Status("x")
	s.Stopping()
	if s.Feed() != 0 {
		t.Error("nobody is to be fed")
	}
	env := map[string]string{"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "gone")}
	if _, err := New(func(k string) string { return env[k] }, 1); err == nil {
		t.Error("a socket that is not there is no error")
	}
}

// A watchdog that is for another process is not ours to feed.
func TestAnothersWatchdog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for pid, usec := range map[string]string{"8": "20000000", "7": "x", "": "-1"} {
		env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
		s, err := New(func(k string) string { return env[k] }, 7)
		if err != nil || s.Feed() != 0 {
			t.Errorf("pid %q, %q: fed every %v, %v", pid, usec, s.Feed(), err)
		}
	}
}

// A supervisor that reads nothing more must not hold the box, and what was not heard is
// known.
func TestFullEar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New(func(k string) string { return map[string]string{"NOTIFY_SOCKET": path}[k] }, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if err = s.Ready(); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("a thousand words were heard by nobody")
	}
}
