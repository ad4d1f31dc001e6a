package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/console"
)

// console is a session with a box's console over the broker: the same commands and
// answers as there, but for what only somebody at the box may do. From a pipe each line is
// a question, and the last answer says how it ends.
func (a *app) console(args []string) error {
	fs := a.flags("console")
	wait := fs.Duration("wait", 20*time.Second, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	t, err := a.talk(rest[0], *wait)
	if err != nil {
		return err
	}
	defer t.stop()
	if tty, ok := a.in.(*os.File); ok && term.IsTerminal(int(tty.Fd())) {
		return a.consoleTyped(t, tty)
	}
	lines := bufio.NewScanner(a.in)
	for lines.Scan() {
		over, asked := a.consoleLine(t, lines.Text(), a.out, asItIs)
		if asked != nil && asked != errTold {
			return asked
		}
		if err = asked; over {
			break
		}
	}
	if lines.Err() != nil {
		return lines.Err()
	}
	return err
}

// consoleTyped reads lines from a terminal, with a history and Tab.
func (a *app) consoleTyped(t *talk, tty *os.File) error {
	old, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(tty.Fd()), old)
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{tty, a.out}, t.device+"> ")
	width := 80
	if w, h, err := term.GetSize(int(tty.Fd())); err == nil && w > 20 {
		screen.SetSize(w, h)
		width = w
	}
	var table []console.Listed // the box's, which may be of another version; asked for at the first Tab
	screen.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
		if key == '\t' && table == nil {
			table = t.table()
		}
		return console.Complete(table, line, pos, key)
	}
	fmt.Fprintln(screen, a.text("console.begun", t.device))
	for {
		line, err := screen.ReadLine()
		if err != nil { // Ctrl-D, or the window is gone
			return nil
		}
		over, err := a.consoleLine(t, line, screen, func(text string) string { return console.Wrap(text, width) })
		if over {
			return nil
		}
		if err != nil && err != errTold {
			fmt.Fprintln(screen, a.explain(err))
		}
	}
}

// asItIs is an answer for a program.
func asItIs(text string) string { return text }

// consoleLine asks one line, and shapes the answer. What a session at the box would keep is
// kept here.
func (a *app) consoleLine(t *talk, line string, out io.Writer, shape func(string) string) (over bool, err error) {
	words := strings.Fields(line)
	switch {
	case len(words) == 0:
		return false, nil
	case len(words) == 1 && (words[0] == "exit" || words[0] == "quit" || words[0] == "logout"):
		return true, nil
	case len(words) == 2 && words[0] == "lang":
		t.lang = words[1]
		words = words[:1] // the box would say that it ends with the answer
	}
	command := strings.Join(words, " ")
	if a.json {
		command += " --json"
	}
	text, code, err := t.ask(command)
	if err != nil {
		return false, err
	}
	if a.json && json.Valid([]byte(text)) {
		b, err := json.Marshal(map[string]any{"box": t.device, "code": code, "answer": json.RawMessage(text)})
		if err != nil {
			return false, err
		}
		text = string(b)
	}
	if text != "" {
		fmt.Fprintln(out, strings.TrimRight(shape(text), "\n"))
	}
	if code != console.OK {
		return false, errTold
	}
	return false, nil
}

// table is what the box can be asked; empty if it does not say.
func (t *talk) table() []console.Listed {
	list := []console.Listed{}
	text, code, err := t.ask("help --json")
	if err != nil || code != console.OK {
		return list
	}
	answer := struct {
		Data *[]console.Listed `json:"data"`
	}{&list}
	_ = json.Unmarshal([]byte(text), &answer) // without it Tab does nothing
	return list
}
