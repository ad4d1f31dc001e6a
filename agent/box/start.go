package box

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/boards"
)

// When a box no longer trusts itself, and when it does again.
const (
	failedStarts = 3               // one after another
	staysUp      = time.Minute     // a start that ends before has failed, a power cut's too
	goodHour     = time.Hour       // in safe mode
	roundLimit   = 5 * time.Second // for the loops without which nothing sounds; they have gone round when the start went well
)

// ErrWell ends a box in safe mode that is to try everything again: whoever made it makes
// it anew.
var ErrWell = errors.New("the box leaves safe mode")

// A Start is this process's start of the agent, among those before it. After three that
// failed it is in safe mode. The count is written when it changes: twice for a start that
// goes well, and not at all in safe mode.
type Start struct {
	file   string
	of     string // the version that runs
	failed int    // before this one
	safe   bool
	open   bool // it is counted, and has not gone well yet
	log    *slog.Logger
}

// CountStart counts a start of this version in the state directory, until it is told that
// it went well. What another version has failed at is not counted: the one that mends it
// would begin in safe mode. A disk that cannot be written is no reason not to start.
func CountStart(state, version string, log *slog.Logger) *Start {
	s := &Start{file: filepath.Join(state, "starts"), of: strings.ReplaceAll(version, " ", "-"), log: log}
	b, err := os.ReadFile(s.file)
	if err == nil {
		count, of, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
		if s.failed, err = strconv.Atoi(count); of != s.of {
			s.failed = 0
		}
	}
	if err != nil || s.failed < 0 {
		s.failed = 0 // none, or a torn file
	}
	if s.safe = s.failed >= failedStarts; s.safe {
		log.Error("safe mode", "failed starts", s.failed)
		return s
	}
	s.open = true
	s.write(s.failed + 1)
	return s
}

// Safe reports safe mode: only what an emergency needs runs.
func (s *Start) Safe() bool { return s != nil && s.safe }

// Withdraw takes the start back: the agent was told to end, which is no failure.
func (s *Start) Withdraw() {
	if s != nil && s.open {
		s.open = false
		s.write(s.failed)
	}
}

// well says that the agent has stayed up.
func (s *Start) well() {
	if s.open {
		s.open, s.failed = false, 0
		s.write(0)
	}
}

// Again leaves safe mode on trial, after ErrWell: the count stands, so that one more
// failure brings it back.
func (s *Start) Again() { s.safe, s.open = false, true }

// write keeps the count through a power cut.
func (s *Start) write(failed int) {
	tmp := s.file + ".tmp"
	if err := os.MkdirAll(filepath.Dir(s.file), 0o750); err != nil {
		s.log.Error("cannot count the starts", "err", err)
		return
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, failed, s.of)
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
	b.o.Health.Report("safe-mode", fmt.Errorf("%d starts in a row did not stay up for %v", s.failed, staysUp))
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
