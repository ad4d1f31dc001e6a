package station

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/agent/schedule"
)

// write puts an entry into the ledger, about o if there is one, or lets it wait.
func (s *Station) write(e ledger.Entry, o *plan.Occurrence, now time.Time) {
	e.Time, e.Clock = s.o.Clock.Now()
	if e.Time.Before(now) {
		e.Time = now
	}
	if o != nil {
		e.ID, e.Slot, e.Class, e.Origin, e.Lang, e.Title = o.ID, o.Slot, o.Class, o.Origin, o.Lang, o.Title
		e.Place, e.Signer, e.Due = o.By.Place, o.Signer, o.Start
		if o.Item.ID != "" {
			e.Item = o.Item.String()
		}
		if o.Repeat > 1 {
			e.Rounds = o.Repeat
		}
	}
	if !s.meanwhile.until.IsZero() {
		s.meanwhile.entries = append(s.meanwhile.entries, e)
		return
	}
	s.enter(e)
}

// enterAll puts the entries that wait into the ledger.
func (s *Station) enterAll() {
	for _, e := range s.meanwhile.entries {
		s.enter(e)
	}
	s.meanwhile.entries = nil
}

// enter puts an entry into the ledger. One that cannot be written is its own condition
// and stops no sound.
func (s *Station) enter(e ledger.Entry) {
	if _, err := s.o.Ledger.Append(e); err != nil {
		s.o.Log.Error("cannot write the ledger", "kind", e.Kind, "id", e.ID, "err", err)
	}
}

// A telling is a refusal that is written once: the same code for the same thing.
type telling struct {
	id   string
	code plan.Code
}

// tell writes down, once, that o was refused.
func (s *Station) tell(o plan.Occurrence, v policy.Verdict, now time.Time) {
	if !v.Final {
		s.progress.Refused[o.ID] = v.Code
	}
	if s.sounds(o.ID) {
		return // its ending says why
	}
	k := telling{o.ID, v.Code}
	if _, done := s.told[k]; done {
		return
	}
	s.remember(k, now)
	s.write(ledger.Entry{Kind: ledger.Refused, Result: plan.Refused, Code: v.Code, Final: v.Final, Detail: v.Why}, &o, now)
	s.ack(Ack{
		Doc: o.By, ID: o.ID, State: "refused", Result: plan.Refused, Code: v.Code, Why: v.Why, VI: v.VI,
	})
	s.o.Log.Info("refused", "id", o.ID, "code", v.Code, "why", v.Why)
}

// remember notes that a refusal is written down.
func (s *Station) remember(k telling, now time.Time) {
	if len(s.told) >= maxTold {
		clear(s.told)
	}
	s.told[k] = now
}

// maxTold bounds the memory of refusals. A plan that is larger tells some again.
const maxTold = 4096

// maxTells is how many refused documents are each told by themselves in an hour;
// those beyond are counted. An author makes a handful of mistakes, but a broker
// may bring everything old that was ever signed.
const maxTells = 100

// worthATell reports whether a refused document gets an entry of its own.
func (s *Station) worthATell(now time.Time) bool {
	if now.Sub(s.tells.since).Abs() >= time.Hour {
		s.tells = tally{since: now}
	}
	s.tells.n++
	return s.tells.n <= maxTells
}

// strike ends o for good, unheard.
func (s *Station) strike(o plan.Occurrence, now time.Time) {
	schedule.Strike(&s.progress, &o)
	if s.local != nil && s.local.ID == o.ID {
		s.local = nil
	}
}

// acknowledge tells who asked for o what became of it. What a schedule planned
// is in the ledger, which the centre gets anyway.
func (s *Station) acknowledge(o *plan.Occurrence, state string, result plan.Result, code plan.Code, heardS float64) {
	if o.By.Kind == plan.KindSchedule || o.By.ID == "" {
		return
	}
	s.ack(Ack{Doc: o.By, ID: o.ID, State: state, Result: result, Code: code, HeardS: heardS})
}

// A recollection is what the ledger's last days come to.
type recollection struct {
	progress plan.Progress
	usage    policy.Usage
	told     map[telling]time.Time
	wordless map[string]bool
	first    time.Time               // of the entries
	why      string                  // he said
	attended time.Time               // until when a technician wanted to be left alone
	open     map[string]ledger.Entry // what began and did not end, by ID
}

// recollect folds the ledger's last days.
func (s *Station) recollect(now time.Time) recollection {
	r := recollection{
		progress: schedule.NewProgress(now), told: make(map[telling]time.Time), wordless: make(map[string]bool),
		first: now, open: make(map[string]ledger.Entry),
	}
	err := s.o.Ledger.Each(ledger.Query{From: now.Add(-memory)}, func(e ledger.Entry) bool {
		if e.Time.Before(r.first) {
			r.first = e.Time
		}
		r.fold(e)
		return true
	})
	if err != nil {
		s.o.Log.Warn("the ledger could be read only in part", "err", err)
	}
	return r
}

func (r *recollection) fold(e ledger.Entry) {
	o := occurrenceOf(e)
	switch e.Kind {
	case ledger.Start:
		r.open[e.ID] = e
	case ledger.Pause, ledger.End:
		delete(r.open, e.ID)
		if e.AirS > 0 {
			d := time.Duration(e.AirS * float64(time.Second))
			r.usage.Add(policy.UseOf(o, e.Time.Add(-d), d))
		}
		switch {
		case e.Kind == ledger.Pause:
			// A siren that is waiting for its words does not sound again without them.
			if isWordless(&o, e.Code) {
				r.wordless[e.ID] = true
			}
		case e.Result == plan.Missed:
			// It may still come when the clock that passed it over goes back.
			r.progress.Missed[e.ID] = true
		default:
			schedule.End(&r.progress, &o, e.Time)
			if e.Ends != "" {
				r.progress.Ended[e.Ends] = true
			}
		}
	case ledger.Mute:
		if e.ID == localMode {
			r.attended, r.why = e.Due, e.Detail
		}
	case ledger.Refused:
		if e.Board {
			r.told[telling{boardSeries(&o), e.Code}] = e.Time
			return
		}
		r.told[telling{cmp.Or(e.Doc, e.ID), e.Code}] = e.Time
		switch {
		case e.Doc != "" || e.ID == "":
		case e.Final:
			schedule.Strike(&r.progress, &o)
		default:
			r.progress.Refused[e.ID] = e.Code
		}
	}
}

// recall makes progress and usage of the ledger's last days, so that a reboot
// repeats nothing and resets no cap. What the last run left open is closed.
func (s *Station) recall(now time.Time) {
	r := s.recollect(now)
	s.progress, s.usage, s.wordless = r.progress, r.usage, r.wordless
	for k, at := range r.told {
		s.remember(k, at)
	}
	if now.Before(r.attended) {
		s.usage.LocalUntil, s.localWhy = r.attended, r.why
		if longest := now.Add(localModeLongest); r.attended.After(longest) {
			s.usage.LocalUntil = longest // the clock stands earlier than before
		}
	}
	s.first, s.since = r.first, r.first
	for _, e := range r.open {
		s.closeOpen(e, now)
	}
}

// recallMore brings back, after the clock went back, what was too long ago for the
// clock as it was: a battery that kept the wrong year must not let yesterday sound
// again, nor lift a cap.
func (s *Station) recallMore(now time.Time) {
	if err := s.o.Ledger.Sync(); err != nil {
		s.o.Log.Error("cannot sync the ledger", "err", err)
	}
	r := s.recollect(now)
	maps.Copy(r.progress.Ended, s.progress.Ended)
	maps.Copy(r.progress.At, s.progress.At)
	maps.Copy(r.progress.Last, s.progress.Last)
	maps.Copy(r.progress.Missed, s.progress.Missed)
	maps.Copy(r.progress.Refused, s.progress.Refused)
	r.progress.Sounding = s.progress.Sounding
	maps.Copy(s.wordless, r.wordless)
	r.usage.Box = s.usage.Box
	s.progress, s.usage = r.progress, r.usage
}

// closeOpen ends what sounded when the last run ended without a word. How long it
// sounded is not known; the caps count the longest it can have been. An item of a
// slot may be joined again where its timeline is; an act or a round of an alert
// may not: a flickering supply would repeat it for ever.
func (s *Station) closeOpen(start ledger.Entry, now time.Time) {
	o := occurrenceOf(start)
	aired := max(0, now.Sub(start.Time))
	if rest := time.Duration((start.PlannedS - start.AtS) * float64(time.Second)); start.PlannedS > 0 {
		aired = min(aired, rest)
	}
	s.usage.Add(policy.UseOf(o, start.Time, aired))
	e := start
	e.Kind, e.Result, e.AirS = ledger.End, plan.Partial, aired.Seconds()
	e.Detail = "the agent ended while it sounded"
	if o.Slot != "" {
		e.Kind = ledger.Pause
	} else {
		schedule.End(&s.progress, &o, now)
	}
	e.Time, e.Clock = s.o.Clock.Now()
	if _, err := s.o.Ledger.Append(e); err != nil {
		s.o.Log.Error("cannot write the ledger", "id", e.ID, "err", err)
	}
}

// occurrenceOf is as much of an occurrence as the ledger remembers.
func occurrenceOf(e ledger.Entry) plan.Occurrence {
	o := plan.Occurrence{
		ID: e.ID, Slot: e.Slot, Class: e.Class, Signer: e.Signer, Repeat: max(1, e.Rounds), Title: e.Title,
		Origin: e.Origin, Lang: e.Lang, Start: e.Due,
	}
	if parts := strings.SplitN(e.ID, "/", 4); len(parts) >= 3 {
		o.By = plan.Key{Place: parts[0], Kind: plan.Kind(parts[1]), ID: parts[2]}
	}
	if place, rest, ok := strings.Cut(e.Item, "/"); ok {
		kind, id, _ := strings.Cut(rest, "/")
		o.Item = plan.Key{Place: place, Kind: plan.Kind(kind), ID: id}
	}
	return o
}

// A tally counts refusals that get no entry of their own: those that nobody known
// signed, signs of life, and what comes too often. One entry per code and hour
// tells of them, or a flood would fill the ledger.
type tally struct {
	since time.Time
	n     int
}

// tallyUp counts a refusal.
func (s *Station) tallyUp(code plan.Code, topic, why string, now time.Time) {
	s.flushTallies(now)
	if t := s.counted[code]; t != nil {
		t.n++
		return
	}
	s.counted[code] = &tally{since: now}
	s.write(ledger.Entry{
		Kind: ledger.Refused, Result: plan.Refused, Code: code, Count: 1,
		Detail: fmt.Sprintf("%s on %s", why, quote(topic)),
	}, nil, now)
	s.o.Log.Warn("refused; more of the kind are counted", "code", code, "topic", quote(topic), "why", why)
}

// Count counts n refusals by another room of what nobody known has signed.
func (s *Station) Count(code plan.Code, topic, why string, n int) {
	select {
	case s.orders <- func(now time.Time) {
		s.tallyUp(code, topic, why, now)
		if t := s.counted[code]; n > 1 && t != nil {
			t.n += n - 1
		}
	}:
	case <-s.over:
	}
}

// flushTallies writes down what was counted in the hour after the first of a kind.
func (s *Station) flushTallies(now time.Time) {
	for code, t := range s.counted {
		if now.Sub(t.since).Abs() < time.Hour {
			continue
		}
		delete(s.counted, code)
		if t.n > 0 {
			s.write(ledger.Entry{
				Kind: ledger.Refused, Result: plan.Refused, Code: code, Count: t.n,
				Detail: "more of the kind since " + plan.Moment(t.since),
			}, nil, now)
		}
	}
}

// quote is at most 64 bytes of hostile text, escaped.
func quote(s string) string {
	q := fmt.Sprintf("%+q", s)
	if len(q) > 64 {
		q = q[:61] + "..."
	}
	return q
}
