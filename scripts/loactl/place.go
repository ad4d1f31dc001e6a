package main

import (
	"io"
	"maps"
	"slices"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

func (a *app) place(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"add":      a.placeAdd,
		"import":   a.placeImport,
		"rename":   a.placeRename,
		"move":     a.placeMove,
		"merge":    a.placeMerge,
		"split":    a.placeSplit,
		"move-box": a.boxMove,
		"cancel":   a.placeCancel,
		"due":      a.placeDue,
		"history":  a.placeHistory,
		"approve":  a.listApprove,
		"list":     a.placeList,
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
	if err := a.reissue(au, names(*signers), func() error {
		return au.AddPlace(rest[0], authority.Place{Name: *name, Parent: *parent, Width: *width})
	}); err != nil {
		return err
	}
	return a.say(map[string]any{"place": rest[0], "name": *name, "parent": *parent}, "place.added", rest[0], *name)
}

func (a *app) placeList(args []string) error {
	fs := a.flags("place list")
	on := fs.String("on", "", "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if *on != "" {
		return a.placesOn(au, *on)
	}
	type line struct {
		authority.Place
		Waits bool `json:"waits,omitempty"` // too few have signed it
	}
	places := make(map[string]line)
	for code, p := range au.Places() {
		places[code] = line{p, true}
	}
	for _, issuer := range issuers(au) {
		list, _ := au.Find(message.ListTopic(issuer))
		if l, ok := list.Doc.(plan.List); ok {
			for _, c := range l.Children {
				if p, ok := places[c.Place]; ok && p.Issuer == issuer {
					p.Waits = false
					places[c.Place] = p
				}
			}
		}
	}
	return a.show(places, func(w io.Writer) {
		var rows [][]string
		for _, code := range slices.Sorted(maps.Keys(places)) {
			p, waits := places[code], ""
			switch {
			case p.Into != "":
				waits = "  (" + a.text("fact.into", p.Into) + ")"
			case p.Waits:
				waits = "  (" + a.text("place.waits") + ")"
			}
			rows = append(rows, []string{code, p.Parent, p.Name + waits})
		}
		a.table(w, rows, "code", "parent", "name")
	})
}

// issuers are the places whose lists register places.
func issuers(au *authority.Authority) []string {
	of := make(map[string]bool)
	for _, p := range au.Places() {
		of[p.Issuer] = true
	}
	return slices.Sorted(maps.Keys(of))
}
