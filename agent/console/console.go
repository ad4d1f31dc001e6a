// Package console is the technician's console: a line editor and one table of
// commands over anything that can be read and written.
//
// Opening it changes nothing and switches nothing. What sounds asks the
// station, which judges it by the same law as everything else; in quiet hours
// the technician is asked once more. What changes anything is written in the
// ledger.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// Box is what the console asks of the box. A part that is nil is one the box
// does not have; its commands say so.
type Box struct {
	View    Viewer
	Plan    Planner
	Sound   Sounder
	Ledger  Ledger
	Board   Board
	Stick   Importer
	Sensors Senser
	Log     func(n int) []string // the last n lines of the log, oldest first
	Reset   func()               // forget what the box was sent, and begin again; it returns at once
}

// A Viewer says how the box is.
type Viewer interface {
	Status() Status
	Faults() []health.Active
	Fresh() []health.Active // what holds, but not long enough to be a fault
	Clock() clock.Facts
	Documents() []Document
}

// A Planner says what will sound and be seen and what will be refused.
type Planner interface {
	Ahead(ctx context.Context, d time.Duration) ([]ahead.Line, error)
}

// A Sounder makes the box sound, and silent.
type Sounder interface {
	// PlayLocal sounds something built in. What refuses it comes as a
	// *plan.Error. At confirmed the technician has been told that it is quiet
	// hours, or that the time is not known, and wants it all the same; whether
	// that is enough is not the console's to decide.
	PlayLocal(ctx context.Context, part plan.Part, title string, volumePercent int, confirmed bool) error
	// StopLocal ends what sounds now, an alert with all its rounds, and gives
	// what that was; nil: nothing sounded.
	StopLocal(ctx context.Context) (*plan.Occurrence, error)
	// LocalMode lets nothing from afar sound for d, not even an alert, and says
	// until when; 0 ends it.
	LocalMode(ctx context.Context, d time.Duration) (time.Time, error)
	// HoldAmp keeps the amplifier on for d, at most a minute; 0 lets it go.
	HoldAmp(d time.Duration) error
	// Volume sets the box's own volume; the policy's ceiling still holds.
	Volume(ctx context.Context, percent int) error
}

// Ledger is the play log; *ledger.Ledger is one.
type Ledger interface {
	Append(ledger.Entry) (ledger.Entry, error)
	Query(ledger.Query) ([]ledger.Entry, error)
	Verify() error
	Status() ledger.Status
}

// Opts of a console.
type Opts struct {
	Lang  string           // of the texts: "vi" or "en"; empty: vi
	Zone  *time.Location   // in which times are shown; nil: UTC+7
	Limit time.Duration    // for one command; 0: 20 s
	Now   func() time.Time // nil: time.Now
}

// A Console answers commands. It keeps nothing between them and is safe for
// concurrent use: each Serve and each Do is a session of its own.
type Console struct {
	box Box
	o   Opts
}

// New makes a console for box.
func New(box Box, o Opts) *Console {
	if catalogues[o.Lang] == nil {
		o.Lang = "vi"
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("+07", 7*3600)
	}
	if o.Limit <= 0 {
		o.Limit = 20 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Console{box: box, o: o}
}

// In is the same console in another language, or in its own if there is no such.
func (c *Console) In(lang string) *Console {
	o := c.o
	if catalogues[lang] != nil {
		o.Lang = lang
	}
	return &Console{box: c.box, o: o}
}

// The codes with which a command ends, as a program's exit codes.
const (
	OK      = 0
	Failed  = 1 // it could not be done
	Usage   = 2 // there is no such command, or not with these words
	Refused = 3 // the law of the box, or the technician's own no
)

// An Asker is who sends a single line to Do.
type Asker struct {
	Lang   string // empty: the console's
	Remote bool   // not at the box: may look, but not touch
}

// Do answers a single line, for the local socket and for questions that came
// over the network. Nobody can be asked back, so what needs a confirmation
// needs --yes in the line.
func (c *Console) Do(ctx context.Context, line string, who Asker) (answer string, code int) {
	s := &session{Console: c, words: catalogues[c.o.Lang], remote: who.Remote}
	if w := catalogues[who.Lang]; w != nil {
		s.words = w
	}
	return s.answer(ctx, line)
}

// Serve is a session at a terminal. It returns nil when the technician leaves
// or the line is closed. If rw is an io.Closer, the end of ctx closes it.
func (c *Console) Serve(ctx context.Context, rw io.ReadWriter) error {
	if closer, ok := rw.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { closer.Close() })()
	}
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keys{r: rw}, rw}, prompt)
	t.History = new(history)
	s := &session{Console: c, words: catalogues[c.o.Lang]}
	s.ask = func(question string) string {
		lines := t.History
		t.History = new(history) // a yes is nothing to come back to
		t.SetPrompt("? ")
		defer func() { t.History = lines; t.SetPrompt(prompt) }()
		fmt.Fprintln(t, clean(question))
		line, _ := t.ReadLine() // an error is no yes, and comes again
		return line
	}
	t.AutoCompleteCallback = complete
	fmt.Fprintln(t, clean(s.say("welcome", s.name())))
	if c.box.View != nil {
		if code := c.box.View.Status().Code; code != "" {
			fmt.Fprintln(t, clean(s.say("enrol", code)))
		}
	}
	for {
		line, err := t.ReadLine()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			io.WriteString(rw, "\r\n") // what follows must not stand behind the prompt
			return nil
		}
		if err != nil {
			return fmt.Errorf("console: the line broke: %w", err)
		}
		text, _ := s.answer(ctx, line)
		if text != "" {
			if _, err := fmt.Fprintln(t, strings.TrimRight(text, "\n")); err != nil {
				return fmt.Errorf("console: the line broke: %w", err)
			}
		}
		if s.over {
			return nil
		}
	}
}

const prompt = "loa> "

// complete ends the word of a command at the press of Tab.
func complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	if strings.Contains(line[:pos], " ") {
		return line, pos, true
	}
	found := candidates(line[:pos])
	if len(found) != 1 {
		return line, pos, true
	}
	whole := found[0].name + " "
	return whole + strings.TrimLeft(line[pos:], " "), len(whole), true
}

// A history keeps the last lines of a session, short ones only.
type history struct{ lines []string }

const historyLines = 50

// Add keeps a line that differs from the one before.
func (h *history) Add(line string) {
	if line == "" || len(line) > maxLine || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	if len(h.lines) == historyLines {
		h.lines = append(h.lines[:0], h.lines[1:]...)
	}
	h.lines = append(h.lines, line)
}

// Len is how many there are.
func (h *history) Len() int { return len(h.lines) }

// At gives the idx-th newest.
func (h *history) At(idx int) string { return h.lines[len(h.lines)-1-idx] }
