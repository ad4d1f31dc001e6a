package station

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/standing"
	"loa/agent/trigger"
)

// startedName is where the alerts lie that were started here. It is small and written once
// for each of them, before it sounds: a code counts once, whatever becomes of the supply.
const startedName = "trigger/started"

// lostName is since when it is not known any more which of the codes signed before were used.
const lostName = "trigger/lost"

func (s *Station) loadStarted(now time.Time) {
	if raw, err := s.o.Docs.Get(lostName); err == nil && s.codesLost.UnmarshalText(raw) != nil {
		s.codesLost = now
	}
	raw, err := s.o.Docs.Get(startedName)
	if errors.Is(err, fs.ErrNotExist) {
		return // there were none
	}
	if err == nil {
		err = json.Unmarshal(raw, &s.started)
	}
	if err == nil {
		return
	}
	s.fault("which codes were used is not known any more", err, now)
	s.codesLost, s.started = now, nil
	for _, doc := range s.o.Trust.Plan(now).Triggers {
		if doc.Issued.After(s.codesLost) { // the clock is behind
			s.codesLost = doc.Issued
		}
	}
	if raw, err = s.codesLost.MarshalText(); err == nil {
		err = s.o.Docs.Put(lostName, raw)
	}
	if err != nil {
		s.fault("that this is so would not survive a power cut", err, now)
	}
}

// startedHere adds to the plan what was started at the box and still holds.
func (s *Station) startedHere(now time.Time) {
	if len(s.started) == 0 {
		return
	}
	_, level := s.o.Clock.Now()
	sure := level >= clock.NTP // as every alarm that a box holds: policy.ClockNeeded
	if sure && !s.sure {
		s.sure = true
		s.settleStarted(now)
	}
	if sure && trigger.End(&s.plan, s.started, now) {
		s.unstarted = true
	}
	if s.unstarted && s.meanwhile.until.IsZero() {
		if err := s.saveStarted(s.started); err != nil {
			s.o.Log.Debug("still not on the disk", "err", err)
		}
	}
	sets := trigger.Alerts(&s.plan, s.started, sure, now)
	maps.Copy(s.plan.Alerts, sets)
	if end := trigger.Ends(sets); !end.IsZero() && end.Before(s.replanAt) {
		s.replanAt = end
	}
}

// startedNames are the alerts that were started here, in the plan or not: while the time is
// not known they are not, and what was played of them must not begin anew when it is.
func (s *Station) startedNames() (names []string) {
	for i := range s.started {
		names = append(names, s.started[i].Office().String()+"/"+s.started[i].ID)
	}
	return names
}

// Pressed takes that a switch is pressed, since when and for how long. In local mode it is
// the technician who tries it: the alarm must not come when he has gone.
func (s *Station) Pressed(ctx context.Context, line string, press time.Time, held time.Duration) error {
	return s.order(ctx, func(now time.Time) {
		if now.Before(s.usage.LocalUntil) {
			s.tallyUp(plan.LocalMode, line, "a technician tries the switch", now)
			return
		}
		started, refused := trigger.Pressed(&s.plan, s.started, line, press, held, now)
		// It sounds first and is kept meanwhile; what cannot be kept is tried again.
		s.catchUp(now)
		for _, st := range started {
			s.started = append(trigger.Forget(s.started, now), st)
			s.begin(st, "line "+line, now)
			s.unstarted = true
		}
		for _, st := range refused {
			s.tallyUp(plan.RepeatLimit, line, "the switch has started "+st.Alert+" as often as a day allows", now)
		}
	})
}

// Coded takes a code that came by SMS, as its sums, and says which alert it is for and what
// was wrong with it; nil: it has started that. A wrong code is for none.
func (s *Station) Coded(ctx context.Context, sums map[plan.Key]string, from string, sent time.Time) (st trigger.Start, wrong *plan.Error, err error) {
	err = s.order(ctx, func(now time.Time) {
		_, level := s.o.Clock.Now()
		if st, wrong = trigger.Coded(&s.plan, s.started, sums, sent, level, now); wrong == nil {
			if !s.codesLost.IsZero() && !s.plan.Triggers[st.Triggers()].Issued.After(s.codesLost) {
				wrong = &plan.Error{Code: plan.Storage, Msg: "it is not known any more which codes were used: sign new ones", VI: "không còn biết mã nào đã dùng: hãy ký mã mới"}
			}
		}
		if wrong == nil {
			// One that may be forgotten could start another alarm.
			st.From = clip(from)
			if err := s.keepStarted(st, now); err != nil {
				wrong = &plan.Error{Code: plan.Storage, Msg: err.Error()}
			}
		}
		if wrong == nil {
			s.catchUp(now)
			s.begin(st, "SMS from "+quote(from), now)
			return
		}
		s.tallyUp(wrong.Code, "sms", wrong.Msg, now)
		if st.ID != "" {
			s.ack(Ack{Doc: st.Triggers(), State: "refused", Result: plan.Refused, Code: wrong.Code, Why: wrong.Msg, VI: wrong.VI})
		}
	})
	return st, wrong, err
}

// clip is a sender as far as it is kept: numbers have 15 digits, names 11 letters.
func clip(from string) string { return string([]rune(from)[:min(16, len([]rune(from)))]) }

// keepStarted makes it durable that an alert was started.
func (s *Station) keepStarted(st trigger.Start, now time.Time) error {
	all := append(trigger.Forget(slices.Clone(s.started), now), st)
	if err := s.saveStarted(all); err != nil {
		return err
	}
	s.started = all
	return nil
}

// saveStarted writes down what was started here.
func (s *Station) saveStarted(all []trigger.Start) error {
	raw, err := json.Marshal(all)
	if err == nil {
		err = s.o.Docs.Put(startedName, raw)
	}
	if err != nil {
		return fmt.Errorf("cannot keep what was started here: %w", err)
	}
	s.unstarted = false
	return nil
}

// begin lets an alert have its effect and tells of it.
func (s *Station) begin(st trigger.Start, by string, now time.Time) {
	delete(s.settling, st.Office())
	s.soundFirst(now)
	s.changed(now, false)
	std, _ := standing.Find(st.Alert)
	s.write(ledger.Entry{
		Kind: ledger.Alert, ID: st.Office().String(), Class: plan.Emergency, Place: st.Place,
		Holders: s.plan.Triggers[st.Triggers()].Proof.Holders, Title: std.Headline, Detail: st.ID + ", started at the box by " + by,
	}, nil, now)
	s.o.Log.Warn("an alert was started at the box", "alert", st.ID, "by", by)
}
