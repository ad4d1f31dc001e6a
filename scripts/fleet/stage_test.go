package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/message"
)

// A stage is a province with its broker, its boxes and its centre.
type stage struct {
	*Province
	*sender
	dir    string
	broker *mosquitto
	url    string // the boxes' way to it
	plain  bool   // without TLS
	stands bool   // the boxes' cards do, see ear
	booked bool   // the boxes are in the authority's books
	fleet  *Fleet

	mu      sync.Mutex
	have    map[string]message.Have
	settled int // boxes that are where they belong, with their documents
}

// ram is a directory that costs no disk, for a test.
func ram(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "loa-fleet-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newStage sets it with a mosquitto that everything issued is sent to; boxes are
// registered, and do not run yet.
// It may have settings that are not the usual: replacements, as of strings.Replacer.
func newStage(t *testing.T, boxes int, settings ...string) *stage {
	t.Helper()
	s := &stage{dir: ram(t), have: map[string]message.Have{}}
	var err error
	s.Province, err = found(s.dir, boxes)
	check(t, err)
	s.broker, err = newMosquitto(s.Province, filepath.Join(s.dir, "mosquitto"), "localhost")
	check(t, err)
	conf, err := os.ReadFile(s.broker.conf)
	check(t, err)
	check(t, os.WriteFile(s.broker.conf, []byte(strings.NewReplacer(settings...).Replace(string(conf))), 0o600))
	check(t, s.broker.Start())
	t.Cleanup(s.broker.Kill)
	s.url = s.broker.URL()
	s.open(t, boxes)
	return s
}

// open connects the centre, registers boxes and sends what there is.
func (s *stage) open(t *testing.T, boxes int) {
	t.Helper()
	to := s.url
	if s.broker != nil {
		if to = s.broker.URL(); s.plain {
			to = "tcp://" + s.broker.Addr
		}
	}
	check(t, s.SetAddresses([]string{to}, nil))
	var err error
	if s.booked {
		err = s.book(boxes)
	} else {
		for i := range boxes {
			_, e := s.identity(i)
			err = errors.Join(err, e)
		}
	}
	check(t, err)
	s.sender, err = newSender(t.Context(), s.Province, to, s.receive, "loa/v1/d/+/have")
	check(t, err)
	t.Cleanup(s.sender.stop)
	s.sendAll(t)
}

func (s *stage) sendAll(t *testing.T) {
	t.Helper()
	all, err := s.all()
	check(t, err)
	check(t, s.issue(t.Context(), all...))
}

// boxesRun starts the boxes from one number to another and waits until each has told
// the centre where it belongs.
func (s *stage) boxesRun(t *testing.T, from, to int) {
	t.Helper()
	var err error
	s.fleet, err = start(context.WithoutCancel(t.Context()), sim{Province: s.Province, Dir: filepath.Join(s.dir, "boxes"), Broker: s.url, From: from, To: to, Stands: s.stands})
	check(t, err)
	f := s.fleet
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
	})
	until(t, "every box has what was issued", time.Minute+time.Duration(to-from)*100*time.Millisecond, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.settled >= to-from
	})
}

func (s *stage) receive(topic string, payload []byte) {
	t, err := message.ParseTopic(topic)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Leaf == message.LeafHave {
		if h, err := message.OpenReport[message.Have](message.ReportHave, payload, s.key(t.Device)); err == nil {
			if !settled(s.have[t.Device]) && settled(h) {
				s.settled++
			}
			s.have[t.Device] = h
		}
	}
}

func settled(h message.Have) bool { return h.Place != "" && len(h.Documents) > 1 }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for what happens elsewhere.
func until(t testing.TB, what string, patience time.Duration, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v, still not: %s", patience, what)
		}
	}
}

// bin is where the programs of this run lie, once programs has built them.
var bin string

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400) // a thousand boxes' garbage is one heap's
	code := m.Run()
	if bin != "" {
		os.RemoveAll(bin)
	}
	os.Exit(code)
}

// loactl runs the tool as a person does.
func (s *stage) loactl(args ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(bin, "loactl"), args...)
	cmd.Env = append(os.Environ(), "LOA_AUTHORITY="+s.Dir(), "LOA_PASSPHRASE_FILE="+s.Secret, "LOA_LANG=en")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("loactl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return out, nil
}

// programs builds loactl.
func programs(t *testing.T) {
	t.Helper()
	if bin != "" {
		return
	}
	dir, err := os.MkdirTemp("", "loa-fleet-bin-")
	check(t, err)
	bin = dir
	if out, err := exec.Command("go", "build", "-o", bin+"/", "loa/scripts/loactl").CombinedOutput(); err != nil {
		t.Fatalf("cannot build loactl: %v\n%s", err, out)
	}
}

// measures skips a test that only prints figures.
func measures(t *testing.T) {
	t.Helper()
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set; scripts/bench.sh measures")
	}
	programs(t)
}

// figure prints one line, and fails when the value is more than its aim; 0: none.
func figure(t *testing.T, name string, value float64, unit string, aim float64) {
	t.Helper()
	fmt.Printf("bench %s %.4g %s\n", name, value, unit)
	if aim > 0 && value > aim {
		t.Errorf("%s is %.4g %s, more than %.4g", name, value, unit, aim)
	}
}

// load says how busy the machine was: a figure without it says little.
func load(what string) {
	data, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(data), " ")
	fmt.Printf("load %s at %s\n", one, what)
}

// alone lets this process and the broker go before whatever else the machine does, as
// scripts/e2e does with its box: each box has a processor to itself. For seconds only:
// f is what is measured.
func (m *mosquitto) alone(f func()) {
	set := func(policy string) bool {
		ok := true
		for _, pid := range []int{os.Getpid(), m.cmd.Process.Pid} {
			ok = exec.Command("chrt", append(strings.Fields("-a "+policy), strconv.Itoa(pid))...).Run() == nil && ok
		}
		return ok
	}
	if !set("-r -p 10") {
		fmt.Println("without real-time priority: whatever else runs is in the figures")
	}
	defer set("-o -p 0")
	f()
}

// cpu is the processor time of this process so far, in seconds.
func cpu() float64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // of ourselves, into memory that there is
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// quantile is by nearest rank.
func quantile(x []float64, q float64) float64 {
	x = slices.Sorted(slices.Values(x))
	if len(x) == 0 {
		return 0
	}
	return x[min(len(x)-1, int(q*float64(len(x))))]
}
