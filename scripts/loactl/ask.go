package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"loa/agent/message"
)

// ask puts a command to a box's console and waits for the answer.
func (a *app) ask(args []string) error {
	fs := a.flags("ask")
	wait := fs.Duration("wait", 20*time.Second, "")
	rest, err := a.parse(fs, args, 2, -1)
	if err != nil {
		return err
	}
	device, command := rest[0], strings.Join(rest[1:], " ")
	if a.json {
		command += " --json"
	}
	text, code, err := a.question(device, command, *wait)
	if err != nil {
		return err
	}
	var answer any = text
	if a.json && json.Valid([]byte(text)) { // else the box broke off
		answer = json.RawMessage(text)
	}
	if err := a.show(map[string]any{"box": device, "code": code, "answer": answer}, func(w io.Writer) {
		fmt.Fprintln(w, strings.TrimRight(text, "\n"))
	}); err != nil {
		return err
	}
	if code != 0 {
		return errTold
	}
	return nil
}

// question puts one line to a box's console, in the reader's language.
func (a *app) question(device, command string, wait time.Duration) (text string, code int, err error) {
	t, err := a.talk(device, wait)
	if err != nil {
		return "", 0, err
	}
	defer t.stop()
	return t.ask(command)
}

// answers puts the pieces of one answer together, in whatever order they come.
type answers struct {
	id    string
	whole chan struct{}

	mu    sync.Mutex
	parts map[int]string
	code  int
}

// maxParts bounds an answer to 2 MiB.
const maxParts = 64

func newAnswers(id string) *answers {
	return &answers{id: id, whole: make(chan struct{}), parts: make(map[int]string)}
}

func (s *answers) receive(_ string, payload []byte) {
	p, err := message.DecodeReport[message.Answer](payload)
	if err != nil || p.ID != s.id || p.Of < 1 || p.Of > maxParts || p.Part < 0 || p.Part >= p.Of {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parts) == p.Of {
		return
	}
	s.parts[p.Part], s.code = printable(p.Text), p.Code
	if len(s.parts) == p.Of {
		close(s.whole)
	}
}

func (s *answers) text() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i := range len(s.parts) {
		b.WriteString(s.parts[i])
	}
	return b.String(), s.code
}

// printable keeps what comes from a box from driving the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
