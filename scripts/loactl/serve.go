package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/collect"
	"loa/scripts/authority/dispatch"
	"loa/scripts/authority/index"
	"loa/scripts/authority/pki"
	"loa/scripts/authority/requests"
	"loa/scripts/broker"
	"loa/scripts/mediaserver"
)

// serve runs what has to be online all the time; for a commune with one
// machine also the broker and the media server.
func (a *app) serve(args []string) error {
	if len(args) > 0 && args[0] == "token" {
		return a.token(args[1:])
	}
	fs := a.flags("serve")
	embedded := fs.Bool("embedded", false, "")
	listen := fs.String("broker-listen", "", "")
	media := fs.String("media", "", "")
	listenAPI := fs.String("api", "", "")
	listenWeb := fs.String("web", "", "")
	listenDesk := fs.String("desk", "", "")
	every := fs.Duration("every", dispatch.Period, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *listen != "" && !*embedded {
		return &usageError{a.text("serve.embedded")}
	}
	if *every < time.Second || *every > dispatch.Period {
		return &usageError{a.text("serve.every")}
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
	logger := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	if *embedded {
		if err := a.serveBroker(ctx, g, au, cmp.Or(*listen, listenFor(au.Brokers()))); err != nil {
			return err
		}
	}
	if *media != "" {
		if err := a.serveMedia(ctx, g, au, *media); err != nil {
			return err
		}
	}
	x, err := openIndex(au, logger)
	if err != nil {
		return err
	}
	defer x.Close()
	c := collect.New(collect.Opts{Boxes: au.Boxes, Store: x, Log: logger})
	d := dispatch.New(dispatch.Opts{
		Authority: au, Online: dispatcherName, Archive: ledgers(au), Every: *every, Log: logger,
		Archived: func(device string, h message.LedgerHead) {
			told(logger, x.PutHead(device, index.Head{Seq: h.To, Hash: h.Head}))
		},
		Mended: func() { told(logger, x.Catch(au)) },
	})
	if a.client == toolName {
		a.client = dispatcherName // the tool has a name of its own, and both may run at once
	}
	reports, err := requests.Open(au.Dir(), a.now)
	if err != nil {
		return err
	}
	defer reports.Close()
	away, handed, err := a.handOver(au, reports, logger)
	if err != nil {
		return err
	}
	n, err := notifier(au, reports, logger)
	if err != nil {
		return err
	}
	hand, err := a.serveExchange(ctx, au, x, logger)
	if err != nil {
		return err
	}
	readers, err := a.pushReaders(au)
	if err != nil {
		return err
	}
	if readers != nil {
		defer readers.Close()
	}
	ways := newWays()
	out, err := channelPoster(au, readers, ways, logger)
	if err != nil {
		return err
	}
	filters := func() []string { return append(d.Filters(), c.Filters()...) }
	l, err := a.link(au, filters, func(topic string, payload []byte) {
		if n != nil {
			n.Observe(topic, payload)
		}
		if !c.Receive(topic, payload) {
			d.Receive(topic, payload)
		}
	}, false)
	if err != nil {
		return err
	}
	defer l.stop()
	centre := api.New(api.Opts{
		Authority: au, Index: x, Archive: ledgers(au), Tokens: tokens(au), Broker: &sender{l, d}, Log: logger,
		Ahead: func(h plan.Head, hours int) ([]ahead.Line, error) { return a.comes(au, h, nil, hours, false) },
	})
	if *listenAPI != "" {
		if err := a.serveAPI(ctx, g, au, *listenAPI, centre); err != nil {
			return err
		}
	}
	if *listenDesk != "" {
		if err := a.serveDesk(ctx, g, au, *listenDesk, centre, reports, logger); err != nil {
			return err
		}
	}
	if *listenWeb != "" {
		if err := a.serveWeb(ctx, g, au, x, reports, readers, ways, handed, *listenWeb, logger); err != nil {
			return err
		}
	}
	if err := a.serveCAP(ctx, g, au, logger); err != nil {
		return err
	}
	g.Go(func() error { return c.Run(ctx) })
	g.Go(func() error { return d.Run(ctx, l) })
	g.Go(func() error { return sweepReports(ctx, reports, logger) })
	g.Go(func() error { return a.rollOut(ctx, au, x, d.Tell, logger) })
	if n != nil {
		g.Go(func() error { return n.Run(ctx) })
	}
	if away != nil {
		g.Go(func() error { return away.Run(ctx) })
	}
	if out != nil {
		g.Go(func() error { return out.Run(ctx) })
	}
	if hand != nil {
		g.Go(hand)
	}
	if ends := au.IssuerEnds(); ends.Before(a.now().Add(pki.LeafLife)) {
		a.note("serve.issuer")
	}
	a.note("serve.running", au.Name())
	return g.Wait()
}

// told logs what a cache could not take: it is made good from files, later.
func told(log *slog.Logger, err error) {
	if err != nil {
		log.Error("serve: the index", "err", err)
	}
}

// serveBroker runs a broker in this process until ctx ends.
func (a *app) serveBroker(ctx context.Context, g *errgroup.Group, au *authority.Authority, listen string) error {
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	// The broker's library warns, without a word, of everybody that is not let in.
	quiet := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelError}))
	b, err := broker.Start(ctx, broker.Opts{Listen: listen, TLS: conf, Senders: senderNames, Revoked: au.Revoked, Log: quiet})
	if err != nil {
		return err
	}
	g.Go(func() error {
		defer b.Close()
		return a.sweep(ctx, b)
	})
	a.note("serve.broker", b.URL())
	if called := au.Brokers(); !reachedAt(called, listen, b.Addr()) {
		a.note("serve.apart", b.URL(), strings.Join(called, ", "))
	}
	return nil
}

// listenFor is where a broker listens that boxes call at the first of these
// addresses: for everybody, unless they stand on this machine.
func listenFor(called []string) string {
	for _, c := range called {
		if u, err := url.Parse(c); err == nil && u.Port() != "" {
			if loopback(u.Hostname()) {
				return u.Host
			}
			return ":" + u.Port()
		}
	}
	return ":8883"
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
				a.note("serve.swept", name)
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
	listener, err := serveTLS(ctx, g, addr, &http.Server{
		Handler: public(au), TLSConfig: conf,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	})
	if err != nil {
		return err
	}
	a.note("serve.media", listener)
	return nil
}

// public is what anybody may have: media, and for brokers on other machines the list
// of revoked boxes, which names nobody.
func public(au *authority.Authority) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", mediaserver.Handler(au.MediaDir()))
	mux.HandleFunc("GET /ca.crl", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFile(w, r, au.RevocationFile())
	})
	return mux
}

// serveTLS answers at addr until ctx ends, and gives the address that it became.
func serveTLS(ctx context.Context, g *errgroup.Group, addr string, srv *http.Server) (net.Addr, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	srv.ErrorLog = log.New(io.Discard, "", 0) // a line for every stranger that does not speak TLS
	g.Go(func() error {
		if err := srv.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("server at %s: %w", addr, err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
	return listener.Addr(), nil
}

// ledgers is where the boxes' ledgers are kept.
func ledgers(au *authority.Authority) *archive.Archive {
	return archive.Open(filepath.Join(au.Dir(), "ledger"))
}
