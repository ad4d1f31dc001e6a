package gpioline

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var guardCommand = append(self(), "guard")

// self starts this test binary again: through the runner that LOA_RUNNER names
// where the kernel cannot start it, as under qemu-user.
func self() []string {
	runner := strings.Fields(os.Getenv("LOA_RUNNER"))
	if len(runner) == 0 {
		return []string{"/proc/self/exe"}
	}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return append(runner, exe)
}

// The test binary is also the guard and the agent that gets killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "guard" {
		os.Exit(Guard(os.Args[2:]))
	}
	if path := os.Getenv("GPIOLINE_TEST_AGENT"); path != "" {
		agent(path)
	}
	os.Exit(m.Run())
}

// agent keys an amplifier at random until it is killed. It writes a letter to
// standard output whenever the line is on.
func agent(path string) {
	a, err := New(Opts{Line: Line{Emulated: path}, Command: guardCommand})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go a.Run(context.Background()) // dies with the process
	go func() {
		// The test ends this process in an orderly way by closing its input,
		// and makes it panic by a word.
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			panic(in.Text())
		}
		os.Exit(3)
	}()
	for {
		if err := a.Set(true); err != nil {
			fmt.Fprintln(os.Stderr, "on:", err)
		}
		fmt.Print("1")
		if os.Getenv("GPIOLINE_TEST_STEADY") != "" {
			select {}
		}
		time.Sleep(rand.N(60 * time.Millisecond)) // a process of its own: its time is real
		if err := a.Set(false); err != nil {
			fmt.Fprintln(os.Stderr, "off:", err)
		}
		time.Sleep(rand.N(10 * time.Millisecond))
	}
}

// A victim is an agent in its own process, with its own line.
type victim struct {
	cmd    *exec.Cmd
	path   string
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

func start(t *testing.T, env ...string) *victim {
	t.Helper()
	v := &victim{path: filepath.Join(t.TempDir(), "amp.line")}
	v.cmd = exec.Command(self()[0], self()[1:]...)
	v.cmd.Env = append(append(os.Environ(), "GPIOLINE_TEST_AGENT="+v.path), env...)
	v.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	// The guard inherits standard error: Wait returns when both have gone.
	v.cmd.Stderr = &v.stderr
	v.cmd.WaitDelay = 20 * time.Second
	var err error
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v.out = bufio.NewReader(out)
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return v
}

// isOn waits until the victim's line is on.
func (v *victim) isOn(t *testing.T) {
	t.Helper()
	if _, err := v.out.ReadByte(); err != nil {
		t.Fatalf("the agent does not run: %v, %s", err, v.stderr.String())
	}
}

// offAfter waits until agent and guard have gone, and is how long after the
// line went off; 0 if it was off before.
func (v *victim) offAfter(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	_ = v.cmd.Wait()
	edges, err := Edges(v.path)
	if err != nil {
		t.Fatal(err)
	}
	if len(edges) < 2 {
		return 0 // killed before it was on; the first write of all is "off"
	}
	last := edges[len(edges)-1]
	if last.On {
		t.Fatalf("the line stays on; stderr: %s", v.stderr.String())
	}
	return max(0, last.At.Sub(since))
}

// limit is what the line may take to go off after the agent has died.
const limit = 700 * time.Millisecond

// TestRandomKills kills agents at random instants of their life, half of them
// together with their process group.
func TestRandomKills(t *testing.T) {
	kills := 1000
	if testing.Short() || os.Getenv("LOA_RUNNER") != "" {
		kills = 100
	}
	var mu sync.Mutex
	var slowest time.Duration
	wasOn, wentOff := 0, 0
	t.Run("kills", func(t *testing.T) {
		for i := range kills {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				v := start(t)
				if i%4 != 0 { // one in four while it starts
					v.isOn(t)
				}
				time.Sleep(rand.N(120 * time.Millisecond)) // random instants of a real process
				target := v.cmd.Process.Pid
				if i%2 == 0 {
					target = -target
				}
				before, err := Edges(v.path)
				if err != nil {
					t.Fatal(err)
				}
				at := time.Now()
				if err := unix.Kill(target, unix.SIGKILL); err != nil {
					t.Fatal(err)
				}
				d := v.offAfter(t, at)
				if d > limit && os.Getenv("LOA_RUNNER") == "" {
					t.Errorf("off %v after the kill", d)
				}
				mu.Lock()
				defer mu.Unlock()
				slowest = max(slowest, d)
				wentOff++
				if n := len(before); n > 0 && before[n-1].On {
					wasOn++
				}
			})
		}
	})
	t.Logf("%d kills, %d of them with the line on, %d left on; off at the latest after %v", kills, wasOn, kills-wentOff, slowest.Round(time.Microsecond))
	if wasOn < kills/4 {
		t.Errorf("only %d of %d kills met a line that was on", wasOn, kills)
	}
}

func TestOtherEndsOfAnAgent(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(v *victim) error
	}{
		{"SIGTERM", func(v *victim) error { return v.cmd.Process.Signal(unix.SIGTERM) }},
		{"SIGINT to the group", func(v *victim) error { return unix.Kill(-v.cmd.Process.Pid, unix.SIGINT) }},
		{"SIGABRT", func(v *victim) error { return v.cmd.Process.Signal(unix.SIGABRT) }},
		{"panic", func(v *victim) error { _, err := io.WriteString(v.in, "boom\n"); return err }},
		{"os.Exit", func(v *victim) error { return v.in.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := start(t, "GPIOLINE_TEST_STEADY=1")
			v.isOn(t)
			at := time.Now()
			if err := c.end(v); err != nil {
				t.Fatal(err)
			}
			d := v.offAfter(t, at)
			if d == 0 || d > limit {
				t.Errorf("off after %v", d)
			}
			t.Logf("off after %v", d.Round(time.Microsecond))
		})
	}
}

// A stopped agent feeds nobody: off within the limit. Once it goes on, so does
// the amplifier.
func TestStoppedAgent(t *testing.T) {
	v := start(t, "GPIOLINE_TEST_STEADY=1")
	v.isOn(t)
	at := time.Now()
	if err := v.cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	off := v.until(t, "off on off")
	if d := off.Sub(at); d > limit {
		t.Errorf("off %v after SIGSTOP", d)
	} else {
		t.Logf("off %v after SIGSTOP", d.Round(time.Millisecond))
	}
	if err := v.cmd.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	v.until(t, "off on off on")
	if err := v.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	v.offAfter(t, time.Now())
}

// until waits for another process to bring the line to this story, and tells
// when the last edge was.
func (v *victim) until(t *testing.T, story string) time.Time {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got := levels(t, v.path); got == story {
			edges, err := Edges(v.path)
			if err != nil {
				t.Fatal(err)
			}
			return edges[len(edges)-1].At
		}
	}
	_ = v.cmd.Process.Kill()
	t.Fatalf("the line went %s, not %s", levels(t, v.path), story)
	return time.Time{}
}

// The signals that end the agent, sent to the guard, must not end the guard first.
func TestGuardOutlivesSignals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	a, _ := run(t, Opts{Line: Line{Emulated: path}})
	if err := a.Set(true); err != nil {
		t.Fatal(err)
	}
	pid := guardPID(t, a)
	for _, s := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE} {
		if err := unix.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Set(false); err != nil {
		t.Error(err)
	}
	if err := a.Set(true); err != nil {
		t.Error(err)
	}
	if a.PID() != pid {
		t.Errorf("guard %d was replaced by %d", pid, a.PID())
	}
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil {
		t.Error(err)
	} else if f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); f[3] != fmt.Sprint(pid) {
		t.Errorf("guard %d is in session %s, not in its own", pid, f[3])
	}
}

// An agent that feeds its guard and does not hear it fills the pipe of answers; the
// guard must not wait for room in it.
func TestAnAgentThatDoesNotListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amp.line")
	args := append(guardCommand[1:], Line{Emulated: path}.args()...)
	cmd := exec.Command(guardCommand[0], args...)
	orders, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, deaf, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	cmd.Stdout, cmd.Stderr = deaf, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deaf.Close()
	defer cmd.Wait()
	defer cmd.Process.Kill() // if it waits for room, it does not see the end of its orders
	// More than the pipe holds, at an answer for every fourth meal.
	meals := bytes.Repeat([]byte{cmdFeed}, answerEvery*(64<<10)/len("fed\n")+1000)
	if _, err := orders.Write(append([]byte{cmdOn}, meals...)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); levels(t, path) != "off on off"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the line went %s", levels(t, path))
		}
	}
}
