// Package collect takes in what boxes report of themselves, having seen that the box
// signed what it has to sign, and hands it on in batches.
package collect

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
)

// store is where batches go; they are there for good when Take returns.
type store interface {
	Take(index.Batch) error
}

// Opts are a collector's settings.
type Opts struct {
	Boxes func() map[string]authority.Box // by name
	Store store
	Log   *slog.Logger // nil: silent
}

// A Collector works while Run does. Wire it to a connection by Filters and Receive.
type Collector struct {
	o Opts

	mu      sync.Mutex
	reports map[string][]byte // by topic: the newest counts
	acks    []incoming
	dropped int
	came    chan struct{} // cap 1

	boots map[string]string // of each box's last state; only Run knows them
}

type incoming struct {
	device  string
	payload []byte
}

// The bounds of what waits to be looked at. All boxes of a province may report at once.
const (
	maxReports = 100_000
	maxAcks    = 50_000
)

// New makes a collector.
func New(o Opts) *Collector {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Collector{o: o, reports: make(map[string][]byte), came: make(chan struct{}, 1), boots: make(map[string]string)}
}

// Filters are the subscriptions.
func (*Collector) Filters() []string {
	filter := func(leaf string) string { return message.Prefix + "d/+/" + leaf }
	return []string{filter(message.LeafState), filter(message.LeafHave), filter(message.LeafHealth), filter(message.LeafAck)}
}

// Receive takes a message and never waits: when ten thousand boxes report at once,
// whoever were slow here would have the broker drop the rest. It reports whether the
// message is of a kind that is collected.
func (c *Collector) Receive(topic string, payload []byte) bool {
	t, err := message.ParseTopic(topic)
	if err != nil || t.Dir != message.DirDevice {
		return false
	}
	switch t.Leaf {
	case message.LeafState, message.LeafHave, message.LeafHealth, message.LeafAck:
	default:
		return false
	}
	if authority.OfCheck(t) || len(payload) == 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.reports[topic]
	switch {
	case t.Leaf == message.LeafAck && len(c.acks) < maxAcks:
		c.acks = append(c.acks, incoming{t.Device, payload})
	case t.Leaf != message.LeafAck && (known || len(c.reports) < maxReports):
		c.reports[topic] = payload
	default:
		c.dropped++
	}
	select {
	case c.came <- struct{}{}:
	default:
	}
	return true
}

// pause is how long reports gather: one commit then holds what a fleet said meanwhile.
const pause = 200 * time.Millisecond

// Run works until ctx ends. It ends with an error when the store fails: a centre that
// takes in nothing must not look as if it did.
func (c *Collector) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.came:
		}
		select {
		case <-ctx.Done(): // what has come still goes in
		case <-time.After(pause):
		}
		if err := c.flush(time.Now()); err != nil {
			return err
		}
	}
}

func (c *Collector) flush(now time.Time) error {
	c.mu.Lock()
	reports, acks, dropped := c.reports, c.acks, c.dropped
	c.reports, c.acks, c.dropped = make(map[string][]byte), nil, 0
	c.mu.Unlock()
	b := index.Batch{Forged: make(map[string]int)}
	boxes := c.o.Boxes()
	for topic, payload := range reports {
		t, err := message.ParseTopic(topic)
		box, ok := boxes[t.Device]
		if err != nil || !ok {
			continue
		}
		body, err := c.read(t, payload, box)
		switch {
		case err != nil:
			b.Forged[t.Device]++
		case body != nil:
			b.Reports = append(b.Reports, index.Report{Device: t.Device, Leaf: t.Leaf, Came: now, Body: body})
		}
	}
	for _, in := range acks {
		box, ok := boxes[in.device]
		if !ok {
			continue
		}
		ack, err := open[message.Ack](message.ReportAck, in.payload, box)
		if err != nil || ack.Device != in.device {
			b.Forged[in.device]++
			continue
		}
		b.Acks = append(b.Acks, index.Ack{Came: now, Digest: message.Digest(in.payload), Ack: ack})
	}
	for device, n := range b.Forged {
		c.o.Log.Warn("collect: reports that the box did not make", "box", device, "count", n)
	}
	if dropped > 0 {
		c.o.Log.Warn("collect: more reports at once than there is room for", "dropped", dropped)
	}
	if len(b.Reports)+len(b.Acks)+len(b.Forged) == 0 {
		return nil
	}
	return c.o.Store.Take(b)
}

// read takes a report apart; nil: it counts for nothing.
func (c *Collector) read(t message.Topic, payload []byte, box authority.Box) (any, error) {
	switch t.Leaf {
	case message.LeafState:
		s, err := message.DecodeReport[message.State](payload)
		if err != nil {
			return nil, err
		}
		if last, ok := c.boots[t.Device]; ok && s.State == "lost" && s.Boot != last {
			return nil, nil // a will counts for the run that left it only
		}
		c.boots[t.Device] = s.Boot
		return s, nil
	case message.LeafHave:
		h, err := open[message.Have](message.ReportHave, payload, box)
		if err == nil && h.Device != t.Device {
			err = &plan.Error{Code: plan.Signature, Msg: "it is another box's"}
		}
		return h, err
	}
	return message.DecodeReport[message.HealthReport](payload)
}

func open[T any](kind plan.Kind, payload []byte, box authority.Box) (T, error) {
	key, err := plan.ParseKey(box.Key)
	if err != nil {
		var none T
		return none, err
	}
	return message.OpenReport[T](kind, payload, key)
}
