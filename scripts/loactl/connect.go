package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
	var secure *tls.Config
	for _, b := range brokers {
		if !strings.HasPrefix(b, "tcp://") {
			conf, err := au.ClientTLS(a.client)
			if err != nil {
				return nil, err
			}
			secure = conf
			break
		}
	}
	l := &link{a: a, brokers: strings.Join(brokers, ", "), waiting: waiting}
	c, err := mqtt.New(mqtt.Opts{
		Device: a.client, Brokers: brokers, TLS: secure, Fresh: true,
		Subscriptions: filters,
		Receive:       receive,
		Window:        func() time.Duration { return 500 * time.Millisecond }, // one person waits, not a fleet
		Report:        l.report,
	})
	if err != nil {
		return nil, err
	}
	l.Client = c
	ctx, cancel := context.WithCancel(a.ctx)
	done := make(chan struct{})
	go func() { // stop waits for it
		defer close(done)
		c.Run(ctx)
	}()
	l.stop = func() { cancel(); <-done }
	return l, nil
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
