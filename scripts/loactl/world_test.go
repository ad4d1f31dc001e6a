package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/scripts/broker"
)

// A world is an authority's directory, perhaps a broker, and a command line.
type world struct {
	t        *testing.T
	dir      string
	env      map[string]string
	now      func() time.Time
	out, err bytes.Buffer
	broker   *broker.Broker
	patience time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), env: make(map[string]string), now: time.Now, patience: 20 * time.Second}
	pass := w.file("pass", "correct horse\n")
	w.env["LOA_AUTHORITY"] = filepath.Join(w.dir, "authority")
	w.env["LOA_PASSPHRASE_FILE"] = pass
	w.env["LOA_LANG"] = "en"
	return w
}

// run runs one command line and returns its exit code; what it printed is in
// out and err.
func (w *world) run(args ...string) int {
	w.t.Helper()
	w.out.Reset()
	w.err.Reset()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a := &app{ctx: ctx, in: strings.NewReader(""), out: &w.out, err: &w.err, env: func(k string) string { return w.env[k] }, now: w.now, patience: w.patience}
	if w.broker != nil {
		args = append(args, "--broker", w.broker.URL())
	}
	return a.do(args)
}

// must is run that has to succeed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	if code := w.run(args...); code != exitOK {
		w.t.Fatalf("loactl %s: exit %d\n%s%s", strings.Join(args, " "), code, w.out.String(), w.err.String())
	}
	return w.out.String()
}

// fails is run that must not succeed, and must say something.
func (w *world) fails(code int, want string, args ...string) {
	w.t.Helper()
	if got := w.run(args...); got != code || !strings.Contains(w.err.String(), want) {
		w.t.Errorf("loactl %s: exit %d, want %d with %q\n%s%s", strings.Join(args, " "), got, code, want, w.out.String(), w.err.String())
	}
}

// json is must, for a program.
func (w *world) json(to any, args ...string) {
	w.t.Helper()
	w.must(append(args, "--json")...)
	if err := json.Unmarshal(w.out.Bytes(), to); err != nil {
		w.t.Fatalf("loactl %s --json printed %q: %v", strings.Join(args, " "), w.out.String(), err)
	}
}

func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// sample makes a province with a commune and a box.
func (w *world) sample() *world {
	w.t.Helper()
	w.must("init", "--throw-away", "--place", "74=Bình Dương", "--place", "26734@74=An Sơn")
	w.must("box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	return w
}

// online starts a broker.
func (w *world) online() *world {
	w.t.Helper()
	b, err := broker.Start(context.Background(), broker.Opts{Senders: senderNames})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	w.broker = b
	return w
}

// tone writes a WAV file of one tone, mono at 8 kHz.
func (w *world) tone(name string, seconds, amplitude float64) string {
	w.t.Helper()
	const rate = 8000
	n := int(seconds * rate)
	b := append([]byte("RIFF"), le32(36+2*n)...)
	b = append(b, "WAVEfmt "...)
	b = append(b, le32(16)...)
	b = append(b, 1, 0, 1, 0)
	b = append(b, le32(rate)...)
	b = append(b, le32(2*rate)...)
	b = append(b, 2, 0, 16, 0)
	b = append(b, "data"...)
	b = append(b, le32(2*n)...)
	for i := range n {
		v := int16(amplitude * 32767 * math.Sin(2*math.Pi*440*float64(i)/rate))
		b = append(b, byte(v), byte(v>>8))
	}
	return w.file(name, string(b))
}

func le32(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }

// lines hands on what a running command says.
type lines struct{ came chan string }

func (l *lines) Write(p []byte) (int, error) {
	select {
	case l.came <- string(p):
	default:
	}
	return len(p), nil
}

// freePort is an address that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
