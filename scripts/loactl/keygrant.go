package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

func (a *app) keyGrant(args []string) error {
	fs := a.flags("key grant")
	name := fs.String("role", "author", "")
	office := fs.String("office", "", "")
	signers := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := a.reissue(au, names(*signers), func() error { return a.giveRole(au, rest[0], rest[1], *name, *office) }); err != nil {
		return err
	}
	next, err := a.sendList(au, *send)
	if err != nil {
		return err
	}
	return a.say(map[string]any{"person": rest[0], "place": rest[1], "role": *name}, "grant.given", rest[0], rest[1], *name, next)
}

func (a *app) keyRevoke(args []string) error {
	fs := a.flags("key revoke")
	place := fs.String("place", "", "")
	signers := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if holders, _ := au.Root(); slices.Contains(holders, rest[0]) {
		return errors.New(a.text("key.holder", rest[0]))
	}
	if err := a.reissue(au, names(*signers), func() error {
		found, err := au.Revoke(rest[0], *place)
		if err == nil && !found {
			err = errors.New(a.text("grant.none", rest[0]))
		}
		return err
	}); err != nil {
		return err
	}
	next, err := a.sendList(au, *send)
	if err != nil {
		return err
	}
	return a.say(map[string]any{"person": rest[0], "place": *place}, "grant.taken", rest[0], next)
}

func (a *app) keyRenew(args []string) error {
	fs := a.flags("key renew")
	signers := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	n := 0
	err = a.reissue(au, names(*signers), func() (err error) {
		if n, err = au.Renew(plan.RootPlace); err == nil && n == 0 {
			err = errNothing
		}
		return err
	})
	if err != nil && !errors.Is(err, errNothing) {
		return err
	}
	next, err := a.sendList(au, *send)
	if err != nil {
		return err
	}
	return a.say(map[string]any{"renewed": n}, "grant.renewed", n, next)
}

// errNothing ends a change that changes nothing.
var errNothing = errors.New("nothing to change")

// sendList sends the root's list as it is now, if that is wanted, and says what is next.
func (a *app) sendList(au *authority.Authority, wanted bool) (next string, err error) {
	list, ok := au.Find(message.ListTopic(plan.RootPlace))
	if !wanted || !ok {
		return a.text("list.later"), nil
	}
	if err := a.publish(au, []authority.Issued{list}); err != nil {
		return "", a.unsent(a.text("list.unsent"), err)
	}
	return a.text("list.sent"), nil
}

// grants writes what people may say.
func (a *app) grants(w io.Writer, grants []authority.Grant) {
	var rows [][]string
	for _, g := range grants {
		var kinds, classes []string
		for _, k := range asStrings(g.Kinds) {
			kinds = append(kinds, word(a.text("may."+k), k))
		}
		for _, c := range asStrings(g.Classes) {
			classes = append(classes, word(a.text("class."+c), c))
		}
		may := strings.Join(kinds, ", ")
		if len(classes) > 0 {
			may += ": " + strings.Join(classes, ", ")
		}
		rows = append(rows, []string{g.Person, g.Place, a.onDay(g.NotAfter), may})
	}
	a.table(w, rows, "person", "place", "until", "may")
}

func asStrings[S ~string](all []S) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}
