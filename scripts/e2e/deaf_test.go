package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// deaf says what of the box can be spoken to from the network: sockets that listen, or
// that take packets from anybody. A box asks; nobody asks it.
func (s *stage) deaf(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return usage(args)
	}
	if s.box.cmd == nil {
		return errors.New("the box does not run")
	}
	open, seen, err := open(s.box.cmd.Process.Pid)
	switch {
	case err != nil:
		return err
	case len(open) > 0:
		return fmt.Errorf("the box can be reached: %s", strings.Join(open, ", "))
	case seen == 0:
		return errors.New("the box has no connection either: nothing was looked at")
	}
	return nil
}

// open is what processes can be reached at, pid and its children, and how many sockets
// of the network they have.
func open(pid int) (open []string, seen int, err error) {
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"} {
		f, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "net", table))
		if errors.Is(err, os.ErrNotExist) {
			continue // this kernel has none
		}
		if err != nil {
			return nil, 0, err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Scan() // the heading
		for lines.Scan() {
			// sl local remote state … inode; see proc(5)
			field := strings.Fields(lines.Text())
			if len(field) < 10 || !holds(pid, "socket:["+field[9]+"]") {
				continue
			}
			seen++
			const listens, connected = "0A", "01"
			if state := field[3]; state == listens || !strings.HasPrefix(table, "tcp") && state != connected {
				open = append(open, table+" "+field[1])
			}
		}
		if err := lines.Err(); err != nil {
			return nil, 0, err
		}
	}
	return open, seen, nil
}

// holds reports whether pid or a child of it has this file open.
func holds(pid int, file string) bool {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if slices.ContainsFunc(fds, func(fd string) bool { to, _ := os.Readlink(fd); return to == file }) {
		return true
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		children, _ := os.ReadFile(t) // a thread that has ended has none
		for _, c := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(c); err == nil && holds(n, file) {
				return true
			}
		}
	}
	return false
}

// What deaf looks for is found in a process that has it.
func TestDeafHears(t *testing.T) {
	before, _, err := open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		udp, err = net.ListenPacket("udp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	asks, err := net.Dial("udp", udp.LocalAddr().String()) // as the resolver does
	if err != nil {
		t.Fatal(err)
	}
	defer asks.Close()
	after, _, err := open(os.Getpid())
	if err != nil || len(after) != len(before)+2 {
		t.Errorf("found %v, then %v, %v; want two more", before, after, err)
	}
}
