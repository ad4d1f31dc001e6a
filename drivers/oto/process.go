package oto

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A process is the child, seen from the agent.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it is dead and buried, after err is set
	err   error         // what it died of
	heard chan struct{} // closed when all it ever said has been read
}

// A link is a pipe each way between agent and child. With a socket both would be
// woken whenever the other has read something.
type link struct{ in, out *os.File }

func (l *link) Read(p []byte) (int, error)         { return l.in.Read(p) }
func (l *link) Write(p []byte) (int, error)        { return l.out.Write(p) }
func (l *link) SetWriteDeadline(t time.Time) error { return l.out.SetWriteDeadline(t) }
func (l *link) Close() error                       { return errors.Join(l.in.Close(), l.out.Close()) }

// answers is the child's file descriptor of the pipe to the agent, the first after
// the standard ones: alsa-lib's plugins may print.
const answers = 3

// newLink is the link of both ends.
func newLink() (ours, theirs *link, err error) {
	orders, toChild, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	fromChild, said, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, orders.Close(), toChild.Close())
	}
	return &link{fromChild, toChild}, &link{orders, said}, nil
}

// startProcess starts the child with the other end of the link.
func startProcess(command, args, env []string) (*process, *link, error) {
	conn, theirs, err := newLink()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], args...)...)
	cmd.Args[0] = filepath.Base(os.Args[0])
	last := &tail{}
	cmd.Stdin, cmd.Stderr, cmd.ExtraFiles = theirs.in, last, []*os.File{theirs.out}
	// The driver waits in C for a period at a time, which the runtime takes for a
	// loop without end: its signals to interrupt that would cut short ALSA's waiting.
	debug := strings.TrimPrefix(os.Getenv("GODEBUG")+",asyncpreemptoff=1", ",")
	cmd.Env = append(append(os.Environ(), "GODEBUG="+debug), env...)
	cmd.WaitDelay = time.Second // a program that a plugin of alsa-lib has started may keep standard error open
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	p := &process{cmd: cmd, ended: make(chan struct{}), heard: make(chan struct{})}
	started := make(chan error)
	go func() { // ends with the child; whoever closes the sink waits for it
		// The death signal comes when the thread dies that started the child,
		// not when the process does: this thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		if err := cmd.Wait(); err != nil {
			p.err = fmt.Errorf("the sink process died: %w%s", err, last)
		} else {
			p.err = errors.New("the sink process has ended")
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		conn.Close()
		return nil, nil, err
	}
	return p, conn, nil
}

// kill ends the child at once; the kernel closes the card. A dead one stays dead.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// A tail keeps the end of what is written to it: alsa-lib's complaints, or the
// beginning of a panic's last page, to be told when the child died of it.
type tail struct{ b []byte }

const tailSize = 2048

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b) - tailSize; n > 0 {
		t.b = t.b[:copy(t.b, t.b[n:])]
	}
	return len(p), nil
}

// String is the tail as the end of a sentence; empty if there is none.
func (t *tail) String() string {
	if s := strings.TrimSpace(string(t.b)); s != "" {
		return ": " + s
	}
	return ""
}
