package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"loa/agent/message"
	"loa/boards"
	"loa/drivers/bx/bxtest"
	"loa/scripts/hil/disk"
	"loa/scripts/hil/lan"
	"loa/scripts/hil/qemu"
)

// A rig is one box on the bench, the centre that it belongs to and the LED card on its
// line, for one session.
type rig struct {
	Target
	o      options
	dir    string // what the session leaves
	kind   boards.Board
	model  qemu.Kind // of the emulator
	disk   disk.Disk
	centre *centre
	card   *bxtest.Card // nil: the board has no panel
	end    func() error // of what stands behind the target

	powered    time.Time
	lives      []life
	programmes int // sent so far
	releases   int // offered so far
	release    string
	was        message.Software // before an update
	idle       []int            // see pledge
	connected  time.Time
	written    int64 // to its card by then, since it was switched on
}

// A setup is how a session's box differs from one that comes from the shop.
type setup struct {
	usbSound bool
	lan      bool                                    // a second network port
	medium   int64                                   // bytes of its card; 0: 4 GB
	as       string                                  // the board that its settings name
	board    func(text string) string                // changes the board's file
	disk     func(ctx context.Context, r *rig) error // before it is switched on
}

// newRig makes a disk of the image with an identity on it. The box is off.
func newRig(ctx context.Context, o options, name string, s setup) (r *rig, err error) {
	r = &rig{o: o, dir: filepath.Join(o.out, strings.ReplaceAll(name, " ", "-"))}
	if err := os.RemoveAll(r.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	var ok bool
	if r.model, ok = qemu.KindOf(o.board); !ok {
		return r, fmt.Errorf("board %s cannot be emulated", o.board)
	}
	if !r.model.OwnSound() && s.as == "" {
		s.board = also(fitted, s.board)
	}
	text, err := boards.Text(o.board)
	if err != nil {
		return r, err
	}
	if r.kind, err = boards.Parse(o.board+".toml", text); err != nil {
		return r, err
	}
	if s.board != nil {
		text = []byte(s.board(string(text)))
		// A file with a mistake in it is the box's affair; what it has besides is its board's.
		if changed, err := boards.Parse(o.board+".toml", text); err == nil {
			r.kind = changed
		}
	}
	if r.centre, err = newCentre(ctx, r.dir, cmp.Or(s.as, o.board)); err != nil {
		return r, fmt.Errorf("cannot make the centre: %w", err)
	}
	if err := r.centre.lift(time.Now()); err != nil {
		return r, err
	}
	medium := cmp.Or(s.medium, 4<<30)
	if r.disk, err = disk.Copy(ctx, o.image, filepath.Join(r.dir, "disk.img"), medium); err != nil {
		return r, err
	}
	if err := r.identify(ctx, s, text); err != nil {
		return r, fmt.Errorf("cannot put the identity onto the disk: %w", err)
	}
	if s.disk != nil {
		if err := s.disk(ctx, r); err != nil {
			return r, err
		}
	}
	return r, r.place(s)
}

// identify hands the box what loactl box add made, and a board file where the session
// has one of its own.
func (r *rig) identify(ctx context.Context, s setup, text []byte) error {
	etc := filepath.Join(r.centre.au.BoxDir(device), "etc", "loa")
	if s.board != nil {
		if err := os.WriteFile(filepath.Join(etc, "board.toml"), text, 0o644); err != nil {
			return err
		}
		file := filepath.Join(etc, "agent.toml")
		settings, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		named := regexp.MustCompile(`(?m)^board = .*$`).ReplaceAll(settings, []byte(`board = "/etc/loa/board.toml"`))
		if err := os.WriteFile(file, named, 0o644); err != nil {
			return err
		}
	}
	return r.disk.Hand(ctx, filepath.Dir(etc))
}

// place puts the disk into an emulated board and joins everything to it.
func (r *rig) place(s setup) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var second *lan.LAN
	cable := ""
	if s.lan {
		if second, err = lan.New(); err != nil {
			return err
		}
		cable = second.Path
	}
	m, err := qemu.New(qemu.Opts{
		Kind: r.model, Disk: r.disk.File, Loader: r.model.Loader(r.o.image), Dir: r.dir, USBSound: s.usbSound, LAN: cable,
		Forwards: []qemu.Forward{
			{Guest: centreBroker, Relay: self + " relay " + r.centre.brokerAt},
			{Guest: centreMedia, Relay: self + " relay " + r.centre.mediaAt},
		},
	})
	if err != nil {
		return err
	}
	r.end = m.Close
	if second != nil {
		r.end = func() error { return errors.Join(m.Close(), second.Close()) }
	}
	r.Target = Target{Power: m, Battery: m, Console: m.Console, Tech: m.Tech, Panel: m.Panel, GPIO: m, AudioTap: m, Net: m, USB: m, Card: m, Surgeon: m}
	if second != nil {
		r.LAN = second
	}
	if p := r.kind.Panel; p.Driver == "bx" {
		model := bxtest.BX5E2 // of one colour
		model.Size = image.Pt(p.Width, p.Height)
		r.card = bxtest.New(model)
		go r.card.ServeNet(m.Panel.Stream()) // ends with the card
	}
	return nil
}

func (r *rig) close() {
	if r.end != nil {
		r.end()
	}
	if r.card != nil {
		r.card.Close()
	}
	if r.centre != nil {
		r.centre.close()
	}
}

// pace is how much longer than the figures of the suite this board may take.
func (r *rig) pace() time.Duration { return time.Duration(r.model.Slow()) }

// supply gives the box power.
func (r *rig) supply(ctx context.Context) error {
	r.powered = time.Now()
	r.lives = append(r.lives, life{edges: len(r.GPIO.Edges())})
	return r.Power.On(ctx)
}

// on gives the box power and waits until it says on its console that it is ready.
func (r *rig) on(ctx context.Context) (took time.Duration, err error) {
	from := r.Console.Len()
	if err := r.supply(ctx); err != nil {
		return 0, err
	}
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return 0, err
	}
	return time.Since(r.powered), nil
}

// ready is what the image says on the console when the agent works.
var ready = regexp.MustCompile(`(?m)loa: ready`)

// cut takes the supply away from the box and its panel.
func (r *rig) cut() error {
	err := r.Power.Cut()
	if n := len(r.lives); n > 0 {
		r.lives[n-1].ended = time.Now()
	}
	if r.card != nil {
		r.card.PowerCut()
	}
	return err
}

// wait is a Line's, that also ends when the box goes away.
func (r *rig) wait(ctx context.Context, l Line, from int, expr *regexp.Regexp) (string, int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // ends with this function
		if err := r.Power.Alive(ctx); err != nil {
			cancel(err)
		}
	}()
	match, end, err := l.Wait(ctx, from, expr)
	if err != nil {
		err = errors.Join(err, context.Cause(ctx))
	}
	return match, end, err
}

// online waits until a start of the agent other than that one is at the broker.
func (r *rig) online(ctx context.Context, before string) (boot string, err error) {
	err = until(ctx, "the box connects", func() (ok bool) {
		boot, ok = r.centre.online()
		return ok && boot != before
	})
	return boot, err
}
