package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/policy"
	"loa/boards"
	"loa/scripts/authority"
)

// maxDays is how far ahead can look: a year, with a leap day.
const maxDays = 366

// ahead tells what will sound at a place, or from one box, what boards will show, and
// what will be refused: the box's own code on what has been issued. Air time that a box has
// used up already is known to the box alone.
func (a *app) ahead(args []string) error {
	fs := a.flags("ahead")
	hours := fs.Int("hours", 24, "")
	days := fs.Int("days", 0, "")
	groups := fs.String("groups", "", "")
	pending := fs.Bool("pending", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *days != 0 {
		*hours = *days * 24
	}
	if *hours < 1 || *hours > maxDays*24 {
		return &usageError{a.text("ahead.span", maxDays)}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	h, err := a.target(au, rest[0])
	if err != nil {
		return err
	}
	place := cmp.Or(h.Place, au.Boxes()[h.Device].Place)
	lines, err := a.comes(au, h, names(*groups), *hours, *pending)
	if err != nil {
		return err
	}
	type line struct {
		At     time.Time `json:"at"`
		Until  time.Time `json:"until"`
		Sounds bool      `json:"sounds"`
		Shows  bool      `json:"shows"`           // on a board
		Times  int       `json:"times,omitempty"` // that it comes on there
		Code   plan.Code `json:"code,omitempty"`
		Why    string    `json:"why,omitempty"`
		ID     string    `json:"id"`
		Class  string    `json:"class"`
		Title  string    `json:"title"`
		Volume int       `json:"volume_percent,omitempty"`
	}
	out := make([]line, 0, len(lines))
	for _, l := range lines {
		why := l.Why
		if a.lang == "vi" {
			why = l.VI
		}
		out = append(out, line{l.At, l.Until, l.Sounds, l.Shows, l.Times, l.Code, why, l.Occurrence.ID, string(l.Occurrence.Class),
			titleOf(l.Occurrence), l.Volume})
	}
	return a.show(out, func(w io.Writer) {
		fmt.Fprintln(w, a.text("ahead.head", *hours, place, len(out)))
		last := ""
		for _, l := range out {
			if day := a.date(l.At); day != last {
				last = day
				fmt.Fprintln(w, day)
			}
			at, until := l.At.In(vietnam).Format("15:04:05"), l.Until.In(vietnam).Format("15:04:05")
			class := word(a.text("class."+l.Class), l.Class)
			switch {
			case l.Sounds:
				fmt.Fprintf(w, "  %s–%s  %-11s %3d %%  %s", at, until, class, l.Volume, l.Title)
			case l.Shows:
				fmt.Fprintf(w, "  %s–%s  %-11s %-5s  %s", at, until, class, a.text("ahead.shows"), l.Title)
			default:
				fmt.Fprintf(w, "  %s           %-11s %s  %s", at, class, a.text("ahead.refused"), l.Title)
			}
			if l.Times > 1 {
				fmt.Fprint(w, a.text("ahead.times", l.Times))
			}
			if l.Code != "" {
				fmt.Fprintf(w, "  [%s] %s", l.Code, l.Why)
			}
			fmt.Fprintln(w)
		}
	})
}

// comes is what will sound, be seen or be refused at a place or a box from now on, in
// the order of time.
func (a *app) comes(au *authority.Authority, h plan.Head, groups []string, hours int, pending bool) ([]ahead.Line, error) {
	place := h.Place
	if h.Device != "" {
		b := au.Boxes()[h.Device]
		place, groups = b.Place, b.Groups
	}
	p, err := a.rehearse(au, place, groups, pending)
	if err != nil {
		return nil, err
	}
	return a.played(au, p, place, h.Device, hours), nil
}

// played is what a plan comes to from now on, at a place or on a device.
func (a *app) played(au *authority.Authority, p plan.Plan, place, device string, hours int) []ahead.Line {
	from := a.now()
	is := ahead.Fresh(policy.Usage{Box: loudest(au, &p, place, device)}, from)
	is.Board, is.SeenOnly = senses(au, place, device)
	lines := ahead.Continue(p, is, from, from.Add(time.Duration(hours)*time.Hour))
	slices.SortStableFunc(lines, func(x, y ahead.Line) int { return x.At.Compare(y.At) })
	return lines
}

// senses says whether the device has a board, and whether it has nothing else; without
// a device, what the boxes have that are at the place or have it as a group. Where
// there is none yet it is a speaker.
func senses(au *authority.Authority, place, device string) (board, seenOnly bool) {
	seenOnly = true
	some := false
	for name, b := range au.Boxes() {
		if device != "" && name != device || device == "" && b.Place != place && !slices.Contains(b.Groups, place) {
			continue
		}
		kind, err := boards.Load(b.Board)
		if err != nil {
			continue
		}
		some = true
		board = board || kind.Panel.There()
		seenOnly = seenOnly && kind.Sink.Driver == "none"
	}
	return board, seenOnly && some
}

// newBoard is the kind of a box that is not there yet.
const newBoard = "desk"

// loudest is how the device stands; without one, how the loudest box stands that
// is at the place or has it as a group, or, where there is none yet, a new one
// that somebody has listened to.
func loudest(au *authority.Authority, p *plan.Plan, place, device string) policy.Box {
	boxes := au.Boxes()
	if device != "" {
		return stands(au, p, device, boxes[device].Board)
	}
	var all []policy.Box
	for device, b := range boxes {
		if b.Place == place || slices.Contains(b.Groups, place) {
			all = append(all, stands(au, p, device, b.Board))
		}
	}
	if len(all) == 0 {
		return stands(au, p, "", newBoard)
	}
	return slices.MaxFunc(all, func(x, y policy.Box) int {
		return cmp.Or(cmp.Compare(ceiling(x), ceiling(y)), cmp.Compare(x.VolumePercent, y.VolumePercent))
	})
}

// ceiling is what a box can be told to play at.
func ceiling(b policy.Box) int {
	if b.Uncommissioned {
		return b.UncommissionedPercent
	}
	return 100
}

// stands is how a box of this board stands, by the centre's settings where they
// say so, else by its board: as the box itself decides.
func stands(au *authority.Authority, p *plan.Plan, device, board string) policy.Box {
	var want plan.Want
	if is, ok := au.Find(message.DeviceTopic(device, message.LeafWant)); ok {
		want = is.Doc.(plan.Want)
	}
	b := policy.BoxOf(&plan.Plan{Want: want, Acts: p.Acts})
	if kind, err := boards.Load(board); err == nil {
		b.Uncommissioned = b.Uncommissioned && !kind.Commissioned
		b.UncommissionedPercent = kind.Levels.UncommissionedPercent
		b.VolumePercent = cmp.Or(b.VolumePercent, kind.Levels.VolumePercent)
	}
	return b
}
