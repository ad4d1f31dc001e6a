package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/places"
	"loa/scripts/loactl/roster"
)

// on reads the day of a change; without one it is now.
func (a *app) on(v string) (time.Time, error) {
	if v == "" {
		return a.now().Truncate(time.Second), nil
	}
	t, ok := roster.Date(v)
	if !ok {
		return t, &usageError{a.text("place.date", v)}
	}
	return t, nil
}

// changes runs a command that changes something from a day on, and says when it counts.
func (a *app) changes(command string, args []string, n int, do func(au *authority.Authority, rest []string, on time.Time) error) error {
	fs := a.flags(command)
	day := fs.String("on", "", "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, n, n)
	if err != nil {
		return err
	}
	on, err := a.on(*day)
	if err != nil {
		return err
	}
	if command == "box move" && *as == "" && !on.After(a.now()) {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	return a.from(au, on, names(*as), map[string]any{"what": rest}, func() error { return do(au, rest, on) })
}

// from makes a change that counts from a day on: signed at once if that has come, else
// kept in the books.
func (a *app) from(au *authority.Authority, on time.Time, signers []string, result map[string]any, change func() error) error {
	result["on"] = on
	if on.After(a.now()) {
		if err := change(); err != nil {
			return err
		}
		return a.say(result, "due.later", day(on))
	}
	if err := a.dated(au, signers, change); err != nil {
		return err
	}
	return a.say(result, "due.done")
}

func (a *app) placeRename(args []string) error {
	return a.changes("place rename", args, 2, func(au *authority.Authority, rest []string, on time.Time) error {
		return au.Rename(rest[0], rest[1], on)
	})
}

func (a *app) placeMove(args []string) error {
	return a.changes("place move", args, 2, func(au *authority.Authority, rest []string, on time.Time) error {
		return au.Reparent(rest[0], rest[1], on)
	})
}

func (a *app) boxMove(args []string) error {
	return a.changes("box move", args, 2, func(au *authority.Authority, rest []string, on time.Time) error {
		return au.MoveBox(rest[0], rest[1], on)
	})
}

// placeSplit says why there is no such thing.
func (a *app) placeSplit([]string) error { return errors.New(a.text("place.no-split")) }

func (a *app) placeCancel(args []string) error {
	rest, err := a.parse(a.flags("place cancel"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	undone, err := au.Cancel(rest[0])
	if err != nil {
		return err
	}
	return a.show(map[string]any{"place": rest[0], "undone": undone}, func(w io.Writer) {
		fmt.Fprintln(w, a.text("place.cancelled", day(undone[0].On)))
		for _, c := range undone {
			fmt.Fprintf(w, "  %s: %s\n", c.Code, a.fact(c.Fact))
		}
	})
}

// placeMerge ends places and says what goes with them.
func (a *app) placeMerge(args []string) error {
	fs := a.flags("place merge")
	into := fs.String("into", "", "")
	name := fs.String("name", "", "")
	date := fs.String("on", "", "")
	keep := fs.Bool("keep", false, "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, -1)
	if err != nil {
		return err
	}
	m := authority.Merger{Of: names(strings.Join(rest, ",")), Into: *into, Name: *name, Keep: *keep}
	if m.On, err = a.on(*date); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if m.Into == "" || len(m.Of) == 0 || len(m.Of) == 1 && m.Of[0] == m.Into {
		return &usageError{a.text("merge.needs")}
	}
	if _, known := au.Book().Places[m.Into]; !known && m.Name == "" {
		return &usageError{a.text("merge.name", m.Into)}
	}
	result, tell, err := a.legacy(au, m)
	if err != nil {
		return err
	}
	if err := a.from(au, m.On, names(*as), result, func() error { return au.Merge(m) }); err != nil {
		return err
	}
	if !a.json {
		tell(a.out)
	}
	return nil
}

// legacy is what old places leave behind: documents, people and boxes.
func (a *app) legacy(au *authority.Authority, m authority.Merger) (map[string]any, func(io.Writer), error) {
	old := slices.DeleteFunc(slices.Clone(m.Of), func(c string) bool { return c == m.Into })
	documents, people, boxes, below := []string{}, []string{}, []string{}, []string{}
	all, err := au.Issued()
	if err != nil {
		return nil, nil, err
	}
	for _, is := range all {
		t := is.Topic
		if t.Dir != message.DirPlace || !slices.Contains(old, t.Place) || t.Leaf != message.LeafDoc {
			continue
		}
		if v := validity(is.Doc); !v.Withdrawn && m.On.Before(v.ValidUntil) {
			documents = append(documents, fmt.Sprintf("%s %s/%s", t.Kind, t.Place, t.ID))
		}
	}
	speaks := false
	for _, g := range au.Grants() {
		speaks = speaks || g.Place == m.Into && !slices.Contains(g.Kinds, plan.KindBeat) && !slices.Contains(g.Kinds, plan.GrantService)
		if slices.Contains(old, g.Place) && !slices.Contains(people, g.Person) && !au.People()[g.Person].Online {
			people = append(people, g.Person)
		}
	}
	b := au.Book()
	for device := range au.Boxes() {
		if place, ok := b.Of(device, m.On); ok && slices.Contains(old, place) {
			boxes = append(boxes, device)
		}
	}
	slices.Sort(boxes)
	for _, code := range b.Codes(m.On) {
		if code != m.Into && !slices.Contains(old, code) && slices.Contains(old, b.Parent(code, m.On)) {
			below = append(below, code)
		}
	}
	result := map[string]any{"merged": old, "into": m.Into, "documents": documents, "people": people, "boxes": boxes, "below": below}
	return result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("merge.boxes", len(boxes), m.Into))
		if len(below) > 0 {
			fmt.Fprintln(w, a.text("merge.below", strings.Join(below, ", "), m.Into))
		}
		if m.Keep {
			fmt.Fprintln(w, a.text("merge.kept", strings.Join(old, ", ")))
		} else {
			for _, d := range documents {
				fmt.Fprintln(w, "  "+d)
			}
			if len(documents) > 0 {
				fmt.Fprintln(w, a.text("merge.documents", m.Into))
			}
			if len(people) > 0 {
				fmt.Fprintln(w, a.text("merge.people", strings.Join(people, ", "), m.Into))
			}
		}
		if !speaks {
			fmt.Fprintln(w, a.text("merge.silent", m.Into))
		}
	}, nil
}

// fact is what counts of a place, in words.
func (a *app) fact(f places.Fact) string {
	switch {
	case f.Into != "" && f.On.After(a.now()):
		return a.text("fact.will", day(f.On), f.Into)
	case f.Into != "":
		return a.text("fact.into", f.Into)
	case f.Parent != "":
		return a.text("fact.below", f.Name, f.Parent)
	}
	return f.Name
}

// placeHistory tells what is known of a place, or where a box has been.
func (a *app) placeHistory(args []string) error {
	rest, err := a.parse(a.flags("place history"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	b := au.Book()
	if _, ok := b.Boxes[rest[0]]; ok && b.Places[rest[0]] == nil {
		stays := b.Stays(rest[0])
		return a.show(stays, func(w io.Writer) {
			var rows [][]string
			for _, s := range stays {
				f, _ := b.At(s.Place, s.On)
				name := f.Name
				if s.On.After(a.now()) {
					name += "  (" + a.text("history.coming") + ")"
				}
				rows = append(rows, []string{day(s.On), s.Place, name})
			}
			a.table(w, rows, "from", "place", "name")
		})
	}
	facts, ok := b.Places[rest[0]]
	if !ok {
		return errors.New(a.text("place.none", rest[0]))
	}
	now := b.Became(rest[0], a.now())
	return a.show(map[string]any{"place": rest[0], "facts": facts, "now": now}, func(w io.Writer) {
		var rows [][]string
		for _, f := range facts {
			rows = append(rows, []string{since(f.On), f.Parent, a.fact(f)})
		}
		a.table(w, rows, "from", "parent", "what")
		if now != rest[0] {
			fmt.Fprintln(w, a.text("history.now", a.placeName(au, now)))
		}
	})
}

// placesOn lists the places that there were on a day, at its beginning.
func (a *app) placesOn(au *authority.Authority, v string) error {
	on, err := a.on(v)
	if err != nil {
		return err
	}
	b := au.Book()
	type line struct {
		Place  string `json:"place"`
		Parent string `json:"parent,omitempty"`
		Name   string `json:"name"`
	}
	all := []line{}
	for _, code := range b.Codes(on) {
		f, _ := b.At(code, on)
		all = append(all, line{code, b.Parent(code, on), f.Name})
	}
	return a.show(all, func(w io.Writer) {
		var rows [][]string
		for _, l := range all {
			rows = append(rows, []string{l.Place, l.Parent, l.Name})
		}
		a.table(w, rows, "code", "parent", "name")
	})
}
