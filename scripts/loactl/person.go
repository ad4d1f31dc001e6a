package main

import (
	"io"
	"maps"
	"slices"
)

func (a *app) person(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"add":  a.personAdd,
		"list": a.personList,
	})
}

func (a *app) personAdd(args []string) error {
	fs := a.flags("person add")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	a.fresh = true
	if err := au.AddPerson(rest[0]); err != nil {
		return err
	}
	return a.say(map[string]string{"person": rest[0], "key": au.People()[rest[0]].Key}, "person.added", rest[0])
}

func (a *app) personList(args []string) error {
	if _, err := a.parse(a.flags("person list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	people := au.People()
	return a.show(people, func(w io.Writer) {
		var rows [][]string
		for _, name := range slices.Sorted(maps.Keys(people)) {
			rows = append(rows, []string{name, people[name].Key})
		}
		a.table(w, rows, "person", "key")
	})
}
