// Package qemu is one box in an emulator, from outside: its power, its serial lines,
// the lines of its GPIO, its sound, its network cable and what is plugged in.
package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"loa/scripts/heard"
	"loa/scripts/hil/tape"
)

// Opts are the choices of a Machine.
type Opts struct {
	Kind     Kind
	Disk     string // raw; it is written
	Loader   string // what it starts from, where the disk has none
	Dir      string // for logs, sockets, recordings
	Forwards []Forward
	RTC      string // its clock at power-on, as 1970-01-01T00:00:00; "" is the time
	USBSound bool   // its card is on USB, so that it can be pulled
	LAN      string // socket of another network (package lan) at its second port; "" is none
}

func (o Opts) rtc() string {
	if o.RTC == "" {
		return "utc"
	}
	return o.RTC
}

// A Machine is one box. It keeps its disk, and what was recorded, when it is switched
// off and on.
type Machine struct {
	Console *Port // of the kernel
	Tech    *Port // the technician's
	Panel   *Port // to the LED card

	o    Opts
	logs []io.Closer
	gpio io.Writer

	mu     sync.Mutex
	boots  int
	edges  []tape.Edge
	run    *run
	onEdge chan struct{}
}

// A run is what there is while the box has power.
type run struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when the emulator is gone
	qmp   *QMP
	qtest *QTest
	chip  string // path of its GPIO
	tape  *recorder
	wg    sync.WaitGroup
}

// New makes a box that is off.
func New(o Opts) (*Machine, error) {
	m := &Machine{o: o, onEdge: make(chan struct{})}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"console", "tech", "panel", "gpio"} {
		log, err := os.OpenFile(filepath.Join(o.Dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		m.logs = append(m.logs, log)
		switch name {
		case "console":
			m.Console = newPort(name, log)
		case "tech":
			m.Tech = newPort(name, log)
		case "panel":
			m.Panel = newPort(name, log)
		case "gpio":
			m.gpio = log
		}
	}
	return m, nil
}

// Close takes the power away and ends everything.
func (m *Machine) Close() error {
	err := m.Cut()
	for _, l := range m.logs {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Replace lets the box's clock begin with that time, as 1970-01-01T00:00:00, from the next
// power-on on; "" is the time.
func (m *Machine) Replace(rtc string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.o.RTC = rtc
}

// On gives the box power. What is recorded begins before its first instruction.
func (m *Machine) On(ctx context.Context) (err error) {
	m.mu.Lock()
	if m.run != nil {
		m.mu.Unlock()
		return errors.New("the box has power already")
	}
	m.boots++
	n, o := m.boots, m.o
	m.mu.Unlock()
	// The path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "hil")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // a socket that is joined needs no name
	wav := filepath.Join(m.o.Dir, fmt.Sprintf("sound-%d.wav", n))
	said, err := os.OpenFile(filepath.Join(m.o.Dir, "emulator.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer said.Close()
	r := &run{cmd: exec.Command(m.o.Kind.program, m.o.Kind.args(o, dir, wav)...), ended: make(chan struct{}), tape: &recorder{file: wav}}
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = m.o.Dir, said, said
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	log, logged, err := os.Pipe()
	if err != nil {
		return err
	}
	r.cmd.ExtraFiles = []*os.File{logged} // logFile
	fmt.Fprintln(said, strings.Join(r.cmd.Args, " "))
	err = r.cmd.Start()
	logged.Close()
	if err != nil {
		log.Close()
		return fmt.Errorf("cannot start the emulator: %w", err)
	}
	r.wg.Go(func() { follow(log, m.edge); log.Close() })
	r.wg.Go(func() { r.cmd.Wait(); close(r.ended) })
	r.wg.Go(func() { r.tape.follow(r.ended) })
	joining, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	go func() { // the emulator may refuse its command line
		select {
		case <-r.ended:
			cancel()
		case <-joining.Done():
		}
	}()
	if err := m.join(joining, r, dir); err != nil {
		r.stop()
		return fmt.Errorf("cannot join the emulator, see %s: %w", said.Name(), err)
	}
	if m.o.Kind.patient {
		from := m.Console.Len()
		r.wg.Go(func() { m.soothe(r, from) })
	}
	m.mu.Lock()
	m.run = r
	m.mu.Unlock()
	return r.qmp.Do(ctx, "cont", nil, nil)
}

// soothe keeps the watchdog quiet while Linux starts, until the power goes.
func (m *Machine) soothe(r *run, from int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-r.ended; cancel() }()
	for {
		for _, x := range []struct {
			said   *regexp.Regexp
			action string
		}{{starting, "none"}, {started, "reset"}} {
			_, end, err := m.Console.Wait(ctx, from, x.said)
			if err != nil {
				return
			}
			from = end
			r.qmp.Do(ctx, "set-action", map[string]string{"watchdog": x.action}, nil)
		}
	}
}

// What the console says when Linux starts, and when it has.
var starting, started = regexp.MustCompile("Starting kernel"), regexp.MustCompile("loa: (ready|no settings)")

func (m *Machine) join(ctx context.Context, r *run, dir string) (err error) {
	if r.qmp, err = DialQMP(ctx, filepath.Join(dir, "qmp.sock")); err != nil {
		return err
	}
	if r.qtest, err = DialQTest(ctx, filepath.Join(dir, "qtest.sock"), m.edge); err != nil {
		return err
	}
	if m.o.Kind.pl061 {
		if r.chip, err = chip(ctx, r.qmp); err != nil {
			return err
		}
		if err := r.qtest.Intercept(ctx, r.chip); err != nil {
			return err
		}
	}
	for name, p := range map[string]*Port{"console": m.Console, "tech": m.Tech, "panel": m.Panel} {
		conn, err := dial(ctx, filepath.Join(dir, name+".sock"))
		if err != nil {
			return err
		}
		r.wg.Go(func() { p.attach(conn) }) // ends with the emulator
	}
	return nil
}

// chip finds the PL061 among the machine's devices: its number depends on them.
func chip(ctx context.Context, q *QMP) (string, error) {
	var devices []struct{ Name, Type string }
	if err := q.Do(ctx, "qom-list", map[string]string{"path": "/machine/unattached"}, &devices); err != nil {
		return "", err
	}
	for _, d := range devices {
		if d.Type == "child<pl061>" {
			return "/machine/unattached/" + d.Name, nil
		}
	}
	return "", errors.New("the machine has no PL061")
}

func (r *run) stop() {
	syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) // with the relays that it started
	if r.qmp != nil {
		r.qmp.Close()
	}
	if r.qtest != nil {
		r.qtest.Close()
	}
	r.wg.Wait()
}

// Cut takes the power away, between two instructions of the box. The disk has what
// the box wrote to it so far.
func (m *Machine) Cut() error {
	m.mu.Lock()
	r := m.run
	m.run = nil
	m.mu.Unlock()
	if r != nil {
		r.stop()
	}
	return nil
}

func (m *Machine) edge(e tape.Edge) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.edges = append(m.edges, e)
	fmt.Fprintf(m.gpio, "%s line %d high=%v\n", e.At.Format("15:04:05.000"), e.Line, e.High)
	close(m.onEdge)
	m.onEdge = make(chan struct{})
}

// Edges are those of all lines since the box was first switched on.
func (m *Machine) Edges() []tape.Edge {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]tape.Edge(nil), m.edges...)
}

// now is the run, an error when the box is off.
func (m *Machine) now() (*run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errors.New("the box has no power")
	}
	return m.run, nil
}

// Drive puts a line that the box reads at a level.
func (m *Machine) Drive(ctx context.Context, line int, high bool) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	return r.qtest.Drive(ctx, r.chip, line, high)
}

// Sound is what the box has played since it was last switched on.
func (m *Machine) Sound() (tape.Sound, error) {
	r, err := m.now()
	if err != nil {
		return tape.Sound{}, err
	}
	// While the emulator runs its header has no sizes, and the file is read to its end.
	marks := r.tape.marks()
	s := tape.Sound{Rate: 48000, Marks: marks}
	if len(marks) == 0 {
		return s, nil
	}
	s.Samples, s.Rate, err = heard.ReadWAV(r.tape.file)
	return s, err
}

// Cable plugs the network in, or pulls it.
func (m *Machine) Cable(ctx context.Context, in bool) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	return r.qmp.Do(ctx, "set_link", map[string]any{"name": "n0", "up": in}, nil)
}

// Alive waits until ctx ends, and says why if the emulator ends before.
func (m *Machine) Alive(ctx context.Context) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-r.ended:
		return errors.New("the emulator has ended by itself")
	}
}
