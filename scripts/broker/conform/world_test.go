package conform

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"loa/scripts/authority"
)

// bin is where the programs under test lie.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	// Engines wait most of their time: for a slot, for each other.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		flag.Set("test.parallel", "5")
	}
	dir, err := os.MkdirTemp("", "loa-conform-")
	if err == nil {
		bin = filepath.Join(dir, "bin")
		var out []byte
		built := fmt.Sprintf("-X main.built=%d", time.Now().Add(-time.Hour).Unix())
		if out, err = exec.Command("go", "build", "-ldflags", built, "-o", bin+"/", "../../../agent", "../../loactl", "../natsd").CombinedOutput(); err != nil {
			err = fmt.Errorf("cannot build what is to be tested: %w\n%s", err, out)
		}
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, "conform:", err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// The places of every authority here, and its one box.
const (
	province = "74"
	commune  = "26734"
	device   = "hop-1"
)

// A world is an authority whose boxes and senders meet at one engine.
type world struct {
	t   testing.TB // of the case that runs
	dir string
	au  *authority.Authority
	env []string
	eng engine

	n atomic.Int32 // of names given out
}

// newWorld makes an authority by loactl, as an officer would, and starts the engine.
func newWorld(t testing.TB, kind func() engine) *world {
	w := &world{t: t, dir: t.TempDir(), eng: kind()}
	pass := filepath.Join(w.dir, "passphrase")
	if err := os.WriteFile(pass, []byte("ngựa đúng, pin, ghim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "LOA_LANG=en", "LOA_AUTHORITY="+filepath.Join(w.dir, "authority"), "LOA_PASSPHRASE_FILE="+pass)
	w.eng.place(w)
	w.loactl("init", "--throw-away", "--place", province+"=Tỉnh", "--place", commune+"@"+province+"=Xã", "--hosts", "localhost,127.0.0.1",
		"--brokers", w.eng.office(), "--media", "https://localhost:1")
	w.loactl("enrol", "claim", batch, "--board", "desk")
	var err error
	w.au, err = authority.Open(filepath.Join(w.dir, "authority"), authority.Opts{Secret: func(string) ([]byte, error) { return []byte("ngựa đúng, pin, ghim"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.t = t; w.eng.kill(); w.showLogs() })
	w.start()
	return w
}

// start starts the engine and waits until it serves both a sender and a box.
func (w *world) start() {
	w.t.Helper()
	w.eng.start(w)
	for _, c := range []struct{ name, url string }{{"loactl", w.eng.office()}, {w.fresh(), w.eng.box()}} {
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			cl, err := w.try(c.name, c.url, dial{})
			if err == nil {
				cl.leave()
				break
			}
			if time.Now().After(deadline) {
				w.t.Fatalf("%s serves nobody at %s: %v", w.eng.name(), c.url, err)
			}
		}
	}
}

// fresh is the name of a box that there has never been.
func (w *world) fresh() string {
	return fmt.Sprintf("%sconform-%d", authority.CheckPrefix, w.n.Add(1))
}

// loactl runs the sender's tool.
func (w *world) loactl(args ...string) string {
	w.t.Helper()
	out, err := w.tryLoactl(args...)
	if err != nil {
		w.t.Fatalf("loactl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (w *world) tryLoactl(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "loactl"), args...)
	cmd.Env = w.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tls is a certificate of a sender's program, or of a box that is kept nowhere.
func (w *world) tls(name string) (*tls.Config, error) {
	conf, err := w.au.ClientTLS("loactl")
	if err != nil || name == "loactl" {
		return conf, err
	}
	if name == "dispatcher" {
		return w.au.ClientTLS(name)
	}
	pair, err := w.au.PassingBox(name)
	if err != nil {
		return nil, err
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}

// program starts one in the background; its output is kept, and shown after a failure.
func (w *world) program(name string, command string, args ...string) *exec.Cmd {
	w.t.Helper()
	log, err := os.OpenFile(filepath.Join(w.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(command, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.env, log, log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return cmd
}

func (w *world) showLogs() {
	if !w.t.Failed() {
		return
	}
	logs, _ := filepath.Glob(filepath.Join(w.dir, "*.log"))
	for _, name := range logs {
		data, _ := os.ReadFile(name)
		w.t.Logf("%s ends:\n%s", filepath.Base(name), data[max(0, len(data)-4000):])
	}
}

// port is one that is free now.
func port(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}
