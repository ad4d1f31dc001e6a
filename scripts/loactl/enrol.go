package main

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// enrol is how boxes come by their identity that make their own keys, and keep it.
func (a *app) enrol(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"claim":    a.enrolClaim,
		"close":    a.enrolClose,
		"list":     a.enrolList,
		"approve":  a.enrolApprove,
		"replace":  a.enrolReplace,
		"retire":   a.enrolRetire,
		"issuer":   a.enrolIssuer,
		"rollover": a.enrolRollover,
	})
}

// enrolClaim makes what the image of a batch carries.
func (a *app) enrolClaim(args []string) error {
	fs := a.flags("enrol claim")
	board := fs.String("board", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if err := a.knownBoard(*board); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if au.IssuerEnds().IsZero() { // otherwise nobody could give these boxes a certificate
		if err := au.NewIssuer(0); err != nil {
			return err
		}
	}
	// The broker's list first: without its lines a claim is worth more than it should be.
	if plan.ValidID(rest[0]) { // else NewClaim says what is wrong
		if err := writeAccess(au, rest[0]); err != nil {
			return err
		}
	}
	if err := au.NewClaim(rest[0], *board); err != nil {
		return err
	}
	return a.say(map[string]any{"batch": rest[0], "files": au.ClaimDir(rest[0])}, "enrol.claimed", rest[0], au.ClaimDir(rest[0]))
}

func (a *app) enrolClose(args []string) error {
	fs := a.flags("enrol close")
	stolen := fs.Bool("stolen", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.CloseClaim(rest[0], *stolen); err != nil {
		return err
	}
	said := map[string]any{"batch": rest[0], "stolen": *stolen}
	if *stolen {
		return a.say(said, "enrol.stolen", rest[0], au.RevocationFile())
	}
	return a.say(said, "enrol.closed", rest[0])
}

// enrolList shows the boxes that wait, and the batches that there are.
func (a *app) enrolList(args []string) error {
	if _, err := a.parse(a.flags("enrol list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	waiting, err := au.Waiters()
	if err != nil {
		return err
	}
	claims, unsigned := au.Claims(), []string{}
	for _, name := range sortedKeys(au.Boxes()) {
		if _, waits := au.Waiting(message.DeviceTopic(name, message.LeafWant)); waits {
			unsigned = append(unsigned, name)
		}
	}
	result := map[string]any{"waiting": waiting, "batches": claims, "issuer_ends": au.IssuerEnds(), "unsigned": unsigned}
	return a.show(result, func(w io.Writer) {
		var rows [][]string
		for _, b := range waiting {
			rows = append(rows, []string{b.Code, b.Batch, b.Board, b.Model, b.Serial, a.moment(b.Since), a.moment(b.Seen)})
		}
		a.table(w, rows, "code", "batch", "board", "model", "serial", "since", "seen")
		if len(rows) == 0 {
			io.WriteString(w, a.text("enrol.nobody")+"\n")
		}
		if len(unsigned) > 0 {
			io.WriteString(w, a.text("enrol.unsigned", someOf(unsigned))+"\n")
		}
		rows = nil
		for _, name := range slices.Sorted(maps.Keys(claims)) {
			closed := ""
			if c := claims[name].Closed; !c.IsZero() {
				closed = a.onDay(c)
			}
			rows = append(rows, []string{name, claims[name].Board, a.onDay(claims[name].Made), closed})
		}
		a.table(w, rows, "batch", "board", "made", "closed")
	})
}

// enrolApprove gives the box that shows a code its name and its place.
func (a *app) enrolApprove(args []string) error {
	fs := a.flags("enrol approve")
	device := fs.String("name", "", "")
	title := fs.String("title", "", "")
	place := fs.String("place", "", "")
	groups := fs.String("groups", "", "")
	batch := fs.String("batch", "", "")
	board := fs.String("board", "", "")
	as := fs.String("as", "", "")
	s := settingFlags(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *device == "" || *place == "" || *as == "" {
		return &usageError{a.text("enrol.needs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	w, err := au.Waiter(rest[0], *batch)
	if err != nil {
		return err
	}
	b := authority.Box{Place: *place, Groups: names(*groups), Name: cmp.Or(*title, *device), Board: *board}
	want := plan.Want{OwnPlace: b.Place, Groups: b.Groups, Name: b.Name}
	s.change(&want)
	return a.takeIn(au, *device, w, b, want, *as)
}

// takeIn signs what a box that waits is to be, and gives it its name if a box would
// take that.
func (a *app) takeIn(au *authority.Authority, device string, w authority.Waiting, b authority.Box, want plan.Want, as string) error {
	if err := a.knownBoard(cmp.Or(b.Board, w.Board)); err != nil {
		return err
	}
	if err := au.MayAdd(device, b); err != nil {
		return err
	}
	want.Device = device
	if err := a.assign(au, want, as, func() error {
		if b.Replaces != "" { // first: what fails after it can be done again
			listed, err := au.RevokeBox(b.Replaces, a.text("enrol.replaced-by", device))
			if err != nil {
				return err
			}
			if !listed {
				a.note("box.unlisted", b.Replaces)
			}
		}
		return au.TakeIn(device, w, b)
	}); err != nil {
		return err
	}
	code, err := au.ConsoleCode(device)
	if err != nil {
		return err
	}
	said := map[string]any{"box": device, "code": w.Code, "console_code": code, "place": want.OwnPlace, "settings": want.Settings, "replaces": b.Replaces, "pending": a.waits(au, device)}
	if b.Replaces != "" {
		return a.say(said, "enrol.replaced", device, want.OwnPlace, a.settingsIn(want), b.Replaces, au.RevocationFile(), code)
	}
	return a.say(said, "enrol.approved", device, want.OwnPlace, a.settingsIn(want), code)
}

// enrolReplace gives a new box the place of one that is burnt, and ends that one's
// certificate. The new one has a name of its own: names are never used twice.
func (a *app) enrolReplace(args []string) error {
	fs := a.flags("enrol replace")
	device := fs.String("name", "", "")
	batch := fs.String("batch", "", "")
	as := fs.String("as", "", "")
	rest, err := a.parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	if *device == "" || *as == "" {
		return &usageError{a.text("enrol.replace-needs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	want, err := au.LastWant(rest[0])
	if err != nil {
		return err
	}
	w, err := au.Waiter(rest[1], *batch)
	if err != nil {
		return err
	}
	old := au.EveryBox()[rest[0]]
	if want.Name == "" || want.Name == rest[0] { // no name of its own for people: the old one's would mislead them
		want.Name = *device
	}
	b := authority.Box{Place: want.OwnPlace, Groups: want.Groups, Name: want.Name, Board: w.Board, Replaces: rest[0]}
	if old.ReplacedBy != "" {
		return errors.New(a.text("enrol.was-replaced", rest[0], old.ReplacedBy))
	}
	return a.takeIn(au, *device, w, b, plan.Want{OwnPlace: want.OwnPlace, Groups: want.Groups, Name: want.Name, Settings: want.Settings}, *as)
}

// enrolIssuer makes a new issuer; box-life is for trying renewals, and for who wants
// shorter certificates.
func (a *app) enrolIssuer(args []string) error {
	fs := a.flags("enrol issuer")
	life := fs.Duration("box-life", 0, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *life != 0 && *life < 10*time.Second {
		return &usageError{a.text("flag.span", life.String(), "box-life")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.NewIssuer(*life); err != nil {
		return err
	}
	return a.say(map[string]any{"ends": au.IssuerEnds()}, "enrol.issued", a.onDay(au.IssuerEnds()))
}

// enrolRollover puts another CA in the place of the one that there is.
func (a *app) enrolRollover(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"begin":  a.rolloverBegin,
		"status": a.rolloverStatus,
		"finish": a.rolloverFinish,
	})
}

func (a *app) rolloverBegin(args []string) error {
	if _, err := a.parse(a.flags("enrol rollover begin"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.BeginRollover(senderNames...); err != nil {
		return err
	}
	return a.rolloverTold(au, true)
}

func (a *app) rolloverStatus(args []string) error {
	if _, err := a.parse(a.flags("enrol rollover status"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	return a.rolloverTold(au, false)
}

// rolloverTold says how many boxes have come over, and which have not.
func (a *app) rolloverTold(au *authority.Authority, begun bool) error {
	left, err := au.OfOldCA()
	if err != nil {
		return err
	}
	all := len(au.Boxes())
	return a.show(map[string]any{"boxes": all, "left": left}, func(w io.Writer) {
		text := a.text("enrol.rollover-stands", all-len(left), all)
		if begun {
			text = a.text("enrol.rollover-begun", all-len(left), all)
		}
		io.WriteString(w, text+"\n")
		if len(left) > 0 {
			io.WriteString(w, strings.Join(left, " ")+"\n")
		}
	})
}

func (a *app) rolloverFinish(args []string) error {
	fs := a.flags("enrol rollover finish")
	force := fs.Bool("force", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.FinishRollover(*force); err != nil {
		return err
	}
	return a.say(map[string]any{"finished": true}, "enrol.rollover-finished")
}
