package box

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/standing"
	"loa/agent/survey"
	"loa/agent/trigger"
)

const (
	// A line that nothing holds follows the mains, and looks of an even distance would
	// meet it always on the same side.
	watchEvery  = 120 * time.Millisecond
	watchSpread = 100 * time.Millisecond
	idleEvery   = 2 * time.Second // while no triggers name a line

	smsEvery = 10 * time.Second
	smsTime  = time.Minute // for one look
	smsMost  = 16          // that may wait; cards have room for 20 or so

	answerTime = 30 * time.Second // for all answers to one look: the next code waits
)

// TriggerLine is a switch that is not there, cannot be read, or is on for longer than
// anybody presses one; TriggerSMS a modem that gives no messages.
const (
	TriggerLine = "trigger-line"
	TriggerSMS  = "trigger-sms"
)

// A watched is one switch.
type watched struct {
	trigger.Switch
	told time.Duration // for how long it was pressed when the station heard of it
}

// switches watches the lines of which triggers say that they start an alert.
func (b *Box) switches(ctx context.Context) error {
	all := make(map[string]*watched)
	for {
		holds := b.holds()
		for name := range all {
			if holds[name] == nil {
				delete(all, name)
				b.o.Health.ReportOf(TriggerLine, name, nil)
			}
		}
		for _, w := range b.o.Wires {
			if holds[w.Name] == nil || w.Read == nil {
				continue
			}
			s := all[w.Name]
			if s == nil {
				s = &watched{}
				all[w.Name] = s
			}
			b.look(ctx, w, s, holds[w.Name])
		}
		for name := range holds {
			if b.lacks(name) {
				all[name] = &watched{}
				b.o.Health.ReportOf(TriggerLine, name, errors.New("the triggers name it, and the board file has no such input that can be read"))
			}
		}
		pause := idleEvery
		if len(all) > 0 {
			pause = watchEvery + rand.N(watchSpread)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// holds is, by the line, for how long it has to be pressed.
func (b *Box) holds() map[string][]time.Duration {
	all := make(map[string][]time.Duration)
	now := b.now()
	for _, t := range b.plan.Load().Triggers {
		for _, l := range t.Lines {
			if t.At(now) {
				all[l.Line] = append(all[l.Line], time.Duration(l.HoldS)*time.Second)
			}
		}
	}
	return all
}

// lacks reports a line that should start something here and that nothing reads. Triggers
// of a whole place may name what only some of its boxes have.
func (b *Box) lacks(line string) bool {
	if i := slices.IndexFunc(b.o.Wires, func(w Wire) bool { return w.Name == line }); i >= 0 {
		return b.o.Wires[i].Read == nil
	}
	if _, named := b.o.Board.Lines[line]; named {
		return true
	}
	for _, t := range b.plan.Load().Triggers {
		if t.Box != "" && slices.ContainsFunc(t.Lines, func(l plan.TriggerLine) bool { return l.Line == line }) {
			return true
		}
	}
	return false
}

func (b *Box) look(ctx context.Context, w Wire, s *watched, holds []time.Duration) {
	on, err := w.Read()
	if err != nil {
		s.Lost()
		b.o.Health.ReportOf(TriggerLine, w.Name, err)
		return
	}
	press, held := s.See(on, time.Now())
	switch {
	case s.Noisy():
		err = errors.New("it comes and goes: a loose wire, or one that is connected at one end only")
	case s.Stuck():
		err = errors.New("on for longer than any alarm asks for: a short, or a switch that nobody has let go")
	}
	b.o.Health.ReportOf(TriggerLine, w.Name, err)
	if held == 0 {
		s.told = 0
		return
	}
	due := func(d time.Duration) bool { return s.told < d && d <= held }
	if slices.ContainsFunc(holds, due) && b.station.Pressed(ctx, w.Name, press, held) == nil {
		s.told = held
	}
}

// codes reads the SMS that come while triggers have codes for this box.
func (b *Box) codes(ctx context.Context) error {
	var guard trigger.Guard
	for {
		pause := smsEvery
		if b.takesCodes() {
			short, cancel := context.WithTimeout(ctx, smsTime)
			began, wait := time.Now(), 0
			var say []reply
			err := b.o.Messages(short, func(from, text string, sent time.Time) bool {
				done, a := b.tryCode(ctx, trigger.Message{From: from, Text: text, Sent: sent}, &guard)
				if !done {
					wait++
				}
				if a.to != "" {
					say = append(say, a)
				}
				return done
			})
			cancel()
			b.reply(ctx, say)
			if ctx.Err() != nil {
				return nil
			}
			if err == nil && wait >= smsMost {
				err = fmt.Errorf("%d messages wait: others may find no room", wait)
			}
			pause = max(pause, 2*time.Since(began)) // a technician may want it
			if errors.Is(err, survey.ErrNone) {
				err = errors.New("there is no modem")
			}
			b.o.Health.Report(TriggerSMS, err)
		} else {
			b.o.Health.Report(TriggerSMS, nil)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (b *Box) takesCodes() bool {
	now := b.now()
	for _, t := range b.plan.Load().Triggers {
		if len(t.Codes) > 0 && t.At(now) {
			return true
		}
	}
	return false
}

// A reply is an SMS to whoever sent a code.
type reply struct{ to, text string }

// reply sends them when all that came was looked at: no alarm waits for one. What does not
// go out is let go; the ledger has what was done.
func (b *Box) reply(ctx context.Context, all []reply) {
	if b.o.Answer == nil || len(all) == 0 {
		return
	}
	short, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for _, a := range all {
		if err := b.o.Answer(short, a.to, a.text); err != nil {
			b.o.Log.Warn("an answer by SMS did not go out", "to", a.to, "text", a.text, "err", err)
		}
	}
}

// tryCode reports whether an SMS can be deleted, since nothing more will come of it, and
// what is answered; no number: nothing.
func (b *Box) tryCode(ctx context.Context, m trigger.Message, g *trigger.Guard) (done bool, a reply) {
	m.Sent = m.Sent.UTC()
	if waits, over := g.Waiting(m); waits {
		if _, level := b.clock.Now(); level < clock.NTP {
			return over, a
		}
	}
	p := b.plan.Load()
	no := func(st trigger.Start, wrong *plan.Error) (a reply) {
		if to := trigger.To(p, m.From, st.Alert != "", b.now()); to != "" && g.MayAnswer() {
			a = reply{to, trigger.Answer(b.o.Device, st, wrong)}
		}
		return a
	}
	sums, bad := trigger.Sums(p, m, g, b.now())
	if bad != nil {
		if bad.Code == plan.RepeatLimit {
			return false, a
		}
		b.station.Count(bad.Code, "sms", bad.Msg, 1)
		return true, no(trigger.Start{}, bad)
	}
	st, wrong, err := b.station.Coded(ctx, sums, m.From, m.Sent)
	switch {
	case err != nil:
		b.o.Log.Warn("a code waits", "err", fmt.Errorf("the station: %w", err))
		return false, a
	case wrong == nil:
		if to := trigger.To(p, m.From, true, b.now()); to != "" {
			a = reply{to, trigger.Answer(b.o.Device, st, b.unheard(ctx, st))}
		}
		return true, a
	case wrong.Code == plan.ClockCode:
		g.Wait(m)
		return false, no(st, wrong)
	case wrong.Code == plan.Storage:
		return false, a // it is tried again
	}
	return true, no(st, wrong)
}

// unheard is why an alert that was started does not sound; nil: it has the speaker. What
// sounded before may have to fade out.
func (b *Box) unheard(ctx context.Context, st trigger.Start) *plan.Error {
	correction, office := st.Alert == standing.FalseAlarm, st.Office()
	for range 10 {
		if now := b.station.View().Now; now != nil && now.Occurrence.By.Triggered() &&
			(correction && now.Occurrence.Retracts || !correction && now.Occurrence.By == office && !now.Occurrence.Retracts) {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if no := b.refused.Load(); no != nil && no.Kind == office.Kind && no.ID == office.ID && !no.At.Before(st.At) {
		return &plan.Error{Code: no.Code}
	}
	if correction {
		return &plan.Error{Code: plan.Unsupported, VI: "không có gì để đính chính"}
	}
	return &plan.Error{Code: plan.Priority, VI: "báo động khác đang phát"}
}

// startedBy says in a line what starts what: "key → flood, SMS → storm ×4".
func startedBy(t *plan.Triggers) string {
	var all []string
	for _, l := range t.Lines {
		all = append(all, l.Line+" → "+l.Alert)
	}
	codes := make(map[string]int)
	for _, c := range t.Codes {
		codes[c.Alert]++
	}
	for _, alert := range slices.Sorted(maps.Keys(codes)) {
		all = append(all, fmt.Sprintf("SMS → %s ×%d", alert, codes[alert]))
	}
	return strings.Join(all, ", ")
}
