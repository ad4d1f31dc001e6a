package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/standing"
	"loa/scripts/authority"
)

// A standingSet is a set of alerts that holds, and for those that were started at a box
// itself which box and what started them.
type standingSet struct {
	plan.AlertSet
	Box  string `json:"box,omitempty"`
	Line string `json:"line,omitempty"` // the switch
	From string `json:"from,omitempty"` // the sender of the code
}

// startedAt are the alerts that stand at a box because they were started there.
func startedAt(h message.Have, now time.Time) (all []message.Started) {
	for _, s := range h.Started {
		if s.Until.After(now) {
			s.Alert, s.ID, s.Triggers, s.Line, s.From = printable(s.Alert), printable(s.ID), printable(s.Triggers), printable(s.Line), printable(s.From)
			all = append(all, s)
		}
	}
	return all
}

// startedAtBoxes are the alerts that boxes have reported and that still stand. Without a
// broker there are none to be had, which is said.
func (a *app) startedAtBoxes(au *authority.Authority) (all []standingSet, err error) {
	patience := a.patience
	defer func() { a.patience = patience }()
	a.patience = min(patience, askFor)
	f, l, err := a.meetFleet(au)
	var none *brokerError
	if errors.As(err, &none) {
		a.note("alert.boxes")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.stop()
	for _, r := range f.rows(a.now()) {
		for _, s := range r.Started {
			place, doc, _ := strings.Cut(s.Triggers, "/"+string(plan.KindTrigger)+"/")
			std, _ := standing.Find(s.Alert)
			office := plan.TriggerOffice + doc
			all = append(all, standingSet{Box: r.Box, Line: s.Line, From: s.From, AlertSet: plan.AlertSet{
				Head:   plan.Head{Format: plan.Format, Kind: plan.KindAlert, Place: place, ID: office, Issued: s.At},
				Office: office,
				Alerts: []plan.Alert{{ID: s.ID, Event: cmp.Or(std.Event, s.Alert), Headline: cmp.Or(std.Headline, s.Alert), Tone: s.Alert, From: s.At, Until: s.Until}},
			}})
		}
	}
	return all, nil
}

// askFor is how long a list waits for a broker that it can do without.
const askFor = 3 * time.Second

// startedBy is what started an alert at a box, in words.
func (a *app) startedBy(line, from string) string {
	if line != "" {
		return a.text("started.line", line)
	}
	return a.text("started.sms", cmp.Or(from, "?"))
}

// startedNote tells of an alert that was started at a box.
func (a *app) startedNote(s message.Started) string {
	std, _ := standing.Find(s.Alert)
	return a.text("watch.started", cmp.Or(std.Headline, s.Alert), a.moment(s.At), a.startedBy(s.Line, s.From), a.moment(s.Until))
}

// startedList writes sets of alerts that were started at boxes.
func (a *app) startedList(w io.Writer, s standingSet) {
	fmt.Fprintf(w, "%s  %s\n", s.Box, a.text("started.here", a.startedBy(s.Line, s.From), a.moment(s.Issued)))
	a.alerts(w, s.AlertSet)
}
