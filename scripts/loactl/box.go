package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/boards"
	"loa/scripts/authority"
)

func (a *app) box(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"add":     a.boxAdd,
		"import":  a.boxImport,
		"move":    a.boxMove,
		"set":     a.boxSet,
		"approve": a.boxApprove,
		"list":    a.boxList,
		"revoke":  a.boxRevoke,
		"code":    a.boxCode,
		"poster":  a.boxPoster,
	})
}

// settings are the flags of what a centre may set on a box.
type settings struct {
	fs                    *flag.FlagSet
	volume, delay, group  *int
	metered, commissioned *bool
}

func settingFlags(fs *flag.FlagSet) settings {
	return settings{fs, fs.Int("volume", 0, ""), fs.Int("delay-ms", 0, ""), fs.Int("stagger-group", 0, ""), fs.Bool("metered", false, ""), fs.Bool("commissioned", false, "")}
}

// change puts the flags that were given into what a want says already.
func (s settings) change(w *plan.Want) {
	v := plan.Settings{}
	if w.Settings != nil {
		v = *w.Settings
	}
	s.fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "volume":
			v.VolumePercent = *s.volume
		case "delay-ms":
			v.DelayMS = *s.delay
		case "stagger-group":
			v.StaggerGroup = *s.group
		case "metered":
			v.Metered = *s.metered
		case "commissioned":
			v.Commissioned = *s.commissioned
		default:
			return
		}
		w.Settings = &v
	})
}

// settingsIn says in words what a want sets.
func (a *app) settingsIn(w plan.Want) string {
	v := plan.Settings{}
	if w.Settings != nil {
		v = *w.Settings
	}
	all := []string{a.text("setting.by-board")}
	if v.VolumePercent > 0 {
		all[0] = a.text("setting.volume", v.VolumePercent)
	}
	if v.Commissioned {
		all = append(all, a.text("setting.commissioned"))
	} else {
		all = append(all, a.text("setting.uncommissioned"))
	}
	if v.Metered {
		all = append(all, a.text("setting.metered"))
	}
	if v.DelayMS > 0 {
		all = append(all, a.text("setting.delay", v.DelayMS))
	}
	if v.StaggerGroup > 0 {
		all = append(all, a.text("setting.stagger", v.StaggerGroup))
	}
	return strings.Join(all, ", ")
}

// boxAdd takes a device in: its key, its certificate, the files it carries, and
// the document that says where it belongs.
func (a *app) boxAdd(args []string) error {
	fs := a.flags("box add")
	place := fs.String("place", "", "")
	groups := fs.String("groups", "", "")
	name := fs.String("name", "", "")
	board := fs.String("board", "", "")
	as := fs.String("as", "", "")
	s := settingFlags(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *place == "" || *as == "" {
		return &usageError{a.text("box.needs")}
	}
	if err := a.knownBoard(*board); err != nil {
		return err
	}
	device := rest[0]
	if *name == "" {
		*name = device
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	b := authority.Box{Place: *place, Groups: names(*groups), Name: *name, Board: *board}
	if err := au.MayAdd(device, b); err != nil {
		return err
	}
	w := plan.Want{OwnPlace: b.Place, Groups: b.Groups, Name: b.Name}
	w.Device = device
	s.change(&w)
	if err := a.assign(au, w, *as, func() error { return au.AddBox(device, *board, b) }); err != nil {
		return err
	}
	code, err := au.ConsoleCode(device)
	if err != nil {
		return err
	}
	said := map[string]any{"box": device, "place": *place, "files": au.BoxDir(device), "settings": w.Settings, "console_code": code, "pending": a.waits(au, device)}
	return a.say(said, "box.added", device, *place, a.settingsIn(w), au.BoxDir(device), code)
}

// boxCode says the code of a box's console again.
func (a *app) boxCode(args []string) error {
	rest, err := a.parse(a.flags("box code"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	code, err := au.ConsoleCode(rest[0])
	if err != nil {
		return err
	}
	return a.say(map[string]any{"box": rest[0], "console_code": code}, "box.code", rest[0], code)
}

// boxSet moves a box or changes what the centre sets on it; what is not said
// stays as it was.
func (a *app) boxSet(args []string) error {
	fs := a.flags("box set")
	place := fs.String("place", "", "")
	groups := fs.String("groups", "", "")
	title := fs.String("name", "", "")
	board := fs.String("board", "", "")
	at := fs.String("at", "", "")
	as := fs.String("as", "", "")
	s := settingFlags(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *at != "" {
		if fs.NFlag() > 1 {
			return &usageError{a.text("box.at-alone")}
		}
		return a.boxAt(rest[0], *at)
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	if *board != "" {
		if err := a.knownBoard(*board); err != nil {
			return err
		}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	w, err := au.LastWant(rest[0])
	if err != nil {
		return err
	}
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "place":
			w.OwnPlace = *place
		case "groups":
			w.Groups = names(*groups)
		case "name":
			w.Name = cmp.Or(*title, rest[0])
		}
	})
	s.change(&w)
	if err := a.assign(au, w, *as, nil); err != nil {
		return err
	}
	if *board != "" {
		if err := au.SetBoard(rest[0], *board); err != nil {
			return err
		}
		a.note("box.kind", *board)
	}
	return a.say(map[string]any{"box": rest[0], "place": w.OwnPlace, "settings": w.Settings, "pending": a.waits(au, rest[0])}, "box.set", rest[0], w.OwnPlace, a.settingsIn(w))
}

// boxAt writes down where a box hangs. The box need not know, so that nobody signs it.
func (a *app) boxAt(device, at string) error {
	pos, err := position(at)
	if err != nil {
		return &usageError{a.text("box.position", at)}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.SetPosition(device, pos); err != nil {
		return err
	}
	if pos == nil {
		return a.say(map[string]any{"box": device, "at": nil}, "box.nowhere", device)
	}
	return a.say(map[string]any{"box": device, "at": pos}, "box.at", device, pos.Lat, pos.Lon)
}

// position reads 10.9804,106.6519; none is nil.
func position(s string) (*authority.Position, error) {
	if s == "none" {
		return nil, nil
	}
	north, east, ok := strings.Cut(s, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(north), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(east), 64)
	if !ok || err1 != nil || err2 != nil || !(math.Abs(lat) <= 85) || !(math.Abs(lon) <= 180) { // NaN is neither
		return nil, errors.New("no position")
	}
	return &authority.Position{Lat: lat, Lon: lon}, nil
}

// waits reports whether what was signed about a box waits for somebody else, and
// tells a person what to do about it.
func (a *app) waits(au *authority.Authority, device string) bool {
	_, waits := au.Waiting(message.DeviceTopic(device, message.LeafWant))
	if waits {
		a.note("box.waits", device)
	}
	return waits
}

// boxApprove adds a second person's signature to what box add or box set signed,
// after showing it.
func (a *app) boxApprove(args []string) error {
	fs := a.flags("box approve")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
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
	is, ok := au.Waiting(message.DeviceTopic(rest[0], message.LeafWant))
	if !ok {
		return errors.New(a.text("box.waits-not", rest[0]))
	}
	if !a.json {
		if err := a.display(au, is); err != nil {
			return err
		}
	}
	for _, person := range names(*as) {
		if is, err = au.Approve(is.Raw, person); err != nil {
			return err
		}
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	return a.finish(au, []authority.Issued{is}, *send)
}

// knownBoard refuses a kind of box that the box itself would not know. There is
// none by default: a horn that plays as a desk plays at full level.
func (a *app) knownBoard(board string) error {
	if board != "" {
		if _, err := boards.Load(board); err == nil {
			return nil
		} else if !slices.Contains(boards.Names(), board) && strings.HasSuffix(board, ".toml") {
			return err // what is wrong with that file
		}
	}
	return &usageError{a.text("box.board", board, strings.Join(boards.Names(), ", "))}
}

// assign signs a want and keeps it if the box would take it, after first, if
// there is one: what has to be written down before a want can be kept.
func (a *app) assign(au *authority.Authority, w plan.Want, as string, first func() error) error {
	is, err := au.Assign(w, names(as)...)
	if err != nil {
		return err
	}
	return a.acceptAfter(au, is, first)
}

// A listedBox is a box in the books, also one that was revoked.
type listedBox struct {
	authority.Box
	Revoked *authority.Revocation `json:"revoked,omitempty"`
	Pending bool                  `json:"pending,omitempty"` // what was signed of it waits for a signature
}

func (a *app) boxList(args []string) error {
	if _, err := a.parse(a.flags("box list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	boxes := make(map[string]listedBox)
	for name, b := range au.EveryBox() {
		l := listedBox{Box: b}
		if r, ok := au.Revocation(b); ok {
			l.Revoked = &r
		}
		_, l.Pending = au.Waiting(message.DeviceTopic(name, message.LeafWant))
		boxes[name] = l
	}
	return a.show(boxes, func(w io.Writer) {
		if len(boxes) == 0 {
			fmt.Fprintln(w, a.text("box.empty"))
		}
		var rows [][]string
		for _, d := range slices.Sorted(maps.Keys(boxes)) {
			b := boxes[d]
			revoked, state := "", ""
			if b.Pending {
				state = a.text("box.unsigned")
			}
			if r := b.Revoked; r != nil {
				revoked = strings.TrimSpace(a.onDay(r.At) + " " + r.Why)
			}
			rows = append(rows, []string{d, b.Place, strings.Join(b.Groups, ","), b.Name, state, revoked})
		}
		a.table(w, rows, "box", "place", "groups", "name", "state", "revoked")
	})
}
