package bench

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"loa/drivers/oto/ototest"
)

// snapcast lets two clients of Snapcast play the noise together, as they come, on cards
// whose clocks run apart, and gives where each was when.
func snapcast(t *testing.T, noise []float64, ppm float64) (a, b []place) {
	t.Helper()
	dir := t.TempDir()
	fifo, conf := filepath.Join(dir, "fifo"), filepath.Join(dir, "snapserver.conf")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	stream := free(t)
	if err := os.WriteFile(conf, fmt.Appendf(nil, `[server]
datadir = %s
[http]
enabled = false
[tcp]
bind_to_address = 127.0.0.1
port = %d
[stream]
bind_to_address = 127.0.0.1
port = %d
source = pipe://%s?name=n&sampleformat=48000:16:2&codec=pcm&mode=read
`, dir, free(t), stream, fifo), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	start := func(name string, args []string, env ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Env = append(append(os.Environ(), "HOME="+dir), env...)
		cmd.Stdout, cmd.Stderr = nil, log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	server := start("snapserver", []string{"-c", conf})
	end := func(cmd *exec.Cmd) {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		done := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // it was ended
		done.Stop()
	}
	defer end(server)
	until(t, "snapserver listens", 10*time.Second, func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", stream))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	pipe, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	var cards []*ototest.Card
	for i := range 2 {
		c := ototest.New(t, ototest.Opts{PPM: ppm * float64(1-2*i)})
		cards = append(cards, c)
		client := start("snapclient", []string{
			"-h", "127.0.0.1", "-p", fmt.Sprint(stream), "-i", fmt.Sprint(i + 1), "--hostID", fmt.Sprint("c", i), "-s", "default", "--logsink", "stderr",
		}, "ALSA_CONFIG_PATH="+c.Config)
		defer end(client)
	}
	time.Sleep(2 * time.Second)
	raw := make([]byte, 0, 4*len(noise))
	for _, v := range noise {
		for range 2 {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(v)))
		}
	}
	began := time.Now()
	if _, err := pipe.Write(raw); err != nil { // as fast as the server takes it, which is in time
		t.Fatal(err)
	}
	time.Sleep(time.Until(began.Add(time.Duration(len(noise))*time.Second/48000 + 2*time.Second)))
	a, b = places(listen(t, cards[0]), ppm, noise, nil), places(listen(t, cards[1]), -ppm, noise, nil)
	if len(a) < 20 || len(b) < 20 {
		t.Errorf("snapcast was heard at %d and %d moments; it said\n%s", len(a), len(b), log)
	}
	return a, b
}

// free is a port that nobody uses.
func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
