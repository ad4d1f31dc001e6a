package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
)

type tb = testing.TB

// A terminal is the console as a person has it: with a line editor.
type terminal struct {
	tty *os.File
	cmd *exec.Cmd

	mu   sync.Mutex
	seen string // since the last expectation was met
	done chan struct{}
}

func (s *stage) openTerminal() error {
	cmd := exec.Command(filepath.Join(bin, "agent"), "console", "-root", s.box.root)
	cmd.Env = append(slices.Clip(s.env.Vars), "LOA_LANG=") // that of the box
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return err
	}
	t := &terminal{tty: tty, cmd: cmd, done: make(chan struct{})}
	s.terminal = t
	go func() { // close waits for it
		defer close(t.done)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			t.mu.Lock()
			t.seen += string(buf[:n])
			t.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return nil
}

// close hangs up. A read of a terminal ends only when nobody is at its other end.
func (t *terminal) close() {
	if t == nil {
		return
	}
	t.cmd.Process.Kill()
	t.cmd.Wait()
	<-t.done
	t.tty.Close()
}

func (s *stage) terminalDoes(ts *testscript.TestScript, args []string) error {
	if len(args) == 1 && args[0] == "open" && s.terminal == nil {
		return s.openTerminal()
	}
	if s.terminal == nil {
		return errors.New("no terminal is open")
	}
	switch {
	case len(args) == 2 && args[0] == "type":
		_, err := s.terminal.tty.WriteString(args[1] + "\r")
		return err
	case len(args) == 2 && args[0] == "key":
		keys := map[string]string{"up": "\x1b[A", "enter": "\r"}
		_, err := s.terminal.tty.WriteString(keys[args[1]])
		return err
	case len(args) == 2 && args[0] == "expect":
		return s.terminal.expect(args[1])
	case len(args) == 1 && args[0] == "close":
		s.terminal.close()
		s.terminal = nil
		return nil
	}
	return usage(args)
}

// escape is what moves the cursor and sets colours.
var escape = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// expect waits until what came since the last expectation matches.
func (t *terminal) expect(pattern string) error {
	want, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		t.mu.Lock()
		text := strings.ReplaceAll(escape.ReplaceAllString(t.seen, ""), "\r", "")
		if at := want.FindStringIndex(text); at != nil {
			t.seen = text[at[1]:]
			t.mu.Unlock()
			return nil
		}
		t.mu.Unlock()
		if time.Now().After(deadline) {
			return fmt.Errorf("the terminal shows no %q but\n%s", pattern, text)
		}
	}
}
