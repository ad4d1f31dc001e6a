package box

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/health"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/supervisor"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A manager is systemd's end of the socket.
type manager struct {
	t  *testing.T
	fd int
}

// hears is what comes within d.
func (m *manager) hears(d time.Duration) (words []string) {
	for ; d > 0; d -= time.Second {
		time.Sleep(time.Second)
		words = append(words, m.heard()...)
	}
	return words
}

// heard is what lies there, without waiting: the bubble's time must not depend on it. The
// kernel holds ten words.
func (m *manager) heard() (words []string) {
	for {
		b := make([]byte, 1000)
		n, _, err := unix.Recvfrom(m.fd, b, unix.MSG_DONTWAIT)
		if err == unix.EAGAIN {
			return words
		}
		if err != nil {
			m.t.Fatal(err)
		}
		words = append(words, string(b[:n]))
	}
}

// supervised is a box in a bubble with a systemd that feeds on a word every 20 s.
func supervised(t *testing.T, open func() (speaker.Sink, error), prepare func(*Box), f func(t *testing.T, b *Box, w *trusttest.World, m *manager)) {
	path := filepath.Join(t.TempDir(), "notify")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	state, log := t.TempDir(), slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)))
		env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000"}
		over, err := supervisor.New(func(k string) string { return env[k] }, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := trusttest.New(time.Now())
		b, err := New(Opts{
			Device: trusttest.Device, State: state, Root: w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
			Health: health.New(log, nil), Log: log, OpenSink: open, Supervisor: over,
		})
		if err != nil {
			t.Fatal(err)
		}
		if prepare != nil {
			prepare(b)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		f(t, b, w, &manager{t, fd})
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func plugged() (speaker.Sink, error) { return &speakertest.Card{}, nil }

func count(words []string, word string) (n int) {
	for _, w := range words {
		if w == word {
			n++
		}
	}
	return n
}

func TestSupervised(t *testing.T) {
	supervised(t, plugged, nil, func(t *testing.T, b *Box, w *trusttest.World, m *manager) {
		words := m.hears(61 * time.Second)
		if len(words) == 0 || words[0] != "READY=1" || count(words, "READY=1") != 1 {
			t.Errorf("heard %q", words)
		}
		if n := count(words, "WATCHDOG=1"); n < 12 || n > 14 {
			t.Errorf("fed %d times in a minute, want one every 5 s", n)
		}
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "STATUS=box-1: idle") }); i < 0 {
			t.Errorf("no line for people: %q", words)
		}
	})
}

// A stuck link holds whoever brings it something, while it is stuck.
type stuck struct {
	tally
	way  chan struct{} // closed: it takes everything
	held atomic.Bool   // somebody waits
}

func (s *stuck) Queue(string, []byte, string) error {
	s.held.Store(true)
	<-s.way
	return nil
}

// A station that stands still is not fed for; one that goes on, is.
func TestStationStandsStill(t *testing.T) {
	link := &stuck{tally: tally{n: make(map[string]int), answer: func(string, []byte) {}}}
	supervised(t, plugged, func(b *Box) { b.mqtt, link.way = link, make(chan struct{}) }, func(t *testing.T, b *Box, w *trusttest.World, m *manager) {
		if n := count(m.hears(time.Minute), "WATCHDOG=1"); n == 0 {
			t.Fatal("it was never fed for")
		}
		go func() { // its acknowledgements are what the link holds
			for _, d := range w.Setup() {
				b.station.Receive(t.Context(), d.Topic, d.Raw)
			}
		}()
		synctest.Wait()
		if !link.held.Load() {
			t.Fatal("nothing holds the station")
		}
		m.heard() // up to here
		if words := m.hears(time.Minute); len(words) > 0 {
			t.Errorf("heard %q of a station that stands still", words)
		}
		close(link.way)
		if n := count(m.hears(20*time.Second), "WATCHDOG=1"); n == 0 {
			t.Error("it goes on, and is not fed for")
		}
	})
}

// Nor for a speaker: a driver that hangs at opening is a silent box.
func TestSpeakerStandsStill(t *testing.T) {
	var way chan struct{}
	supervised(t, func() (speaker.Sink, error) { <-way; return plugged() }, func(*Box) { way = make(chan struct{}) }, func(t *testing.T, b *Box, w *trusttest.World, m *manager) {
		if words := m.hears(time.Minute); len(words) > 0 {
			t.Errorf("heard %q of a box that cannot sound", words)
		}
		close(way)
		if words := m.hears(10 * time.Second); count(words, "READY=1") != 1 || count(words, "WATCHDOG=1") == 0 {
			t.Errorf("heard %q of a box that can", words)
		}
	})
}
