package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/update"
	"loa/scripts/authority"
	"loa/scripts/authority/rollout"
)

// firmware is everything about the boxes' own software.
func (a *app) firmware(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"new":    a.firmwareNew,
		"sign":   a.firmwareSign,
		"status": a.firmwareStatus,
		"pause":  a.firmwarePause,
		"resume": a.firmwareResume,
	})
}

// usualRings are how many boxes may have begun how many hours after the canaries.
const usualRings = "24:5,48:25,96:100"

// firmwareNew signs a release for boxes. Its bundles go where boxes fetch recordings.
func (a *app) firmwareNew(args []string) error {
	fs := a.flags("firmware new")
	version, as := fs.String("version", "", ""), fs.String("as", "", "")
	place, box := fs.String("place", "", ""), fs.String("box", "", "")
	canaries, rings := fs.String("canary", "", ""), fs.String("rings", usualRings, "")
	from, window := fs.String("from", "", ""), fs.String("window", "", "")
	security := fs.Int64("security", update.Security, "")
	downgrade := fs.Bool("downgrade", false, "")
	rest, err := a.parse(fs, args, 1, -1)
	if err != nil {
		return err
	}
	switch {
	case *as == "":
		return &usageError{a.text("who-signs")}
	case *version == "" || (*place == "") == (*box == ""):
		return &usageError{a.text("firmware.needs")}
	}
	f := plan.Firmware{Version: *version, Security: *security, Downgrade: *downgrade, Bundles: make(map[string]plan.Bundle), From: a.now().UTC().Truncate(time.Second)}
	if *from != "" {
		if f.From, err = time.Parse(time.RFC3339, *from); err != nil {
			return &usageError{a.text("flag.value", *from, "from")}
		}
	}
	if f.Rings, err = readRings(*rings); err != nil {
		return &usageError{a.text("flag.value", *rings, "rings")}
	}
	if *window != "" {
		first, last, ok := strings.Cut(*window, "-")
		if f.Window = &(plan.Window{From: first, Until: last}); !ok {
			return &usageError{a.text("flag.value", *window, "window")}
		}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	boxes, err := a.carried(au, names(*box), *place)
	if err != nil {
		return err
	}
	for _, name := range names(*canaries) {
		if _, ok := boxes[name]; !ok {
			return errors.New(a.text("firmware.canary", name))
		}
	}
	for _, arg := range rest {
		board, file, ok := strings.Cut(arg, "=")
		if !ok {
			return &usageError{a.text("firmware.file", arg)}
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		if info.Size() > plan.MaxBundle {
			return errors.New(a.text("firmware.big", file, info.Size()>>20, plan.MaxBundle>>20))
		}
		sha, size, err := keepMedia(au, file)
		if err != nil {
			return err
		}
		f.Bundles[board] = plan.Bundle{SHA256: sha, Bytes: size}
	}
	if err := au.Unseal(names(*as)...); err != nil {
		return err
	}
	signed, err := au.OfferFirmware(f, sortedKeys(boxes), names(*canaries), names(*as)...)
	if err != nil {
		return err
	}
	return a.keepFirmware(au, f, signed)
}

// readRings reads 24:5,48:25,96:100, hours and percent.
func readRings(s string) (all []plan.Ring, err error) {
	for _, part := range names(s) {
		hours, percent, _ := strings.Cut(part, ":")
		h, err := strconv.Atoi(hours)
		p, err2 := strconv.Atoi(percent)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		all = append(all, plan.Ring{AfterH: h, Percent: p})
	}
	return all, nil
}

// keepFirmware keeps wants that boxes would take, or that only lack a signature.
func (a *app) keepFirmware(au *authority.Authority, f plan.Firmware, wants []authority.Issued) error {
	j, err := a.judged(au, wants)
	if err != nil {
		return err
	}
	if err := errors.Join(au.KeepAll(j.Ready, false), au.KeepAll(j.Pending, true)); err != nil {
		return err
	}
	result := map[string]any{"version": f.Version, "boxes": len(wants), "boards": slices.Sorted(maps.Keys(f.Bundles)), "pending": len(j.Pending)}
	return a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("firmware.signed", f.Version, len(wants), strings.Join(slices.Sorted(maps.Keys(f.Bundles)), ", ")))
		if len(j.Pending) > 0 {
			fmt.Fprintln(w, a.text("firmware.waits", len(j.Pending)))
		} else {
			fmt.Fprintln(w, a.text("firmware.ready"))
		}
	})
}

// firmwareSign adds a second person's signature to a release, after showing it.
func (a *app) firmwareSign(args []string) error {
	fs := a.flags("firmware sign")
	as := fs.String("as", "", "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	pending, err := au.Pending()
	if err != nil {
		return err
	}
	var f *plan.Firmware
	var wants []authority.Issued
	for _, is := range pending {
		w, ok := is.Doc.(plan.Want)
		if !ok || w.Firmware == nil {
			continue
		}
		if old, ok := au.Find(message.DeviceTopic(w.Device, message.LeafWant)); ok {
			if o := old.Doc.(plan.Want).Firmware; o != nil && o.Version == w.Firmware.Version && o.From.Equal(w.Firmware.From) {
				continue // it waits for something else
			}
		}
		if f == nil || w.Firmware.From.After(f.From) {
			f = w.Firmware
		}
		wants = append(wants, is)
	}
	if f == nil {
		return errors.New(a.text("firmware.nothing"))
	}
	if !a.json {
		a.describe(a.out, *f, len(wants))
	}
	if err := au.Unseal(names(*as)...); err != nil {
		return err
	}
	for i, is := range wants {
		for _, person := range names(*as) {
			if is, err = au.Approve(is.Raw, person); err != nil {
				return err
			}
		}
		wants[i] = is
	}
	return a.keepFirmware(au, *f, wants)
}

// describe shows what a second person is about to sign.
func (a *app) describe(w io.Writer, f plan.Firmware, boxes int) {
	fmt.Fprintln(w, a.text("firmware.is", f.Version, f.Security, boxes))
	for _, board := range slices.Sorted(maps.Keys(f.Bundles)) {
		b := f.Bundles[board]
		fmt.Fprintln(w, a.text("firmware.bundle", board, b.SHA256, a.decimal(float64(b.Bytes)/1e6)))
	}
	if f.Downgrade {
		fmt.Fprintln(w, a.text("firmware.older"))
	}
	for _, r := range f.Rings {
		fmt.Fprintln(w, a.text("firmware.ring", r.Percent, a.moment(f.From.Add(time.Duration(r.AfterH)*time.Hour))))
	}
}

// firmwareStatus shows how far a release is.
func (a *app) firmwareStatus(args []string) error {
	if _, err := a.parse(a.flags("firmware status"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	newest, s, c, err := a.standing(au)
	if err != nil {
		return err
	}
	if newest.Version == "" {
		return errors.New(a.text("firmware.none"))
	}
	return a.show(map[string]any{"release": newest, "rollout": s, "count": c}, func(w io.Writer) {
		a.describe(w, newest, c.Boxes)
		switch {
		case s.Version != newest.Version:
			fmt.Fprintln(w, a.text("firmware.unsent"))
		case s.Stopped != "":
			fmt.Fprintln(w, a.text("stopped."+string(s.Stopped), a.moment(s.At), s.Why))
		case s.Percent == 0:
			fmt.Fprintln(w, a.text("firmware.canaries"))
		default:
			fmt.Fprintln(w, a.text("firmware.open", s.Percent))
		}
		fmt.Fprintln(w, a.text("firmware.count", c.Done, c.Turn, c.Under, len(c.Failed), c.Silent))
		if len(c.Failed) > 0 {
			fmt.Fprintln(w, a.text("firmware.failed", someOf(c.Failed)))
		}
	})
}

// standing is the newest release, how far it is, and what its boxes have made of it, by
// what serve has collected.
func (a *app) standing(au *authority.Authority) (newest plan.Firmware, s rollout.State, c rollout.Count, err error) {
	newest, wants, err := au.Release()
	if err != nil {
		return newest, s, c, err
	}
	x, err := openIndex(au, slog.New(slog.DiscardHandler))
	if err != nil {
		return newest, s, c, err
	}
	defer x.Close()
	boxes, err := newBoxes(x).of(wants)
	if err != nil {
		return newest, s, c, err
	}
	s = au.Rollout()
	return newest, s, rollout.Of(s, boxes, a.now()), nil
}

// firmwarePause stops a release with the next sign of life, in a few seconds. It needs no
// key: nothing is allowed by it.
func (a *app) firmwarePause(args []string) error {
	rest, err := a.parse(a.flags("firmware pause"), args, 0, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	newest, _, err := au.Release()
	if err != nil {
		return err
	}
	if newest.Version == "" {
		return errors.New(a.text("firmware.none"))
	}
	s, err := au.ChangeRollout(func(s rollout.State) rollout.State {
		s.Version = newest.Version
		return rollout.Pause(s, strings.Join(rest, " "), a.now().UTC().Truncate(time.Second))
	})
	if err != nil {
		return err
	}
	return a.say(s, "firmware.paused", s.Version)
}

// firmwareResume lets a release go on whose failures a person has seen.
func (a *app) firmwareResume(args []string) error {
	if _, err := a.parse(a.flags("firmware resume"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	_, s, c, err := a.standing(au)
	if err != nil {
		return err
	}
	if s.Stopped == "" {
		return errors.New(a.text("firmware.goes"))
	}
	if s, err = au.ChangeRollout(func(s rollout.State) rollout.State { return rollout.Resume(s, len(c.Failed)) }); err != nil {
		return err
	}
	return a.say(s, "firmware.resumed", s.Version, s.Percent, len(c.Failed))
}
