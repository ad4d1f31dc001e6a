// Package hardware opens what a board names, and says what did not open.
package hardware

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"periph.io/x/conn/v3/i2c"

	"loa/agent/config"
	"loa/agent/display"
	"loa/agent/speaker"
	"loa/agent/survey"
	"loa/boards"
	"loa/drivers/capture"
	"loa/drivers/term"
	"loa/drivers/tty"
)

// Opts say where a box's things lie and who is told about them.
type Opts struct {
	Device string // the box's name, for devices that show who speaks to them
	Root   string // moves /dev, /proc and /sys; "" moves nothing
	State  string // where the files of emulated devices go

	// Report is told of a condition with err, and of its end with nil. It may
	// be called from any goroutine. See the constants for the codes.
	Report func(code string, err error)
	Log    *slog.Logger

	// I2C opens a bus such as /dev/i2c-0; nil: the real one.
	I2C func(path string) (i2c.BusCloser, error)

	// Self starts this program again, for the processes that RunChild is; the
	// name of the process and its arguments are appended. Nil is the binary
	// that runs now.
	Self []string

	ports []port // of the board file; who needs one most comes first
}

// Devices are the devices of one box. What did not open is missing from them
// and was reported; the rest works.
type Devices struct {
	Board boards.Board

	// OpenSink opens the sound device, or opens it again after a loss.
	OpenSink func() (speaker.Sink, error)
	// Sound is where sound goes, for people: a card or a file.
	Sound string

	// Amp keys the amplifier; nil if the board has none that can be keyed.
	Amp speaker.Amp

	// Lamp shows that an alarm stands; nil if the board has none.
	Lamp *Lamp

	// Console calls session on the technician's serial port, again and again until
	// ctx ends, and keeps the port open in between: opening moves its control
	// lines. Nil if the board has none.
	Console func(ctx context.Context, session func(context.Context, io.ReadWriter) error) error

	// Panel opens the board that people read, or opens it again after a loss; nil if
	// the box has none.
	Panel func(context.Context) (display.Panel, error)

	// Light is how light it is around the panel, in the unit of the board file's curve;
	// Temperature how warm, in degrees Celsius. Both may take their time. Nil: the board
	// has no such sensor.
	Light, Temperature func() (float64, error)

	// Measures are what the box measures of itself.
	Measures Measures

	// Door says who can write to the panel past the box, by the network between them; nil
	// where there is none.
	Door func() error

	// Sweep looks for the panel's card at every speed and address, while nothing else
	// has the line, and says what was heard; nil where there is no such thing.
	Sweep func(context.Context) []string

	// Draw draws a picture in lines of text.
	Draw func(image.Image) []string

	// OpenInput opens an input of the board by its name: raw signed 16-bit
	// little-endian stereo at 48 kHz.
	OpenInput func(name string) (io.ReadCloser, error)

	// Modem opens the box's mobile modem for a few questions; its error is
	// [survey.ErrNone] where there is none.
	Modem func(context.Context) (survey.Modem, error)

	// Messages hands every SMS that has come to take, and deletes those of which that
	// says so; its error is [survey.ErrNone] where there is no modem.
	Messages func(ctx context.Context, take func(from, text string, sent time.Time) (taken bool)) error
	// Answer sends an SMS of at most 70 letters.
	Answer func(ctx context.Context, to, text string) error

	// Wires are the pins besides the amplifier's that a technician can test, by name.
	Wires []Wire

	runs []func(context.Context) error
}

// Open prepares the devices of b. It touches no line and makes no sound: that
// begins with Run and OpenSink.
func Open(b boards.Board, o Opts) *Devices {
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Self == nil {
		o.Self = self()
	}
	o.ports = []port{
		{"console.tty", b.Console.TTY}, {"panel.tty", b.Panel.TTY}, {"panel.sender_tty", b.Panel.SenderTTY}, {"modem.tty", b.Modem.TTY},
	}
	d := &Devices{Board: b}
	reportWrong(b, o)
	if err := rightMachine(b, o.Root); err != nil {
		o.Report(BoardWrong, err)
		b = withoutPins(b)
	}
	for _, part := range []struct {
		table, driver string
		open          func(*Devices, Opts) error
	}{
		{"sink", b.Sink.Driver, sinks[b.Sink.Driver]},
		{"amp", b.Amp.Driver, amps[b.Amp.Driver]},
	} {
		if part.open == nil {
			o.Report(Missing, fmt.Errorf("board %s: %s: no driver %q", b.Name, part.table, part.driver))
			continue
		}
		if err := part.open(d, o); err != nil {
			o.Report(Missing, fmt.Errorf("board %s: %s: %w", b.Name, part.table, err))
		}
	}
	var err error
	if d.Panel, err = panelOf(b.Panel, o); err != nil {
		o.Report(Missing, fmt.Errorf("board %s: panel: %w", b.Name, err))
	}
	if open := d.Panel; open != nil && b.Panel.TTY != "" {
		d.Panel = func(ctx context.Context) (display.Panel, error) {
			if err := o.free("panel.tty"); err != nil {
				return nil, err
			}
			return open(ctx)
		}
	}
	d.Sweep = sweepOf(b.Panel, o)
	d.Door = doorOf(b.Panel, o)
	if l := b.Sensor.Light; l.There() {
		d.Light = sensorOf(l.Device, l.Channel, 1, o)
	}
	if t := b.Sensor.Temperature; t.There() {
		d.Temperature = sensorOf(t.Device, t.Channel, 1e-3, o) // the kernel counts thousandths
	}
	d.Measures = measuresOf(b, o)
	d.Draw = func(p image.Image) []string { return term.Lines(p, term.Plain) }
	if c := b.Console; c.TTY != "" {
		path := config.Move(o.Root, c.TTY)
		report := func(err error) {
			if err != nil {
				err = fmt.Errorf("console.tty: %w", err)
			}
			o.Report(PortMissing, err)
		}
		d.Console = func(ctx context.Context, session func(context.Context, io.ReadWriter) error) error {
			return tty.Keep(ctx, path, tty.Opts{Baud: c.Baud, Report: report}, func(ctx context.Context, p *tty.Port) error {
				return session(ctx, p)
			})
		}
	}
	mobile := modemOf(b.Modem, o)
	d.Modem, d.Messages, d.Answer = surveyed(mobile), messages(mobile), answers(mobile)
	if d.Lamp, err = lampOf(b, o, d); err != nil {
		o.Report(Missing, fmt.Errorf("board %s: lines.%s: %w", b.Name, lampName, err))
	}
	d.Wires = wiresOf(b, d.Measures, d.Lamp, o)
	d.OpenInput = func(name string) (io.ReadCloser, error) {
		device, ok := b.Inputs[name]
		if !ok {
			return nil, fmt.Errorf("board %s has no input %q", b.Name, name)
		}
		in, err := capture.Open(capture.Opts{Device: device})
		if err != nil {
			return nil, err
		}
		return in, nil
	}
	if d.OpenSink == nil {
		d.OpenSink = func() (speaker.Sink, error) {
			return nil, fmt.Errorf("board %s has no sound device that works", b.Name)
		}
	}
	return d
}

// reportWrong tells what of the board file could not be used, key by key.
func reportWrong(b boards.Board, o Opts) {
	var said []string
	for _, w := range b.Wrong {
		text := w.Err.Error()
		if !strings.Contains(text, w.Key) {
			text = w.Key + ": " + text
		}
		said = append(said, text)
	}
	if len(said) > 0 {
		o.Report(BoardFile, errors.New(strings.Join(said, "; ")))
	}
}

// The conditions Opts.Report is told of.
const (
	Missing     = "hardware-missing" // something the board names did not open
	SinkMissing = "sink-missing"     // the board's sound card is not plugged in
	AmpGuard    = "amp-guard"        // the amplifier's guard does not run
	BoardWrong  = "board-wrong"      // this is another machine than the board file is for
	PortMissing = "port-missing"     // the technician's serial port does not open
	BoardFile   = "board-file"       // something in the board file cannot be used
)

// Run keeps the devices alive that need it, until ctx ends; it leaves the
// amplifier off.
func (d *Devices) Run(ctx context.Context) error {
	done := make(chan error, len(d.runs))
	for _, run := range d.runs {
		go func() { done <- run(ctx) }() // Run waits for each below
	}
	var first error
	for range d.runs {
		if err := <-done; err != nil && first == nil {
			first = err
		}
	}
	<-ctx.Done()
	return first
}

// A port is a serial one that the board file gives to a key.
type port struct{ key, path string }

// free is an error if a port is given to one that needs it more, under whatever name:
// whoever came first would have it. Adapters come and go, so it is asked at each opening.
func (o Opts) free(key string) error {
	real := func(path string) string {
		path = config.Move(o.Root, path)
		if is, err := filepath.EvalSymlinks(path); err == nil {
			return is
		}
		return path
	}
	i := slices.IndexFunc(o.ports, func(p port) bool { return p.key == key })
	for _, p := range o.ports[:max(i, 0)] {
		if mine := o.ports[i].path; p.path != "" && real(p.path) == real(mine) {
			return fmt.Errorf("%s: %s is given to %s already", key, mine, p.key)
		}
	}
	return nil
}

// path is where a device's own file lies.
func (o Opts) path(name string) string {
	if filepath.IsAbs(name) {
		return config.Move(o.Root, name)
	}
	return filepath.Join(o.State, name)
}

// process is the command that starts one of the processes of RunChild.
func (o Opts) process(name string) []string {
	return append(o.Self[:len(o.Self):len(o.Self)], name)
}

// self is the command that starts this binary again, also after an update has
// replaced its file.
func self() []string {
	if runner := strings.Fields(os.Getenv(runnerEnv)); len(runner) > 0 {
		if exe, err := os.Executable(); err == nil {
			return append(runner, exe)
		}
	}
	return []string{"/proc/self/exe"}
}

// runnerEnv is how to start a binary the kernel cannot start by itself, such as
// "qemu-arm". The tests that start programs read it too.
const runnerEnv = "LOA_RUNNER"
