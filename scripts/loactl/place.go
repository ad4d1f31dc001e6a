package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"loa/agent/plan"
	"loa/scripts/authority"
)

func (a *app) place(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"add":  a.placeAdd,
		"list": a.placeList,
	})
}

func (a *app) placeAdd(args []string) error {
	fs := a.flags("place add")
	name := fs.String("name", "", "")
	parent := fs.String("parent", "", "")
	width := fs.Int("width", 0, "")
	signers := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *name == "" {
		*name = rest[0]
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.AddPlace(rest[0], authority.Place{Name: *name, Parent: *parent, Width: *width}); err != nil {
		return err
	}
	if err := a.reissue(au, plan.RootPlace, names(*signers)); err != nil {
		return err
	}
	return a.say(map[string]any{"place": rest[0], "name": *name, "parent": *parent}, "place.added", rest[0], *name)
}

func (a *app) placeList(args []string) error {
	if _, err := a.parse(a.flags("place list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	places := au.Places()
	return a.show(places, func(w io.Writer) {
		for _, code := range slices.Sorted(maps.Keys(places)) {
			p := places[code]
			fmt.Fprintf(w, "%-12s %-12s %s\n", code, p.Parent, p.Name)
		}
	})
}

// reissue signs an issuer's list as it is now and keeps it for sending.
func (a *app) reissue(au *authority.Authority, issuer string, signers []string) error {
	list, err := au.IssueList(issuer, signers...)
	if err != nil {
		return err
	}
	if err := a.accept(au, list); err != nil {
		return err
	}
	pending, err := au.Pending()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(pending, func(p authority.Issued) bool { return p.SHA256 == list.SHA256 }) {
		_, threshold := au.Root()
		return errors.New(a.text("list.waits", threshold))
	}
	return nil
}
