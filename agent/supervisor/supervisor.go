// Package supervisor tells systemd how the agent is: that it is ready, alive, or ending.
package supervisor

import (
	"net"
	"strconv"
	"strings"
	"time"
)

// A Supervisor is whoever started this process and wants to hear of it. Nil is nobody:
// everything can be told to it.
type Supervisor struct {
	conn *net.UnixConn
	feed time.Duration
}

// New makes one of the environment that sd_notify(3) describes: NOTIFY_SOCKET, and
// WATCHDOG_USEC with the WATCHDOG_PID that it is for. It is nil where nobody asks.
func New(getenv func(string) string, pid int) (*Supervisor, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}) // @ is an abstract one, as there
	if err != nil {
		return nil, err
	}
	s := &Supervisor{conn: conn}
	if p := getenv("WATCHDOG_PID"); p == "" || p == strconv.Itoa(pid) {
		if us, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
			s.feed = time.Duration(us) * time.Microsecond / 4
		}
	}
	return s, nil
}

// Feed is how often Alive wants to be called, a quarter of the time after which the
// supervisor ends a process that says nothing. 0: it does not watch.
func (s *Supervisor) Feed() time.Duration {
	if s == nil {
		return 0
	}
	return s.feed
}

// Ready says that the box runs. The error is that nobody heard it: it has to be said again.
func (s *Supervisor) Ready() error { return s.tell("READY=1") }

// Alive says that what matters still goes round. If one is not heard, the
// next is.
func (s *Supervisor) Alive() { _ = s.tell("WATCHDOG=1") }

// Stopping says that the end was asked for and is under way.
func (s *Supervisor) Stopping() { _ = s.tell("STOPPING=1") }

// Status is a line for people, in "systemctl status".
func (s *Supervisor) Status(line string) {
	_ = s.tell("STATUS=" + strings.Join(strings.Fields(line), " "))
}

// tell says it, if anybody listens. A supervisor whose ear is full is not waited for.
func (s *Supervisor) tell(word string) error {
	if s == nil {
		return nil
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err := s.conn.Write([]byte(word))
	return err
}
