package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"loa/agent/console"
	"loa/agent/ledger"
)

// A box is the agent that runs as a program of its own.
type box struct {
	root    string // its -root
	socket  string
	logFile string
	cmd     *exec.Cmd
	log     *os.File
	ended   chan error
}

func startBox(ctx context.Context, o options, s *stage) (*box, error) {
	root := filepath.Join(s.dir, "box")
	if err := os.CopyFS(root, os.DirFS(s.au.BoxDir(s.device))); err != nil {
		return nil, fmt.Errorf("cannot hand the box its files: %w", err)
	}
	// CopyFS gives files the mode 0666 before umask.
	if err := os.Chmod(filepath.Join(root, "etc/loa/box.key"), 0o600); err != nil {
		return nil, err
	}
	agent, err := filepath.Abs(o.agent)
	if err != nil {
		return nil, err
	}
	b := &box{root: root, logFile: filepath.Join(s.dir, "agent.log"), ended: make(chan error, 1)}
	// The path of a socket has at most 107 bytes, and out/ may lie deep: the agent
	// works in its root, and we reach it from where we are.
	args := []string{"-root", "."}
	socket := filepath.Join(root, "run/loa/console.sock")
	if cwd, err := os.Getwd(); err == nil {
		if near, err := filepath.Rel(cwd, socket); err == nil && len(near) < len(socket) {
			socket = near
		}
	}
	b.socket = socket
	if o.check {
		// What is to be compared has to be in a file, also where there is a card.
		if err := os.WriteFile(filepath.Join(root, "board.toml"), []byte(checkBoard), 0o644); err != nil {
			return nil, err
		}
		args = append(args, "-board", "./board.toml")
	}
	if b.log, err = os.Create(b.logFile); err != nil {
		return nil, err
	}
	b.cmd = exec.Command(agent, args...)
	b.cmd.Dir, b.cmd.Stdout, b.cmd.Stderr = root, b.log, b.log
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the agent: %w", err)
	}
	go func() { b.ended <- b.cmd.Wait() }() // stop waits for it
	return b, b.ready(ctx)
}

// checkBoard is board desk with its sound in a file.
const checkBoard = `
name = "desk"
title = "Bàn làm việc, ghi ra tệp"
commissioned = true
[sink]
driver = "wav"
file = "heard.wav"
max_mb = 256
buffer_ms = 160
[amp]
driver = "emulated"
file = "amp.line"
settle_ms = 20
linger_ms = 1500
[clock]
trust = "host"
[levels]
volume_percent = 80
uncommissioned_percent = 80
ceiling_dbfs = -1.0
[panel]
driver = "png"
width = 128
height = 32
colors = "red"
file = "panel.png"
`

// ready waits until the box answers.
func (b *box) ready(ctx context.Context) error {
	for range 100 {
		if _, err := b.ask("version"); err == nil {
			return nil
		}
		select {
		case err := <-b.ended:
			b.ended <- err
			tail, _ := os.ReadFile(b.logFile)
			return fmt.Errorf("the agent ended at once: %v\n%s", err, tail)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("the agent does not answer; see %s", b.logFile)
}

// stop ends the agent as a technician would, and waits for it.
func (b *box) stop() {
	if b.cmd.ProcessState != nil {
		return
	}
	b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-b.ended:
		b.ended <- err
	case <-time.After(10 * time.Second):
		b.cmd.Process.Kill()
		<-b.ended
	}
	b.log.Close()
}

// ask puts one line to the console.
func (b *box) ask(line string) (string, error) {
	conn, err := net.Dial("unix", b.socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintln(conn, line)
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", err
	}
	text, code, ok := bytes.Cut(answer, []byte{0})
	if !ok || string(code) != "0" {
		return string(text), fmt.Errorf("%s: %s", line, answer)
	}
	return string(text), nil
}

// put asks for data.
func put[T any](b *box, line string) (T, error) {
	var reply struct {
		Data T `json:"data"`
	}
	text, err := b.ask(line + " --json")
	if err == nil {
		err = json.Unmarshal([]byte(text), &reply)
	}
	return reply.Data, err
}

func (b *box) status() (console.Status, error) { return put[console.Status](b, "status") }

// entries reads the ledger that the box left.
func (b *box) entries() ([]ledger.Entry, error) {
	l, err := ledger.Open(filepath.Join(b.root, "var/lib/loa/ledger"), ledger.Opts{})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if err := l.Verify(); err != nil {
		return nil, err
	}
	all, err := l.Query(ledger.Query{})
	return slices.DeleteFunc(all, func(e ledger.Entry) bool { return strings.HasPrefix(e.ID, "local/") }), err
}

func (b *box) state(name string) string { return filepath.Join(b.root, "var/lib/loa", name) }
