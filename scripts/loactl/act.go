package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/scripts/authority"
)

// target is whom an act is for: a place, or one box when there is one of that name.
func (a *app) target(au *authority.Authority, name string) (h plan.Head, err error) {
	if _, ok := au.Boxes()[name]; ok {
		h.Device = name
		return h, nil
	}
	if _, ok := au.Places()[name]; ok {
		h.Place = name
		return h, nil
	}
	return h, a.notThere(au, name, a.text("target.none", name))
}

// notThere says why nothing can be sent to a name: the box was revoked, or else there
// is none.
func (a *app) notThere(au *authority.Authority, name, none string) error {
	if r, ok := au.Revocation(au.EveryBox()[name]); ok {
		return errors.New(a.text("box.out", name, a.onDay(r.At)))
	}
	return errors.New(none)
}

// play makes a place, or one box, play something now.
func (a *app) play(args []string) error {
	fs := a.flags("play")
	bulletin := fs.String("bulletin", "", "")
	chime := fs.String("chime", "", "")
	class := fs.String("class", "normal", "")
	repeat := fs.Int("repeat", 0, "")
	volume := fs.Int("volume", 0, "")
	length := fs.Duration("for", 0, "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if (*bulletin == "") == (*chime == "") {
		return &usageError{a.text("play.what")}
	}
	return a.act(rest[0], by, func(au *authority.Authority, act *plan.Act) error {
		act.Kind, act.Until = plan.KindPlay, a.soon()
		act.Repeat, act.VolumePercent, act.ForS = *repeat, *volume, int(*length/time.Second)
		if *chime != "" {
			if _, ok := sound.ChimeLength(*chime); !ok {
				return &usageError{a.text("play.chime", *chime)}
			}
			act.Class = plan.Class(*class)
			act.Item = &plan.Item{Chime: *chime}
			return nil
		}
		act.Item, err = a.item(au, act.Head, *bulletin)
		return err
	})
}

// playLife is how long what should sound now may still begin: on a box that was
// away, or that somebody was working at. Much later it would be a surprise.
const playLife = 2 * time.Minute

func (a *app) soon() time.Time { return a.now().Add(playLife).UTC().Truncate(time.Second) }

// drill plays a bulletin of class drill; its preface comes from the box itself.
func (a *app) drill(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "plan":
			return a.drillPlan(args[1:])
		case "result":
			return a.drillResult(args[1:])
		}
	}
	fs := a.flags("drill")
	bulletin := fs.String("bulletin", "", "")
	repeat := fs.Int("repeat", 0, "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *bulletin == "" {
		return &usageError{a.text("play.what")}
	}
	return a.act(rest[0], by, func(au *authority.Authority, act *plan.Act) error {
		act.Kind, act.Until, act.Repeat = plan.KindDrill, a.soon(), *repeat
		act.Item, err = a.drillItem(au, act.Head, *bulletin)
		return err
	})
}

// stop silences classes at a place or at one box.
func (a *app) stop(args []string) error {
	fs := a.flags("stop")
	classes := fs.String("classes", "", "")
	reason := fs.String("reason", "", "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	return a.act(rest[0], by, func(au *authority.Authority, act *plan.Act) error {
		act.Kind, act.Reason = plan.KindStop, *reason
		for _, c := range names(*classes) {
			act.Classes = append(act.Classes, plan.Class(c))
		}
		if *classes == "" {
			var left []plan.Class
			if act.Classes, left = stoppable(au, names(*by.as), a.now()); len(left) > 0 && len(act.Classes) > 0 {
				a.note("stop.left", left)
			} else if len(left) > 0 {
				act.Classes = left // for the verdict that says why
			}
		}
		return nil
	})
}

// stoppable are the classes that a stop ends when none is named, emergencies not among
// them, as far as every signer may end them; and those that are left.
func stoppable(au *authority.Authority, signers []string, now time.Time) (may, left []plan.Class) {
	grants := au.Grants()
	for _, c := range []plan.Class{plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test} {
		all := !slices.ContainsFunc(signers, func(name string) bool {
			return !slices.ContainsFunc(grants, func(g authority.Grant) bool {
				return g.Person == name && slices.Contains(g.Kinds, plan.KindStop) && slices.Contains(g.Classes, c) && now.Before(g.NotAfter)
			})
		})
		if all {
			may = append(may, c)
		} else {
			left = append(left, c)
		}
	}
	return may, left
}

// mute silences one box for a while; the newest of a place counts.
func (a *app) mute(args []string) error {
	fs := a.flags("mute")
	length := fs.Duration("for", time.Hour, "")
	reason := fs.String("reason", "", "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *length < time.Minute {
		return &usageError{a.text("mute.for")}
	}
	return a.muteUntil(rest[0], by, *length, *reason)
}

// unmute ends what the same place has muted: by a mute that ends at once.
func (a *app) unmute(args []string) error {
	fs := a.flags("unmute")
	reason := fs.String("reason", "", "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	return a.muteUntil(rest[0], by, 2*time.Second, *reason) // it has to end after it begins, to the second
}

func (a *app) muteUntil(box string, by signing, length time.Duration, reason string) error {
	return a.act(box, by, func(_ *authority.Authority, act *plan.Act) error {
		act.Kind, act.Reason = plan.KindMute, reason
		act.MuteUntil = a.now().Add(length).UTC().Truncate(time.Second)
		return nil
	})
}

// item refers to a bulletin by id or place/id.
func (a *app) item(au *authority.Authority, to plan.Head, name string) (*plan.Item, error) {
	is, err := a.findSigned(au, plan.KindBulletin, name)
	if err != nil {
		return nil, err
	}
	ref := &plan.Ref{Kind: plan.KindBulletin, Place: is.Topic.Place, ID: is.Topic.ID, SHA256: is.SHA256}
	if ref.Place == to.Place {
		ref.Place = ""
	}
	return &plan.Item{Ref: ref}, nil
}

// signing is who signs, and how long to wait for the boxes' answer.
type signing struct {
	as   *string
	wait *time.Duration
}

func signedBy(fs *flag.FlagSet) signing {
	return signing{fs.String("as", "", ""), fs.Duration("wait", 5*time.Second, "")}
}

// act signs an act, has it judged, sends it at once and tells who took it.
func (a *app) act(to string, by signing, fill func(*authority.Authority, *plan.Act) error) error {
	if *by.as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	h, err := a.target(au, to)
	if err != nil {
		return err
	}
	act := plan.Act{Head: h}
	if err := fill(au, &act); err != nil {
		return err
	}
	is, err := au.Act(act, names(*by.as)...)
	if err != nil {
		return err
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	answers, err := a.deliver(au, is, *by.wait)
	if err != nil {
		return a.unsent(a.text("act.unsent"), err)
	}
	signed := is.Doc.(plan.Act)
	result := map[string]any{"id": signed.ID, "topic": is.Topic.String(), "kind": act.Kind, "sha256": is.SHA256, "until": signed.Until, "boxes": answers}
	err = a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("act.sent", signed.ID, a.whom(au, is.Topic)))
		a.tally(w, answers)
		may := slices.ContainsFunc(answers, func(r receipt) bool { return r.State != "refused" || r.Code == plan.MediaMissing })
		if may && (act.Kind == plan.KindPlay || act.Kind == plan.KindDrill) {
			fmt.Fprintln(w, a.text("receipt.heard"))
			fmt.Fprintln(w, a.text("act.until", signed.Until.In(vietnam).Format("15:04:05")))
		}
	})
	if err == nil && !slices.ContainsFunc(answers, receipt.took) {
		return errNobody
	}
	return err
}
