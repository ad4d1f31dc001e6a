package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"loa/agent/mqtt"
	"loa/scripts/authority"
)

// A sender is the centre's connection.
type sender struct {
	*mqtt.Client
	stop func()
}

// newSender connects as the dispatcher would, and hands on what comes by filters.
func newSender(ctx context.Context, p *Province, url string, receive func(topic string, payload []byte), filters ...string) (*sender, error) {
	conf, err := p.ClientTLS(dispatcher)
	if err != nil {
		return nil, err
	}
	c, err := mqtt.New(mqtt.Opts{
		Device: dispatcher, Brokers: []string{url}, TLS: conf, Fresh: true, Receive: receive,
		Subscriptions: func() []string { return filters },
		Window:        func() time.Duration { return 100 * time.Millisecond },
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.Run(ctx) }) // stop waits for it; it has no error
	return &sender{c, func() { cancel(); wg.Wait() }}, nil
}

// issue publishes documents and waits until a broker has each.
func (s *sender) issue(ctx context.Context, all ...authority.Issued) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, is := range all {
		if err := s.Send(ctx, mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()}); err != nil {
			return fmt.Errorf("no broker took %s: %w", is.Topic, err)
		}
	}
	return nil
}
