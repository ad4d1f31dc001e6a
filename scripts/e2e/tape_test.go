package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/agent/message"
	"loa/agent/mqtt"
)

// A tape keeps what went over the broker from the centre to boxes, and has a sender's
// connection, but no key.
type tape struct {
	client *mqtt.Client
	end    func()

	mu   sync.Mutex
	kept []kept
}

type kept struct {
	topic string
	raw   []byte
}

// tapeDoes starts the tape, or publishes all that is on it again in its order: to the
// topics where it was, retained where it would be.
func (s *stage) tapeDoes(ts *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "record" && s.tape == nil:
		return s.record()
	case len(args) == 1 && args[0] == "replay" && s.tape != nil:
		return s.tape.replay(ts)
	}
	return usage(args)
}

func (s *stage) record() error {
	conf, err := s.au.ClientTLS("loactl-2")
	if err != nil {
		return err
	}
	t := &tape{}
	t.client, err = mqtt.New(mqtt.Opts{
		Device: "loactl-2", Brokers: s.au.Brokers(), TLS: conf, Fresh: true,
		Subscriptions: func() []string { return []string{"loa/v1/#"} },
		Receive: func(topic string, raw []byte) {
			at, err := message.ParseTopic(topic)
			if err == nil && (at.Dir != message.DirDevice || at.Leaf == message.LeafWant || at.Leaf == message.LeafCmd) {
				t.mu.Lock()
				defer t.mu.Unlock()
				t.kept = append(t.kept, kept{topic, bytes.Clone(raw)})
			}
		},
		Window: func() time.Duration { return 200 * time.Millisecond },
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { t.client.Run(ctx) })
	t.end = func() { cancel(); wg.Wait() }
	s.tape = t
	for deadline := time.Now().Add(10 * time.Second); !t.client.Connected(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("the tape has no connection")
		}
	}
	return nil
}

func (t *tape) replay(ts *testscript.TestScript) error {
	t.mu.Lock()
	all := t.kept
	t.mu.Unlock()
	kinds := make(map[string]int)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, k := range all {
		at, err := message.ParseTopic(k.topic)
		if err != nil {
			return err
		}
		if err := t.client.Send(ctx, mqtt.Message{Topic: k.topic, Payload: k.raw, Retain: at.Retained()}); err != nil {
			return err
		}
		kinds[at.Leaf]++
	}
	fmt.Fprintf(ts.Stdout(), "%d replayed: %v\n", len(all), kinds)
	return nil
}
