package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/store"
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

// lastPart is what of a large update comes over the network: boxes fetch 128 KiB/s, so all
// of it would take them a quarter of an hour.
const lastPart = 4 << 20

// begins signs an update, and lets the box begin to fetch it. Then the power is cut, and the
// box finds on its card what hours of fetching would have left there: all but the last part,
// from where it has to go on.
func (r *rig) begins(ctx context.Context, version, bundle string) error {
	if err := r.centre.offer(ctx, r.o.board, version, bundle); err != nil {
		return err
	}
	for range 5 {
		s, err := r.comes(ctx, "it is fetched", func(s message.Software) bool {
			return s.State == string(update.Fetches) && s.Wanted == version
		})
		if err != nil {
			return err
		}
		begun := false
		err = r.cutAndKeep(ctx, 5*time.Second, func() (err error) {
			if begun, err = r.begun(ctx); err == nil && begun {
				err = r.fetched(ctx, bundle)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("cut while it is %s: %w", s.State, err)
		}
		if begun {
			return nil
		}
	}
	return errors.New("it says that it fetches, and has not written down that it does")
}

// begun tells whether the box has written down that it fetches. It says so a moment before,
// and what it finds half fetched and does not know of it throws away.
func (r *rig) begun(ctx context.Context) (bool, error) {
	dir, err := os.MkdirTemp(r.dir, "begun")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := r.disk.Check(ctx, dir, "/lib/loa/docs"); err != nil {
		return false, err
	}
	shelf, err := store.Open(filepath.Join(dir, "docs"))
	if err != nil {
		return false, err
	}
	_, err = shelf.Get("update")
	return err == nil, nil
}

// fetched lays most of an update where the box keeps what it has not all of.
func (r *rig) fetched(ctx context.Context, bundle string) error {
	if err := r.disk.Settle(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.dir, "partial") // 0700, as on the box
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	whole, err := os.ReadFile(bundle)
	if err != nil {
		return err
	}
	part := whole[:max(0, len(whole)-lastPart)]
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x", sha256.Sum256(whole))), part, 0o600); err != nil {
		return err
	}
	const loa = 960 // the agent's user
	return r.disk.Put(ctx, dir, "/lib/loa/media/partial", loa, loa)
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
var (
	slot        = regexp.MustCompile(`loa: slot (\w) \(`)
	slotOrReady = regexp.MustCompile(`loa: slot (\w) \(|loa: ready`)
)

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
		if err := r.begins(ctx, version, file); err != nil {
			return "", err
		}
		from, began, tries, is := r.Console.Len(), time.Now(), 0, ""
		next := func() (err error) {
			is, from, err = r.wait(ctx, r.Console, from, slotOrReady)
			return err
		}
		for is != was.Slot {
			wait := next
			if is == "loa: ready" { // it runs, and is given time to do what it cannot
				wait = func() error { return r.meanwhile(ctx, next) }
			}
			if err := wait(); err != nil {
				return "", fmt.Errorf("after %d starts of the update: %w", tries, err)
			}
			if is == was.Slot || is == "loa: ready" {
				continue
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

func in(state update.State) func(message.Software) bool {
	return func(s message.Software) bool { return s.State == string(state) }
}
