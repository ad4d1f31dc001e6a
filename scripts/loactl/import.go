package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/loactl/roster"
)

// maxTold is how many problems of a file are shown at once.
const maxTold = 50

// listFile reads a file that people made with a spreadsheet.
func listFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, roster.MaxBytes+1))
}

// problems tells what is wrong in a file, of which nothing counts then.
func (a *app) problems(file string, all []roster.Problem) error {
	if len(all) == 0 {
		return nil
	}
	if a.json {
		if err := a.show(map[string]any{"file": file, "problems": all}, nil); err != nil {
			return err
		}
		return errTold
	}
	for _, p := range all[:min(len(all), maxTold)] {
		say := p.EN
		if a.lang == "vi" {
			say = p.VI
		}
		if p.Column != "" {
			say = p.Column + ": " + say
		}
		fmt.Fprintf(a.err, "%s:%d: %s\n", file, p.Line, say)
	}
	if more := len(all) - maxTold; more > 0 {
		fmt.Fprintln(a.err, a.text("import.more", more))
	}
	fmt.Fprintln(a.err, "loactl: "+a.text("import.refused", file))
	return errTold
}

func (a *app) ignored(columns []string) {
	if len(columns) > 0 {
		a.note("import.ignored", strings.Join(columns, ", "))
	}
}

// placeImport registers the places of a file, all or none.
func (a *app) placeImport(args []string) error {
	fs := a.flags("place import")
	dry := fs.Bool("dry-run", false, "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	data, err := listFile(rest[0])
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	list, wrong := roster.Places(data, au.Book(), a.now())
	if err := a.problems(rest[0], wrong); err != nil {
		return err
	}
	a.ignored(list.Ignored)
	add := make(map[string]authority.Place, len(list.Add))
	for _, p := range list.Add {
		facts := p.Facts()
		add[p.Code] = authority.Place{Name: p.Name, Parent: p.Parent, Width: p.Width, From: p.From, Changes: facts[1:]}
	}
	if err := au.TryPlaces(add); err != nil {
		return err
	}
	result := map[string]any{"places": list.Add, "unchanged": list.Unchanged, "dry_run": *dry}
	if *dry {
		return a.show(result, func(w io.Writer) {
			var rows [][]string
			for _, p := range list.Add {
				rows = append(rows, []string{fmt.Sprint(p.Line), p.Code, p.Parent, fmt.Sprint(p.Width), since(p.From), since(p.Until), p.Name})
			}
			a.table(w, rows, "line", "code", "parent", "width", "from", "until", "name")
			fmt.Fprintln(w, a.text("import.places-would", len(list.Add), list.Unchanged))
		})
	}
	if len(list.Add) > 0 {
		if err := a.dated(au, names(*as), func() error { return au.AddPlaces(add) }); err != nil {
			return err
		}
	}
	return a.say(result, "import.places", len(list.Add), list.Unchanged)
}

// boxImport takes in the boxes of a file, all or none.
func (a *app) boxImport(args []string) error {
	fs := a.flags("box import")
	dry := fs.Bool("dry-run", false, "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *as == "" && !*dry {
		return &usageError{a.text("who-signs")}
	}
	data, err := listFile(rest[0])
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	list, wrong := roster.Boxes(data, au.Book(), a.now(), func(device string) (string, string) {
		err := au.MayName(device)
		if err == nil {
			return "", ""
		}
		return err.Error(), authority.Vietnamese(err)
	}, a.boardOf())
	if err := a.problems(rest[0], wrong); err != nil {
		return err
	}
	a.ignored(list.Ignored)
	result := map[string]any{"boxes": list.Add, "dry_run": *dry}
	if *dry {
		return a.show(result, func(w io.Writer) {
			var rows [][]string
			for _, b := range list.Add {
				rows = append(rows, []string{fmt.Sprint(b.Line), b.Device, b.Place, b.Board, strings.Join(b.Groups, ","), b.Name})
			}
			a.table(w, rows, "line", "box", "place", "board", "groups", "name")
			fmt.Fprintln(w, a.text("import.boxes-would", len(list.Add)))
		})
	}
	waits, err := a.addBoxes(au, list.Add, names(*as))
	if err != nil {
		return err
	}
	result["pending"] = waits
	if waits {
		a.note("import.waits")
	}
	return a.say(result, "import.boxes", len(list.Add), au.BoxDir(""))
}

// addBoxes signs where boxes belong, asks whether boxes would take that, and only then
// makes their keys and certificates.
func (a *app) addBoxes(au *authority.Authority, add []roster.Box, signers []string) (waits bool, err error) {
	if len(add) == 0 {
		return false, nil
	}
	boxes, wants := make(map[string]authority.Box, len(add)), make([]plan.Want, 0, len(add))
	for _, b := range add {
		boxes[b.Device] = authority.Box{Place: b.Place, Groups: b.Groups, Name: b.Name, Board: b.Board}
		w := plan.Want{OwnPlace: b.Place, Groups: b.Groups, Name: b.Name}
		w.Device = b.Device
		wants = append(wants, w)
	}
	if err := au.Unseal(signers...); err != nil {
		return false, err
	}
	signed, err := au.AssignAll(wants, signers...)
	if err != nil {
		return false, err
	}
	j, err := a.judged(au, signed)
	if err != nil {
		return false, err
	}
	if err := au.AddBoxes(boxes); err != nil {
		return false, err
	}
	return len(j.Pending) > 0, errors.Join(au.KeepAll(j.Ready, false), au.KeepAll(j.Pending, true))
}

// boardOf says in both languages why there is no such kind of box, and remembers it.
func (a *app) boardOf() func(string) (en, vi string) {
	type said struct{ en, vi string }
	known := make(map[string]said)
	return func(board string) (string, string) {
		s, ok := known[board]
		if !ok {
			in := func(lang string) string {
				b := app{lang: lang}
				if err := b.knownBoard(board); err != nil {
					return b.explain(err)
				}
				return ""
			}
			s = said{in("en"), in("vi")}
			known[board] = s
		}
		return s.en, s.vi
	}
}
