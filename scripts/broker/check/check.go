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
	"net"
	"net/url"
	"slices"
	"strings"
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

// plain tries the broker's port, and the one where brokers listen that nobody has
// thought of.
func (r *run) plain() error {
	u, _ := url.Parse(r.URL)
	for _, host := range []string{u.Host, net.JoinHostPort(u.Hostname(), "1883")} {
		if err := r.shut("tcp://"+host, nil, third); err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}

func (r *run) anonymous() error { return r.shut(r.URL, &tls.Config{RootCAs: r.Roots}, third) }

func (r *run) otherCA() error { return r.shutWith(r.OtherCA) }

func (r *run) revoked() error {
	if r.Revoked == nil {
		return errNotTried
	}
	return r.shutWith(*r.Revoked)
}

// shutWith is whether the broker lets nobody in with a certificate, under its own name.
func (r *run) shutWith(cert tls.Certificate) error {
	name, err := nameIn(cert)
	if err != nil {
		return err
	}
	return r.shut(r.URL, &tls.Config{RootCAs: r.Roots, Certificates: []tls.Certificate{cert}}, name)
}

// shut is whether the broker lets nobody in like this, while it lets others in.
func (r *run) shut(address string, conf *tls.Config, id string) error {
	c, err := connect(address, conf, id, "", r.Patience)
	if err == nil {
		c.leave()
		return errors.New("it was let in")
	}
	return r.admits()
}

// admits is whether a box gets in now. While none does, being kept out says nothing.
func (r *run) admits() error {
	cert, err := r.Box(third)
	if err != nil {
		return err
	}
	c, err := r.join(cert, "", "")
	if err != nil {
		return fmt.Errorf("%w: a good certificate is kept out as well: %w", errNotTried, err)
	}
	c.leave()
	return nil
}

// takeover connects under another box's client id, which would throw that one off.
func (r *run) takeover() error {
	cert, err := r.Box(third)
	if err != nil {
		return err
	}
	if c, err := r.join(cert, victim, ""); err == nil {
		defer c.leave()
	} else if err := r.admits(); err != nil {
		return err
	}
	if err := r.passes(r.office, placeAct, r.victim); err != nil {
		return fmt.Errorf("the other box was thrown off: %w", err)
	}
	return nil
}

// forge publishes what only others may say.
func (r *run) forge(topics []string) error {
	m := mark()
	for _, topic := range topics {
		if !r.thief.connected() {
			if err := r.meet(); err != nil { // it was thrown out for the last
				return err
			}
		}
		_ = r.thief.say(topic, m)
	}
	if err := r.passes(r.thief, thiefLog, r.office); err != nil {
		r.thief.leave() // that went while it was thrown out
		if err := r.meet(); err != nil {
			return err
		}
	}
	var through []string
	for _, topic := range topics {
		if r.office.heard(topic, m) || r.victim.heard(topic, m) {
			through = append(through, topic)
		}
	}
	if len(through) > 0 {
		return fmt.Errorf("passed on: %s", strings.Join(through, ", "))
	}
	return nil
}

// forgedWill leaves word of another box's death.
func (r *run) forgedWill() error {
	cert, err := r.Box(third)
	if err != nil {
		return err
	}
	m := mark()
	c, err := r.join(cert, "", victimState+" "+m)
	if err == nil {
		c.drop()
	}
	// A will that may be is published in the same way: after it, the other would have been.
	own := mark()
	if c, err = r.join(cert, "", thirdState+" "+own); err != nil {
		return err
	}
	c.drop()
	if err := r.office.hears(thirdState, own); err != nil {
		return fmt.Errorf("its own will was not passed on either: %w", err)
	}
	if r.office.heard(victimState, m) {
		return errors.New("it was passed on")
	}
	return nil
}

// read subscribes to what is others'.
func (r *run) read(filters ...string) error {
	for _, filter := range filters {
		_ = r.thief.subscribe(filter) // refused, or granted in words only
	}
	m, secret := mark(), append(reports(), orders...)
	for _, topic := range secret {
		if err := r.office.say(topic, m); err != nil {
			return err
		}
	}
	if err := r.passes(r.office, placeAct, r.thief); err != nil && r.thief.connected() {
		return err
	}
	var told []string
	for _, topic := range secret {
		if r.thief.heard(topic, m) {
			told = append(told, topic)
		}
	}
	r.thief.leave() // and joins again without that subscription
	if len(told) > 0 {
		return fmt.Errorf("it was told %s", strings.Join(told, ", "))
	}
	return nil
}

// claim tries with a batch's certificate what a box with a name may do, and more.
func (r *run) claim() error {
	const csr, crt = "enrol/" + third + "/csr", "enrol/" + third + "/crt"
	name, err := nameIn(*r.Claim)
	if err != nil {
		return err
	}
	if err := r.office.listen(csr, "d/"+name+"/state"); err != nil {
		return err
	}
	enter := func() (*client, error) {
		c, err := r.join(*r.Claim, "", "")
		if err == nil {
			err = c.listen(crt)
		}
		return c, err
	}
	c, err := enter()
	if err != nil {
		return fmt.Errorf("%w: a box without a name is kept out: %w", errNotTried, err)
	}
	defer func() { c.leave() }()

	m, told := mark(), []string(nil)
	secret := []string{"d/" + name + "/state"}
	for _, topics := range [][]string{orders, trusts, documents, speech, alerts, reports()} {
		secret = append(secret, topics...)
	}
	secret = slices.DeleteFunc(secret, func(topic string) bool { return strings.HasPrefix(topic, "enrol/") })
	for _, topic := range secret {
		if !c.connected() { // it was thrown out for the last
			if c, err = enter(); err != nil {
				return err
			}
		}
		_ = c.say(topic, m)
	}
	if c, err = enter(); err != nil {
		return err
	}
	if err := r.passes(c, csr, r.office); err != nil {
		return fmt.Errorf("a box without a name cannot ask for one: %w", err)
	}
	for _, topic := range secret {
		if r.office.heard(topic, m) || r.victim.heard(topic, m) {
			told = append(told, "writes "+topic)
		}
	}
	m = mark()
	for _, filter := range append(secret, "#") {
		if !c.connected() {
			if c, err = enter(); err != nil {
				return err
			}
		}
		_ = c.subscribe(filter)
	}
	for _, topic := range secret {
		if err := r.office.say(topic, m); err != nil {
			return err
		}
	}
	if err := r.passes(r.office, crt, c); err != nil {
		return fmt.Errorf("a box without a name is not given one: %w", err)
	}
	for _, topic := range secret {
		if c.heard(topic, m) {
			told = append(told, "reads "+topic)
		}
	}
	if len(told) > 0 {
		return fmt.Errorf("it %s", strings.Join(told, ", "))
	}
	return nil
}

// oversize sends more than any message of ours has.
func (r *run) oversize() error {
	m := mark() + strings.Repeat("x", 300<<10)
	_ = r.thief.say(thiefLog, m)
	r.thief.leave() // if it was not thrown out
	if err := r.meet(); err != nil {
		return err
	}
	if r.office.heard(thiefLog, m) {
		return errors.New("300 KiB were passed on")
	}
	return nil
}

// What a flood is, and how long others may have to wait meanwhile.
const (
	floods   = 20_000 // messages of 1 KiB
	probes   = 10
	floodEnd = 2 * time.Second
)

// flood writes as fast as it can while the office speaks to another box.
func (r *run) flood() error {
	ctx, stop := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		body := strings.Repeat("x", 1<<10)
		for i := 0; i < floods && ctx.Err() == nil && r.thief.connected(); i++ {
			r.thief.shout(thiefTele, body)
		}
	}()
	defer func() { stop(); <-done }()
	for i := 0; i < probes || !ended(done); i++ {
		began := time.Now()
		if err := r.passes(r.office, placeAct, r.victim); err != nil {
			return err
		}
		if d := time.Since(began); d > floodEnd {
			return fmt.Errorf("a message took %v meanwhile", d.Round(time.Millisecond))
		}
	}
	return nil
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
