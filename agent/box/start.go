package box

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/boards"
)

// When a box no longer trusts itself, and when it does again.
const (
	failedStarts = 3 // one after another
	// Starts that ended with the machine: a storm takes the power away as often as it
	// likes, and that is no failure. Nine in a row may be something else, such as an
	// amplifier that pulls the supply down or a driver that hangs the machine.
	cutStarts  = 9
	staysUp    = time.Minute     // a start that ends before has not gone well
	goodHour   = time.Hour       // in safe mode
	roundLimit = 5 * time.Second // for the loops without which nothing sounds; they have gone round when the start went well
)

// ErrWell ends a box in safe mode that is to try everything again: whoever made it makes
// it anew.
var ErrWell = errors.New("the box leaves safe mode")

// A Start is this process's start of the agent, among those before it. After three that
// failed, or nine that the machine did not outlast, it is in safe mode. The count is
// written when it changes: twice for a start that goes well, and not at all in safe mode.
type Start struct {
	file        string
	of, boot    string // the version that runs, and the machine's start
	failed, cut int    // before this one
	safe        bool
	open        bool // it is counted, and has not gone well yet
	log         *slog.Logger
}

// closed stands in the file for the start of the machine when no start of the agent is open.
const closed = "-"

// CountStart counts a start of this version, in that start of the machine, in the state
// directory, until it is told that it went well. What another version has failed at is not
// counted: the one that mends it would begin in safe mode. A disk that cannot be written
// is no reason not to start.
func CountStart(state, version, boot string, log *slog.Logger) *Start {
	word := func(s string) string { return cmp.Or(strings.Join(strings.Fields(s), "-"), "?") }
	s := &Start{file: filepath.Join(state, "starts"), of: word(version), boot: word(boot), log: log}
	var of, in string
	if b, err := os.ReadFile(s.file); err == nil {
		fmt.Sscan(string(b), &s.failed, &s.cut, &of, &in)
	}
	if in == "" || of != s.of || s.failed < 0 || s.cut < 0 { // none, or a torn file
		s.failed, s.cut, in = 0, 0, closed
	}
	switch in {
	case closed:
	case s.boot:
		s.failed++
	default:
		s.cut++
	}
	if s.safe = s.failed >= failedStarts || s.cut >= cutStarts; s.safe {
		log.Error("safe mode", "failed starts", s.failed, "starts that the machine did not outlast", s.cut)
		if in != closed {
			s.write(closed)
		}
		return s
	}
	s.open = true
	s.write(s.boot)
	return s
}

// Safe reports safe mode: only what an emergency needs runs.
func (s *Start) Safe() bool { return s != nil && s.safe }

// Withdraw takes the start back: the agent was told to end, which is no failure.
func (s *Start) Withdraw() {
	if s != nil && s.open {
		s.open = false
		s.write(closed)
	}
}

// well says that the agent has stayed up.
func (s *Start) well() {
	if s.open {
		s.open, s.failed, s.cut = false, 0, 0
		s.write(closed)
	}
}

// Again leaves safe mode on trial, after ErrWell: the count stands, so that one more
// failure brings it back.
func (s *Start) Again() { s.safe, s.open = false, true }

// write keeps the count through a power cut, and in which start of the machine one is open.
func (s *Start) write(open string) {
	tmp := s.file + ".tmp"
	if err := os.MkdirAll(filepath.Dir(s.file), 0o750); err != nil {
		s.log.Error("cannot count the starts", "err", err)
		return
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, s.failed, s.cut, s.of, open)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(tmp, s.file)
	}
	if err != nil {
		s.log.Error("cannot count the starts", "err", err)
	}
}

// Bare is a board with nothing on it but what an emergency needs: the speaker, or the
// panel where that is all there is. Sensors, inputs and a panel beside a speaker are not
// opened: their drivers may be what fails.
func Bare(b boards.Board) boards.Board {
	if b.Sink.Driver != "none" {
		b.Panel = boards.Panel{}
	}
	b.Sensor, b.Inputs = boards.Sensors{}, nil
	return b
}

// prove waits for the start to go well, or in safe mode for a good hour or the
// technician's word. It waits for the end of what sounds.
func (b *Box) prove(ctx context.Context) error {
	s := b.o.Start
	if !s.Safe() {
		if pause(ctx, staysUp) && b.goesRound(ctx, roundLimit) == nil {
			s.well()
		}
		return nil
	}
	b.o.Health.Report("safe-mode", fmt.Errorf("starts in a row that did not stay up for %v: %d, and %d that ended with the machine", staysUp, s.failed, s.cut))
	select {
	case <-ctx.Done():
		return nil
	case <-b.leave:
	case <-time.After(time.Until(b.safeUntil)):
	}
	for b.station.View().Now != nil {
		if !pause(ctx, time.Second) {
			return nil
		}
	}
	return ErrWell
}

// barely is what a board may show in safe mode.
func barely(s plan.Scene) plan.Scene {
	var urgent []plan.Occurrence
	for _, o := range s.Shown {
		if o.Class == plan.Emergency {
			urgent = append(urgent, o)
		}
	}
	s.Shown = urgent
	return s
}

// SafeMode says until when the box is in safe mode; it is zero when it is not.
func (t technician) SafeMode() time.Time {
	if !t.b.o.Start.Safe() {
		return time.Time{}
	}
	return t.b.now().Add(time.Until(t.b.safeUntil))
}

// LeaveSafeMode ends it, once nothing sounds.
func (t technician) LeaveSafeMode() { poke(t.b.leave) }
