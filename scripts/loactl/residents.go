package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/authority/notify"
	"loa/scripts/authority/poll"
	"loa/scripts/authority/push"
	"loa/scripts/authority/requests"
	"loa/scripts/authority/said"
	"loa/scripts/loactl/web"
	"loa/scripts/loactl/web/residents"
	"loa/scripts/report"
)

// serveWeb gives everybody the residents' pages. readers are those who want to be told,
// nil: nobody is; handed is to whom reports go on, empty: to nobody.
func (a *app) serveWeb(ctx context.Context, g *errgroup.Group, au *authority.Authority, x *index.Index, reports *requests.Store, readers *push.Store, ways *ways, handed, addr string, logger *slog.Logger) error {
	set, err := web.Load(au.Dir())
	if err != nil {
		return err
	}
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	conf.ClientAuth = tls.NoClientCert
	set.Certify(conf)
	if set.URL == "" {
		set.URL = "https://" + addr
	}
	asked, err := poll.Open(au.Dir(), a.now)
	if err != nil {
		return err
	}
	g.Go(func() error { return endPolls(ctx, asked, logger) })
	codes, err := codesBySMS(au, ways)
	if err != nil {
		return err
	}
	opts := residents.Opts{
		Polls: asked, SMS: codes,
		Book: said.New(au, ledgers(au), x, a.now), Requests: reports, Media: au.MediaDir(), Name: au.Name(), URL: set.URL, Frames: set.Frames, Proxies: set.Before(), HandedTo: handed, Now: a.now, Log: logger,
	}
	if readers != nil {
		opts.Push = readers
	}
	site, err := residents.New(opts)
	if err != nil {
		return err
	}
	at, err := serveTLS(ctx, g, addr, &http.Server{
		Handler: site, TLSConfig: conf, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: time.Minute,
	})
	if err != nil {
		return err
	}
	a.note("serve.web", at)
	return nil
}

// sweepReports erases each day what has been kept long enough, until ctx ends.
func sweepReports(ctx context.Context, reports *requests.Store, logger *slog.Logger) error {
	t := time.NewTicker(24 * time.Hour)
	defer t.Stop()
	for {
		if _, err := reports.Sweep(); err != nil {
			logger.Error("serve: residents' reports", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// saidBy gives what enough residents say of boxes, as troubles for the technician.
func saidBy(reports *requests.Store) func(time.Time) ([]notify.Trouble, error) {
	return func(now time.Time) ([]notify.Trouble, error) {
		all, err := reports.Complaints(now)
		var troubles []notify.Trouble
		for _, c := range all {
			troubles = append(troubles, notify.Trouble{
				Device: c.Box, Place: c.Place, Code: notify.OfResidents + string(c.Kind), What: notify.Fault, Detail: fmt.Sprintf("24 h: %d", c.N),
			})
		}
		return troubles, err
	}
}

// complaints are the reports of residents in the year before until, for the annual
// report: those about one box in one month are one line.
func complaints(au *authority.Authority, until time.Time) ([]report.Complaints, error) {
	if !requests.Begun(au.Dir()) {
		return nil, nil
	}
	reports, err := requests.Open(au.Dir(), time.Now)
	if err != nil {
		return nil, err
	}
	defer reports.Close()
	counts, err := reports.Counts(until.AddDate(-1, 0, 0), until)
	var all []report.Complaints
	for _, c := range counts {
		if n := len(all); n == 0 || all[n-1].Device != c.Box || all[n-1].Place != c.Place || all[n-1].Month != c.Month {
			all = append(all, report.Complaints{Device: c.Box, Place: c.Place, Month: c.Month})
		}
		last := &all[len(all)-1]
		switch c.Kind {
		case requests.Loud:
			last.Loud += int64(c.N)
		case requests.Unheard:
			last.Unheard += int64(c.N)
		default:
			last.Another += int64(c.N)
		}
	}
	return all, err
}

// endPolls closes polls whose time is over, until ctx ends.
func endPolls(ctx context.Context, asked *poll.Store, log *slog.Logger) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := asked.Sweep(); err != nil {
			log.Error("serve: a poll that is over", "err", err)
		}
		select {
		case <-ctx.Done():
			return asked.Close()
		case <-tick.C:
		}
	}
}
