package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"loa/agent/plan"
)

func (a *app) grant(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"give":  a.grantGive,
		"take":  a.grantTake,
		"renew": a.grantRenew,
		"list":  a.grantList,
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
	if err := a.giveRole(au, rest[0], rest[1], *name, *office); err != nil {
		return err
	}
	if err := a.reissue(au, plan.RootPlace, names(*signers)); err != nil {
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
	found, err := au.Revoke(rest[0], place)
	if err != nil {
		return err
	}
	if !found {
		return errors.New(a.text("grant.none", rest[0]))
	}
	if err := a.reissue(au, plan.RootPlace, names(*signers)); err != nil {
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
	n, err := au.Renew(plan.RootPlace)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := a.reissue(au, plan.RootPlace, names(*signers)); err != nil {
			return err
		}
	}
	return a.say(map[string]any{"renewed": n}, "grant.renewed", n)
}

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
		for _, g := range grants {
			may := strings.Join(asStrings(g.Kinds), " ")
			if len(g.Classes) > 0 {
				may += ": " + strings.Join(asStrings(g.Classes), " ")
			}
			fmt.Fprintf(w, "%-16s %-10s %s  %s\n", g.Person, g.Place, a.text("until", g.NotAfter.In(vietnam).Format("2006-01-02")), may)
		}
	})
}

func asStrings[S ~string](all []S) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}
