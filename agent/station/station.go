// Package station is the one loop: a message, a tick or an ending wakes it, it
// asks what is due, what is allowed and who goes first, and hands the answer on.
package station

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
	"loa/agent/trigger"
	"loa/agent/trust"
)

// player is what the station asks of whoever makes sound.
type player interface {
	Play(o plan.Occurrence, volumePercent int, now time.Time) (turn int)
	Next(o *plan.Occurrence, volumePercent int, at time.Time) // what Play will ask for when it has ended
	Volume(percent int)                                       // of what sounds, without a break
	Stop()
	Endings() <-chan plan.Ending
}

// shelf keeps documents through a power cut.
type shelf interface {
	Put(name string, data []byte) error
	Get(name string) ([]byte, error)
	Delete(name string) error
	List(prefix string) []string
}

// diary is the ledger as the station writes and reads it.
type diary interface {
	Append(ledger.Entry) (ledger.Entry, error)
	Each(ledger.Query, func(ledger.Entry) bool) error
	Acked(seq int64, head string) error
	Sync() error
}

// recordings is what the station asks of the media room.
type recordings interface {
	Path(sha256 string) (path string, ok bool)
	Why(sha256 string) (code plan.Code, why string) // it is not there
	Want(list []plan.Audio, urgent ...plan.Audio)
	Changed() <-chan struct{}
}

// watch is the clock as the station reads and sets it.
type watch interface {
	Now() (time.Time, clock.Level)
	Stepped() <-chan clock.Step
	SetSigned(at, notAfter time.Time, rtt time.Duration) error
	Lower(at time.Time)
}

// Opts is what a station works with.
type Opts struct {
	Trust  *trust.Trust
	Docs   shelf
	Ledger diary
	Media  recordings
	Clock  watch
	Player player
	Box    policy.Box                   // how the board stands; the want may change it
	Ack    func(Ack)                    // hands an acknowledgement to the outbox
	Ask    func(a plan.Act)             // answers a question from the centre, or identifies
	Report func(code string, err error) // raises a condition, or clears it when err is nil
	// Changed is told after every change of the plan; reassigned says that the
	// box must subscribe again.
	Changed func(p *plan.Plan, reassigned bool)
	// Sounds is told when something else has the speaker, or nothing has.
	Sounds func()
	// SeenOnly: a board without a speaker. Nothing sounds, and nothing is missed.
	SeenOnly bool
	// Lamp is told when an alarm begins to stand and when none does any more. It must not
	// block. Nil: there is no lamp.
	Lamp func(lit bool)
	// Show is told after every decision what the board should show. It must not
	// block. Nil: there is no board, and nobody fetches pictures for it.
	Show func(plan.Scene)
	Log  *slog.Logger
}

// An Ack tells the centre what became of a document or of what it asked for.
type Ack struct {
	Doc    plan.Key // whose; Place is the device for what was for this box alone
	SHA256 string
	ID     string // of the occurrence, if there is one
	State  string // received, started, finished, refused, expired
	Result plan.Result
	Code   plan.Code
	Why    string // sentences for people, with a refusal
	VI     string
	HeardS float64
}

// Station decides what the box does. Make one with [New]; only Run decides.
type Station struct {
	o      Opts
	inbox  chan incoming
	orders chan func(now time.Time) // what the technician asks for
	wake   chan struct{}
	over   chan struct{} // closed when Run has returned

	// Of Run alone.
	plan       plan.Plan
	replanAt   time.Time
	rejudgedAt time.Time
	progress   plan.Progress
	usage      policy.Usage
	localWhy   string                   // the reason of local mode
	first      time.Time                // what should have sounded from then on and did not was missed
	since      time.Time                // until then that was written down, while the plan is the same
	looked     time.Time                // when that was looked at last
	turns      map[int]*turn            // at the speaker, or fading
	current    *turn                    // at the speaker
	next       string                   // ID of what the player lets follow it without a break
	heard      map[string]time.Duration // of what was interrupted and may go on
	wordless   map[string]bool          // emergencies whose words are missing and whose tone has sounded
	told       map[telling]time.Time    // refusals that are written down
	boardTurns map[string]boardTurn     // by ID, what has its turn on the board, seen or not
	counted    map[plan.Code]*tally
	tells      tally                  // documents whose refusal was told in this hour
	unkept     map[string][]byte      // alerts that are not on the disk yet, by name
	lit        bool                   // the lamp is
	unsaved    bool                   // nor is the state of trust
	settling   map[plan.Key]time.Time // alarms that wait whether their end comes
	started    []trigger.Start        // standing alerts that were started here
	unstarted  bool                   // they are not on the disk as they are
	codesLost  time.Time              // whether codes signed until then were used is not known
	sure       bool                   // the time has been known in this run
	meanwhile  meanwhile
	local      *plan.Occurrence // what the technician plays
	confirmed  string           // its ID, when quiet hours are no reason against it
	knob       knob

	mu   sync.Mutex
	view View
}

type incoming struct {
	topic   string
	raw     []byte
	carried bool // on a stick
}

// A knob is the volume that a technician has set, while the want is still the one
// of then: the later word of the centre counts.
type knob struct {
	percent int
	want    int64
}

// A turn is one stretch at the speaker.
type turn struct {
	o       plan.Occurrence
	number  int
	began   time.Time
	volume  int
	before  time.Duration // heard in earlier turns
	why     plan.Code     // why it was ended; empty: it ended by itself
	stop    plan.Key      // the act.stop that ended it
	note    string        // what else ended it
	ends    string        // what is over with it, besides itself
	yielded bool          // it may go on later
}

// inboxSize is small: what waits to be judged waits with the connection, which
// lets an alarm go before everything else; here it would wait for its turn.
const inboxSize = 1

// New makes a station. Nothing happens before Run.
func New(o Opts) *Station {
	return &Station{
		o:        o,
		inbox:    make(chan incoming, inboxSize),
		orders:   make(chan func(time.Time), 8),
		wake:     make(chan struct{}, 1),
		over:     make(chan struct{}),
		turns:    make(map[int]*turn),
		heard:    make(map[string]time.Duration),
		wordless: make(map[string]bool),
		told:     make(map[telling]time.Time),
		counted:  make(map[plan.Code]*tally),
		unkept:   make(map[string][]byte),
		settling: make(map[plan.Key]time.Time),
	}
}

// Receive takes a message from the wire. It waits while the inbox is full, so
// that a flood is held by the connection and not by the memory. After Run nobody
// takes any and nobody waits: the connection outlives the station.
func (s *Station) Receive(ctx context.Context, topic string, raw []byte) {
	select {
	case s.inbox <- incoming{topic: topic, raw: raw}:
	case <-s.over:
	case <-ctx.Done():
	}
}

// Carry takes a message that a technician has brought on a stick, on the same way as
// what Receive takes, and says what was made of it.
func (s *Station) Carry(ctx context.Context, topic string, raw []byte) (v trust.Verdict, err error) {
	err = s.order(ctx, func(time.Time) { v = s.receive(incoming{topic, raw, true}) })
	return v, err
}

// longest bounds how long the station sleeps: what it cannot see, such as a clock
// that becomes trusted, is noticed within this.
const longest = 5 * time.Second

// Run decides until ctx ends; then it silences the player and writes down what
// was sounding.
func (s *Station) Run(ctx context.Context) error {
	defer close(s.over)
	s.load()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			s.leave()
			return nil
		case m := <-s.inbox:
			s.receive(m)
		case e := <-s.o.Player.Endings():
			s.ended(e)
		case f := <-s.orders:
			now, _ := s.o.Clock.Now()
			s.catchStep() // what an order notes is by the new time, and is not moved once more
			f(now)
		case step := <-s.o.Clock.Stepped():
			s.stepped(step)
		case <-s.o.Media.Changed():
		case <-s.wake:
		case <-timer.C:
		}
		now, level := s.o.Clock.Now()
		s.catchStep() // nothing is decided as if that time had passed
		until := s.decide(now, level)
		if at := s.meanwhile.until; !at.IsZero() {
			if !now.Before(at) {
				s.catchUp(now)
			} else if at.Before(until) {
				until = at
			}
		}
		timer.Reset(max(time.Millisecond, min(longest, until.Sub(now))))
	}
}

// leave ends what sounds and waits for the word of it, so that the ledger's last
// line is true.
func (s *Station) leave() {
	if s.current != nil {
		// The next run may join an item of a slot. What was asked for once is not
		// repeated, just as after a power cut.
		s.current.yielded = s.current.o.Slot != ""
		s.o.Player.Stop()
	}
	now, _ := s.o.Clock.Now()
	s.catchUp(now)
	deadline := time.After(2 * time.Second) // a fade takes 80 ms; a lost device must not hold the exit
	for len(s.turns) > 0 {
		select {
		case e := <-s.o.Player.Endings():
			s.ended(e)
		case <-deadline:
			s.o.Log.Warn("the player did not end in time")
			return
		}
	}
	if err := s.o.Ledger.Sync(); err != nil {
		s.o.Log.Error("cannot sync the ledger", "err", err)
	}
}

// catchStep takes note of a jump of the clock that was seen just now.
func (s *Station) catchStep() {
	select {
	case step := <-s.o.Clock.Stepped():
		s.stepped(step)
	default:
	}
}

// stepped takes note that the clock jumped: open slots are joined where their
// timeline is now.
func (s *Station) stepped(step clock.Step) {
	now, _ := s.o.Clock.Now()
	s.catchUp(now)
	s.o.Trust.Stepped(step.By)
	if now.Before(s.first) {
		s.first = now
	}
	if now.Before(s.since) {
		s.since = now
	}
	if now.Before(s.looked) {
		s.looked = now
	}
	if !s.usage.LocalUntil.IsZero() { // it lasts no longer by the new clock
		s.attend(s.usage.LocalUntil.Add(step.By), now)
	}
	trigger.Step(s.started, step.By, now)
	s.unstarted = len(s.started) > 0
	for _, t := range s.turns { // by the new clock they began so much earlier or later
		t.began = t.began.Add(step.By)
	}
	if step.By < 0 {
		s.recallMore(now)
	}
	if t := s.current; t != nil {
		s.usage.Begin(t.o, t.began)
	}
	s.progress.Since = now
	if s.current != nil {
		s.progress.Since = s.current.o.Start
	}
	s.replanAt = time.Time{}
	s.write(ledger.Entry{Kind: ledger.Clock, Detail: fmt.Sprintf("the clock stepped by %v", step.By)}, nil, now)
}

// replan takes the plan from trust when it changed, and once a minute, because
// places and grants have their times too.
func (s *Station) replan(now time.Time) {
	if now.Before(s.replanAt) && s.replanAt.Sub(now) <= time.Minute {
		return
	}
	s.replanAt = now.Add(time.Minute)
	if now.Sub(s.rejudgedAt).Abs() > 24*time.Hour {
		s.rejudge(now)
	}
	if err := s.save(); err != nil {
		s.o.Log.Debug("still not on the disk", "err", err)
	}
	s.flushTallies(now)
	s.plan = s.o.Trust.Plan(now)
	s.startedHere(now)
	box := s.o.Box
	wanted := policy.BoxOf(&s.plan)
	if set := s.plan.Want.Settings; set != nil {
		box.Uncommissioned = box.Uncommissioned && wanted.Uncommissioned
		if wanted.VolumePercent > 0 {
			box.VolumePercent = wanted.VolumePercent
		}
	}
	if s.knob.percent > 0 && s.knob.want == s.plan.Want.Version() {
		box.VolumePercent = s.knob.percent
	}
	box.Mutes, box.LocalUntil, box.Confirmed = wanted.Mutes, s.usage.LocalUntil, s.confirmed
	s.usage.Box = box
	schedule.Forget(&s.progress, &s.plan, now.Add(-memory), s.startedNames()...)
}
