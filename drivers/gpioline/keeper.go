package gpioline

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How long a guard may take to own its line (a predecessor may hold it for
// takeTime), to obey an order, and to answer at all before it is replaced.
const (
	readyTime  = takeTime + 2*time.Second
	orderTime  = 500 * time.Millisecond
	answerTime = 2 * time.Second
)

// A keeper is the agent's side of one guard process.
type keeper struct {
	cmd     *exec.Cmd
	in      *os.File      // orders
	starved chan struct{} // the guard has switched off by itself
	died    chan struct{} // closed at its end, after cause is set
	cause   error

	setting sync.Mutex   // one order at a time
	answers chan string  // "ready", "on", "off"
	uneaten atomic.Int32 // meals since the last answer
}

// startKeeper starts a guard and returns when it owns the line and the line is off.
func startKeeper(command []string, l Line) (*keeper, error) {
	orders, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, orders.Close(), in.Close())
	}

	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], l.args()...)...)
	cmd.Args[0] = filepath.Base(os.Args[0])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = orders, answers, os.Stderr
	cmd.Dir = "/"
	// Its own session: what kills our process group or hangs up our terminal
	// must leave the guard alive to switch off.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	// Only the guard may keep its ends: the pipe ends when it dies.
	orders.Close()
	answers.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start the guard: %w", err), in.Close(), out.Close())
	}
	g := &keeper{cmd: cmd, in: in, starved: make(chan struct{}, 1), died: make(chan struct{}), answers: make(chan string, 1)}
	go g.listen(out) // ends with the guard; stop waits for it
	if err := g.await("ready", readyTime); err != nil {
		g.stop()
		return nil, err
	}
	return g, nil
}

// listen takes the guard's answers until it is dead and buried.
func (g *keeper) listen(out *os.File) {
	defer close(g.died)
	said := ""
	for s := bufio.NewScanner(out); s.Scan(); {
		g.uneaten.Store(0)
		switch word := s.Text(); {
		case word == "ready", word == "on", word == "off":
			select {
			case g.answers <- word:
			default: // nobody waits any more: its order timed out, and it is being stopped
			}
		case word == "starved":
			select {
			case g.starved <- struct{}{}:
			default:
			}
		case strings.HasPrefix(word, "error "):
			said = strings.TrimPrefix(word, "error ")
		}
	}
	out.Close()
	err := g.cmd.Wait()
	switch {
	case said != "":
		g.cause = errors.New(said)
	case err != nil:
		g.cause = fmt.Errorf("the guard died: %w", err)
	default:
		g.cause = errors.New("the guard has ended")
	}
}

// why is what the guard died of. It is for after died.
func (g *keeper) why() error { return g.cause }

// set is order for the outside.
func (g *keeper) set(on bool) error {
	g.setting.Lock()
	defer g.setting.Unlock()
	return g.order(on)
}

// order switches the line and waits for the answer. A guard that does not
// obey is killed, so that another takes its place. g.setting is held.
func (g *keeper) order(on bool) error {
	cmd, word := byte(cmdOff), "off"
	if on {
		cmd, word = cmdOn, "on"
	}
	if err := g.send(cmd); err != nil {
		return err
	}
	err := g.await(word, orderTime)
	if err != nil {
		_ = g.cmd.Process.Kill()
	}
	return err
}

// feed gives the guard food, and kills it when it does not eat. It counts meals,
// which come every so often, not time: while this process is stopped nothing is
// eaten.
func (g *keeper) feed(every time.Duration) error {
	if g.uneaten.Add(1) > int32(answerTime/every) {
		_ = g.cmd.Process.Kill()
		return fmt.Errorf("the guard has not answered for %v", answerTime)
	}
	return g.send(cmdFeed)
}

// send never waits: the pipe holds 64 KiB, and a guard that let it fill was killed by
// feed long before.
func (g *keeper) send(cmd byte) error {
	if _, err := g.in.Write([]byte{cmd}); err != nil {
		return fmt.Errorf("cannot reach the guard: %w", err)
	}
	return nil
}

// await waits for the guard to say word.
func (g *keeper) await(word string, limit time.Duration) error {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case got := <-g.answers:
		if got != word {
			return fmt.Errorf("the guard said %q instead of %q", got, word)
		}
		return nil
	case <-g.died:
		return g.why()
	case <-t.C:
		return fmt.Errorf("the guard did not say %q within %v", word, limit)
	}
}

// stop ends the pipe, upon which the guard switches off and exits, and waits
// for that. One that does not is killed.
func (g *keeper) stop() {
	g.in.Close()
	select {
	case <-g.died:
		return
	case <-time.After(answerTime):
	}
	_ = g.cmd.Process.Kill()
	<-g.died
}
