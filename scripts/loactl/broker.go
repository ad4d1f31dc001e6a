package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"loa/scripts/authority"
	"loa/scripts/authority/pki"
	"loa/scripts/broker/check"
)

func (a *app) brokers(args []string) error {
	return a.sub(args, map[string]func([]string) error{"check": a.brokerCheck, "status": a.brokerStatus, "bridge": a.brokerBridge})
}

// attackPatience is for one step of an attack.
const attackPatience = 10 * time.Second

// brokerCheck attacks every broker of the authority, and fails if anything got through.
func (a *app) brokerCheck(args []string) error {
	if _, err := a.parse(a.flags("broker check"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	urls := au.Brokers()
	if a.broker != "" {
		urls = names(a.broker)
	}
	name, release, err := a.freeName(au)
	if err != nil {
		return err
	}
	defer release()
	all := make(map[string][]check.Result)
	failed := false
	for _, url := range urls {
		t, err := a.attacked(au, url, name)
		if err != nil {
			return err
		}
		if all[url], err = check.Run(a.ctx, t); err != nil {
			return fmt.Errorf("%s: %w. %s", url, err, a.text("attack.alone", name))
		}
		for _, r := range all[url] {
			failed = failed || r.Tried && !r.Held
		}
	}
	err = a.show(all, func(w io.Writer) {
		for _, url := range urls {
			fmt.Fprintln(w, url)
			var rows [][]string
			for _, r := range all[url] {
				word := "attack.held"
				switch {
				case !r.Tried:
					word = "attack.untried"
				case !r.Held:
					word = "attack.through"
				}
				rows = append(rows, []string{a.text("attack." + r.Attack), a.text(word), r.Detail})
			}
			a.table(w, rows, "attack", "result", "detail")
		}
		held, tried, untried := tally(all)
		fmt.Fprintln(w, a.text("attack.sum", held, tried, untried))
	})
	if err == nil && failed {
		return errTold
	}
	return err
}

// tally counts the attacks on all brokers.
func tally(all map[string][]check.Result) (held, tried, untried int) {
	for _, results := range all {
		for _, r := range results {
			switch {
			case !r.Tried:
				untried++
			case r.Held:
				held++
			}
		}
		tried += len(results)
	}
	return held, tried - untried, untried
}

// attacked is a broker of ours, and what it takes to attack it: the certificate of one
// of our tools, and certificates of boxes that there never were, which are kept nowhere.
func (a *app) attacked(au *authority.Authority, url, tool string) (t check.Target, err error) {
	t = check.Target{URL: url, Box: au.PassingBox, Patience: attackPatience}
	conf, err := au.ClientTLS(tool)
	if err != nil {
		return t, err
	}
	t.Roots, t.Office = conf.RootCAs, conf.Certificates[0]
	canary, err := au.ClientTLS(authority.Canary)
	if err == nil {
		t.Revoked = &canary.Certificates[0]
	}
	if claim, ok := openClaim(au); ok {
		t.Claim = &claim
	}
	other, err := pki.NewCA("another", a.now())
	if err != nil {
		return t, err
	}
	t.OtherCA, err = foreign(other, a.now())
	return t, err
}

// openClaim is what the newest batch carries by which boxes still come.
func openClaim(au *authority.Authority) (pair tls.Certificate, ok bool) {
	var newest authority.Claim
	for batch, c := range au.Claims() {
		dir := filepath.Join(au.ClaimDir(batch), "etc", "loa")
		p, err := tls.LoadX509KeyPair(filepath.Join(dir, "claim.pem"), filepath.Join(dir, "claim.key"))
		if err == nil && c.Closed.IsZero() && (!ok || c.Made.After(newest.Made)) {
			pair, newest, ok = p, c, true
		}
	}
	return pair, ok
}

// foreign is a box's certificate that another CA has signed.
func foreign(ca *pki.CA, now time.Time) (tls.Certificate, error) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := ca.Client(authority.CheckPrefix+"third", pub, now)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := pki.KeyPEM(priv)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
