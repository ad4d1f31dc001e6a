package main

import (
	"errors"
	"io"
	"strings"

	"loa/agent/plan"
)

func (a *app) grant(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"give":    a.grantGive,
		"take":    a.grantTake,
		"renew":   a.grantRenew,
		"approve": a.listApprove,
		"list":    a.grantList,
	})
}

func (a *app) grantGive(args []string) error {
	fs := a.flags("grant give")
	name := fs.String("role", "author", "")
	office := fs.String("office", "", "")
	signers := fs.String("as", "", "")
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
	return a.say(map[string]any{"person": rest[0], "place": rest[1], "role": *name}, "grant.given", rest[0], rest[1], *name)
}

func (a *app) grantTake(args []string) error {
	fs := a.flags("grant take")
	signers := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, 2)
	if err != nil {
		return err
	}
	place := ""
	if len(rest) == 2 {
		place = rest[1]
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := a.reissue(au, names(*signers), func() error {
		found, err := au.Revoke(rest[0], place)
		if err == nil && !found {
			err = errors.New(a.text("grant.none", rest[0]))
		}
		return err
	}); err != nil {
		return err
	}
	return a.say(map[string]any{"person": rest[0], "place": place}, "grant.taken", rest[0])
}

func (a *app) grantRenew(args []string) error {
	fs := a.flags("grant renew")
	signers := fs.String("as", "", "")
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
	return a.say(map[string]any{"renewed": n}, "grant.renewed", n)
}

// errNothing ends a change that changes nothing.
var errNothing = errors.New("nothing to change")

func (a *app) grantList(args []string) error {
	if _, err := a.parse(a.flags("grant list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	grants := au.Grants()
	return a.show(grants, func(w io.Writer) {
		var rows [][]string
		for _, g := range grants {
			may := strings.Join(asStrings(g.Kinds), " ")
			if len(g.Classes) > 0 {
				may += ": " + strings.Join(asStrings(g.Classes), " ")
			}
			rows = append(rows, []string{g.Person, g.Place, g.NotAfter.In(vietnam).Format("02/01/2006"), may})
		}
		a.table(w, rows, "person", "place", "until", "may")
	})
}

func asStrings[S ~string](all []S) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}
