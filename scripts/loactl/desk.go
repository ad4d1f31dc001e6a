package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
	"loa/scripts/authority/poll"
	"loa/scripts/authority/requests"
	"loa/scripts/loactl/web"
	"loa/scripts/loactl/web/desk"
)

// serveDesk gives people the pages on which bulletins are made and approved, at an
// address of its own: browsers are asked for a certificate there, which residents'
// browsers must not be.
func (a *app) serveDesk(ctx context.Context, g *errgroup.Group, au *authority.Authority, addr string, centre *api.API, reports *requests.Store, logger *slog.Logger) error {
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	conf.ClientAuth = tls.VerifyClientCertIfGiven
	settings, err := web.Load(au.Dir())
	if err != nil {
		return err
	}
	settings.Certify(conf)
	host, listen := deskAt(addr)
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return &usageError{a.text("desk.address", addr)}
	}
	if port == "443" {
		host = name // as browsers write it
	}
	if net.ParseIP(name) != nil {
		return &usageError{a.text("desk.address", addr)} // no passkey is bound to a number
	}
	asked, err := poll.Open(au.Dir(), a.now)
	if err != nil {
		return err
	}
	g.Go(func() error {
		<-ctx.Done()
		return asked.Close()
	})
	d, err := desk.New(desk.Opts{Authority: au, Centre: centre, Tools: deskTools{a, au, asked}, Inbox: reports, Polls: asked, Host: host, Name: name, Now: a.now, Log: logger})
	if err != nil {
		return err
	}
	if _, err := serveTLS(ctx, g, listen, &http.Server{
		Handler: d, TLSConfig: conf, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: time.Minute,
	}); err != nil {
		return err
	}
	a.note("serve.desk", "https://"+host+"/desk/")
	return nil
}

// deskAt is the name under which people find the desk, with its port, and where it
// listens: for this machine only when that is the name.
func deskAt(addr string) (host, listen string) {
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		name, port = "localhost", addr
	}
	if name == "" || name == "localhost" {
		return net.JoinHostPort("localhost", port), net.JoinHostPort("127.0.0.1", port)
	}
	return net.JoinHostPort(name, port), ":" + port
}

// desks says who may sign in at the desk, and takes keys that browsers have made into
// the list.
func (a *app) desks(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"invite": a.deskInvite, "accept": a.deskAccept, "certificate": a.deskCertificate, "remove": a.deskRemove, "list": a.deskList, "sign": a.deskSign,
	})
}

func (a *app) deskInvite(args []string) error {
	fs := a.flags("desk invite")
	place := fs.String("place", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if _, ok := au.Places()[*place]; *place != "" && !ok {
		return errors.New(a.text("place.none", *place))
	}
	if au.People()[rest[0]].Online || !plan.ValidID(rest[0]) {
		return &usageError{a.text("bad-id", rest[0])}
	}
	code, err := desk.OpenPeople(au.Dir()).Invite(rest[0], *place, a.now())
	if err != nil {
		return err
	}
	return a.say(map[string]string{"person": rest[0], "code": code}, "desk.invited", rest[0], code)
}

// deskAccept puts the key that a person's browser has made into the list, with a role.
func (a *app) deskAccept(args []string) error {
	fs := a.flags("desk accept")
	name := fs.String("role", "writer", "")
	place := fs.String("place", "", "")
	office := fs.String("office", "", "")
	signers := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	if *place == "" {
		return &usageError{a.text("desk.place")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	people := desk.OpenPeople(au.Dir())
	key, err := people.Accept(rest[0], rest[1])
	switch {
	case errors.Is(err, desk.ErrNoKey):
		return errors.New(a.text("desk.no-key", rest[0]))
	case errors.Is(err, desk.ErrMark):
		return errors.New(a.text("desk.mark", rest[0]))
	case err != nil:
		return err
	}
	if err := au.AddHolder(rest[0], key); err != nil {
		return err
	}
	// The request stays until the list is signed by enough: the same command again adds
	// what was lacking.
	if err := a.reissue(au, names(*signers), func() error { return a.giveRole(au, rest[0], *place, *name, *office) }); err != nil {
		return err
	}
	if err := people.Settled(rest[0]); err != nil {
		return err
	}
	next, err := a.sendList(au, *send)
	if err != nil {
		return err
	}
	return a.say(map[string]any{"person": rest[0], "key": key, "place": *place, "role": *name}, "grant.given", rest[0], *place, *name, next)
}

// deskCertificate makes a person's certificate for a browser.
func (a *app) deskCertificate(args []string) error {
	rest, err := a.parse(a.flags("desk certificate"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if p, ok := au.People()[rest[0]]; !ok || p.Online || slices.Contains(senderNames, rest[0]) {
		return errors.New(a.text("desk.nobody", rest[0]))
	}
	if err := au.IssueClient(rest[0]); err != nil {
		return err
	}
	dir := au.Dir() + "/tls/" + rest[0]
	return a.say(map[string]string{"person": rest[0], "certificate": dir + ".crt", "key": dir + ".key"}, "desk.certificate", rest[0], dir)
}

func (a *app) deskRemove(args []string) error {
	rest, err := a.parse(a.flags("desk remove"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := desk.OpenPeople(au.Dir()).Remove(rest[0]); errors.Is(err, desk.ErrNobody) {
		return errors.New(a.text("desk.nobody", rest[0]))
	} else if err != nil {
		return err
	}
	return a.say(map[string]string{"removed": rest[0]}, "desk.removed", rest[0])
}

func (a *app) deskList(args []string) error {
	if _, err := a.parse(a.flags("desk list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	all, err := desk.OpenPeople(au.Dir()).All()
	if err != nil {
		return err
	}
	type line struct {
		Person   string `json:"person"`
		Place    string `json:"place,omitempty"`
		Passkeys int    `json:"passkeys"`
		Mark     string `json:"mark,omitempty"` // of a key that waits
	}
	lines := []line{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l := line{Person: name, Place: all[name].Place, Passkeys: len(all[name].Passkeys)}
		if all[name].Asked != nil {
			l.Mark = desk.Mark(all[name].Asked.Key)
		}
		lines = append(lines, l)
	}
	return a.show(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, a.text("desk.empty"))
		}
		for _, l := range lines {
			fmt.Fprintln(w, a.text("desk.line", l.Person, l.Passkeys, l.Place, l.Mark))
		}
	})
}
