package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/agent/mqtt"
	"loa/scripts/authority"
)

// A link is the tool's connection to the broker.
type link struct {
	*mqtt.Client
	a    *app
	stop func()

	brokers string // their addresses, for people

	mu      sync.Mutex
	code    string // why there is no connection, by the name of a condition
	why     error
	waiting bool // somebody waits for the connection, and says so
}

// hush is how long a command waits for a broker without a word.
const hush = 2 * time.Second

// connect makes a connection or says why there is none; stop ends it. receive
// may be nil.
func (a *app) connect(au *authority.Authority, filters []string, receive func(topic string, payload []byte)) (*link, error) {
	l, err := a.link(au, func() []string { return filters }, receive, true)
	if err != nil {
		return nil, err
	}
	if err := l.await(); err != nil {
		l.stop()
		return nil, err
	}
	return l, nil
}

// link starts a connection, with filters that are asked for each time there is
// a new one. Unless somebody waits for it, it tells itself when there is none.
func (a *app) link(au *authority.Authority, filters func() []string, receive func(topic string, payload []byte), waiting bool) (*link, error) {
	brokers := au.Brokers()
	if a.broker != "" {
		brokers = names(a.broker)
	}
	name, release, err := a.freeName(au)
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if slices.ContainsFunc(brokers, func(b string) bool { return !strings.HasPrefix(b, "tcp://") }) {
		if secure, err = au.ClientTLS(name); err != nil {
			release()
			return nil, err
		}
	}
	l := &link{a: a, brokers: strings.Join(brokers, ", "), waiting: waiting}
	c, err := mqtt.New(mqtt.Opts{
		Device: name, Brokers: brokers, TLS: secure, Fresh: true,
		Subscriptions: filters,
		Receive:       receive,
		Window:        func() time.Duration { return 500 * time.Millisecond }, // one person waits, not a fleet
		Report:        l.report,
	})
	if err != nil {
		release()
		return nil, err
	}
	l.Client = c
	ctx, cancel := context.WithCancel(a.ctx)
	done := make(chan struct{})
	go func() { // stop waits for it
		defer close(done)
		c.Run(ctx)
	}()
	l.stop = func() { cancel(); <-done; release() }
	return l, nil
}

// toolNames are under which a person's tools connect: one watches while another sends.
var toolNames = []string{toolName, toolName + "-2", toolName + "-3"}

// freeName is the first of the tool's names that no other process uses, or the one that
// was asked for.
func (a *app) freeName(au *authority.Authority) (name string, release func(), err error) {
	candidates := []string{a.client}
	if a.client == toolName {
		candidates = toolNames
	}
	for i, name := range candidates {
		if _, err := au.ClientTLS(name); err != nil && i > 0 {
			break // an authority from before there were several
		}
		release, ok, err := au.Hold(name)
		if err != nil || ok {
			return name, release, err
		}
	}
	return "", nil, errors.New(a.text("name-taken", a.client))
}

// report keeps why there is no connection.
func (l *link) report(code string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		if code == l.code {
			l.code, l.why = "", nil
		}
		return
	}
	news := code != l.code
	l.code, l.why = code, err
	if news && !l.waiting {
		l.a.note("connection", l.brokers, l.a.text("broker."+code))
	}
}

// await waits for the connection. It says what it waits for as soon as that
// takes longer than a person would think, and again when it knows better.
func (l *link) await() error {
	defer func() {
		l.mu.Lock()
		l.waiting = false
		l.mu.Unlock()
	}()
	patience := time.After(l.a.patience)
	speak, said := time.After(hush), ""
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !l.Connected() {
		select {
		case <-speak:
			said = l.condition()
			l.a.note("waiting", l.brokers, l.a.patience, l.a.text("broker."+said))
		case <-tick.C:
			if code := l.condition(); said != "" && code != said {
				said = code
				l.a.note("connection", l.brokers, l.a.text("broker."+code))
			}
		case <-l.a.ctx.Done():
			return l.a.ctx.Err()
		case <-patience:
			return l.failure(mqtt.CodeUnreachable)
		}
	}
	return nil
}

// condition is the code of why there is no connection.
func (l *link) condition() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.code, mqtt.CodeUnreachable)
}

// A brokerError says that no broker took what a command had for it.
type brokerError struct{ msg string }

func (e *brokerError) Error() string { return e.msg }

// failure is why nothing went out after all this waiting; otherwise is what to
// call it when the connection knows of nothing.
func (l *link) failure(otherwise string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	code := cmp.Or(l.code, otherwise)
	where := code
	if l.why != nil {
		why := l.why
		if inner := errors.Unwrap(why); inner != nil {
			why = inner // its address and its condition are told already
		}
		where = fmt.Sprintf("%s: %v", code, why)
	}
	return &brokerError{l.a.text("no-broker", l.a.text("broker."+code), l.brokers, l.a.patience, where)}
}

// codeSilent: a broker accepts the connection and takes nothing.
const codeSilent = "broker-silent"

// send hands a message to the broker or says why that cannot be.
func (l *link) send(m mqtt.Message) error {
	ctx, cancel := context.WithTimeout(l.a.ctx, l.a.patience)
	defer cancel()
	err := l.Send(ctx, m)
	if errors.Is(err, context.DeadlineExceeded) {
		return l.failure(codeSilent)
	}
	return err
}

// unsent says what did not go out, and why; whoever interrupts has to know it too.
func (a *app) unsent(what string, err error) error {
	if a.ctx.Err() != nil {
		return errors.New(what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// publish sends documents.
func (a *app) publish(au *authority.Authority, all []authority.Issued) error {
	l, err := a.connect(au, nil, nil)
	if err != nil {
		return err
	}
	defer l.stop()
	for _, is := range all {
		if err := l.send(wire(is)); err != nil {
			return err
		}
	}
	return nil
}

func wire(is authority.Issued) mqtt.Message {
	return mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()}
}
