package oto

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A process is the child, seen from the agent.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it is dead and buried, after err is set
	err   error         // what it died of
	heard chan struct{} // closed when all it ever said has been read
}

// startProcess starts the child with a socket for its standard input.
func startProcess(command, args, env []string) (*process, *net.UnixConn, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "sink"), os.NewFile(uintptr(fds[1]), "agent")
	defer ours.Close()
	defer theirs.Close()
	c, err := net.FileConn(ours)
	if err != nil {
		return nil, nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, nil, errors.New("a socket pair that is no unix socket")
	}
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], args...)...)
	cmd.Args[0] = filepath.Base(os.Args[0])
	last := &tail{}
	cmd.Stdin, cmd.Stderr = theirs, last
	cmd.Env = append(os.Environ(), env...)
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
