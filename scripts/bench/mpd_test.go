package bench

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/drivers/oto/ototest"
)

// An mpd is the peer: a player daemon that waits for orders.
type mpd struct {
	cmd  *exec.Cmd
	conn net.Conn
	in   *bufio.Reader
}

// startMPD starts MPD on a card, as a box would have it: nothing but this output, with
// the given buffer, or with MPD's own half a second.
func startMPD(t *testing.T, c *ototest.Card, buffer time.Duration) *mpd {
	t.Helper()
	dir := t.TempDir()
	socket, conf := filepath.Join(dir, "s"), filepath.Join(dir, "mpd.conf")
	latency := ""
	if buffer > 0 {
		latency = fmt.Sprintf("buffer_time \"%d\"\n  period_time \"%d\"", buffer.Microseconds(), buffer.Microseconds()/2)
	}
	if err := os.WriteFile(conf, fmt.Appendf(nil, `bind_to_address %q
pid_file %q
zeroconf_enabled "no"
audio_output {
  type "alsa"
  name "card"
  device "default"
  mixer_type "none"
  format "48000:16:2"
  %s
}
`, socket, filepath.Join(dir, "pid"), latency), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &mpd{cmd: exec.Command("mpd", "--no-daemon", "--stderr", conf)}
	m.cmd.Env = append(os.Environ(), "ALSA_CONFIG_PATH="+c.Config)
	log := &strings.Builder{}
	m.cmd.Stderr = log
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.end)
	until(t, "mpd listens", 10*time.Second, func() (ok bool) {
		var err error
		m.conn, err = net.Dial("unix", socket)
		return err == nil
	})
	m.in = bufio.NewReader(m.conn)
	if hello, err := m.in.ReadString('\n'); err != nil || !strings.HasPrefix(hello, "OK MPD") {
		t.Fatalf("mpd says %q, %v\n%s", hello, err, log)
	}
	return m
}

func (m *mpd) end() {
	if m.cmd.ProcessState != nil {
		return
	}
	if m.conn != nil {
		m.conn.Close()
	}
	_ = m.cmd.Process.Signal(os.Interrupt)
	_ = m.cmd.Wait() // it says by a signal what it died of
}

// do gives an order and waits for its answer.
func (m *mpd) do(t *testing.T, order string) {
	t.Helper()
	if _, err := fmt.Fprintln(m.conn, order); err != nil {
		t.Fatal(err)
	}
	for {
		line, err := m.in.ReadString('\n')
		if err != nil || strings.HasPrefix(line, "ACK") {
			t.Fatalf("mpd: %s: %q, %v", order, line, err)
		}
		if line == "OK\n" {
			return
		}
	}
}

// queue makes one file the whole programme.
func (m *mpd) queue(t *testing.T, file string) {
	t.Helper()
	m.do(t, "clear")
	m.do(t, fmt.Sprintf("add %q", "file://"+file))
}
