package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/scripts/authority"
	"loa/scripts/authority/cap"
	"loa/scripts/authority/notify"
	"loa/scripts/authority/rollup"
)

// capWatch brings new messages in CAP from feeds and folder to the desk, and says so.
func (a *app) capWatch(d *cap.Desk) *cap.Watch {
	return cap.NewWatch(cap.Opts{
		Desk: d,
		Came: func(from string, p cap.Proposal, err error) {
			switch {
			case err != nil:
				a.note("cap.refused", printable(from), printable(a.explain(err)))
			case p.State == cap.Waits:
				a.note("cap.came", printable(p.Identifier), p.ID)
			}
		},
		Trouble: func(source string, err error) {
			if err != nil {
				a.note("cap.unreached", source, err)
			} else {
				a.note("cap.reached", source)
			}
		},
	})
}

// serveCAP watches for messages in CAP until ctx ends, where there is a list of senders,
// and tells people of those that wait.
func (a *app) serveCAP(ctx context.Context, g *errgroup.Group, au *authority.Authority, log *slog.Logger) error {
	if _, err := os.Stat(filepath.Join(au.Dir(), cap.File)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d, err := a.desk(au)
	if err != nil {
		return err
	}
	c, err := notify.Load(au.Dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w := a.capWatch(d)
	g.Go(func() error { return w.Run(ctx) })
	g.Go(func() error {
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				a.propose(ctx, au, d, c, c.Send, log)
			}
		}
	})
	return nil
}

// tellEvery is how often somebody is told of what waits, or told again who could not be.
const tellEvery = 20 * time.Second

// propose tells those who have not heard of it what waits for them.
func (a *app) propose(ctx context.Context, au *authority.Authority, d *cap.Desk, c notify.Config, send func(context.Context, notify.Message) error, log *slog.Logger) {
	waits, err := d.Waiting()
	if err != nil {
		log.Error("serve: CAP messages that wait", "err", err)
	}
	places := au.Places()
	covers := func(place, top string) bool { return rollup.Within(places, place, top) }
	for _, r := range waits {
		p, err := d.Open(r.ID)
		if err != nil {
			continue // it has ended, or its sender has gone from the list
		}
		about := notify.Proposal{ID: p.ID, From: p.From.Name, Headline: a.text("captype."+p.Type) + ": " + p.Identifier, Places: append(p.Places, p.Clear...), Urgent: len(p.Parts) == 0, Command: "loactl alert --cap " + p.ID}
		for _, q := range p.Parts {
			about.Headline, about.Until = q.Texts[0].Headline, q.Until
			if q.Class == "emergency" {
				about.Urgent = true
				break
			}
		}
		for _, m := range notify.Propose(c, about, p.Told, covers, a.now()) {
			if err := send(ctx, m); err != nil {
				log.Warn("serve: nobody was told of a CAP message", "person", m.Person, "err", err)
				continue
			}
			if err := d.Told(p.ID, m.Person); err != nil {
				log.Error("serve: who was told of a CAP message is not written down", "err", err)
			}
		}
	}
}
