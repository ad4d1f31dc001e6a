// Package webtest drives the pages of loactl serve as people do: the programs run as
// programs, a box speaks, and Debian's Chromium opens what is served.
package webtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pictures names where screenshots go. Without it, these tests are left out: they need
// what scripts/web.sh installs.
const Pictures = "LOA_WEB"

// Only names the tests of a script that are run, by a pattern; none: all.
const Only = "LOA_WEB_ONLY"

// The places and the box of a stage.
const (
	Province = "74"
	Commune  = "26734"
	Other    = "26737" // another commune of the province
	Box      = "d-0001"
)

// A Stage is an authority with loactl serve and one box, all at work.
type Stage struct {
	Dir string // of the authority
	URL string // of the residents' pages

	t      testing.TB
	bin    string
	env    []string
	broker string
}

// Start sets the stage; more are further options of loactl serve.
func Start(t testing.TB, more ...string) *Stage {
	t.Helper()
	if os.Getenv(Pictures) == "" {
		t.Skip("for scripts/web.sh, which installs a browser")
	}
	dir := t.TempDir()
	s := &Stage{t: t, Dir: filepath.Join(dir, "authority"), bin: filepath.Join(dir, "bin"), broker: free(t)}
	build := exec.Command("go", "build", "-o", s.bin+"/", "./agent", "./scripts/loactl")
	build.Dir = root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "LOA_AUTHORITY="+s.Dir, "LOA_PASSPHRASE_FILE="+pass, "LOA_LANG=en")
	media := free(t)
	s.Loactl("init", "--throw-away", "--hosts", "127.0.0.1", "--place", Province+"=Tỉnh Bình Dương",
		"--place", Commune+"@"+Province+"=Xã An Sơn", "--place", Other+"@"+Province+"=Phường Thuận An",
		"--brokers", "tls://"+s.broker, "--media", "https://"+media)
	s.Loactl("box", "add", Box, "--place", Commune, "--board", "desk", "--as", Province+"-1,"+Province+"-2")
	s.serve(append([]string{"--media", media}, more...))
	s.box(dir)
	s.Wait(time.Minute, "the box is not online", func() bool {
		return strings.Contains(s.Loactl("watch", "--once"), "online")
	})
	return s
}

// Wait asks until something is so.
func (s *Stage) Wait(most time.Duration, what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(most); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal(what)
		}
	}
}

// serve runs loactl serve until the test ends.
func (s *Stage) serve(more []string) {
	args := append([]string{"serve", "--embedded", "--web", "127.0.0.1:0", "--every", "1s"}, more...)
	for line := range s.run(s.Dir+"/..", filepath.Join(s.bin, "loactl"), args...) {
		if _, url, ok := strings.Cut(line, "residents at "); ok {
			s.URL = strings.TrimSpace(url)
		}
		if strings.Contains(line, "online") {
			return
		}
	}
	s.t.Fatal("loactl serve does not serve")
}

// box runs the agent until the test ends.
func (s *Stage) box(dir string) {
	home := filepath.Join(dir, "box")
	if err := os.CopyFS(home, os.DirFS(filepath.Join(s.Dir, "boxes", Box))); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(home, "etc/loa/box.key"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run(home, filepath.Join(s.bin, "agent"), "-root", ".")
}

// lastLines is how much of what a program said is shown when a test fails.
const lastLines = 60

// run starts a program, and gives what it says line by line.
func (s *Stage) run(dir, name string, args ...string) <-chan string {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, s.env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	said := make(chan string, 1000)
	read := make(chan struct{})
	var last []string
	go func() { // the cleanup waits for it
		defer close(read)
		defer close(said)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			last = append(last[max(0, len(last)-lastLines+1):], lines.Text())
			select {
			case said <- lines.Text():
			default: // nobody listens any more
			}
		}
	}()
	s.t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was told to end
		w.Close()
		<-read
		if s.t.Failed() {
			s.t.Logf("the last that %s said:\n%s", filepath.Base(name), strings.Join(last, "\n"))
		}
	})
	return said
}

// Loactl runs a command that has to succeed, and gives what it printed.
func (s *Stage) Loactl(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "loactl"), args...)
	cmd.Env = s.env
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("loactl %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), bad.String())
	}
	return out.String()
}

// Taken runs an order until the box takes it: it may still be fetching what that needs.
func (s *Stage) Taken(args ...string) {
	s.t.Helper()
	s.Wait(30*time.Second, "the box takes it", func() bool {
		cmd := exec.Command(filepath.Join(s.bin, "loactl"), args...)
		cmd.Env = s.env
		out, err := cmd.CombinedOutput()
		if err != nil {
			s.t.Logf("loactl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return err == nil
	})
}

// File writes a file for a command to read.
func (s *Stage) File(name, text string) string {
	s.t.Helper()
	path := filepath.Join(filepath.Dir(s.Dir), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Browse runs a script of tests of this folder, or of dir, in Node; env are lines such
// as NAME=value for it. The script imports lib.mjs for the browser.
func (s *Stage) Browse(script string, env ...string) {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	if d, ok := s.t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := d.Deadline(); ok { // what it has said until then is shown
			ctx, stop = context.WithDeadline(ctx, end.Add(-15*time.Second))
		}
	}
	defer stop()
	args := []string{"--test", "--test-reporter=spec"}
	if only := os.Getenv(Only); only != "" {
		args = append(args, "--test-name-pattern="+only)
	}
	cmd := exec.CommandContext(ctx, "node", append(args, script)...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(s.env, append(env, "LOA_URL="+s.URL, "LOA_TOOL="+filepath.Join(s.bin, "loactl"), "LOA_LIB="+filepath.Join(root(), "scripts/loactl/web/webtest/lib.mjs"))...)
	out, err := cmd.CombinedOutput()
	s.t.Logf("%s", out)
	if err != nil {
		s.t.Errorf("%s: %v", script, err)
	}
}

// root is the folder of the repository.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../../..")
}

// free is an address that was free a moment ago.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Tone is a recording of so many seconds, as a file.
func (s *Stage) Tone(name string, seconds int) string {
	s.t.Helper()
	path := filepath.Join(filepath.Dir(s.Dir), name)
	out, err := exec.Command("sox", "-n", "-r", "16000", "-c", "1", path, "synth", fmt.Sprint(seconds), "sine", "440", "gain", "-12").CombinedOutput()
	if err != nil {
		s.t.Fatalf("sox: %v\n%s", err, out)
	}
	return path
}
