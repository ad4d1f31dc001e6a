package hardware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"

	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/boards"
	"loa/drivers/gpioline"
	"loa/drivers/oto/ototest"
)

func TestMain(m *testing.M) {
	if handled, code := RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A reporter keeps the conditions as they are now.
type reporter struct {
	mu  sync.Mutex
	now map[string]error
}

func (r *reporter) report(code string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil {
		r.now = map[string]error{}
	}
	if r.now[code] = err; err == nil {
		delete(r.now, code)
	}
}

func (r *reporter) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(r.now)
}

func TestDeskWithoutACardSoundsIntoAFile(t *testing.T) {
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", "")
	state := t.TempDir()
	var r reporter
	// An empty root has no sound card, wherever this test runs.
	d := Open(b, Opts{Root: t.TempDir(), State: state, Report: r.report})
	if got := r.String(); got != "map[]" {
		t.Fatalf("conditions %s", got)
	}
	if want := filepath.Join(state, "heard.wav"); d.Sound != want {
		t.Errorf("sound goes to %s, want %s", d.Sound, want)
	}
	s, err := d.OpenSink()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(make([]int16, 960)); err != nil {
		t.Error(err)
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(d.Sound); err != nil || info.Size() != 44+960*2 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

// The same board on a machine with a card plays on it, through the speaker.
func TestDeskWithACardSoundsOnIt(t *testing.T) {
	card := ototest.New(t, ototest.Opts{})
	t.Setenv("ALSA_CONFIG_PATH", card.Config)
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	var r reporter
	d := Open(b, Opts{State: t.TempDir(), Report: r.report})
	if d.Sound != "ALSA: system" {
		t.Errorf("sound goes to %s", d.Sound)
	}
	spk := speaker.New(d.OpenSink, d.Amp, speaker.Opts{Report: r.report})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- spk.Run(ctx) }()
	go func() { done <- d.Run(ctx) }()
	snd := spk.Play(sound.NewTone(440, -12, 300*time.Millisecond), speaker.Voice{Class: 1})
	<-snd.Done()
	if got := snd.Report(); got.Err != nil || got.Frames != 14400 {
		t.Errorf("report %+v", got)
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	mustBeLoud(t, card)
}

// mustBeLoud says whether a tone of 300 ms is on the card.
func mustBeLoud(t *testing.T, card *ototest.Card) {
	t.Helper()
	loud := 0
	for _, v := range card.Played(t) {
		if v > 4000 || v < -4000 {
			loud++
		}
	}
	if loud < 14400/2 {
		t.Errorf("%d loud samples on the card", loud)
	}
}

func TestAmpRunsUnderItsGuard(t *testing.T) {
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	var r reporter
	d := Open(b, Opts{State: state, Report: r.report})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	if err := d.Amp.Set(true); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	edges, err := gpioline.Edges(filepath.Join(state, "amp.line"))
	if err != nil || len(edges) != 3 || !edges[1].On || edges[2].On || edges[1].PID == os.Getpid() {
		t.Errorf("edges %+v, %v", edges, err)
	}
	if got := r.String(); got != "map[]" {
		t.Errorf("conditions %s", got)
	}
}

func TestUnknownDriverIsAConditionAndTheRestWorks(t *testing.T) {
	b, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	b.Sink.Driver = "gramophone"
	var r reporter
	d := Open(b, Opts{State: t.TempDir(), Report: r.report})
	if got := r.String(); !strings.Contains(got, Missing) || !strings.Contains(got, "gramophone") {
		t.Errorf("conditions %s", got)
	}
	if _, err := d.OpenSink(); err == nil {
		t.Error("a sink opened")
	}
	if d.Amp == nil {
		t.Error("no amplifier")
	}
}

// A field board on a machine without its hardware: said once as a condition,
// and the agent runs on.
func TestFieldBoardWithoutItsHardware(t *testing.T) {
	for _, name := range []string{"orangepi-zero", "raspberrypi"} {
		b, err := boards.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		d := Open(b, Opts{State: t.TempDir()})
		if d.Amp == nil || d.OpenSink == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A card that is pulled out while nothing plays is known before the next item.
func TestMissingCardIsKnownWhileNothingPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := boards.Load("orangepi-zero")
		if err != nil {
			t.Fatal(err)
		}
		b.Amp = boards.Amp{Driver: "none"}
		root := t.TempDir()
		var r reporter
		d := Open(b, Opts{Root: root, State: t.TempDir(), Report: r.report})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		if got := r.String(); !strings.Contains(got, SinkMissing) || !strings.Contains(got, "Codec") {
			t.Errorf("without the card: %s", got)
		}
		card := filepath.Join(root, "proc/asound/Codec")
		for _, there := range []bool{true, false, true} {
			if there {
				err = os.MkdirAll(card, 0o700)
			} else {
				err = os.Remove(card)
			}
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(cardEvery)
			synctest.Wait()
			if got := r.String(); strings.Contains(got, SinkMissing) == there {
				t.Errorf("the card is there: %v; conditions %s", there, got)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A board file whose values are not those of the box: each says under which key it is wrong.
func TestTheWrongKeyIsNamed(t *testing.T) {
	b, err := boards.Load("orangepi-zero")
	if err != nil {
		t.Fatal(err)
	}
	line := 63
	b.Amp.Chip, b.Amp.Line = []string{"nowhere"}, &line
	b.Panel = boards.Panel{Driver: "bx", Width: 128, Height: 32, Colors: "red", TTY: "/dev/ttyS9", Baud: 57600}
	root := t.TempDir()
	var r reporter
	d := Open(b, Opts{Root: root, State: t.TempDir(), Report: r.report})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	wg.Go(func() { d.Console(ctx, func(context.Context, io.ReadWriter) error { return nil }) })
	for _, want := range []string{"sink.card", "amp.line", "console.tty"} {
		for end := time.Now().Add(20 * time.Second); !strings.Contains(r.String(), want); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("nothing says %s: %s", want, r.String())
				break
			}
		}
	}
	cancel()
	wg.Wait()
	if _, err := d.Panel(t.Context()); err == nil || !strings.Contains(err.Error(), "panel.tty") {
		t.Errorf("%v", err)
	}
	if _, err := d.OpenSink(); err == nil || !strings.Contains(err.Error(), "sink.card") {
		t.Errorf("%v", err)
	}
}

// Of a port that the board file gives to two the technician has it, and the panel says so.
func TestThePanelLeavesTheTechniciansPort(t *testing.T) {
	b, err := boards.Load("orangepi-zero")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "dev"), 0o700); err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	if err := os.Symlink(slave.Name(), filepath.Join(root, b.Console.TTY)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/dev/by-path", "/dev/by-id"} { // of the same port
		if err := os.Symlink(slave.Name(), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{b.Console.TTY, "/dev/by-path"} {
		b.Panel = boards.Panel{Driver: "bx", Width: 128, Height: 32, Colors: "red", TTY: name, Baud: 57600}
		d := Open(b, Opts{Root: root, State: t.TempDir()})
		if _, err := d.Panel(t.Context()); err == nil || !strings.Contains(err.Error(), "panel.tty: "+name+" is given to console.tty") {
			t.Error(err)
		}
	}
	b.Modem = boards.Modem{TTY: "/dev/by-id", Baud: 115200}
	if _, err := Open(b, Opts{Root: root, State: t.TempDir()}).Modem(t.Context()); err == nil || !strings.Contains(err.Error(), "modem.tty: /dev/by-id is given to console.tty") {
		t.Error(err)
	}
	b.Console.TTY = ""
	if _, err := Open(b, Opts{Root: root, State: t.TempDir()}).Modem(t.Context()); err == nil || !strings.Contains(err.Error(), "modem.tty: /dev/by-id is given to panel.tty") {
		t.Error(err)
	}
}

func TestConsoleIsThePortOfTheBoard(t *testing.T) {
	b, err := boards.Load("orangepi-zero")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	d := Open(b, Opts{Root: root, State: t.TempDir()})
	if err := os.MkdirAll(filepath.Join(root, "dev"), 0o700); err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	if err := os.Symlink(slave.Name(), filepath.Join(root, "dev/ttyS2")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- d.Console(ctx, func(ctx context.Context, port io.ReadWriter) error {
			_, err := io.WriteString(port, "chào")
			<-ctx.Done()
			return err
		})
	}()
	defer func() { cancel(); <-ended }()
	got := make([]byte, 5)
	if _, err := io.ReadFull(master, got); err != nil || string(got) != "chào" {
		t.Errorf("the technician reads %q, %v", got, err)
	}
}

// What the service runs after the agent was killed together with its guard.
func TestAmpOff(t *testing.T) {
	root := t.TempDir()
	state := filepath.Join(root, "var/lib/loa")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(state, "amp.line")
	if err := os.WriteFile(path, []byte("2026-11-24T05:30:00Z on pid 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if handled, code := RunChild([]string{"amp-off", "-root", root, "-board", "desk"}); !handled || code != 0 {
		t.Errorf("amp-off: %v, %d", handled, code)
	}
	edges, err := gpioline.Edges(path)
	if err != nil || len(edges) != 2 || edges[1].On {
		t.Errorf("edges %+v, %v", edges, err)
	}
	if _, code := RunChild([]string{"amp-off", "-root", root, "-board", "no-such-board"}); code == 0 {
		t.Error("an unknown board went through")
	}
}

// The line that the agent took is the one to switch off, whatever became of its settings
// and of its board file since; and a board file of which the agent left something out
// still says which it is.
func TestAmpOffGoesByWhatTheAgentTook(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	const on = "2026-11-24T05:30:00Z on pid 1\n"
	off := func(line string) bool {
		t.Helper()
		edges, err := gpioline.Edges(filepath.Join(root, line))
		if err != nil {
			t.Fatal(err)
		}
		return !edges[len(edges)-1].On
	}
	write("run/loa/none", "")
	write("var/lib/loa/amp.line", on)
	board := "name = \"x\"\ntitle = \"x\"\n[sink]\ndriver = \"wav\"\nfile = \"x.wav\"\nmax_mb = 1\n[amp]\ndriver = \"emulated\"\nfile = \"%s\"\n[clock]\ntrust = \"host\"\n"
	write("etc/loa/board.toml", fmt.Sprintf(board, "amp.line"))
	b, err := boards.Load(filepath.Join(root, "etc/loa/board.toml"))
	if err != nil {
		t.Fatal(err)
	}
	d := Open(b, Opts{Root: root, State: filepath.Join(root, "var/lib/loa")})
	if d.Amp == nil {
		t.Fatal("no amplifier")
	}
	write("etc/loa/agent.toml", "\x00\x00\x00")
	if _, code := RunChild([]string{"amp-off", "-root", root}); code != 0 || !off("var/lib/loa/amp.line") {
		t.Errorf("code %d; with settings that are spoilt the line stays on", code)
	}

	// Nothing is remembered, and something is wrong with the board file.
	b.Amp.Driver = "none"
	Open(b, Opts{Root: root, State: filepath.Join(root, "var/lib/loa")})
	if _, code := RunChild([]string{"amp-off", "-root", root}); code == 0 {
		t.Error("a line that is taken no more is remembered")
	}
	write("var/lib/loa/amp2.line", on)
	write("etc/loa/board.toml", fmt.Sprintf(board, "amp2.line")+"[levels]\nvolume_percent = 1000\n")
	write("etc/loa/agent.toml", fmt.Sprintf("device = \"d-1\"\nboard = \"%s\"\n[broker]\nurls = [\"tls://b:8883\"]\n", filepath.Join(root, "etc/loa/board.toml")))
	if _, code := RunChild([]string{"amp-off", "-root", root}); code != 0 || !off("var/lib/loa/amp2.line") {
		t.Errorf("code %d; with a board file of which something is wrong the line stays on", code)
	}
}

func TestOtherArgumentsAreNotForChildren(t *testing.T) {
	for _, args := range [][]string{nil, {}, {"-board", "desk"}, {"run"}} {
		if handled, _ := RunChild(args); handled {
			t.Errorf("%q was taken", args)
		}
	}
}
