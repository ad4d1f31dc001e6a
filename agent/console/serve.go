package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
	"golang.org/x/text/unicode/norm"
)

// A Line is where a technician sits. The zero value is one that lets everybody in and
// ends with its session.
type Line struct {
	Name  string        // "port" or "local"; a text of the catalogues
	Login *Login        // nil: whoever reaches the line may use it
	Code  func() string // the sum of the code that is asked for; empty: none is
	Idle  time.Duration // without a command that is understood, after which a session ends; 0: never
	Wide  int           // columns of the terminal, after which lines are broken between words; 0: it does that itself
	High  int           // its lines, after which a long answer waits; 0: it has as many as there are
	Stays bool          // it is there for the next one, as a serial port is
}

// At is the same console at a line.
func (c *Console) At(l Line) *Console {
	d := *c
	d.line = l
	return &d
}

// errGone is a line that has closed.
var errGone = errors.New("the line is closed")

// Serve holds sessions at a terminal. It returns nil when the line is closed, or when
// the technician leaves a line that does not stay. If rw is an io.Closer, the end of ctx
// closes it; a session ends by itself only where rw can be given a deadline.
func (c *Console) Serve(ctx context.Context, rw io.ReadWriter) error {
	if closer, ok := rw.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { closer.Close() })()
	}
	d := &desktop{Console: c, rw: rw, keys: &keys{r: rw}}
	for {
		err := d.admit(ctx)
		if err == nil {
			err = d.session(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errGone):
			io.WriteString(rw, "\r\n") // what follows must not stand behind the prompt
			return nil
		case err != nil:
			return fmt.Errorf("console: the line broke: %w", err)
		case !c.line.Stays:
			return nil
		}
	}
}

// A desktop is a line and what was typed at it.
type desktop struct {
	*Console
	rw   io.ReadWriter
	keys *keys
}

func (d *desktop) terminal(prompt string) *term.Terminal {
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{d.keys, d.rw}, prompt)
	t.History = new(history)
	return t
}

// read makes an end of what was typed one of three: nil, errGone, or os.ErrDeadlineExceeded.
// ctrlD: the technician has typed it, and the line goes on.
func (d *desktop) read(line string, err error) (text string, ctrlD bool, _ error) {
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return line, false, err
	case errors.Is(err, io.EOF) && d.keys.err == nil:
		return line, true, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return line, false, errGone
	}
	return line, false, err
}

// until is when a session ends if nothing is asked.
func (d *desktop) until(t time.Time) {
	if r, ok := d.rw.(interface{ SetReadDeadline(time.Time) error }); ok && d.line.Idle > 0 {
		r.SetReadDeadline(t)
	}
}

// admit lets nobody by who does not know the code.
func (d *desktop) admit(ctx context.Context) error {
	l := d.line.Login
	if l == nil || d.line.Code == nil || d.line.Code() == "" || l.isOpen(d.line.Name, time.Now()) {
		return nil
	}
	d.until(time.Time{})
	s := d.sit(false)
	defer s.leave()
	t := d.terminal("")
	for {
		if wait := l.Wait(time.Now()); wait > 0 {
			fmt.Fprintln(t, s.shown(s.say("login.wait", s.span(wait+time.Second-1))))
			rest(ctx, wait)
		}
		typed, ctrlD, err := d.read(t.ReadPassword(s.shown(s.say("login.code", s.name()))))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case ctrlD:
			t = d.terminal("") // the old one would see Ctrl-D for ever
			continue
		case typed == "":
			continue // with what was typed ahead
		case l.Try(d.line.Code(), typed, time.Now()):
			return nil
		}
		fmt.Fprintln(t, s.shown(s.say("login.wrong")))
		rest(ctx, time.Second) // a line that hears itself must not spin
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// session is one technician at the line, from the greeting on.
func (d *desktop) session(ctx context.Context) error {
	t := d.terminal(prompt)
	s := d.sit(false)
	s.attend()
	defer s.leave()
	s.ask = func(question string) string { return d.askBack(t, s, question) }
	s.lines = func(question string) (string, bool) { return d.paste(t, s, question) }
	t.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
		return Complete(usages(), line, pos, key)
	}
	d.keep()
	if d.line.Stays {
		fmt.Fprintln(t) // below what stood there last
	}
	fmt.Fprintln(t, s.greeting())
	var rest []string // of a long answer
	for {
		line, ctrlD, err := d.read(t.ReadLine())
		if ctx.Err() != nil {
			if d.line.Login != nil {
				d.line.Login.linger(d.line.Name, time.Now())
			}
			return ctx.Err()
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			d.leaveLine()
			fmt.Fprintln(t, "\n"+s.shown(s.say("idle")))
			return nil
		}
		if ctrlD {
			d.leaveLine()
			if !d.line.Stays {
				return errGone
			}
			return nil
		}
		if err != nil { // whoever pulls the cable has left
			d.leaveLine()
			return err
		}
		var code int
		switch word := strings.TrimSpace(line); {
		case len(rest) > 0 && word == "":
			d.keep() // who reads is there
		case len(rest) > 0 && strings.EqualFold(word, "q"):
			rest = nil
		default: // it may be typed while a page waits
			var text string
			text, code = s.answer(ctx, line)
			rest = nil
			if text = strings.TrimRight(text, "\n"); text != "" {
				rest = strings.Split(text, "\n")
			}
		}
		if rest, err = d.page(t, s, rest); err != nil && ctx.Err() == nil {
			d.leaveLine()
			return err
		}
		if s.over {
			d.leaveLine()
			return nil
		}
		if code != Usage && strings.TrimSpace(line) != "" { // noise keeps no session open
			d.keep()
		}
	}
}

// page shows as much of an answer as the terminal has lines for, and gives the rest. Its
// prompt ends as every other does, for programs that wait for that.
func (d *desktop) page(t *term.Terminal, s *session, lines []string) (rest []string, err error) {
	if high := d.line.High - 1; high > 0 && len(lines) > high {
		lines, rest = lines[:high], lines[high:]
	}
	if len(lines) > 0 {
		_, err = fmt.Fprintln(t, strings.Join(lines, "\n"))
	}
	t.SetPrompt(prompt)
	if len(rest) > 0 {
		t.SetPrompt(s.shown(s.say("page", len(rest))) + " " + prompt)
	}
	return rest, err
}

// keep lets the session go on for as long as a technician may think.
func (d *desktop) keep() {
	until := time.Now().Add(d.line.Idle)
	d.until(until)
	if d.line.Login != nil && d.line.Idle > 0 {
		d.line.Login.hold(d.line.Name, until)
	}
}

// leaveLine makes the next one at the line say the code.
func (d *desktop) leaveLine() {
	d.until(time.Time{})
	if d.line.Login != nil {
		d.line.Login.close(d.line.Name)
	}
}

// askBack puts a question to the technician.
func (d *desktop) askBack(t *term.Terminal, s *session, question string) string {
	lines := t.History
	t.History = new(history) // a yes is nothing to come back to
	t.SetPrompt("? ")
	defer func() { t.History = lines; t.SetPrompt(prompt) }()
	fmt.Fprintln(t, s.shown(question))
	line, err := t.ReadLine() // an error is no yes, and comes again
	s.gone = err != nil
	return norm.NFC.String(line)
}

// maxPaste is how many lines a pasted text may have.
const maxPaste = 400

// paste reads lines up to a dot or Ctrl-D. whole is false where a line was too long, or
// there were too many, or the line broke: then all of it is read and none taken.
func (d *desktop) paste(t *term.Terminal, s *session, question string) (text string, whole bool) {
	lines, tab := t.History, t.AutoCompleteCallback
	t.History, t.AutoCompleteCallback = new(history), nil
	t.SetPrompt("| ")
	d.keys.pasted = true
	defer func() { d.keys.pasted = false }()
	defer func() { t.History, t.AutoCompleteCallback = lines, tab; t.SetPrompt(prompt) }()
	fmt.Fprintln(t, s.shown(question))
	var b strings.Builder
	whole = true
	for n := 0; ; n++ {
		line, _, err := d.read(t.ReadLine())
		switch {
		case err != nil:
			return "", false
		case strings.TrimSpace(line) == ".":
			return b.String(), whole
		}
		if len(line) > maxLine || n >= maxPaste {
			whole = false
			continue
		}
		b.WriteString(line + "\n")
	}
}

// greeting is what a technician sees first.
func (s *session) greeting() string {
	text := s.say("welcome", s.name()) + "\n"
	if s.box.View != nil {
		if code := s.box.View.Status().Code; code != "" {
			text += s.say("enrol", code) + "\n"
		}
	}
	for _, other := range s.here.others(s.seat) {
		text += s.say("others", other.Name, s.hourOf(other.Since)) + "\n"
	}
	return strings.TrimRight(s.shown(text+s.pending()), "\n")
}
