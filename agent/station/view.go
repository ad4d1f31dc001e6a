package station

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"loa/agent/ahead"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/agent/trigger"
)

// A View is what the station last decided.
type View struct {
	At      time.Time
	Now     *Sounding // nil: nothing sounds
	Waiting []plan.Occurrence
	Next    time.Time // when the answer may change by itself

	Volume     int       // the box's own, in percent
	Knob       bool      // a technician has set it
	LocalUntil time.Time // a technician is at the horn until then
	LocalWhy   string    // as that person said

	Started []trigger.Start // alerts that stand and were started here
}

// Sounding is what has the speaker.
type Sounding struct {
	Occurrence plan.Occurrence
	Began      time.Time
	Volume     int // percent
}

func (s *Station) publish(waiting []plan.Occurrence, now, until time.Time) {
	v := View{At: now, Waiting: waiting, Next: until, Volume: cmp.Or(s.usage.VolumePercent, 100), LocalUntil: s.usage.LocalUntil, LocalWhy: s.localWhy, Started: s.begunHere()}
	v.Knob = s.knob.percent > 0 && s.knob.want == s.plan.Want.Version()
	if t := s.current; t != nil {
		v.Now = &Sounding{Occurrence: t.o, Began: t.began, Volume: t.volume}
	}
	s.mu.Lock()
	before, started := s.view.Now, s.view.Started
	s.view = v
	s.mu.Unlock()
	if !slices.Equal(started, v.Started) || (before == nil) != (v.Now == nil) || before != nil && before.Began != v.Now.Began {
		s.o.Sounds()
	}
}

// begunHere are the alerts that were started here and stand.
func (s *Station) begunHere() (all []trigger.Start) {
	for i := range s.started {
		st := &s.started[i]
		if set := s.plan.Alerts[st.Office()]; slices.ContainsFunc(set.Alerts, func(a plan.Alert) bool { return a.ID == st.ID }) {
			all = append(all, *st)
		}
	}
	return all
}

// View is what the station last decided.
func (s *Station) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

var errBusy = errors.New("the station does not answer")

// order runs f in the loop and waits for it.
func (s *Station) order(ctx context.Context, f func(now time.Time)) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	done := make(chan struct{})
	select {
	case s.orders <- func(now time.Time) { defer close(done); f(now) }:
	case <-ctx.Done():
		return errBusy
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errBusy
	}
}

// Alive waits until the loop has gone round, and says why it has not, after 5 s or when
// ctx ends.
func (s *Station) Alive(ctx context.Context) error { return s.order(ctx, func(time.Time) {}) }

// Proven raises the firmware floor for good: software with this security number has
// proven itself here.
func (s *Station) Proven(ctx context.Context, security int64) error {
	var kept error
	err := s.order(ctx, func(time.Time) {
		s.o.Trust.SetSecurity(security)
		s.unsaved = true
		kept = s.save()
	})
	return errors.Join(err, kept)
}

// Ahead is what will sound and be seen and what will be refused in the next d,
// computed from where the box stands by the functions that decide.
func (s *Station) Ahead(ctx context.Context, d time.Duration) ([]ahead.Line, error) {
	var (
		p    plan.Plan
		from time.Time
		is   ahead.State
	)
	err := s.order(ctx, func(now time.Time) {
		p, from = s.plan, now
		is = ahead.State{Progress: s.copyProgress(), Usage: s.usage.Clone(), Missing: s.lacking(), Toned: maps.Clone(s.wordless)}
		is.Board, is.SeenOnly = s.o.Show != nil, s.o.SeenOnly
		_, is.Clock = s.o.Clock.Now()
		if s.current != nil { // it goes on from where it is by now
			is.Progress.At[s.current.o.ID] = s.current.o.At + now.Sub(s.current.began)
		}
	})
	if err != nil {
		return nil, err
	}
	return ahead.Continue(p, is, from, from.Add(d)), nil
}

// lacking is the recordings of the plan that are not on the box, and why.
func (s *Station) lacking() map[string]plan.Code {
	missing := make(map[string]plan.Code)
	all, urgent := recordingsOf(&s.plan)
	for _, a := range append(all, urgent...) {
		if _, here := s.o.Media.Path(a.SHA256); here {
			continue
		}
		code, _ := s.o.Media.Why(a.SHA256)
		missing[a.SHA256] = cmp.Or(code, plan.MediaMissing)
	}
	return missing
}

func (s *Station) copyProgress() plan.Progress {
	g := s.progress
	g.Ended, g.At = maps.Clone(g.Ended), maps.Clone(g.At)
	g.Last, g.Refused, g.Missed = maps.Clone(g.Last), maps.Clone(g.Refused), maps.Clone(g.Missed)
	return g
}

// Plan is the plan as it holds now. It must not be changed.
func (s *Station) Plan(ctx context.Context) (p plan.Plan, err error) {
	err = s.order(ctx, func(time.Time) { p = s.plan })
	return p, err
}

// PlayLocal sounds something that is built in, for the technician, under the same
// law as everything else; at most 30 s. What refuses it is returned. A technician
// who confirmed that it is to sound in quiet hours, or while the time is not
// known, stands at the horn and is believed.
func (s *Station) PlayLocal(ctx context.Context, part plan.Part, title string, volume int, confirmed bool) error {
	var refused error
	err := s.order(ctx, func(now time.Time) {
		length := min(part.Length, localLongest)
		o := plan.Occurrence{
			ID: "local/" + now.UTC().Format("20060102T150405.000"), Class: plan.Test, Origin: plan.Own,
			Title: title, Parts: []plan.Part{part}, Repeat: 1,
			Start: now, End: now.Add(length + time.Second), Length: length, Volume: volume,
		}
		_, level := s.o.Clock.Now()
		s.confirmed = ""
		if confirmed {
			s.confirmed = o.ID
		}
		s.usage.Confirmed = s.confirmed
		v := s.judge(s.policies(), o, now, level)
		if v.Code != plan.Accepted {
			refused = &plan.Error{Code: v.Code, Msg: v.Why}
			return
		}
		if s.local != nil {
			schedule.End(&s.progress, s.local, now)
		}
		s.local = &o
	})
	return errors.Join(err, refused)
}

const localLongest = 30 * time.Second

// StopLocal ends what sounds now, for good, at the technician's word, and gives
// what that was; nil: nothing sounded. Of an alert it ends all rounds: it sounds
// here again when its office changes what is heard, or gives another.
func (s *Station) StopLocal(ctx context.Context) (stopped *plan.Occurrence, err error) {
	err = s.order(ctx, func(now time.Time) {
		s.local = nil
		t := s.current
		if t == nil {
			return
		}
		o := t.o
		stopped = &o
		schedule.End(&s.progress, &o, now)
		t.why, t.yielded, t.note = plan.LocalMode, false, "stopped at the box"
		if o.By.Kind == plan.KindAlert {
			t.ends = schedule.Series(&o)
			s.progress.Ended[t.ends] = true
		}
		s.current = nil
		s.usage.End(now)
		s.o.Player.Stop()
	})
	return stopped, err
}

// LocalMode keeps everything from outside silent for d, at most half an hour, for
// a technician at the horn who says why, and says until when; 0 ends it. It ends by
// itself, so that nobody has to climb up again because it was forgotten.
func (s *Station) LocalMode(ctx context.Context, d time.Duration, why string) (until time.Time, err error) {
	err = s.order(ctx, func(now time.Time) {
		s.localWhy = why
		if d > 0 {
			until = now.Add(min(d, localModeLongest))
		}
		s.attend(until, now)
	})
	return until, err
}

const localModeLongest = 30 * time.Minute

// localMode is the ID of its entries in the ledger, of kind mute.
const localMode = string(plan.LocalMode)

// attend begins local mode, or ends it when until is zero.
func (s *Station) attend(until, now time.Time) {
	if until.Equal(s.usage.LocalUntil) {
		return
	}
	s.usage.LocalUntil = until
	e := ledger.Entry{Kind: ledger.Mute, ID: localMode, Due: until, Code: plan.LocalMode, Detail: s.localWhy}
	if until.IsZero() {
		e.Code, e.Detail, s.localWhy = plan.Accepted, "over", ""
	}
	s.write(e, nil, now)
}

// Commissioned says whether somebody has listened to the horns, from now on.
func (s *Station) Commissioned(ctx context.Context, is bool) error {
	return s.order(ctx, func(time.Time) {
		s.o.Box.Uncommissioned = !is
		s.replanAt = time.Time{}
	})
}

// Volume sets the box's own volume, in percent, until the centre sends another
// want or the agent ends. 0 is as soft as can be; that nobody has said how loud
// would be full volume.
func (s *Station) Volume(ctx context.Context, percent int) error {
	return s.order(ctx, func(time.Time) {
		s.knob = knob{max(1, percent), s.plan.Want.Version()}
		s.replanAt = time.Time{}
	})
}
