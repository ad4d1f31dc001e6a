package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/dispatch"
	"loa/scripts/broker"
	"loa/scripts/mediaserver"
)

// dispatch runs what has to be online all the time; for a commune with one
// machine also the broker and the media server.
func (a *app) dispatch(args []string) error {
	fs := a.flags("dispatch")
	serveBroker := fs.String("serve-broker", "", "")
	serveMedia := fs.String("serve-media", "", "")
	every := fs.Duration("every", 2*time.Minute, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *every < time.Second || *every > 5*time.Minute {
		return &usageError{a.text("dispatch.every")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	release, err := au.ClaimDispatch()
	if err != nil {
		return err
	}
	defer release()
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	// The broker's library warns, without a word, of everybody that is not let in.
	quiet := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelError}))
	g, ctx := errgroup.WithContext(a.ctx)
	if *serveBroker != "" {
		conf, err := au.ServerTLS()
		if err != nil {
			return err
		}
		b, err := broker.Start(ctx, broker.Opts{Listen: *serveBroker, TLS: conf, Senders: []string{dispatcherName, toolName}, Revoked: au.Revoked, Log: quiet})
		if err != nil {
			return err
		}
		defer b.Close()
		g.Go(func() error { return a.sweep(ctx, b) })
		a.note("dispatch.broker", b.URL())
		if called := au.Brokers(); !reachedAt(called, *serveBroker, b.Addr()) {
			a.note("dispatch.apart", b.URL(), strings.Join(called, ", "))
		}
	}
	if *serveMedia != "" {
		if err := a.serveMedia(ctx, g, au, *serveMedia); err != nil {
			return err
		}
	}
	d := dispatch.New(dispatch.Opts{Authority: au, Online: dispatcherName, Archive: ledgers(au), Every: *every, Log: log})
	if a.client == toolName {
		a.client = dispatcherName // the tool has a name of its own, and both may run at once
	}
	l, err := a.link(au, d.Filters, d.Receive, false)
	if err != nil {
		return err
	}
	defer l.stop()
	g.Go(func() error { return d.Run(ctx, l) })
	a.note("dispatch.running", au.Name())
	return g.Wait()
}

// sweepEvery is how long a box that was revoked may stay connected at the most.
const sweepEvery = 20 * time.Second

// sweep throws revoked boxes out of our own broker until ctx ends.
func (a *app) sweep(ctx context.Context, b *broker.Broker) error {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			for _, name := range b.Sweep() {
				a.note("dispatch.swept", name)
			}
		}
	}
}

// reachedAt reports whether a broker that listens at listen, which became addr,
// can be the one that boxes call at one of these addresses: the port is the same,
// and not only this machine is served while they call another.
func reachedAt(called []string, listen, addr string) bool {
	host, _, err1 := net.SplitHostPort(listen)
	_, port, err2 := net.SplitHostPort(addr)
	if err1 != nil || err2 != nil {
		return true // it listens, so this cannot be
	}
	return slices.ContainsFunc(called, func(c string) bool {
		u, err := url.Parse(c)
		return err == nil && u.Port() == port && (!loopback(host) || loopback(u.Hostname()))
	})
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serveMedia gives audio out to whoever asks: it is public once it has sounded,
// and its name is its hash.
func (a *app) serveMedia(ctx context.Context, g *errgroup.Group, au *authority.Authority, addr string) error {
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	conf.ClientAuth = tls.NoClientCert
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: mediaserver.Handler(au.MediaDir()), TLSConfig: conf,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	}
	g.Go(func() error {
		if err := srv.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("media server: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
	a.note("dispatch.media", listener.Addr())
	return nil
}

// ledgers is where the boxes' ledgers are kept.
func ledgers(au *authority.Authority) *archive.Archive {
	return archive.Open(filepath.Join(au.Dir(), "ledger"))
}
