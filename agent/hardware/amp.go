package hardware

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"loa/agent/config"
	"loa/boards"
	"loa/drivers/gpioline"
)

// amps is every amplifier driver there is.
var amps = map[string]func(*Devices, Opts) error{
	"none":     func(_ *Devices, o Opts) error { forget(o.Root); return nil },
	"gpio":     openAmp,
	"emulated": openAmp,
}

func openAmp(d *Devices, o Opts) error {
	line := ampLine(d.Board.Amp, o)
	if err := remember(o.Root, line); err != nil { // then amp-off goes by the settings
		o.Log.Info("nobody can be told which the amplifier's line is", "err", err)
	}
	amp, err := gpioline.New(gpioline.Opts{
		Line:    line,
		Command: o.process(guardProcess),
		Report: func(err error) {
			if err != nil {
				err = fmt.Errorf("amp.chip, amp.line: %w", err)
			}
			o.Report(AmpGuard, err)
		},
		Log: o.Log,
	})
	if err != nil {
		return err
	}
	d.Amp = amp
	d.runs = append(d.runs, amp.Run)
	return nil
}

// lineOf is the amplifier's line as its driver wants it.
func ampLine(a boards.Amp, o Opts) gpioline.Line {
	if a.Driver == "emulated" {
		return gpioline.Line{Emulated: o.path(a.File)}
	}
	return gpioline.Line{Chip: a.Chip, Offset: *a.Line, ActiveLow: a.Active == "low"}
}

// ampOff switches the amplifier off and nothing else. The service runs it when
// the agent has ended, however that was: what kills a whole service at once
// kills the guard too.
func ampOff(args []string) error {
	f := flag.NewFlagSet(ampOffProcess, flag.ContinueOnError)
	file := f.String("config", config.File, "settings of this box")
	root := f.String("root", "", "directory that stands for /")
	board := f.String("board", "", "board instead of the one in the settings")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if *board == "" {
		if line, err := remembered(*root); err == nil {
			return gpioline.Off(line)
		}
	}
	// Whatever is wrong with the settings, the board on the command line is
	// enough to find a line.
	c, err := config.Load(*file, *root)
	switch {
	case *board != "":
		c.Board = *board
		if err != nil {
			c.State = config.Move(*root, config.StateDir)
		}
	case err != nil:
		return err
	}
	b := boards.Salvage(c.Board) // as the agent takes it
	if b.Amp.Driver == "none" {
		for _, w := range b.Wrong {
			err = errors.Join(err, w.Err)
		}
		return err
	}
	if err := rightMachine(b, *root); err != nil {
		return err // the line is something else there, and nothing has switched it on
	}
	return gpioline.Off(ampLine(b.Amp, Opts{Root: *root, State: c.State}))
}

// lineFile holds the line that the agent has taken last in this run of the machine:
// whatever became of its settings since, that is the one to switch off.
const lineFile = "/run/loa/amp"

// remember writes it down, whole.
func remember(root string, l gpioline.Line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	file := config.Move(root, lineFile)
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func forget(root string) { os.Remove(config.Move(root, lineFile)) }

func remembered(root string) (l gpioline.Line, err error) {
	data, err := os.ReadFile(config.Move(root, lineFile))
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(data, &l); err != nil {
		return l, err
	}
	if l.Emulated == "" && len(l.Chip) == 0 {
		return l, errors.New("no line")
	}
	return l, nil
}

func fail(process string, err error) int {
	fmt.Fprintf(os.Stderr, "%s: %v\n", process, err)
	return 1
}
