package gpioline

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How often the guard is fed while the line is on, and how long it lives on one
// meal: one may be lost, and the next one late. While the line is off
// there is nothing to switch off; a meal now and then asks whether it lives.
const (
	feedEvery = 200 * time.Millisecond
	starveIn  = 500 * time.Millisecond
	restEvery = 500 * time.Millisecond
)

// What the agent says: one byte each. The guard answers in a line of text: "on",
// "off", or "fed" for a meal; or "error …". By itself it says "ready" once it owns
// the line, and "starved" when it has switched off for want of food.
const (
	cmdOn   = '1'
	cmdOff  = '0'
	cmdFeed = '.'
)

// Guard is the guard's whole life, in its own process: args say which line,
// standard input brings orders and food, standard output takes the answers. It
// returns the exit code, with the line off.
func Guard(args []string) int {
	// The agent's end is seen on the pipe; the signals that end the agent, or
	// the terminal, must not end the guard first.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	// Where it may, the guard outlives the agent in want of memory and goes
	// before it in want of time. A failure only means that it has no such right.
	runtime.LockOSThread() // priority belongs to a thread
	// It waits in a system call. With one processor the runtime takes that back at
	// once, with more it watches for 10 ms whether the call returns.
	runtime.GOMAXPROCS(1)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, -15)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("-900"), 0)
	// An agent that feeds and does not listen must not make the guard wait.
	_ = unix.SetNonblock(1, true)

	l, err := parseLine(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "guard: %v\n", err)
		return 2
	}
	if err := guard(l, 0, 1); err != nil {
		say(1, "error "+err.Error())
		return 1
	}
	return 0
}

// errGone means that the agent has gone.
var errGone = errors.New("the agent has gone")

// guard takes the line and keeps it until the agent has gone. It polls the
// pipe itself: nothing else runs here that could be late.
func guard(l Line, in, answers int) (err error) {
	out, err := takeOff(l, func(d time.Duration) bool { return gone(in, d) })
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, out.set(false), out.close())
	}()
	say(answers, "ready")

	on := false
	for {
		cmd, err := next(in, answers, on)
		switch {
		case err == errGone:
			return nil
		case err == syscall.ETIMEDOUT:
			// Off first: the agent may be too dead to read the answer.
			if err := out.set(false); err != nil {
				return err
			}
			on = false
			say(answers, "starved")
			continue
		case err != nil:
			return err
		}
		switch cmd {
		case cmdOn, cmdOff:
			if err := out.set(cmd == cmdOn); err != nil {
				return err // in an unknown state: off, and another guard shall try
			}
			on = cmd == cmdOn
			if on {
				say(answers, "on")
			} else {
				say(answers, "off")
			}
		default:
			return fmt.Errorf("unknown order %q", cmd)
		}
	}
}

// gone waits for d and reports whether the agent has gone meanwhile. It reads
// nothing.
func gone(in int, d time.Duration) bool {
	time.Sleep(d)
	fds := []unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&unix.POLLHUP != 0
}

// say writes an answer; who is not there to read it has no use for it.
func say(fd int, line string) {
	_, _ = unix.Write(fd, []byte(line+"\n"))
}
