package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"loa/agent/plan"
	"loa/scripts/authority"
)

func (a *app) box(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"add":  a.boxAdd,
		"set":  a.boxSet,
		"list": a.boxList,
	})
}

// settings are the flags of what a centre may set on a box.
type settings struct {
	volume, delay         *int
	metered, commissioned *bool
}

// defaultBoard is the kind of a box of which nobody says it.
const defaultBoard = "desk"

// boxAdd takes a device in: its key, its certificate, the files it carries, and
// the document that says where it belongs.
func (a *app) boxAdd(args []string) error {
	fs := a.flags("box add")
	place := fs.String("place", "", "")
	groups := fs.String("groups", "", "")
	name := fs.String("name", "", "")
	board := fs.String("board", defaultBoard, "")
	as := fs.String("as", "", "")
	s := settings{fs.Int("volume", 0, ""), fs.Int("delay-ms", 0, ""), fs.Bool("metered", false, ""), fs.Bool("commissioned", false, "")}
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *place == "" || *as == "" {
		return &usageError{a.text("box.needs")}
	}
	device := rest[0]
	if *name == "" {
		*name = device
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.AddBox(device, *board, authority.Box{Place: *place, Groups: names(*groups), Name: *name}); err != nil {
		return err
	}
	if err := a.issueWant(au, device, s, *as); err != nil {
		return fmt.Errorf("%w\n%s", err, a.text("box.unassigned", device))
	}
	return a.say(map[string]string{"box": device, "place": *place, "files": au.BoxDir(device)}, "box.added", device, *place, au.BoxDir(device))
}

// boxSet moves a box or changes what the centre sets on it.
func (a *app) boxSet(args []string) error {
	fs := a.flags("box set")
	place := fs.String("place", "", "")
	groups := fs.String("groups", "", "")
	as := fs.String("as", "", "")
	s := settings{fs.Int("volume", 0, ""), fs.Int("delay-ms", 0, ""), fs.Bool("metered", false, ""), fs.Bool("commissioned", false, "")}
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	b, ok := au.Boxes()[rest[0]]
	if !ok {
		return fmt.Errorf("%s", a.text("box.none", rest[0]))
	}
	if *place != "" {
		b.Place = *place
	}
	if *groups != "" {
		b.Groups = names(*groups)
	}
	if err := au.MoveBox(rest[0], b.Place, b.Groups); err != nil {
		return err
	}
	if err := a.issueWant(au, rest[0], s, *as); err != nil {
		return err
	}
	return a.say(map[string]string{"box": rest[0], "place": b.Place}, "box.set", rest[0], b.Place)
}

func (a *app) issueWant(au *authority.Authority, device string, s settings, as string) error {
	var set *plan.Settings
	if v := (plan.Settings{VolumePercent: *s.volume, DelayMS: *s.delay, Metered: *s.metered, Commissioned: *s.commissioned}); *s.volume > 0 || *s.delay > 0 || *s.metered || *s.commissioned {
		set = &v
	}
	is, err := au.Want(device, set, names(as)...)
	if err != nil {
		return err
	}
	return a.accept(au, is)
}

func (a *app) boxList(args []string) error {
	if _, err := a.parse(a.flags("box list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	boxes := au.Boxes()
	return a.show(boxes, func(w io.Writer) {
		for _, d := range slices.Sorted(maps.Keys(boxes)) {
			b := boxes[d]
			fmt.Fprintf(w, "%-20s %-12s %-20s %s\n", d, b.Place, strings.Join(b.Groups, ","), b.Name)
		}
	})
}
