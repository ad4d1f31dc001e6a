package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// dated makes a change to places or boxes and signs all that is due then. When that
// fails the places are as before. What lacks a signature waits for it, which is told.
func (a *app) dated(au *authority.Authority, signers []string, change func() error) error {
	who := signers
	if len(who) == 0 {
		holders, threshold := au.Root()
		who = holders[:threshold]
	}
	if err := au.Unseal(who...); err != nil {
		return err
	}
	var waits error
	err := au.Try(change, func() (err error) {
		waits, err = a.signDue(au, signers)
		return err
	})
	if err != nil {
		return err
	}
	return waits
}

// signDue signs what the books say and boxes have not been told: lists, then where
// boxes belong. waits says what still lacks a signature.
func (a *app) signDue(au *authority.Authority, signers []string) (waits, err error) {
	if waits, err = a.signLists(au, au.Due().Lists, signers); err != nil || waits != nil {
		return waits, err
	}
	moves := au.Due().Moves
	if len(moves) == 0 {
		return nil, nil
	}
	may := a.assigners(au)
	mine := slices.DeleteFunc(slices.Clone(signers), func(p string) bool { return !slices.Contains(may, p) })
	if len(mine) == 0 {
		return &waitsError{a.text("due.moves-wait", len(moves), strings.Join(may, ", "))}, nil
	}
	return a.signMoves(au, moves, mine)
}

// signLists signs the lists of issuers, each by those who may.
func (a *app) signLists(au *authority.Authority, issuers, signers []string) (waits, err error) {
	var short []string // of signatures
	need := func(issuer string) int {
		if issuer != plan.RootPlace {
			return 2
		}
		_, n := au.Root()
		return n
	}
	who, mine := make(map[string][]string), []string{}
	for _, issuer := range issuers {
		may := au.Registrars(issuer)
		if who[issuer] = slices.DeleteFunc(slices.Clone(signers), func(p string) bool { return !slices.Contains(may, p) }); len(signers) == 0 {
			who[issuer] = may[:min(need(issuer), len(may))]
		}
		if len(who[issuer]) == 0 {
			short = append(short, issuer)
		} else {
			mine = append(mine, issuer)
		}
	}
	lists, err := au.IssueLists(mine, who)
	if err != nil {
		return nil, err
	}
	verdicts, err := au.JudgeLists(lists)
	if err != nil {
		return nil, err
	}
	var ready, pending []authority.Issued
	for i, v := range verdicts {
		switch {
		case v.Code == plan.Accepted:
			ready = append(ready, lists[i])
			continue
		case v.Code != plan.Quorum && len(short) == 0: // else it may lack what waits
			return nil, errors.New(a.refusal(au, lists[i], v))
		}
		short = append(short, mine[i])
		pending = append(pending, lists[i])
	}
	if err := errors.Join(au.KeepAll(ready, false), au.KeepAll(pending, true)); err != nil || len(short) == 0 {
		return nil, err
	}
	var lines []string
	for _, issuer := range short {
		signed, may := au.Signed(issuer), slices.Clone(au.Registrars(issuer))
		left := slices.DeleteFunc(may, func(p string) bool { return slices.Contains(signed, p) })
		n := need(issuer) - (len(au.Registrars(issuer)) - len(left))
		lines = append(lines, a.text("due.list-waits", issuer, max(1, n), strings.Join(left, ", ")))
	}
	return &waitsError{strings.Join(lines, "\n")}, nil
}

// signMoves tells boxes where they belong, and adds signatures to what waits for them.
func (a *app) signMoves(au *authority.Authority, moves []authority.Move, signers []string) (waits, err error) {
	var wants []plan.Want
	var signed []authority.Issued
	for _, m := range moves {
		w, err := au.LastWant(m.Device)
		if err != nil {
			return nil, err
		}
		is, there := au.Waiting(message.DeviceTopic(m.Device, message.LeafWant))
		if there && w.OwnPlace == m.To && slices.Equal(w.Groups, m.Groups) {
			for _, p := range signers {
				if is, err = au.Approve(is.Raw, p); err != nil {
					return nil, err
				}
			}
			signed = append(signed, is)
			continue
		}
		w.OwnPlace, w.Groups = m.To, m.Groups
		wants = append(wants, w)
	}
	fresh, err := au.AssignAll(wants, signers...)
	if err != nil {
		return nil, err
	}
	signed = append(signed, fresh...)
	j, err := a.judged(au, signed)
	if err != nil {
		return nil, err
	}
	if n := len(j.Pending); n > 0 {
		waits = &waitsError{a.text("due.moves-wait", n, strings.Join(a.assigners(au), ", "))}
	}
	return waits, errors.Join(au.KeepAll(j.Ready, false), au.KeepAll(j.Pending, true))
}

// judged is what boxes would make of wants; a refusal is an error.
func (a *app) judged(au *authority.Authority, wants []authority.Issued) (authority.Judged, error) {
	j, err := au.JudgeAll(wants)
	if err == nil && j.Verdict.Code != plan.Accepted {
		err = errors.New(a.refusal(au, j.Refused, j.Verdict))
	}
	return j, err
}

// assigners are the people who may say anywhere where boxes belong, by name.
func (a *app) assigners(au *authority.Authority) []string {
	may := make(map[string]bool)
	for _, g := range au.Grants() {
		if slices.Contains(g.Kinds, plan.GrantAssign) && a.now().Before(g.NotAfter) {
			may[g.Person] = true
		}
	}
	return slices.Sorted(maps.Keys(may))
}

// warnDue says that changes are due which nobody has signed.
func (a *app) warnDue(w io.Writer, d authority.Due) {
	if len(d.Lists)+len(d.Moves) > 0 {
		fmt.Fprintln(w, a.text("due.warn", len(d.Lists), len(d.Moves)))
	}
}

// placeDue shows what is due and what is still to come; with signers it signs the first.
func (a *app) placeDue(args []string) error {
	fs := a.flags("place due")
	as := fs.String("as", "", "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	before := au.Due()
	if *as != "" {
		if err := au.Unseal(names(*as)...); err != nil {
			return err
		}
		waits, err := a.signDue(au, names(*as))
		if err != nil {
			return err
		}
		if waits != nil {
			return waits
		}
		return a.say(before, "due.signed", len(before.Lists), len(before.Moves))
	}
	changes, moves := au.Ahead()
	return a.show(map[string]any{"due": before, "changes": changes, "moves": moves}, func(w io.Writer) {
		for _, issuer := range before.Lists {
			fmt.Fprintln(w, a.text("due.list", a.placeName(au, issuer), strings.Join(au.Registrars(issuer), ", ")))
		}
		for _, m := range before.Moves {
			fmt.Fprintln(w, a.text("due.move", m.Device, m.From, m.To))
		}
		if len(before.Moves) > 0 {
			fmt.Fprintln(w, a.text("due.two", strings.Join(a.assigners(au), ", ")))
		}
		if len(before.Lists)+len(before.Moves) == 0 {
			fmt.Fprintln(w, a.text("due.none"))
		} else {
			fmt.Fprintln(w, a.text("due.how"))
		}
		for _, c := range changes {
			fmt.Fprintln(w, a.text("due.ahead", since(c.On), c.Code, a.fact(c.Fact)))
			if len(c.Boxes) > 0 {
				fmt.Fprintln(w, a.text("due.boxes", len(c.Boxes), c.Into, strings.Join(c.Boxes, ", ")))
			}
		}
		for _, d := range sortedKeys(moves) {
			fmt.Fprintln(w, a.text("due.ahead", since(moves[d].On), d, moves[d].Place))
		}
	})
}

// since is a day, or nothing.
func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t)
}
