package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/exchange"
	"loa/scripts/report"
)

// Files in an authority's folder: how the source system calls what we have, and what it
// was given.
const (
	exchangeFile  = "exchange.toml"
	exchangeGiven = "exchange.json"
)

// exchangeEvery is how often loactl serve looks whether something is to be handed over.
const exchangeEvery = 15 * time.Minute

// exchanges hand over what a source system of the province takes.
func (a *app) exchanges(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"fields": a.exchangeFields, "example": a.exchangeExample, "check": a.exchangeCheck, "push": a.exchangePush,
	})
}

// exchangeFields lists what a profile may name.
func (a *app) exchangeFields(args []string) error {
	if _, err := a.parse(a.flags("exchange"), args, 0, 0); err != nil {
		return err
	}
	type line struct{ Entity, Field, Type, Is string }
	lines := []line{}
	for _, e := range exchange.Entities() {
		for _, f := range e.Fields {
			is := f.VI
			if a.lang == "en" {
				is = f.EN
			}
			lines = append(lines, line{e.Name, f.Name, string(f.Type), is})
		}
	}
	return a.show(lines, func(w io.Writer) {
		var rows [][]string
		for _, l := range lines {
			rows = append(rows, []string{l.Entity + "." + l.Field, l.Type, l.Is})
		}
		a.table(w, rows, "exchange.field", "exchange.type", "exchange.is")
	})
}

// exchangeExample prints a profile to begin with.
func (a *app) exchangeExample(args []string) error {
	if _, err := a.parse(a.flags("exchange"), args, 0, 0); err != nil {
		return err
	}
	_, err := a.out.Write(exchange.Example)
	return err
}

// openExchange opens the authority and the profile in its folder.
func (a *app) openExchange() (*authority.Authority, exchange.Profile, error) {
	au, err := a.open()
	if err != nil {
		return nil, exchange.Profile{}, err
	}
	name := filepath.Join(au.Dir(), exchangeFile)
	p, err := exchange.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, p, errors.New(a.text("exchange.none", name))
	}
	return au, p, err
}

// exchangeCheck puts everything into the words of the other side, and sends nothing.
func (a *app) exchangeCheck(args []string) error {
	if _, err := a.parse(a.flags("exchange"), args, 0, 0); err != nil {
		return err
	}
	au, p, err := a.openExchange()
	if err != nil {
		return err
	}
	all, err := exchangeRecords(au, nil, exchange.Given{}, a.now())
	if err != nil {
		return err
	}
	results := []exchange.Result{}
	for _, m := range p.Entities {
		r := exchange.Result{Entity: m.Entity, All: len(all[m.Entity])}
		for _, record := range all[m.Entity] {
			line, err := m.Map(record)
			switch {
			case err != nil && len(r.Refused) < 20:
				r.Refused = append(r.Refused, a.explain(err))
			case err == nil && line == nil:
				r.Left++
			}
		}
		results = append(results, r)
	}
	return a.exchanged(p, results, nil)
}

// exchangePush hands over now. Where loactl serve runs it does so by itself.
func (a *app) exchangePush(args []string) error {
	if _, err := a.parse(a.flags("exchange"), args, 0, 0); err != nil {
		return err
	}
	au, p, err := a.openExchange()
	if err != nil {
		return err
	}
	release, err := au.ClaimDispatch()
	if err != nil {
		return err
	}
	defer release()
	x, err := openIndex(au, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer x.Close()
	results, err := pushAll(a.ctx, au, p, x, a.now())
	return a.exchanged(p, results, err)
}

// pushAll hands over what the other side does not have.
func pushAll(ctx context.Context, au *authority.Authority, p exchange.Profile, x *index.Index, now time.Time) ([]exchange.Result, error) {
	file := filepath.Join(au.Dir(), exchangeGiven)
	given, err := exchange.Recall(file)
	if err != nil {
		return nil, err
	}
	if given.Profile != p.Hash() {
		given = exchange.Given{} // it is sent all anew
	}
	all, err := exchangeRecords(au, x, given, now)
	if err != nil {
		return nil, err
	}
	s, err := exchange.NewSender(p, file)
	if err != nil {
		return nil, err
	}
	return s.Push(ctx, all)
}

// exchanged tells what became of everything, and first whether anybody has compared the
// profile with the official text.
func (a *app) exchanged(p exchange.Profile, results []exchange.Result, failed error) error {
	notice := exchange.NotVerifiedVI
	if a.lang == "en" {
		notice = exchange.NotVerifiedEN
	}
	if p.Verified {
		notice = a.text("exchange.verified", p.By)
	}
	err := a.show(map[string]any{"profile": p.Name, "verified": p.Verified, "entities": results}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n", printable(p.Name), printable(notice))
		var rows [][]string
		for _, r := range results {
			rows = append(rows, []string{r.Entity, fmt.Sprint(r.All), fmt.Sprint(r.Sent), fmt.Sprint(r.Known), fmt.Sprint(r.Left), fmt.Sprint(len(r.Refused))})
		}
		a.table(w, rows, "exchange.entity", "exchange.all", "exchange.sent", "exchange.known", "exchange.left", "exchange.refused")
		for _, r := range results {
			for _, why := range r.Refused {
				fmt.Fprintf(w, "%s: %s\n", r.Entity, printable(why))
			}
		}
	})
	if failed = cmp.Or(failed, err); failed != nil {
		return failed
	}
	if slices.ContainsFunc(results, func(r exchange.Result) bool { return len(r.Refused) > 0 }) {
		return errTold
	}
	return nil
}

// serveExchange hands over until ctx ends, when there is a profile.
func (a *app) serveExchange(ctx context.Context, au *authority.Authority, x *index.Index, log *slog.Logger) (run func() error, err error) {
	p, err := exchange.Load(filepath.Join(au.Dir(), exchangeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !p.Verified {
		log.Warn("exchange: " + exchange.NotVerifiedEN)
	}
	return func() error {
		tick := time.NewTicker(exchangeEvery)
		defer tick.Stop()
		for {
			results, err := pushAll(ctx, au, p, x, time.Now())
			if err != nil && ctx.Err() == nil {
				log.Error("exchange: not all was handed over", "err", err)
			}
			for _, r := range results {
				if len(r.Refused) > 0 {
					log.Error("exchange: refused", "entity", r.Entity, "records", len(r.Refused), "first", r.Refused[0])
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}, nil
}

// exchangeRecords are all that we have, by entity. Without an index nothing is known of
// what boxes do now; of ledgers there is what given does not have.
func exchangeRecords(au *authority.Authority, x *index.Index, given exchange.Given, now time.Time) (map[string][]exchange.Record, error) {
	all := make(map[string][]exchange.Record)
	add := func(entity string, r exchange.Record) { all[entity] = append(all[entity], r) }
	places := au.Places()
	for _, code := range sortedKeys(places) {
		p := places[code]
		add("place", exchange.Record{"code": code, "name": p.Name, "parent": p.Parent, "width": float64(p.Width)})
	}
	boxes := au.EveryBox()
	for _, name := range sortedKeys(boxes) {
		r, err := exchangeBox(au, x, name, boxes[name])
		if err != nil {
			return nil, err
		}
		add("box", r)
	}
	spoken, err := au.Follow().Spoken()
	if err != nil {
		return nil, err
	}
	for _, is := range spoken {
		if b, ok := is.Doc.(plan.Bulletin); ok {
			add("bulletin", exchangeBulletin(b, au.Signers(is.Raw)))
		}
	}
	book := au.Book()
	archive := keyed{ledgers(au), boxes}
	for _, name := range sortedKeys(boxes) {
		last := given.Last("activity", name)
		if err := archive.Entries(name, func(e ledger.Entry, _ time.Time) {
			if e.Kind != ledger.End || e.Seq <= last {
				return
			}
			place, _ := book.Of(name, e.Time)
			add("activity", exchange.Record{
				"id": name + ":" + strconv.FormatInt(e.Seq, 10), "box": name, "place": place, "bulletin": e.Item, "title": e.Title,
				"class": string(e.Class), "origin": string(e.Origin), "lang": e.Lang, "due": e.Due, "ended": e.Time,
				"result": string(e.Result), "planned_s": e.PlannedS, "heard_s": e.HeardS, "proof": e.Proof, "hash": e.Hash,
			})
		}); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all, exchangeReport(au, now, add)
}

func exchangeBox(au *authority.Authority, x *index.Index, name string, b authority.Box) (exchange.Record, error) {
	_, revoked := au.Revocation(b)
	r := exchange.Record{
		"id": name, "label": b.Name, "place": b.Place, "board": b.Board, "added": b.Added, "in_service": !revoked, "state": "unknown", "faults": []string{},
	}
	if x == nil {
		return r, nil
	}
	reports, err := x.Reports(name)
	if err != nil {
		return nil, err
	}
	for _, row := range reports {
		raw, _ := row.Body.(json.RawMessage)
		switch row.Leaf {
		case message.LeafState:
			s, err := message.DecodeReport[message.State](raw)
			if err != nil {
				continue
			}
			r["state"], r["version"], r["seen"] = "lost", s.Version, row.Came
			if s.State == "online" {
				r["state"] = "online"
			}
		case message.LeafHealth:
			if h, err := message.DecodeReport[message.HealthReport](raw); err == nil {
				faults := []string{}
				for _, c := range h.Active {
					faults = append(faults, c.Code)
				}
				r["faults"] = faults
			}
		}
	}
	return r, nil
}

func exchangeBulletin(b plan.Bulletin, signers []string) exchange.Record {
	r := exchange.Record{
		"id": b.Key().String(), "version": b.Issued, "place": b.Place, "title": b.Title, "text": b.Text, "lang": b.Lang,
		"class": string(b.Class), "origin": string(b.Origin), "valid_from": b.ValidFrom, "valid_until": b.ValidUntil,
		"withdrawn": b.Withdrawn, "signers": signers,
	}
	if len(b.Audio) > 0 {
		r["audio_sha256"], r["audio_s"] = b.Audio[0].SHA256, float64(b.Audio[0].DurationMS)/1000
	}
	return r
}

// exchangeReport are the numbers of the year of the plan that runs.
func exchangeReport(au *authority.Authority, now time.Time, add func(string, exchange.Record)) error {
	window := report.YearOf(now)
	in, err := reportInput(au, window.Until.Add(-1))
	if err != nil {
		return err
	}
	made, err := report.Make(in, window)
	if err != nil {
		return err
	}
	for _, t := range made.Tables {
		for _, row := range t.Rows {
			for i, c := range t.Columns {
				if i >= len(row.Cells) {
					break
				}
				value := float64(row.Cells[i])
				if c.Unit == report.Millis {
					value /= 1000
				}
				r := exchange.Record{
					"id": strings.Join([]string{strconv.Itoa(window.Year), row.ID, c.ID}, "/"), "year": float64(window.Year),
					"row": cmp.Or(row.Name, row.Key), "column": c.ID, "pending": row.Pending,
				}
				if !row.Pending {
					r["value"] = value
				}
				add("report", r)
			}
		}
	}
	return nil
}
