package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// reissue changes places or grants, signs the root's list as it is then, and
// keeps it for sending. What boxes would refuse has changed nothing; where only
// signatures are missing the list waits for them, which ends the command, too.
func (a *app) reissue(au *authority.Authority, signers []string, change func() error) error {
	var waits error
	err := au.Try(change, func() error {
		list, err := au.IssueList(plan.RootPlace, signers...)
		if err != nil {
			return err
		}
		if err := a.accept(au, list); err != nil {
			return err
		}
		waits = a.lacking(au)
		return nil
	})
	if err != nil {
		return err
	}
	return waits
}

// lacking says how many holders of the root have signed the list that waits, or
// nil when none waits.
func (a *app) lacking(au *authority.Authority) error {
	list, waits := au.Waiting(message.ListTopic(plan.RootPlace))
	if !waits {
		return nil
	}
	holders, threshold := au.Root()
	n := 0
	for _, s := range au.Signers(list.Raw) {
		if slices.Contains(holders, s) {
			n++
		}
	}
	return &waitsError{a.text("list.waits", n, threshold)}
}

// listApprove adds the signatures of other holders of the root to the list that
// waits for them, after showing what it changes.
func (a *app) listApprove(args []string) error {
	fs := a.flags("approve")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	list, ok := au.Waiting(message.ListTopic(plan.RootPlace))
	if !ok {
		return errors.New(a.text("list.none"))
	}
	return a.approveList(au, list, names(*as), *send)
}

func (a *app) approveList(au *authority.Authority, list authority.Issued, signers []string, send bool) (err error) {
	if !a.json {
		before, _ := au.Find(list.Topic)
		writeChanges(a.out, before.Doc, list.Doc)
	}
	for _, person := range signers {
		if list, err = au.Approve(list.Raw, person); err != nil {
			return err
		}
	}
	if err := a.accept(au, list); err != nil {
		return err
	}
	if err := a.lacking(au); err != nil {
		return err
	}
	return a.finish(au, []authority.Issued{list}, send)
}

// writeChanges writes what one list has and the other has not.
func writeChanges(w io.Writer, before, after any) {
	was, is := listLines(before), listLines(after)
	for _, l := range slices.Sorted(maps.Keys(was)) {
		if !is[l] {
			fmt.Fprintln(w, "-", l)
		}
	}
	for _, l := range slices.Sorted(maps.Keys(is)) {
		if !was[l] {
			fmt.Fprintln(w, "+", l)
		}
	}
}

// listLines are a list's places and grants, one a line.
func listLines(doc any) map[string]bool {
	lines := make(map[string]bool)
	l, _ := doc.(plan.List)
	for _, c := range l.Children {
		lines[fmt.Sprintf("%s %s %s", c.Place, c.Parent, c.Name)] = true
	}
	for _, g := range l.Grants {
		lines[fmt.Sprintf("%s %s %s: %s, %s – %s (%.12s…)", g.Holder, g.Place, g.Office, strings.Join(asStrings(g.Kinds), " "),
			g.NotBefore.In(vietnam).Format("2006-01-02 15:04"), g.NotAfter.In(vietnam).Format("2006-01-02 15:04"), g.Key)] = true
	}
	return lines
}
