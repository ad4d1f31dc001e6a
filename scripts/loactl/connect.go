package main

import (
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
	patience time.Duration
	stop     func()

	mu  sync.Mutex
	why error // why there is no connection
}

// connect starts a connection; stop ends it. receive may be nil.
func (a *app) connect(au *authority.Authority, filters []string, receive func(topic string, payload []byte)) (*link, error) {
	return a.connectBy(au, func() []string { return filters }, receive)
}

// connectBy is connect with filters that are asked for at each connection.
func (a *app) connectBy(au *authority.Authority, filters func() []string, receive func(topic string, payload []byte)) (*link, error) {
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
	l := &link{patience: a.patience}
	c, err := mqtt.New(mqtt.Opts{
		Device: a.client, Brokers: brokers, TLS: secure, Fresh: true,
		Subscriptions: filters,
		Receive:       receive,
		Window:        func() time.Duration { return 500 * time.Millisecond }, // one person waits, not a fleet
		Report: func(_ string, err error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if err != nil && (l.why == nil || l.why.Error() != err.Error()) {
				a.note("connection", err)
			}
			l.why = err
		},
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

// send hands a message to the broker or says why that cannot be.
func (l *link) send(ctx context.Context, m mqtt.Message) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	err := l.Send(ctx, m)
	if errors.Is(err, context.DeadlineExceeded) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.why != nil {
			return l.why
		}
		return fmt.Errorf("no broker took %s within %v", m.Topic, l.patience)
	}
	return err
}

// publish sends documents.
func (a *app) publish(au *authority.Authority, all []authority.Issued) error {
	l, err := a.connect(au, nil, nil)
	if err != nil {
		return err
	}
	defer l.stop()
	for _, is := range all {
		if err := l.send(a.ctx, wire(is)); err != nil {
			return err
		}
	}
	return nil
}

func wire(is authority.Issued) mqtt.Message {
	return mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()}
}
