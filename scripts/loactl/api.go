package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
	"loa/scripts/authority/dispatch"
	"loa/scripts/authority/index"
)

// serveAPI answers questions over HTTPS, for this machine only unless addr names
// another. Whoever has a certificate of a program shows it; others have a token.
func (a *app) serveAPI(ctx context.Context, g *errgroup.Group, au *authority.Authority, addr string, centre *api.API) error {
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	conf.ClientAuth = tls.VerifyClientCertIfGiven
	at, err := serveTLS(ctx, g, here(addr), &http.Server{
		Handler: centre, TLSConfig: conf, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
	})
	if err != nil {
		return err
	}
	a.note("serve.api", at)
	return nil
}

// here is an address on this machine unless it names a host.
func here(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		host, port = "127.0.0.1", addr
	case host == "":
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// sender is the broker as the API sees it.
type sender struct {
	*link
	d *dispatch.Dispatch
}

func (s *sender) Publish(ctx context.Context, is authority.Issued) error {
	return s.Send(ctx, wire(is))
}

func (s *sender) Talk(topic string, packet []byte) { s.link.Publish(topic, packet, false) }

func (s *sender) Foreign() []string { return s.d.Foreign() }

// openIndex opens the index of an authority, and makes it anew from the files where
// there is none or it is damaged.
func openIndex(au *authority.Authority, log *slog.Logger) (*index.Index, error) {
	told(log, au.Remember()) // one file that is damaged does not silence a centre
	x, fresh, err := index.Open(filepath.Join(au.Dir(), "index.db"))
	if err != nil {
		return nil, err
	}
	if fresh {
		told(log, headsInto(x, au))
	}
	told(log, x.Catch(au))
	return x, nil
}

// headsInto notes how far the ledgers in the archive go.
func headsInto(x *index.Index, au *authority.Authority) error {
	for name, b := range au.EveryBox() {
		key, err := plan.ParseKey(b.Key)
		if err != nil {
			return err
		}
		h, err := ledgers(au).Last(name, key)
		if err != nil {
			return err
		}
		if h.To == 0 {
			continue
		}
		if err := x.PutHead(name, index.Head{Seq: h.To, Hash: h.Head}); err != nil {
			return err
		}
	}
	return nil
}

// tokens are the secrets of programs that ask the API.
func tokens(au *authority.Authority) *api.Tokens {
	return api.OpenTokens(filepath.Join(au.Dir(), "tokens.json"))
}

// token makes, ends and lists the tokens of the API.
func (a *app) token(args []string) error {
	return a.sub(args, map[string]func([]string) error{"new": a.tokenNew, "revoke": a.tokenRevoke, "list": a.tokenList})
}

func (a *app) tokenNew(args []string) error {
	rest, err := a.parse(a.flags("new"), args, 1, 1)
	if err != nil {
		return err
	}
	if !plan.ValidID(rest[0]) {
		return &usageError{a.text("bad-id", rest[0])}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	secret, err := tokens(au).New(rest[0], a.now())
	if errors.Is(err, api.ErrTokenExists) {
		return errors.New(a.text("token.exists", rest[0]))
	}
	if err != nil {
		return err
	}
	a.note("token.once", rest[0])
	return a.show(map[string]string{"name": rest[0], "token": secret}, func(w io.Writer) { fmt.Fprintln(w, secret) })
}

func (a *app) tokenRevoke(args []string) error {
	rest, err := a.parse(a.flags("revoke"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	found, err := tokens(au).Revoke(rest[0])
	if err != nil {
		return err
	}
	if !found {
		return errors.New(a.text("token.none", rest[0]))
	}
	return a.say(map[string]string{"revoked": rest[0]}, "token.revoked", rest[0])
}

func (a *app) tokenList(args []string) error {
	if _, err := a.parse(a.flags("list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	all, err := tokens(au).All()
	if err != nil {
		return err
	}
	return a.show(all, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, a.text("token.empty"))
		}
		for _, t := range all {
			fmt.Fprintf(w, "%-20s %s\n", t.Name, a.date(t.Made))
		}
	})
}
