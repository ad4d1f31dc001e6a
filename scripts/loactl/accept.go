package main

import (
	"errors"
	"fmt"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/scripts/authority"
)

// accept asks what a box would make of a signed document, and keeps it if the
// box would take it. One that only lacks a signature waits for it; any other
// refusal is an error, and nothing is kept or sent.
func (a *app) accept(au *authority.Authority, is authority.Issued) error {
	return a.acceptAfter(au, is, nil)
}

// acceptAfter is accept that first does what has to be done before the document
// can be kept.
func (a *app) acceptAfter(au *authority.Authority, is authority.Issued, first func() error) error {
	v, err := au.Judge(is)
	if err != nil {
		return err
	}
	waits := v.Code == plan.Quorum && is.Topic.Retained()
	if v.Code != plan.Accepted && !waits {
		return errors.New(a.refusal(au, is, v))
	}
	if first != nil {
		if err := first(); err != nil {
			return err
		}
	}
	if waits {
		if is.Topic.Leaf != message.LeafList { // of which reissue tells more
			a.note("quorum", a.because(v))
		}
		return au.KeepPending(is)
	}
	return au.Keep(is)
}

// refusal explains why a box would refuse.
func (a *app) refusal(au *authority.Authority, is authority.Issued, v trust.Verdict) string {
	return a.text("refused", a.named(au, is.Topic), a.because(v))
}

// because is a verdict's sentence and its particulars.
func (a *app) because(v trust.Verdict) string {
	if a.lang == "vi" {
		if v.Err != nil {
			return authority.Vietnamese(v.Err)
		}
		return v.VI
	}
	s := v.EN
	if v.Err != nil {
		where := string(v.Err.Code)
		if v.Err.Field != "" && v.Err.Field != where {
			where += ", " + v.Err.Field
		}
		s = fmt.Sprintf("%s [%s: %s]", s, where, v.Err.Msg)
	}
	return s
}
