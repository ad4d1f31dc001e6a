// Package trigger says which standing alerts were started at the box itself, by a switch
// or by a code, and what may start one.
//
// A start is a fact that is kept; what sounds of it follows from the facts, the signed
// triggers and the time, as a set of alerts like any office's.
package trigger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/agent/standing"
)

// A Start is a standing alert that was started at the box.
type Start struct {
	Place string    `json:"place"`          // of the triggers that let it
	Doc   string    `json:"doc"`            // their ID
	Alert string    `json:"alert"`          // which, as standing calls it
	ID    string    `json:"id"`             // of this one, such as flood-1795000000
	By    string    `json:"by"`             // the line and the press, or the sum of the code
	From  string    `json:"from,omitempty"` // who sent the code, as far as the network says
	At    time.Time `json:"at"`
	Until time.Time `json:"until"` // when it is over at the latest
	// Over: it has ended and does not come back, whatever is signed or whatever time it
	// is. What is over is remembered all the same: see Forget.
	Over bool `json:"over,omitempty"`
	// Fresh: it was in this run, so that how long ago is known whatever time it is.
	Fresh bool `json:"-"`
}

// Who is what started it, for people: "key" is a line of the box, anything else a number.
func (s *Start) Who() (line, from string) {
	if line, _, pressed := strings.Cut(s.By, "@"); pressed {
		return line, ""
	}
	return "", s.From
}

// Triggers are those that let it.
func (s *Start) Triggers() plan.Key {
	return plan.Key{Place: s.Place, Kind: plan.KindTrigger, ID: s.Doc}
}

// Office is the key of the set in which the alert stands.
func (s *Start) Office() plan.Key {
	return plan.Key{Place: s.Place, Kind: plan.KindAlert, ID: plan.TriggerOffice + s.Doc}
}

// slack is how far a start may lie ahead of a clock that runs unevenly.
const slack = time.Minute

// Alerts are the alerts that hold at now of what was started, each in the set of an office
// named after its triggers. What an earlier run started holds only if the time is known
// (sure). An alert that is started again begins anew. The correction takes back what was
// started before it and stood then or shortly before; it says nothing where nothing stood.
func Alerts(p *plan.Plan, starts []Start, sure bool, now time.Time) map[plan.Key]plan.AlertSet {
	sets := make(map[plan.Key]plan.AlertSet)
	for _, s := range starts {
		doc, ok := p.Triggers[s.Triggers()]
		std, known := standing.Find(s.Alert)
		if !ok || !known || !doc.At(now) || !sure && !s.Fresh || s.At.Sub(now) > slack {
			continue
		}
		until := s.until(doc)
		if s.Over && now.Before(until) {
			until = now
		}
		if s.Alert == standing.FalseAlarm {
			retract(sets, s.At, until)
			continue
		}
		k := s.Office()
		set := sets[k]
		set.Head = plan.Head{Format: plan.Format, Kind: k.Kind, Place: k.Place, ID: k.ID, Issued: s.At, Proof: doc.Proof}
		set.Office = k.ID
		set.Alerts = append(slices.DeleteFunc(set.Alerts, func(a plan.Alert) bool { return a.Tone == s.Alert }), plan.Alert{
			ID: s.ID, Event: std.Event, Headline: std.Headline, Instruction: std.Instruction, Tone: std.ID,
			Urgency: "immediate", Severity: "severe", Certainty: "observed",
			Repeat: doc.Repeat, GapS: doc.GapS, From: s.At, Until: until,
		})
		sets[k] = set
	}
	for k, set := range sets {
		set.Alerts = slices.DeleteFunc(set.Alerts, func(a plan.Alert) bool { return !now.Before(a.Until) })
		set.Retracted = slices.DeleteFunc(set.Retracted, func(r plan.Retraction) bool { return !now.Before(r.Until) })
		sets[k] = set
		if len(set.Alerts)+len(set.Retracted) == 0 {
			delete(sets, k)
		}
	}
	return sets
}

// until is when it is over by its triggers as they are now, which cannot make it longer.
func (s *Start) until(doc plan.Triggers) time.Time {
	if sooner := s.At.Add(time.Duration(doc.ForS) * time.Second); sooner.Before(s.Until) {
		return sooner
	}
	return s.Until
}

// Step moves what was started in this run with the clock, by which it was noted. What an
// earlier run started and now lies ahead was noted by a clock that was wrong: nobody knows
// when it was, and it must not begin when that hour comes.
func Step(starts []Start, by time.Duration, now time.Time) {
	for i := range starts {
		switch s := &starts[i]; {
		case s.Fresh:
			s.At, s.Until = s.At.Add(by), s.Until.Add(by)
		case s.At.Sub(now) > slack:
			s.Over = true
		}
	}
}

// End notes what is over, when the time is known: its time has passed, its triggers hold
// no more, it was taken back, or it cannot have been yet. It reports whether anything is.
func End(p *plan.Plan, starts []Start, now time.Time) (any bool) {
	corrected := false
	for i := range slices.Backward(starts) {
		s := &starts[i]
		doc, ok := p.Triggers[s.Triggers()]
		correction := s.Alert == standing.FalseAlarm
		if !s.Over && (!ok || !doc.At(now) || !now.Before(s.until(doc)) || corrected && !correction ||
			!s.Fresh && s.At.Sub(now) > slack) {
			s.Over, any = true, true
		}
		corrected = corrected || correction
	}
	return any
}

// lateness is how long after an alarm somebody may notice that it was none.
const lateness = 2 * time.Hour

// retract takes back what stood at a time or shortly before.
func retract(sets map[plan.Key]plan.AlertSet, at, until time.Time) {
	for k, set := range sets {
		for _, a := range set.Alerts {
			if at.Before(a.Until.Add(lateness)) {
				set.Retracted = append(set.Retracted, plan.Retraction{ID: a.ID, Until: until})
				set.Issued = at
			}
		}
		set.Alerts = nil
		sets[k] = set
	}
}

// Ends is when the next of what holds is over; zero: nothing holds.
func Ends(sets map[plan.Key]plan.AlertSet) (first time.Time) {
	sooner := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, set := range sets {
		for _, a := range set.Alerts {
			sooner(a.Until)
		}
		for _, r := range set.Retracted {
			sooner(r.Until)
		}
	}
	return first
}

// Pressed is what a press of a switch starts that has lasted for held, and what it would
// start if it had not done so often enough. Each press starts an alert once.
func Pressed(p *plan.Plan, starts []Start, line string, press time.Time, held time.Duration, now time.Time) (started, refused []Start) {
	by := fmt.Sprintf("%s@%d", line, press.UnixMilli())
	for _, doc := range inForce(p, now) {
		for _, l := range doc.Lines {
			if l.Line != line || held < time.Duration(l.HoldS)*time.Second {
				continue
			}
			s, ok := start(doc, l.Alert, by, now)
			if !ok || slices.ContainsFunc(starts, func(o Start) bool { return o.Triggers() == s.Triggers() && o.By == by }) {
				continue
			}
			today := 0
			for _, o := range starts {
				if name, _, _ := strings.Cut(o.By, "@"); o.Triggers() == s.Triggers() && name == line && now.Sub(o.At) < 24*time.Hour {
					today++
				}
			}
			// Every alarm can be taken back once, however many there were.
			last := len(starts) - 1
			takesBack := l.Alert == standing.FalseAlarm && last >= 0 && starts[last].Alert != standing.FalseAlarm
			if today >= l.PerDay && !takesBack {
				refused = append(refused, s)
			} else {
				started = append(started, s)
			}
		}
	}
	return started, refused
}

// inForce are the triggers that hold, in the order of their names.
func inForce(p *plan.Plan, now time.Time) (all []plan.Triggers) {
	for _, doc := range p.Triggers {
		if doc.At(now) {
			all = append(all, doc)
		}
	}
	slices.SortFunc(all, func(a, b plan.Triggers) int { return cmp.Compare(a.Key().String(), b.Key().String()) })
	return all
}

func start(doc plan.Triggers, alert, by string, now time.Time) (Start, bool) {
	_, ok := standing.Find(alert)
	return Start{
		Place: doc.Place, Doc: doc.ID, Alert: alert, By: by,
		ID: fmt.Sprintf("%s-%d", alert, now.Unix()), At: now, Fresh: true,
		Until: now.Add(time.Duration(doc.ForS) * time.Second),
	}, ok
}

// Forget drops what can no longer matter: a press after two days, a code once no triggers
// can live any more that were signed before it was used.
func Forget(starts []Start, now time.Time) []Start {
	return slices.DeleteFunc(starts, func(s Start) bool {
		if strings.Contains(s.By, "@") {
			return now.Sub(s.At) > 48*time.Hour
		}
		return now.Sub(s.At) > plan.MaxLife
	})
}
