package update

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/agent/plan"
)

// installer is RAUC, see [Rauc].
type installer interface {
	Slots(context.Context) (Slots, error)
	Install(ctx context.Context, file string) error
	MarkGood(context.Context) error
	MarkBad(context.Context) error
	UseOther(context.Context) error
	UseThis(context.Context) error
}

// library is what brings the bundle and keeps it.
type library interface {
	Later(list ...plan.Audio)
	Hold(sha256 string) (path string, release func(), ok bool)
	Why(sha256 string) (plan.Code, string)
	Doubt(sha256 string) (good bool)
}

// Opts are what a room works with; all but Log are needed.
type Opts struct {
	Device, Version string
	Safe            bool   // the agent is in safe mode
	Security        int64  // of the software that runs
	Boot            string // of the kernel, new with every start of the machine

	Installer installer
	Reboot    func(ctx context.Context, reason string) error // of the machine, which is then about to go down
	Library   library
	Shelf     shelf

	Now     func() (at time.Time, trusted bool) // trusted: sure enough for slots
	Up      func() time.Duration                // since the machine's start
	Want    func() *plan.Firmware
	Rollout func() (r *plan.Rollout, carried bool)
	Floor   func() int64
	Air     func(context.Context) Air
	Reach   func(context.Context, bool) Reach  // what can be done now; true: also try the sound device
	Proven  func(context.Context, int64) error // raises the floor, for good
	Note    func(text string, code plan.Code)  // writes down what was done
	Report  func(code string, err error)       // of a condition
	Changed func()                             // what Status says is different
	Log     *slog.Logger
}

// A Room carries out what is decided. Make it with [New].
type Room struct {
	o     Opts
	wake  chan struct{} // cap 1
	asked chan request

	// Of Run alone.
	record  Record
	slots   Slots
	noSlots error     // why there are none
	askedAt time.Time // when RAUC was asked for them; zero: it must be asked
	began   time.Time
	marked  bool
	since   struct{ network, broker, clock, sound, panel time.Time } // when each was reached last

	mu     sync.Mutex
	status Status
}

// Status is how a box is with its software, for reports and people.
type Status struct {
	Slot    string    `json:"slot,omitempty"` // that runs; none: not installed by RAUC
	Other   string    `json:"other,omitempty"`
	Board   string    `json:"board,omitempty"`
	Version string    `json:"version"` // that runs
	Wanted  string    `json:"wanted,omitempty"`
	State   State     `json:"state"`
	Hold    Hold      `json:"hold,omitempty"`
	Code    plan.Code `json:"code,omitempty"`
	Why     string    `json:"why,omitempty"`
	Lacks   []string  `json:"lacks,omitempty"`
	Before  string    `json:"before,omitempty"` // the release in the other slot that a technician can have back
}

// A request is somebody who waits for a look, or for the old release.
type request struct {
	ctx      context.Context
	rollback bool
	done     chan error
}

// New makes a room. It asks the library for a bundle that was half fetched, so that it
// is not swept away before anything is decided; otherwise it starts nothing.
func New(o Opts) *Room {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Room{o: o, wake: make(chan struct{}, 1), asked: make(chan request), record: load(o.Shelf)}
	r.status = Status{Version: o.Version, State: Unknown}
	if p := r.record.Phase; p == Fetching || p == Installing {
		o.Library.Later(r.bundle())
	}
	return r
}

func (r *Room) bundle() plan.Audio {
	return plan.Audio{SHA256: r.record.SHA256, Bytes: r.record.Bytes}
}

// Wake makes the room look again: the plan or what sounds has changed.
func (r *Room) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Status is what was last decided.
func (r *Room) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Lacks = slices.Clone(s.Lacks)
	return s
}

// Look returns when everything that is known now has been looked at.
func (r *Room) Look(ctx context.Context) error { return r.ask(ctx, false) }

// RollBack brings the release back that ran before this one, and reboots. A *plan.Error
// says why that cannot be.
func (r *Room) RollBack(ctx context.Context) error { return r.ask(ctx, true) }

func (r *Room) ask(ctx context.Context, rollback bool) error {
	q := request{ctx, rollback, make(chan error, 1)}
	select {
	case r.asked <- q:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-q.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run looks at everything, now and again, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	r.began = time.Now()
	for ctx.Err() == nil {
		if r.look(ctx) {
			continue
		}
		every := lookEvery
		if r.marked && r.Status().State == Current {
			every = lookSeldom
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		case q := <-r.asked:
			if q.rollback {
				q.done <- r.rollBack(q.ctx)
			} else {
				for r.look(q.ctx) && q.ctx.Err() == nil {
				}
				q.done <- nil
			}
		}
		timer.Stop()
	}
	return ctx.Err()
}

// look gathers the facts, decides, and does what is due. It tells whether there may be
// more to do at once.
func (r *Room) look(ctx context.Context) (again bool) {
	f, err := r.facts(ctx)
	if err != nil {
		r.stand(f, r.without(f, err))
		if r.record.unproven() && r.record.Boot != f.Boot && f.Up > TrialTime && !r.o.Air(ctx).Emergency {
			// It may be the slot on trial, of which nobody can say that it is good. The
			// loader counts. In the run that wrote it RAUC may still be writing.
			if err := r.o.Reboot(ctx, "nobody answers for the slots"); err != nil {
				r.o.Log.Error("update: the slots cannot be asked for, and the machine not started again", "err", err)
			}
		}
		return false
	}
	s := Decide(f)
	if s.Do == Install || s.Do == Reboot || s.Do == Leave {
		f.Air = r.o.Air(ctx) // what is due takes a box a while to say
		s = Decide(f)
	}
	r.stand(f, s)
	if s.Do == Nothing {
		return false
	}
	if err := r.do(ctx, f, s); err != nil {
		if ctx.Err() == nil {
			r.o.Log.Error("update: it could not be done", "what", s.Do, "err", err)
			r.o.Report("update-stuck", fmt.Errorf("%s: %w", s.Do, err))
		}
		return false
	}
	r.o.Report("update-stuck", nil)
	return s.Do != Reboot && s.Do != Leave
}

// stand tells whoever listens how the box stands.
func (r *Room) stand(f Facts, s Step) {
	st := Status{
		Slot: f.Slots.Booted, Other: f.Slots.Other, Board: f.Slots.Board, Version: f.Version,
		State: s.State, Hold: s.Hold, Code: s.Code, Why: s.Why, Lacks: s.Lacks,
	}
	if f.Want != nil {
		st.Wanted = f.Want.Version
	}
	if r.record.cameFromOther(f.Slots) && f.Slots.Good {
		st.Before = r.record.Was
	}
	r.mu.Lock()
	was := r.status
	r.status = st
	r.mu.Unlock()
	raise := func(code string, is bool) {
		var err error
		if is {
			err = fmt.Errorf("%s: %s", st.Wanted, strings.Join(slices.DeleteFunc([]string{string(s.Hold), string(s.Code), s.Why}, func(t string) bool { return t == "" }), ", "))
		}
		r.o.Report(code, err)
	}
	raise("update-failed", s.State == Gone)
	raise("update-refused", s.State == Refused)
	raise("update-waiting", s.State == Waits && s.Hold != ForRing)
	raise("update-missing", s.State == Fetches && s.Code != "")
	raise("update-trial", s.State == OnTrial)
	if was.State != st.State || was.Hold != st.Hold || was.Code != st.Code || was.Version != st.Version || was.Wanted != st.Wanted || was.Slot != st.Slot {
		r.o.Changed()
	}
}
