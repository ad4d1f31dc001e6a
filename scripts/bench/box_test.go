package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"loa/agent/console"
	"loa/boards"
	"loa/drivers/oto/ototest"
)

// pole is the kind of box whose times count.
const pole = "orangepi-zero"

// boardFile is that board with the card of the tests and an emulated line: its
// buffer, the time its amplifier needs, its filter and its limiter.
func boardFile(b boards.Board) []byte {
	return fmt.Appendf(nil, `name = "bench"
title = "Hộp để đo"
commissioned = true
[sink]
driver = "oto"
card = "system"
buffer_ms = %d
[amp]
driver = "emulated"
file = "amp.line"
settle_ms = %d
linger_ms = %d
[clock]
trust = "host"
[levels]
volume_percent = %d
uncommissioned_percent = %d
high_pass_hz = %g
ceiling_dbfs = %.1f
`, b.Sink.BufferMS, b.Amp.SettleMS, b.Amp.LingerMS, b.Levels.VolumePercent, b.Levels.UncommissionedPercent, b.Levels.HighPassHz, b.Levels.CeilingDBFS)
}

// A box is the agent as a program of its own.
type box struct {
	cmd    *exec.Cmd
	socket string
	began  time.Time // just before exec
	log    string
	ended  chan error
}

// start starts the agent on a card. It does not wait.
func (s *stage) start(t *testing.T, c *ototest.Card) *box {
	t.Helper()
	b := &box{log: filepath.Join(t.TempDir(), "agent.log"), ended: make(chan error, 1)}
	log, err := os.Create(b.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	// The path of a socket has at most 107 bytes: the agent works in its root, and
	// we reach it from where we are.
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	b.socket = filepath.Join(s.root, "run/loa/console.sock")
	if near, err := filepath.Rel(cwd, b.socket); err == nil && len(near) < len(b.socket) {
		b.socket = near
	}
	command := append(slices.Clone(s.inside), s.agent, "-root", ".", "-board", "./board.toml")
	b.cmd = exec.Command(command[0], command[1:]...)
	b.cmd.Dir, b.cmd.Stdout, b.cmd.Stderr = s.root, log, log
	b.cmd.Env = append(os.Environ(), "ALSA_CONFIG_PATH="+c.Config)
	b.began = time.Now()
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.ended <- b.cmd.Wait() }() // end waits for it
	t.Cleanup(func() { b.end(t) })
	return b
}

// end ends the agent as a service manager does.
func (b *box) end(t *testing.T) {
	t.Helper()
	if b.ended == nil {
		return
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
	case <-time.After(15 * time.Second):
		_ = b.cmd.Process.Kill()
		<-b.ended
		t.Error("the agent did not end within 15 s")
	}
	b.ended = nil
	if t.Failed() {
		said, _ := os.ReadFile(b.log)
		t.Logf("the agent said\n%s", said[max(0, len(said)-8000):])
	}
}

// status asks the console; false as long as it does not answer.
func (b *box) status() (st console.Status, ok bool) {
	conn, err := net.Dial("unix", b.socket)
	if err != nil {
		return st, false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintln(conn, "status --json")
	answer, err := io.ReadAll(conn)
	text, code, _ := bytes.Cut(answer, []byte{0})
	reply := struct{ Data *console.Status }{&st}
	return st, err == nil && string(code) == "0" && json.Unmarshal(text, &reply) == nil
}

// at waits until the box is as it should be.
func (b *box) at(t *testing.T, what string, is func(console.Status) bool) {
	t.Helper()
	until(t, what, 20*time.Second, func() bool {
		st, ok := b.status()
		return ok && is(st)
	})
}

// settled is a box that has all it wants, and rests.
func settled(st console.Status) bool {
	return st.Connected && st.MediaWanted > 0 && st.MediaPresent == st.MediaWanted && st.Now == nil && !st.Amp
}

func sounding(st console.Status) bool { return st.Now != nil && st.Amp && st.RMSDBFS > -60 }
