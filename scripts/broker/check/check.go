// Package check attacks a broker as a thief would who has one box, its certificate and
// time, and says what held. It leaves nothing behind: what it publishes is neither
// retained nor signed, under names that no box has.
package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"

	"loa/scripts/broker"
)

// A Target is a broker and what is needed to attack it.
type Target struct {
	URL    string // tls://host:port
	Roots  *x509.CertPool
	Office tls.Certificate // of a program that reads and writes everything; its CN is not connected now
	// Box makes the certificate of a box with this name.
	Box func(name string) (tls.Certificate, error)
	// OtherCA is a certificate that somebody else has signed.
	OtherCA tls.Certificate
	// Revoked is one that the broker's list says is revoked; nil: that is not tried.
	Revoked *tls.Certificate
	// Claim is what boxes of a batch carry that have no name yet; nil: there is no batch.
	Claim    *tls.Certificate
	Patience time.Duration // for one step; a broker that takes longer has not held
}

// A Result is how one attack ended.
type Result struct {
	Attack string `json:"attack"` // a code: anonymous, other-ca, …
	Held   bool   `json:"held"`
	Tried  bool   `json:"tried"`
	Detail string `json:"detail,omitempty"` // what was seen, in English
}

// Names that no box has: ours are registered, and these never are.
const (
	thief  = "loa-check-thief"
	victim = "loa-check-victim"
	third  = "loa-check-third"
	place  = "loa-check"
)

// What is used of these names; topics are without loa/v1/.
const (
	thiefLog    = "d/" + thief + "/log"
	thiefTele   = "d/" + thief + "/tele"
	victimState = "d/" + victim + "/state"
	thirdState  = "d/" + third + "/state"
	placeAct    = "p/" + place + "/act"
)

// What no box may say.
var (
	orders    = []string{"d/" + victim + "/want", "d/" + victim + "/cmd", "enrol/" + victim + "/crt"}
	trusts    = []string{"trust/" + place}
	documents = []string{"p/" + place + "/doc/bulletin/" + place, "p/" + place + "/doc/schedule/" + place, "p/" + place + "/doc/policy/" + place}
	speech    = []string{placeAct, "p/" + place + "/live/" + place, "p/" + place + "/beat"}
	alerts    = []string{"p/" + place + "/alert/" + place}
)

// reports is what the victim alone may say.
func reports() []string { return broker.Reports(victim) }

// An attack gets through, or returns nil: it held.
type attack struct {
	code string
	try  func(*run) error
}

var attacks = []attack{
	{"plain", (*run).plain},
	{"anonymous", (*run).anonymous},
	{"other-ca", (*run).otherCA},
	{"revoked", (*run).revoked},
	{"takeover", (*run).takeover},
	{"forged-report", func(r *run) error { return r.forge(reports()) }},
	{"forged-will", (*run).forgedWill},
	{"forged-order", func(r *run) error { return r.forge(orders) }},
	{"forged-trust", func(r *run) error { return r.forge(trusts) }},
	{"forged-document", func(r *run) error { return r.forge(documents) }},
	{"speak-to-place", func(r *run) error { return r.forge(speech) }},
	{"alert-place", func(r *run) error { return r.forge(alerts) }},
	{"read-other", func(r *run) error { return r.read(append(reports(), orders...)...) }},
	{"read-all", func(r *run) error { return r.read("#") }},
	{"claim", (*run).claim},
	{"oversize", (*run).oversize},
	{"flood", (*run).flood},
}

// errNotTried is an attack for which something is missing.
var errNotTried = errors.New("not tried")

// A run has an office, a box that is attacked and one that attacks.
type run struct {
	Target
	ctx                   context.Context
	office, victim, thief *client
}

// Run attacks the broker in every way it knows, one after another. An error means that
// it does not even do what it is there for, so that nothing is known.
func Run(ctx context.Context, t Target) ([]Result, error) {
	u, err := url.Parse(t.URL)
	if err != nil || u.Port() == "" {
		return nil, fmt.Errorf("check: %q is no address of a broker", t.URL)
	}
	r := &run{Target: t, ctx: ctx}
	defer r.leave()
	if err := r.meet(); err != nil {
		return nil, fmt.Errorf("check: the broker does not serve those that it should: %w", err)
	}
	var results []Result
	for _, a := range attacks {
		if err := ctx.Err(); err != nil {
			return results, err
		}
		if a.code == "claim" && t.Claim == nil {
			continue
		}
		err := a.try(r)
		res := Result{Attack: a.code, Held: err == nil, Tried: !errors.Is(err, errNotTried)}
		if err != nil {
			res.Detail = err.Error()
		}
		results = append(results, res)
		if err := r.meet(); err != nil {
			return results, fmt.Errorf("check: after %s the broker serves nobody: %w", a.code, err)
		}
	}
	return results, nil
}

func (r *run) leave() {
	for _, c := range []*client{r.office, r.victim, r.thief} {
		if c != nil {
			c.leave()
		}
	}
}

// meet connects who is not connected, and sees that messages pass where they may:
// otherwise silence would prove nothing.
func (r *run) meet() error {
	if r.office == nil || !r.office.connected() {
		office, err := r.join(r.Office, "", "")
		if err != nil {
			return err
		}
		r.office = office
		all := append([]string{thirdState, thiefLog}, reports()...)
		for _, topics := range [][]string{orders, trusts, documents, speech, alerts} {
			all = append(all, topics...)
		}
		if err := office.listen(all...); err != nil {
			return err
		}
	}
	for name, c := range map[string]**client{thief: &r.thief, victim: &r.victim} {
		if *c != nil && (*c).connected() {
			continue
		}
		cert, err := r.Box(name)
		if err != nil {
			return err
		}
		if *c, err = r.join(cert, "", ""); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := (*c).listen(append(alerts, speech...)...); err != nil {
			return err
		}
	}
	return errors.Join(r.passes(r.thief, thiefLog, r.office), r.passes(r.office, placeAct, r.victim), r.passes(r.office, placeAct, r.thief))
}

// passes sends a message that has to arrive. What the same sender sent before it would
// have arrived before it.
func (r *run) passes(from *client, topic string, to *client) error {
	m := mark()
	if err := from.say(topic, m); err != nil {
		return err
	}
	return to.hears(topic, m)
}

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func (r *run) join(cert tls.Certificate, id, will string) (*client, error) {
	name, err := nameIn(cert)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = name
	}
	conf := &tls.Config{RootCAs: r.Roots, Certificates: []tls.Certificate{cert}}
	return connect(r.URL, conf, id, will, r.Patience)
}

// nameIn is whose certificate it is.
func nameIn(cert tls.Certificate) (string, error) {
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return "", err
	}
	return leaf.Subject.CommonName, nil
}
