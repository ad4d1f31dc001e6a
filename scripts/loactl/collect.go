package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/scripts/authority"
)

// A haul is what one box gave back.
type haul struct {
	Box     string    `json:"box"`
	New     int64     `json:"new"` // entries of its ledger
	To      int64     `json:"to"`  // the last that the office has now
	Heard   int       `json:"heard"`
	HeardS  float64   `json:"heard_s"`
	Refused int       `json:"refused"`
	Known   int       `json:"known"` // stretches that were here already
	At      time.Time `json:"at,omitzero"`
	Clock   string    `json:"clock,omitempty"`
	Version string    `json:"version,omitempty"` // of its software
	Faults  []string  `json:"faults"`
	Errors  []string  `json:"errors"` // what was not taken, and why
}

// collect archives the ledgers on a stick and writes receipts for them to it, so
// that with the next visit the boxes may forget. What a box did not sign, or not so,
// is not taken and changes nothing.
func (a *app) collect(au *authority.Authority, dir string) error {
	s, err := stick.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	hauls, good, bad := []haul{}, []string{}, false
	living := au.Boxes()
	for _, name := range sortedKeys(au.EveryBox()) {
		if !s.Gave(name) {
			continue
		}
		h := haul{Box: name, Faults: []string{}, Errors: []string{}}
		if box, ok := living[name]; ok {
			if err := a.haulOf(au, s, box, &h); err != nil {
				return err
			}
			good = append(good, name)
		} else {
			h.Errors = append(h.Errors, a.text("carry.revoked"))
		}
		bad = bad || len(h.Errors) > 0
		hauls = append(hauls, h)
	}
	if _, err := a.writeAcks(au, s, good); err != nil {
		return err
	}
	err = a.show(hauls, func(w io.Writer) { a.tellHauls(w, hauls) })
	if bad {
		return errors.Join(err, errTold)
	}
	return err
}

func (a *app) tellHauls(w io.Writer, hauls []haul) {
	for _, h := range hauls {
		fmt.Fprintln(w, a.text("carry.haul", h.Box, h.New, h.To, h.Heard, a.decimal(h.HeardS/60), h.Refused))
		if h.Known > 0 {
			fmt.Fprintln(w, a.text("carry.known", h.Known))
		}
		if !h.At.IsZero() {
			faults := a.text("carry.no-faults")
			if len(h.Faults) > 0 {
				faults = strings.Join(h.Faults, ", ")
			}
			fmt.Fprintln(w, a.text("carry.report", a.moment(h.At), h.Version, h.Clock, faults))
		}
		for _, e := range h.Errors {
			fmt.Fprintln(w, a.text("carry.not-taken", e))
		}
	}
	if len(hauls) == 0 {
		fmt.Fprintln(w, a.text("carry.empty"))
	}
}

// haulOf takes what one box gave back. An error is one of the office's own.
func (a *app) haulOf(au *authority.Authority, s *stick.Stick, box authority.Box, h *haul) error {
	pub, err := plan.ParseKey(box.Key)
	if err != nil {
		return err
	}
	before, err := ledgers(au).Verify(h.Box, pub)
	if err != nil {
		return err
	}
	h.To = before.To
	for n := 1; ; n++ {
		raw, err := s.GivenSegment(h.Box, n)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		var head message.LedgerHead
		if err == nil {
			head, err = ledgers(au).Add(h.Box, raw, pub)
		}
		switch {
		case err != nil:
			h.Errors = append(h.Errors, a.explain(err))
		case head.To <= h.To:
			h.Known++
		default:
			h.To = head.To
		}
	}
	err = ledgers(au).Each(h.Box, pub, func(e ledger.Entry) bool {
		if e.Seq <= before.To {
			return true
		}
		h.New++
		switch {
		case e.Kind == ledger.Refused:
			h.Refused++
		case e.Kind == ledger.End && e.HeardS > 0:
			h.Heard++
			h.HeardS += e.HeardS
		}
		return true
	})
	if err != nil {
		return err
	}
	have, err1 := reportOf[message.Have](s, h.Box, box, stick.Have, message.ReportHave)
	health, err2 := reportOf[message.HealthReport](s, h.Box, box, stick.Health, message.ReportHealth)
	state, err3 := reportOf[message.State](s, h.Box, box, stick.State, message.ReportState)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			h.Errors = append(h.Errors, a.explain(err))
		}
	}
	if len(h.Errors) == 0 {
		if err := keepCarried(au, s, h.Box, have, a.now()); err != nil {
			return err
		}
	}
	if have.Device == h.Box {
		h.At, h.Clock = have.At, have.Clock.String()
	}
	h.Version = printable(state.Version)
	for _, f := range health.Active {
		h.Faults = append(h.Faults, printable(f.Code))
	}
	return nil
}

// reportOf is a report that the box signed; none is no error.
func reportOf[T any](s *stick.Stick, device string, box authority.Box, name string, kind plan.Kind) (none T, err error) {
	raw, err := s.Given(device, name)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	pub, err := plan.ParseKey(box.Key)
	if err != nil {
		return none, err
	}
	v, err := message.OpenReport[T](kind, raw, pub)
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// writeAcks writes receipts for what the office has of boxes' ledgers.
func (a *app) writeAcks(au *authority.Authority, s *stick.Stick, boxes []string) (n int, err error) {
	var acks []authority.Issued
	for _, name := range boxes {
		pub, err := plan.ParseKey(au.Boxes()[name].Key)
		if err != nil {
			return 0, err
		}
		r, err := ledgers(au).Verify(name, pub)
		if err != nil {
			return 0, err
		}
		if r.To == 0 {
			continue
		}
		act := plan.Act{Seq: r.To, HeadHash: r.Head}
		act.Kind, act.Device = plan.KindAcked, name
		is, err := au.Act(act, dispatcherName)
		if err != nil {
			return 0, err
		}
		acks = append(acks, is)
	}
	return len(acks), s.Write(stick.Acks, join(acks))
}
