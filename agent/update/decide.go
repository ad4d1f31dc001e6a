package update

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
)

// Facts are all that a decision goes by.
type Facts struct {
	Now     time.Time
	Trusted bool // the clock is sure enough for slots

	Device   string
	Version  string         // that runs
	Security int64          // its security number
	Floor    int64          // below which nothing may run
	Want     *plan.Firmware // nil: nobody has said
	Rollout  *plan.Rollout  // how far it may go; nil: nobody begins
	Carried  bool           // Rollout came on a stick, so somebody stands at the box

	Slots  Slots
	Record Record
	Boot   string        // of the kernel that runs
	Up     time.Duration // since the machine's start
	Run    time.Duration // since the agent's
	Marked bool          // the running slot was marked good in this run

	Bundle string    // the file; empty: it is not here
	Code   plan.Code // why it is not
	Air    Air
	Reach  Reach
	Safe   bool // the agent is in safe mode, where what it can do proves nothing
}

// Slots are the root slots as RAUC knows them, by their names for the loader.
type Slots struct {
	Board  string // for which kind of board this system was made
	Booted string
	Other  string
	Good   bool // Other can be started
}

// Air is what sounds and will.
type Air struct {
	Emergency bool      // an alert holds, whether it sounds now or not
	Sounds    bool      // something sounds or waits to
	Due       time.Time // when the next begins; zero: not within the hour
	Local     time.Time // a technician is at the horn until then
}

// Do is what is to be done.
type Do string

// What can be done.
const (
	Nothing  Do = ""
	Fetch    Do = "fetch"
	Install  Do = "install"
	Reboot   Do = "reboot"
	MarkGood Do = "mark-good"
	Prove    Do = "prove" // mark good what was on trial
	Leave    Do = "leave" // mark bad what was on trial, and reboot
	GiveUp   Do = "give-up"
	Forget   Do = "forget" // what was begun and is no longer wanted
	Again    Do = "again"  // what was left because nobody could be reached by either system
)

// State is how far a box is with what it should run, for people and reports.
type State string

// The states.
const (
	Unknown  State = "unknown"  // the slots have not been told yet
	NoSlots  State = "none"     // this system was not installed by RAUC
	Current  State = "current"  // nothing is to be done
	Waits    State = "waiting"  // see Hold
	Fetches  State = "fetching" // the bundle comes
	Installs State = "installing"
	Reboots  State = "rebooting"
	OnTrial  State = "trial"
	Gone     State = "failed"  // it did not work, and the old release runs
	Refused  State = "refused" // it must not be installed, see Code
)

// A Hold says what is waited for.
type Hold string

// The holds.
const (
	ForRing      Hold = "ring"      // its turn
	ForClock     Hold = "clock"     // to know the time
	ForWindow    Hold = "window"    // the hour of the day
	ForEmergency Hold = "emergency" // the end of an alert
	ForSound     Hold = "sound"     // the end of what sounds
	ForDue       Hold = "due"       // something is due soon
	ForLocal     Hold = "local"     // the technician's end
	ForCentre    Hold = "centre"    // what a release on trial could not reach, and this one cannot
)

// A Step is a decision.
type Step struct {
	Do    Do
	State State
	Hold  Hold
	Code  plan.Code // of what was refused or failed
	Why   string
	Lacks []string // of a trial: what cannot be reached yet
}

// Decide says what is to be done now. It knows no past but the record: after a power
// cut it says again what was not done.
func Decide(f Facts) Step {
	r := f.Record
	elsewhere := r.From != "" && f.Slots.Booted != r.From
	switch {
	case onTrial(f):
		return trial(f)
	case r.Phase == Leaving:
		return left(f)
	case r.Phase == Installed && r.Boot != f.Boot && meant(f):
		return Step{Do: GiveUp, State: Gone, Code: plan.Unsupported, Why: "it did not start, and the loader came back"}
	case r.Phase == Good && !elsewhere:
		return Step{Do: GiveUp, State: Gone, Code: plan.Unsupported, Why: "it had proven itself, and the loader came back"}
	}
	s := wanted(f)
	switch {
	case r.begun() && !meant(f):
		s.Do = Forget
	case r.Phase == Installed:
		switch s = (Step{Do: Reboot, State: Reboots}); {
		case !f.Want.May(f.Device, f.Rollout, f.Now):
			s = Step{State: Waits, Hold: ForRing} // stopped, or nobody is heard whom the next release would miss
		case f.hold() != "":
			s = Step{State: Waits, Hold: f.hold()}
		}
	}
	if !f.Marked && f.Run >= settle && s.Do != Install && s.Do != Reboot {
		s.Do = MarkGood // what else is due comes with the next look
	}
	return s
}

// unproven reports a release that was begun and has neither proven itself nor failed.
func (r Record) unproven() bool {
	return r.Phase == Installing || r.Phase == Installed || r.Phase == Leaving
}

// begun reports a release that is on its way and has not run yet.
func (r Record) begun() bool {
	return r.Phase == Fetching || r.Phase == Installing || r.Phase == Installed
}

// meant reports that what was begun is what is wanted now. A bundle that only comes is
// replaced by the next.
func meant(f Facts) bool {
	if s := wanted(f); s.State == Current || s.State == Refused {
		return false
	}
	r := f.Record
	return r.Phase == Fetching || f.Want.Version == r.Version && f.Want.Bundles[f.Slots.Board].SHA256 == r.SHA256
}

// onTrial reports that the slot runs which such a release was written to.
func onTrial(f Facts) bool {
	return f.Record.unproven() && f.Record.From != "" && f.Slots.Booted != f.Record.From
}

// trial judges the slot that runs by what the one before could reach.
func trial(f Facts) Step {
	lacks := f.Record.Reach.Lacks(f.Reach)
	s := Step{State: OnTrial, Lacks: lacks}
	switch {
	case f.Record.Phase == Leaving:
		s.Do, s.Why = Leave, f.Record.Why
	case plan.CompareReleases(f.Version, f.Record.Version) != 0:
		s.Do, s.Code, s.Why = Leave, plan.Malformed, fmt.Sprintf("the bundle of %s holds %s", f.Record.Version, f.Version)
	case f.Security < f.Floor:
		s.Do, s.Code, s.Why = Leave, plan.Rollback, fmt.Sprintf("security %d; this box never goes below %d", f.Security, f.Floor)
	case len(lacks) == 0 && !f.Safe && f.Run >= proofTime:
		s.Do = Prove
	case f.Up < TrialTime:
	default:
		s.Do, s.Code = Leave, plan.Unsupported
		s.Why = fmt.Sprintf("%s could do without: %s", f.Record.Was, strings.Join(lacks, ", "))
	}
	if s.Do == Leave && f.Air.Emergency && (f.Reach.Sound || f.Safe) {
		return Step{State: OnTrial, Hold: ForEmergency, Lacks: lacks} // it is heard; the old slot comes back later
	}
	return s
}

// left judges a release that was left, from the old slot: what it could not reach may have
// been away for everybody. If the old system does not reach it either, its way is waited
// for and the release tried again.
func left(f Facts) Step {
	r := f.Record
	gone := Step{Do: GiveUp, State: Gone, Code: plan.Unsupported, Why: r.Why, Lacks: r.Lacks}
	if len(r.Lacks) == 0 || r.Outages >= maxOutages || slices.ContainsFunc(r.Lacks, func(what string) bool { return what == "sound" || what == "panel" }) {
		return gone
	}
	here := r.Reach.Lacks(f.Reach)
	away := slices.ContainsFunc(r.Lacks, func(what string) bool { return slices.Contains(here, what) })
	switch s := (Step{State: Waits, Hold: ForCentre, Why: r.Why, Lacks: here}); {
	case away && !f.Marked && f.Run >= settle:
		s.Do = MarkGood
		return s
	case away:
		return s
	case f.Run < outageTime:
		return gone // this one did not take long
	default:
		s.Do = Again
		return s
	}
}

// wanted compares what runs with what should.
func wanted(f Facts) Step {
	w := f.Want
	if w == nil {
		return Step{State: Current}
	}
	b, forUs := w.Bundles[f.Slots.Board]
	newer := plan.CompareReleases(w.Version, f.Version)
	refuse := func(code plan.Code, format string, args ...any) Step {
		return Step{State: Refused, Code: code, Why: fmt.Sprintf(format, args...)}
	}
	switch {
	case newer == 0:
		return Step{State: Current}
	case w.Security < f.Floor:
		return refuse(plan.Rollback, "security %d; this box never goes below %d", w.Security, f.Floor)
	case newer < 0 && !w.Downgrade:
		return refuse(plan.Rollback, "%s is older than %s, and nobody has signed that it is meant", w.Version, f.Version)
	case !forUs:
		return refuse(plan.Unsupported, "%s has no bundle for %s", w.Version, f.Slots.Board)
	}
	mine := f.Record.SHA256 == b.SHA256
	switch {
	case mine && f.Record.Phase == Failed:
		return Step{State: Gone, Code: f.Record.Code, Why: f.Record.Why, Lacks: f.Record.Lacks}
	case mine && f.Record.Phase == Installing && f.Record.Tries >= maxTries:
		return Step{Do: GiveUp, State: Gone, Code: plan.Storage, Why: fmt.Sprintf("cut off %d times", f.Record.Tries)}
	case !f.Trusted:
		return Step{State: Waits, Hold: ForClock}
	case !w.May(f.Device, f.Rollout, f.Now):
		return Step{State: Waits, Hold: ForRing}
	case f.Bundle == "" && (!mine || f.Record.Phase == Failed):
		return Step{Do: Fetch, State: Fetches}
	case f.Bundle == "":
		return Step{State: Fetches, Code: f.Code}
	case !f.Carried && !w.InWindow(f.Now):
		return Step{State: Waits, Hold: ForWindow}
	case f.hold() != "":
		return Step{State: Waits, Hold: f.hold()}
	}
	return Step{Do: Install, State: Installs}
}

// hold is why the box must not go down now.
func (f Facts) hold() Hold {
	switch a := f.Air; {
	case a.Emergency:
		return ForEmergency
	case a.Local.After(f.Now):
		return ForLocal
	case a.Sounds:
		return ForSound
	case !a.Due.IsZero() && a.Due.Before(f.Now.Add(Lead)):
		return ForDue
	}
	return ""
}

// cameFromOther reports that the other slot holds the release that ran before this one,
// which has proven itself; a technician who could not have it back may ask again.
func (r Record) cameFromOther(s Slots) bool {
	asked := r.Phase == Failed && r.Code == plan.LocalMode
	return s.Booted != "" && s.Booted != r.From && s.Other == r.From && (r.Phase == Good || asked)
}

// MayRollBack says why a technician cannot have the slot back from which the running
// one was installed; nil: it can be had.
func MayRollBack(f Facts) error {
	r := f.Record
	switch {
	case !r.cameFromOther(f.Slots):
		return &plan.Error{Code: plan.Unsupported, Msg: "the other slot holds no release that ran before this one"}
	case !f.Slots.Good:
		return &plan.Error{Code: plan.Unsupported, Msg: "the other slot cannot be started"}
	case r.Security < f.Floor:
		return &plan.Error{Code: plan.Rollback, Msg: fmt.Sprintf("%s has security %d; this box never goes below %d", r.Was, r.Security, f.Floor)}
	case slices.Contains([]Hold{ForEmergency, ForSound}, f.hold()):
		return &plan.Error{Code: plan.Priority, Msg: "something sounds"}
	}
	return nil
}
