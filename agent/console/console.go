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
	"time"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// Box is what the console asks of the box. A part that is nil is one the box
// does not have; its commands say so.
type Box struct {
	View       Viewer
	Plan       Planner
	Sound      Sounder
	Ledger     Ledger
	Board      Board
	Stick      Importer
	Sensors    Senser
	Update     Updater
	Enrol      Enroller
	Safe       Safer
	Time       Timer
	Commission Commissioner
	Survey     Surveyor
	Wires      Wirer
	Care       Carer
	Log        func(n int) []string // the last n lines of the log, oldest first
	Config     Configurer           // the box's own settings
	Carry      SettingsCarrier      // takes them to another box
	Given      func() []Given       // settings from elsewhere
	Links      func() []Link        // its interfaces
	Together   func() Together      // how it keeps time with its neighbours
	Settings   func() []Setting     // where values come from
	Identity   func() Identity
	Reset      func() // forget what the box was sent, and begin again; it returns at once

	NetworkIsOurs bool // the box can set its network itself
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
	// until when; 0 ends it. Why is for the centre to read.
	LocalMode(ctx context.Context, d time.Duration, why string) (time.Time, error)
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
	box  Box
	o    Opts
	line Line
	here *seats
}

// New makes a console for box.
func New(box Box, o Opts) *Console {
	if !spoken(o.Lang) {
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
	return &Console{box: box, o: o, here: new(seats)}
}

// In is the same console in another language, or in its own if there is no such.
func (c *Console) In(lang string) *Console {
	d := *c
	if spoken(lang) {
		d.o.Lang = lang
	}
	return &d
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
	s := c.sit(who.Remote)
	defer s.leave()
	s.speak(who.Lang)
	return s.answer(ctx, line)
}

const prompt = "loa> "
