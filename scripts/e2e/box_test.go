package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/scripts/authority/archive"
)

// A box is the agent as a program of its own.
type box struct {
	name  string
	root  string // stands for its /
	cmd   *exec.Cmd
	ended chan error
	blow  time.Time // when it was last killed or frozen
}

func (b *box) state() string { return filepath.Join(b.root, "var/lib/loa") }

// loactl runs the sender's tool and gives what it printed.
func (s *stage) loactl(args ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(bin, "loactl"), args...)
	cmd.Env = s.env.Vars
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("loactl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return out, nil
}

func (s *stage) boxDoes(ts *testscript.TestScript, args []string) error {
	b := s.box
	if len(args) == 0 {
		return usage(args)
	}
	switch args[0] {
	case "start":
		return s.startBox(ts, args[1:])
	case "unfit":
		return s.unfitBox(ts, args[1:])
	}
	if b.cmd == nil {
		return errors.New("the box does not run")
	}
	signal := func(sig syscall.Signal) error { b.blow = time.Now(); return b.cmd.Process.Signal(sig) }
	switch args[0] {
	case "stop":
		signal(syscall.SIGTERM)
		select {
		case err := <-b.ended:
			b.cmd = nil
			if err != nil {
				return fmt.Errorf("the agent ended with %w", err)
			}
			return nil
		case <-time.After(15 * time.Second):
			return errors.New("the agent does not end")
		}
	case "kill":
		signal(syscall.SIGKILL)
		<-b.ended
		b.cmd = nil
	case "freeze":
		return signal(syscall.SIGSTOP)
	case "thaw":
		return b.cmd.Process.Signal(syscall.SIGCONT)
	case "fill":
		return b.fill()
	default:
		return usage(args)
	}
	return nil
}

// fill takes the last byte of the box's disk, and what the box lets go of from then
// on, until it ends.
func (b *box) fill() error {
	// Its mounts are its own; /proc shows them.
	pid := b.cmd.Process.Pid
	f, err := os.Create(filepath.Join(fmt.Sprintf("/proc/%d/root", pid), b.state(), "filled"))
	if err != nil {
		return err
	}
	take := func() error {
		for size := 1 << 20; size > 0; {
			if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
				size /= 2
			} else if err != nil {
				return err
			}
		}
		return nil
	}
	if err := take(); err != nil {
		return errors.Join(err, f.Close())
	}
	go func() { // ends with the box
		defer f.Close()
		for syscall.Kill(pid, 0) == nil && take() == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return nil
}

// startBox starts the agent and waits until it answers.
func (s *stage) startBox(ts *testscript.TestScript, flags []string) error {
	if err := s.launch(ts, flags); err != nil {
		return err
	}
	b := s.box
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err := b.ask("version"); err == nil {
			return nil
		}
		select {
		case err := <-b.ended:
			b.cmd = nil
			said, _ := os.ReadFile(ts.MkAbs("agent.log"))
			return fmt.Errorf("the agent ended: %v\n%s", err, said)
		default:
		}
	}
	return errors.New("the agent does not answer")
}

// unfitBox starts the agent and waits until it has ended as one that no start makes fit
// (EX_CONFIG).
func (s *stage) unfitBox(ts *testscript.TestScript, flags []string) error {
	if err := s.launch(ts, flags); err != nil {
		return err
	}
	b := s.box
	select {
	case err := <-b.ended:
		b.cmd = nil
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 78 {
			return fmt.Errorf("the agent ended: %v, want exit status 78", err)
		}
		return nil
	case <-time.After(30 * time.Second):
		return errors.New("the agent does not end")
	}
}

// launch starts the agent and waits for nothing.
func (s *stage) launch(ts *testscript.TestScript, flags []string) error {
	b := s.box
	if b.cmd != nil {
		return errors.New("the box runs already")
	}
	if err := os.MkdirAll(b.state(), 0o750); err != nil {
		return err
	}
	mount := ""
	switch {
	case len(flags) > 1 && flags[0] == "-tmpfs":
		mount = fmt.Sprintf("mount -t tmpfs -o size=%s e2e %q", flags[1], b.state())
		flags = flags[2:]
	case len(flags) > 0 && flags[0] == "-readonly":
		mount = fmt.Sprintf("mount --bind %q %[1]q && mount -o remount,bind,ro %[1]q", b.state())
		flags = flags[1:]
	}
	command := append([]string{filepath.Join(bin, "agent"), "-root", b.root}, flags...)
	if mount != "" {
		command = append([]string{"unshare", "-m", "sh", "-c", mount + ` && exec "$@"`, "sh"}, command...)
	}
	// A box has its processor to itself; here a dozen programs fight for two, and
	// a card does not wait.
	if first := []string{"chrt", "-r", "10"}; s.card != nil && exec.Command(first[0], append(first[1:], "true")...).Run() == nil {
		command = append(first, command...)
	}
	log, err := os.OpenFile(ts.MkAbs("agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.env.WorkDir, log, log
	cmd.Env = s.env.Vars
	if s.card != nil {
		cmd.Env = append(slices.Clone(cmd.Env), "ALSA_CONFIG_PATH="+s.card.Config)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.cmd, b.ended = cmd, make(chan error, 1)
	go func() { b.ended <- cmd.Wait() }() // stop, kill or end waits for it
	return nil
}

// end leaves nothing running.
func (b *box) end() {
	if b.cmd == nil {
		return
	}
	b.cmd.Process.Signal(syscall.SIGCONT)
	b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
	case <-time.After(15 * time.Second):
		b.cmd.Process.Kill()
		<-b.ended
	}
	b.cmd = nil
}

// ask puts one line to the console, as a technician's program does.
func (b *box) ask(line string) ([]byte, error) {
	return exec.Command(filepath.Join(bin, "agent"), "console", "-root", b.root, line).Output()
}

// data asks for what a line answers to programs.
func (b *box) data(line string, to any) error {
	out, err := b.ask(line + " --json")
	if err != nil {
		return fmt.Errorf("console %s: %w: %s", line, err, out)
	}
	return json.Unmarshal(out, to)
}

// askConsole runs one console line; what it answers is the script's stdout.
func askConsole(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("agent", append([]string{"console", "-root", stageOf(ts).box.root}, args...)...)
	if (err != nil) != neg {
		ts.Fatalf("console %s: %v", strings.Join(args, " "), err)
	}
}

// until asks the console until its answer matches.
func (s *stage) until(ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return usage(args)
	}
	patience, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	want, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	line := strings.Join(args[2:], " ")
	var out []byte
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		if out, err = s.box.ask(line); err == nil && want.Match(out) {
			_, err := ts.Stdout().Write(out)
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %v, console %s says (%v)\n%s", patience, line, err, out)
		}
	}
}

// ledgerHas waits until the ledger has so many entries of a kind and result;
// with ! there must be none now.
func ledgerHas(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	patience, least, id := time.Duration(0), 1, ""
	if len(args) > 0 {
		if d, err := time.ParseDuration(args[0]); err == nil && !neg {
			patience, args = d, args[1:]
		}
	}
	if len(args) > 1 {
		if _, err := fmt.Sscanf(args[0], "%d", &least); err == nil {
			args = args[1:]
		}
	}
	if len(args) == 2 {
		id, args = args[1], args[:1]
	}
	if len(args) != 1 {
		ts.Fatalf("%v", usage(args))
	}
	kind, result, _ := strings.Cut(args[0], "/")
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		var last struct{ Data []ledger.Entry }
		err := s.box.data("ledger last 100", &last)
		var found []ledger.Entry
		for _, e := range last.Data {
			if string(e.Kind) == kind && (result == "" || string(e.Result) == result || string(e.Code) == result) && (id == "" || e.Title == id || strings.HasSuffix(e.Item, "/"+id) || strings.HasSuffix(e.Title, " "+id)) {
				found = append(found, e)
			}
		}
		if neg && err == nil && len(found) > 0 {
			ts.Fatalf("the ledger has it: %+v", found)
		}
		if neg && err == nil || !neg && len(found) >= least {
			for _, e := range found {
				line, _ := json.Marshal(e)
				fmt.Fprintf(ts.Stdout(), "%s\n", line)
			}
			return
		}
		if time.Now().After(deadline) {
			for _, e := range last.Data {
				ts.Logf("%s %s %s %s %s", e.Kind, e.Result, e.Code, e.Title, e.Detail)
			}
			ts.Fatalf("after %v the ledger has %d of %d such entries (%v)", patience, len(found), least, err)
		}
	}
}

// verify reads the ledger that the box left on its disk.
func (s *stage) verify(ts *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return usage(args)
	}
	if s.box.cmd != nil {
		return errors.New("stop the box first: its ledger is being written")
	}
	dir := filepath.Join(s.box.state(), "ledger")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return errors.New("the box left no ledger")
	}
	l, err := ledger.Open(dir, ledger.Opts{})
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Verify()
}

// archived compares what the office has of the box's ledger with what lies on the
// box's disk, line by line.
func (s *stage) archived(_ *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return usage(args)
	}
	least, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	pub, err := plan.ParseKey(s.au.Boxes()[device].Key)
	if err != nil {
		return err
	}
	var lines []byte
	files, err := filepath.Glob(filepath.Join(s.box.state(), "ledger", "*.jsonl"))
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		lines = append(lines, data...)
	}
	n := 0
	err = archive.Open(filepath.Join(s.au.Dir(), "ledger")).Each(device, pub, func(e ledger.Entry) bool {
		if !bytes.Contains(lines, []byte(e.Hash)) {
			return false
		}
		n++
		return int64(n) == e.Seq
	})
	if err == nil && n < least {
		err = fmt.Errorf("the office has %d entries that are the box's, want %d", n, least)
	}
	return err
}
