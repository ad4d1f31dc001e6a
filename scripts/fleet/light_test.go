package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"loa/agent/mqtt"
)

// A light client is a box's connection without the box: the agent's own MQTT room, a
// box's certificate and subscriptions, and nothing behind it. It is where five thousand
// whole boxes are too many for one machine.
type light struct {
	*mqtt.Client
	name string
	got  atomic.Int64 // when the last order came, ns
	kept atomic.Value // string: the last document that is retained
}

// A swarm is light clients of one process.
type swarm struct {
	all    []*light
	window time.Duration
	wait   func()

	mu    sync.Mutex
	hands []time.Time // when a TLS handshake was done
}

// newSwarm starts so many and waits until all are connected.
func newSwarm(t *testing.T, p *Province, url string, n int, window time.Duration) *swarm {
	t.Helper()
	w := &swarm{window: window}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	w.wait = func() { cancel(); wg.Wait() }
	t.Cleanup(w.wait)
	for i := range n {
		l := &light{name: name(i)}
		var conf *tls.Config
		if url[:3] == "tls" {
			var err error
			conf, err = p.passing(l.name)
			check(t, err)
			conf.VerifyConnection = func(tls.ConnectionState) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.hands = append(w.hands, time.Now())
				return nil
			}
		}
		filters := []string{
			"loa/v1/trust/root/+", "loa/v1/trust/root", "loa/v1/trust/" + province, "loa/v1/trust/" + commune(i),
			"loa/v1/d/" + l.name + "/want", "loa/v1/d/" + l.name + "/cmd",
		}
		for _, place := range []string{province, commune(i)} {
			for _, leaf := range []string{"doc/+/+", "alert/+", "act", "beat"} {
				filters = append(filters, "loa/v1/p/"+place+"/"+leaf)
			}
		}
		act, doc := "loa/v1/p/"+province+"/act", "loa/v1/d/"+l.name+"/want"
		var err error
		l.Client, err = mqtt.New(mqtt.Opts{
			Device: l.name, Brokers: []string{url}, TLS: conf,
			Subscriptions: func() []string { return filters },
			Receive: func(topic string, payload []byte) {
				switch topic {
				case act:
					l.got.Store(time.Now().UnixNano())
				case doc:
					l.kept.Store(string(payload))
				}
			},
			Birth: func() []mqtt.Message {
				return []mqtt.Message{{Topic: "loa/v1/d/" + l.name + "/state", Payload: []byte(`{"state":"online"}`), Retain: true}}
			},
			Window: func() time.Duration { return window },
		})
		check(t, err)
		w.all = append(w.all, l)
	}
	gate := make(chan struct{}, 64) // who begins; an operator does not switch a province on in one instant
	for _, l := range w.all {
		gate <- struct{}{}
		wg.Go(func() { _ = l.Run(ctx) }) // no error
		go func() {                      // ends with the connection, or the test
			defer func() { <-gate }()
			for !l.Connected() && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
		}()
	}
	until(t, fmt.Sprint(n, " are connected"), 3*time.Minute, func() bool { return w.connected() == n })
	return w
}

func (w *swarm) connected() (n int) {
	for _, l := range w.all {
		if l.Connected() {
			n++
		}
	}
	return n
}

// fan publishes one order to the province and gives after how many seconds each had it.
func (w *swarm) fan(t *testing.T, s *sender) (took []float64) {
	t.Helper()
	asked := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	check(t, s.Send(ctx, mqtt.Message{Topic: "loa/v1/p/" + province + "/act", Payload: make([]byte, 512)}))
	until(t, "everyone has it", 20*time.Second, func() bool {
		return !slices.ContainsFunc(w.all, func(l *light) bool { return l.got.Load() < asked.UnixNano() })
	})
	for _, l := range w.all {
		took = append(took, float64(l.got.Load()-asked.UnixNano())/1e9)
	}
	return took
}

// want gives everyone its document of 8 KB, which is retained, as the centre does.
func (w *swarm) want(s *sender, version string) {
	for _, l := range w.all {
		s.Publish("loa/v1/d/"+l.name+"/want", fmt.Appendf(make([]byte, 0, 8<<10), "%s %s %08000d", version, l.name, 0), true)
	}
}

// stale is how many do not have their document of that version.
func (w *swarm) stale(version string) (n int) {
	for _, l := range w.all {
		if kept, _ := l.kept.Load().(string); !strings.HasPrefix(kept, version+" "+l.name+" ") {
			n++
		}
	}
	return n
}

// peak is the most handshakes in any second from a time on.
func (w *swarm) peak(from time.Time) (most int, at []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at = slices.Clone(w.hands)
	slices.SortFunc(at, func(a, b time.Time) int { return a.Compare(b) })
	at = slices.DeleteFunc(at, func(h time.Time) bool { return h.Before(from) })
	first := 0
	for i, h := range at {
		for h.Sub(at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most, at
}
