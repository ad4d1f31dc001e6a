package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/notify"
	"loa/scripts/authority/requests"
	"loa/scripts/authority/rollup"
)

// fleetNotify shows who is told of faults and silent boxes, and with --test tells each
// of them something.
func (a *app) fleetNotify(args []string) error {
	flags := a.flags("fleet")
	test := flags.Bool("test", false, "")
	if _, err := a.parse(flags, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	c, err := notify.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New(a.text("notify.none", filepath.Join(au.Dir(), notify.File)))
	}
	if err != nil {
		return err
	}
	for _, p := range c.People {
		for _, code := range p.Places {
			if _, ok := au.Places()[code]; !ok {
				return fmt.Errorf("%s: %s", p.Name, a.text("place.none", code))
			}
		}
	}
	type line struct {
		Name   string   `json:"name"`
		To     string   `json:"to"`
		Places []string `json:"places"`
		Sent   bool     `json:"sent"`
		Error  string   `json:"error,omitempty"`
	}
	lines, failed := []line{}, false
	for _, p := range c.People {
		l := line{Name: p.Name, To: p.Email + p.Webhook, Places: p.Places}
		if *test {
			if err := c.Send(a.ctx, notify.TestMessage(p.Name, a.now())); err != nil {
				l.Error, failed = a.explain(err), true
			} else {
				l.Sent = true
			}
		}
		lines = append(lines, l)
	}
	err = a.show(lines, func(w io.Writer) {
		var rows [][]string
		for _, l := range lines {
			result := ""
			switch {
			case l.Sent:
				result = a.text("notify.sent")
			case *test:
				result = a.text("notify.unsent", printable(l.Error))
			}
			rows = append(rows, []string{l.Name, l.To, fmt.Sprint(l.Places), result})
		}
		a.table(w, rows, "person", "address", "place", "result")
	})
	if err == nil && failed {
		return errTold
	}
	return err
}

// notifier tells people what the dispatcher sees; nil without settings for it.
func notifier(au *authority.Authority, reports *requests.Store, log *slog.Logger) (*notify.Notifier, error) {
	c, err := notify.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Opts{Config: c, State: filepath.Join(au.Dir(), "notify.json"), Books: inService{au}, Send: c.Send, Log: log, Residents: saidBy(reports)}), nil
}

// inService is where the books have the boxes in service.
type inService struct{ au *authority.Authority }

// Stands is the place of a box.
func (s inService) Stands(device string) (string, bool) {
	b, ok := s.au.EveryBox()[device]
	if _, revoked := s.au.Revocation(b); !ok || revoked {
		return "", false
	}
	return b.Place, true
}

// Devices are the boxes.
func (s inService) Devices() []string { return sortedKeys(s.au.Boxes()) }

// Carried reports that a stick has brought reports of a box not long ago.
func (s inService) Carried(device string, now time.Time) bool {
	return now.Sub(carriedAt(s.au, device)) < carriedFor
}

// Key is the key with which a box signs.
func (s inService) Key(device string) ed25519.PublicKey {
	key, err := plan.ParseKey(s.au.EveryBox()[device].Key)
	if err != nil {
		return nil
	}
	return key
}

// Covers reports whether place is top or below it.
func (s inService) Covers(place, top string) bool { return rollup.Within(s.au.Places(), place, top) }
