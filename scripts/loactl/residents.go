package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/authority/requests"
	"loa/scripts/authority/said"
	"loa/scripts/loactl/web"
	"loa/scripts/loactl/web/residents"
)

// serveWeb gives everybody the residents' pages.
func (a *app) serveWeb(ctx context.Context, g *errgroup.Group, au *authority.Authority, x *index.Index, addr string, logger *slog.Logger) error {
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
	reports, err := requests.Open(au.Dir(), a.now)
	if err != nil {
		return err
	}
	g.Go(func() error {
		defer reports.Close()
		return sweepReports(ctx, reports, logger)
	})
	site, err := residents.New(residents.Opts{
		Book: said.New(au, ledgers(au), x, a.now), Requests: reports, Media: au.MediaDir(), Name: au.Name(), URL: set.URL, Frames: set.Frames, Now: a.now, Log: logger,
	})
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
