package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

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
