package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/drivers/gpioline"
)

// A sensing is when a box was first heard, seen and lit since somebody looks.
type sensing struct {
	began             time.Time
	heard, seen, lit  time.Time
	size              int64     // of what sounded before
	page              time.Time // that was on the board before
	sound, board, own string
}

// look notes what has come, and reports whether that is everything.
func (g *sensing) look() (bool, error) {
	if i, err := os.Stat(g.sound); err == nil && g.heard.IsZero() && i.Size() > g.size {
		g.heard = time.Now()
	}
	if i, err := os.Stat(g.board); err == nil && g.seen.IsZero() && !i.ModTime().Equal(g.page) {
		g.seen = i.ModTime()
	}
	if g.lit.IsZero() {
		edges, err := gpioline.Edges(g.own)
		if err != nil {
			return false, err
		}
		for _, e := range edges {
			if e.On && e.At.After(g.began) {
				g.lit = e.At
				break
			}
		}
	}
	return !g.heard.IsZero() && !g.seen.IsZero() && !g.lit.IsZero(), nil
}

// senses waits until what loactl does is heard, seen and lit at every box that runs, and
// says how far apart that was: at one box, and between boxes. It is looked at from
// outside: the recording of what sounds, the picture of the board, the lamp's line. A
// machine that is busy with other tests may hold up whoever looks: of three alarms, of
// which {n} is the number, one has to keep the bounds.
func (s *stage) senses(ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return usage(args)
	}
	same, err1 := time.ParseDuration(args[0])
	all, err2 := time.ParseDuration(args[1])
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var missed *tooFar
	for n := range 3 {
		line := slices.Clone(args[2:])
		for i := range line {
			line[i] = strings.ReplaceAll(line[i], "{n}", strconv.Itoa(n))
		}
		if err := s.sense(ts, same, all, line); !errors.As(err, &missed) {
			return err
		}
		if _, err := s.loactl("alert", "clear", "74", "--as", "74-1"); err != nil {
			return err
		}
		time.Sleep(5 * time.Second) // the line is off again, the board as it was
	}
	return missed
}

// tooFar is a bound that was not kept.
type tooFar struct{ msg string }

func (e *tooFar) Error() string { return e.msg }

func (s *stage) sense(ts *testscript.TestScript, same, all time.Duration, line []string) error {
	if second := time.Now().Second(); second > 45 { // the board has a clock, which moves at the minute
		time.Sleep(time.Duration(62-second) * time.Second)
	}
	var boxes []*sensing
	for _, b := range s.boxes {
		if b.cmd == nil {
			continue
		}
		g := &sensing{began: time.Now(), sound: filepath.Join(b.state(), "heard.wav"), board: filepath.Join(b.state(), "panel.png"), own: filepath.Join(b.state(), "lamp.line")}
		if i, err := os.Stat(g.sound); err == nil {
			g.size = i.Size()
		}
		i, err := os.Stat(g.board)
		if err != nil {
			return fmt.Errorf("%s: no board: %w", b.name, err)
		}
		g.page = i.ModTime()
		boxes = append(boxes, g)
	}
	said := make(chan error, 1)
	go func() { // waited for below
		_, err := s.loactl(line...)
		said <- err
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		whole := true
		for _, g := range boxes {
			done, err := g.look()
			if err != nil {
				return errors.Join(err, <-said)
			}
			whole = whole && done
		}
		if whole || time.Now().After(deadline) {
			break
		}
	}
	if err := <-said; err != nil {
		return err
	}
	var times []time.Time
	for i, g := range boxes {
		if g.heard.IsZero() || g.seen.IsZero() || g.lit.IsZero() {
			return fmt.Errorf("%s: heard %v, seen %v, lit %v", s.boxes[i].name, g.heard, g.seen, g.lit)
		}
		of := []time.Time{g.heard, g.seen, g.lit}
		times = append(times, of...)
		if err := apart(ts, s.boxes[i].name, of, same); err != nil {
			return err
		}
	}
	return apart(ts, "all boxes", times, all)
}

func apart(ts *testscript.TestScript, what string, of []time.Time, bound time.Duration) error {
	d := slices.MaxFunc(of, time.Time.Compare).Sub(slices.MinFunc(of, time.Time.Compare))
	fmt.Fprintf(ts.Stdout(), "%s: %d ms apart\n", what, d.Milliseconds())
	if d > bound {
		return &tooFar{fmt.Sprintf("%s: %v apart, at most %v", what, d, bound)}
	}
	return nil
}
