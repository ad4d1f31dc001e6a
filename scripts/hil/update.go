package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/update"
	"loa/scripts/authority/rollout"
	"loa/scripts/hil/disk"
	"loa/scripts/mediaserver"
)

// offer signs that the box should run what a bundle holds, and gives the bundle out.
func (c *centre) offer(ctx context.Context, board, version, bundle string) error {
	f, err := os.Open(bundle)
	if err != nil {
		return err
	}
	defer f.Close()
	sum, size, err := mediaserver.Add(c.au.MediaDir(), f)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	wants, err := c.au.OfferFirmware(plan.Firmware{
		Version: version, Security: update.Security, Bundles: map[string]plan.Bundle{board: {SHA256: sum, Bytes: size}},
		From: now.Add(-time.Minute), Rings: []plan.Ring{{AfterH: 0, Percent: 100}}, Window: &plan.Window{From: "00:00", Until: "24:00"},
	}, []string{device}, []string{device}, signers...)
	if err != nil {
		return err
	}
	if err := c.au.KeepAll(wants, false); err != nil {
		return err
	}
	if _, err := c.au.ChangeRollout(func(rollout.State) rollout.State {
		return rollout.State{Version: version, Percent: 100, Since: now}
	}); err != nil {
		return err
	}
	return c.publish(ctx)
}

// software is what the box tells of it; nil: nothing.
func (r *rig) software() *message.Software {
	have, _ := told[message.Have](r.centre, message.LeafHave)
	return have.Software
}

// runs is what the box runs, once it has looked at its slots.
func (r *rig) runs(ctx context.Context) (message.Software, error) {
	return r.comes(ctx, "the box tells which slot runs", func(s message.Software) bool { return s.Slot != "" })
}

// comes waits until the box is with its software where f says.
func (r *rig) comes(ctx context.Context, what string, f func(message.Software) bool) (s message.Software, err error) {
	err = until(ctx, what, func() bool {
		if is := r.software(); is != nil {
			s = *is
		}
		return f(s)
	})
	if err != nil {
		err = fmt.Errorf("%w; it tells %+v", err, s)
	}
	return s, err
}

// refused: an update that must not be installed is refused with a code; nothing else changes.
func refused(kind string, code plan.Code) func(context.Context, *rig) (string, error) {
	return func(ctx context.Context, r *rig) (string, error) {
		was, err := r.runs(ctx)
		if err != nil {
			return "", err
		}
		boot := r.boot()
		file, err := r.press().bundle(ctx, kind)
		if err != nil {
			return "", err
		}
		if err := r.centre.offer(ctx, r.o.board, r.version(), file); err != nil {
			return "", err
		}
		began := time.Now()
		s, err := r.comes(ctx, "the update is refused", func(s message.Software) bool {
			return s.State == string(update.Gone) && s.Wanted == r.release || s.State == string(update.OnTrial)
		})
		switch {
		case err != nil:
			return "", err
		case s.State != string(update.Gone) || s.Code != code:
			return "", fmt.Errorf("it is %s with code %q, and should be %s with %q: %s", s.State, s.Code, update.Gone, code, s.Why)
		case s.Version != was.Version || s.Slot != was.Slot || r.boot() != boot:
			return "", fmt.Errorf("the box has changed: %+v before, %+v now", was, s)
		}
		return fmt.Sprintf("%s after %.0f s (%s)", s.Code, time.Since(began).Seconds(), s.Why), nil
	}
}

// version is a new one for the next update, lower than that in the bundles if it must not
// come to run.
func (r *rig) version() string {
	r.releases++
	r.release = fmt.Sprintf("9000.0.%d", r.releases)
	return r.release
}

// boot tells one start of the box from another.
func (r *rig) boot() string {
	s, _ := r.centre.online()
	return s
}

func (r *rig) press() press {
	arch := "armhf"
	if r.o.board == "virt-arm64" {
		arch = "arm64"
	}
	return press{board: r.o.board, arch: arch, image: disk.Disk{File: r.o.image}, keys: r.o.keys, dir: filepath.Join(r.o.out, "releases")}
}

// slot is a start, as the boot script tells of it.
var slot = regexp.MustCompile(`loa: slot (\w) \(`)

// returns: an update that starts and cannot do its work is left by the box itself.
func returns(kind string) func(context.Context, *rig) (string, error) {
	return func(ctx context.Context, r *rig) (string, error) {
		was, err := r.runs(ctx)
		if err != nil {
			return "", err
		}
		file, err := r.press().bundle(ctx, kind)
		if err != nil {
			return "", err
		}
		version := newer
		if kind == dead {
			version = r.version()
		}
		from, began := r.Console.Len(), time.Now()
		if err := r.centre.offer(ctx, r.o.board, version, file); err != nil {
			return "", err
		}
		tries := 0
		for {
			s, end, err := r.wait(ctx, r.Console, from, slot)
			if err != nil {
				return "", fmt.Errorf("after %d starts of the update: %w", tries, err)
			}
			from = end
			if s == was.Slot {
				break
			}
			if tries++; tries > 3 {
				return "", fmt.Errorf("it starts the update for the %dth time", tries)
			}
		}
		if tries == 0 {
			return "", errors.New("the update was never started")
		}
		if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
			return "", err
		}
		s, err := r.comes(ctx, "the box says that the update failed", func(s message.Software) bool {
			return s.State == string(update.Gone) && s.Wanted == version
		})
		if err != nil {
			return "", err
		}
		if s.Version != was.Version || s.Slot != was.Slot {
			return "", fmt.Errorf("it runs %s from slot %s, and ran %s from %s", s.Version, s.Slot, was.Version, was.Slot)
		}
		return fmt.Sprintf("back after %d starts of it and %.0f s: %s", tries, time.Since(began).Seconds(), s.Why), nil
	}
}

// updates: a good update comes over HTTPS, waits for the end of a programme, is installed,
// starts and proves itself.
func updates(ctx context.Context, r *rig) (string, error) {
	old, file, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	// Something is due soon, and nothing is written before it is over.
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(90*time.Second), 4*time.Second)
	if err != nil {
		return "", err
	}
	if err := r.has(ctx, p); err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, file); err != nil {
		return "", err
	}
	began := time.Now()
	s, err := r.comes(ctx, "it waits for the programme", func(s message.Software) bool {
		return s.Hold == string(update.ForDue) || s.Hold == string(update.ForSound) || s.State == string(update.Installs)
	})
	if err != nil {
		return "", err
	}
	fetched := time.Since(began)
	if s.State == string(update.Installs) && time.Now().Before(p.start) {
		return "", errors.New("it is installed though a programme is due")
	}
	heard, err := r.hear(ctx, p)
	if err != nil {
		return "", err
	}
	from := r.Console.Len()
	if _, err := r.comes(ctx, "it is installed", in(update.Installs)); err != nil {
		return "", err
	}
	began = time.Now()
	if s, _, err := r.wait(ctx, r.Console, from, slot); err != nil || s == old.Slot {
		return "", fmt.Errorf("it starts from slot %q, %w", s, err)
	}
	written := time.Since(began)
	if _, err := r.comes(ctx, "it is on trial", in(update.OnTrial)); err != nil {
		return "", err
	}
	return fmt.Sprintf("fetched in %.0f s; %s; written in %.0f s", fetched.Seconds(), heard, written.Seconds()), nil
}

// before is how the box is with its software before an update, and a good one.
func (r *rig) before(ctx context.Context) (was message.Software, bundle string, err error) {
	if r.was, err = r.runs(ctx); err != nil {
		return r.was, "", err
	}
	bundle, err = r.press().bundle(ctx, good)
	return r.was, bundle, err
}

// proves waits until the update has proven itself, and looks at what the box has kept.
func proves(ctx context.Context, r *rig) (string, error) {
	s, err := r.comes(ctx, "it has proven itself", func(s message.Software) bool {
		return s.State == string(update.Current) && s.Version == newer
	})
	if err != nil {
		return "", err
	}
	if s.Slot == r.was.Slot {
		return "", fmt.Errorf("it tells that it runs from slot %s", s.Slot)
	}
	proven := time.Since(r.powered)
	heard, err := hears(ctx, r)
	if err != nil {
		return "", err
	}
	boot := r.boot()
	if err := r.cutAndKeep(ctx, time.Second); err != nil {
		return "", err
	}
	if s, err = r.comes(ctx, "it tells what it runs", in(update.Current)); err == nil && (s.Version != newer || r.boot() == boot) {
		err = fmt.Errorf("after a power cut it is %+v", s)
	}
	return fmt.Sprintf("proven %.0f s after power-on, %s runs from slot %s; %s", proven.Seconds(), s.Version, s.Slot, heard), err
}

// cutUpdates: the power is cut while an update is fetched, while it is written and while it
// is on trial, and it goes on each time.
func cutUpdates(ctx context.Context, r *rig) (string, error) {
	old, file, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, file); err != nil {
		return "", err
	}
	for _, phase := range []struct {
		name   string
		is     func(message.Software) bool
		within time.Duration
	}{
		{"fetched", in(update.Fetches), 5 * time.Second},
		{"written", in(update.Installs), 10 * time.Second},
		{"on trial", in(update.OnTrial), 10 * time.Second},
	} {
		if _, err := r.comes(ctx, "it is "+phase.name, phase.is); err != nil {
			return "", err
		}
		if err := r.cutAndKeep(ctx, phase.within); err != nil {
			return "", fmt.Errorf("cut while it is %s: %w", phase.name, err)
		}
	}
	s, err := r.comes(ctx, "it is on trial", in(update.OnTrial))
	if err == nil && s.Slot == old.Slot {
		err = fmt.Errorf("the box runs from slot %s", s.Slot)
	}
	return "cut while it was fetched, written and on trial", err
}

// cutAndKeep cuts the power within a time, looks whether anything that the box said to have
// is lost, and starts it again.
func (r *rig) cutAndKeep(ctx context.Context, within time.Duration) error {
	if err := sleep(ctx, rand.N(within)); err != nil {
		return err
	}
	have, err := r.pledged()
	if err != nil {
		return err
	}
	boot := r.boot()
	if err := r.cut(); err != nil {
		return err
	}
	if err := r.keeps(ctx, have); err != nil {
		return err
	}
	if _, err := r.on(ctx); err != nil {
		return err
	}
	_, err = r.online(ctx, boot)
	return err
}

// fromStick: the same update from a stick that somebody plugs into a box without a network.
func fromStick(ctx context.Context, r *rig) (string, error) {
	old, bundle, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	from := r.Console.Len()
	if err := r.supply(ctx); err != nil {
		return "", err
	}
	if err := r.Net.Cable(ctx, false); err != nil {
		return "", err
	}
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, bundle); err != nil {
		return "", err
	}
	file, err := r.lade(ctx, bundle)
	if err != nil {
		return "", err
	}
	if err := r.USB.Plug(ctx, "stick", file); err != nil {
		return "", err
	}
	from = r.Console.Len()
	began := time.Now()
	for { // the kernel takes its time to find a stick
		bounded, cancel := context.WithTimeout(ctx, 3*time.Minute)
		err := r.ask(bounded, "import --json", `"files_copied": ?1`)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || time.Since(began) > 4*time.Minute {
			return "", err
		}
	}
	read := time.Since(began)
	s, _, err := r.wait(ctx, r.Console, from, slot)
	if err == nil && s == old.Slot {
		err = fmt.Errorf("it starts from slot %s", s)
	}
	if err != nil {
		return "", err
	}
	if err := r.Net.Cable(ctx, true); err != nil { // to hear how it goes
		return "", err
	}
	_, err = r.comes(ctx, "it is on trial", in(update.OnTrial))
	return fmt.Sprintf("read in %.0f s, started after %.0f s", read.Seconds(), time.Since(began).Seconds()), err
}

func in(state update.State) func(message.Software) bool {
	return func(s message.Software) bool { return s.State == string(state) }
}
