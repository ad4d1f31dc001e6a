package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	s := a.text("refused", a.named(au, is.Topic), a.because(v))
	if v.Code == plan.Quorum {
		s += "\n" + a.text("quorum.way", strings.Join(signersOf(au, is), ","))
	}
	return s
}

// signersOf are two people who may say this together where it is said, in the
// order of their names; people in general when the authority knows fewer.
func signersOf(au *authority.Authority, is authority.Issued) []string {
	h := head(is.Doc)
	place := cmp.Or(h.Place, au.Boxes()[h.Device].Place)
	var who []string
	for _, g := range au.Grants() {
		if g.Place == place && slices.Contains(g.Kinds, h.Kind) && !slices.Contains(who, g.Person) {
			who = append(who, g.Person)
		}
	}
	slices.Sort(who)
	if len(who) < 2 {
		return []string{"A", "B"}
	}
	return who[:2]
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
