package mqtt

import (
	"slices"
	"sync"
)

// volatileMax bounds what waits in memory and may be lost.
const volatileMax = 256

// outgoing is everything that wants to go out: what somebody waits for, what
// must not be lost, the latest of each retained topic, and readings.
type outgoing struct {
	wake chan struct{}

	mu       sync.Mutex
	sends    []*sending
	box      *outbox
	fault    error // of the outbox, since the last time it worked
	retained map[string]*kept
	order    []string // of retained topics, as they first came
	volatile []Message
}

type sending struct {
	m    Message
	done chan struct{}
}

// kept is the latest payload of a retained topic.
type kept struct {
	m     Message
	sent  bool
	count int // of payloads so far: an acknowledgement may be for an older one
}

// pending is one message on its way; taken is called when a broker has it.
type pending struct {
	m     Message
	taken func()
}

func newOutgoing(box *outbox) *outgoing {
	return &outgoing{wake: make(chan struct{}, 1), box: box, retained: make(map[string]*kept)}
}

func (o *outgoing) publish(m Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer poke(o.wake)
	m.Payload = slices.Clone(m.Payload)
	if !m.Retain {
		if len(o.volatile) >= volatileMax {
			o.volatile = slices.Delete(o.volatile, 0, 1)
		}
		o.volatile = append(o.volatile, m)
		return
	}
	k := o.retained[m.Topic]
	if k == nil {
		k = new(kept)
		o.retained[m.Topic] = k
		o.order = append(o.order, m.Topic)
	}
	k.m, k.sent = m, false
	k.count++
}

func (o *outgoing) queue(topic string, payload []byte, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer poke(o.wake)
	o.fault = o.box.add(topic, id, payload)
	return o.fault
}

func (o *outgoing) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.box.live)
}

func (o *outgoing) send(m Message) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer poke(o.wake)
	s := &sending{m: m, done: make(chan struct{})}
	o.sends = append(o.sends, s)
	return s.done
}

// unsend takes back what send was given; false if a broker has it already.
func (o *outgoing) unsend(done <-chan struct{}) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.sends)
	o.sends = slices.DeleteFunc(o.sends, func(s *sending) bool { return s.done == done })
	return len(o.sends) < n
}

// again makes every retained message due once more: this may be another broker,
// or the same one wiped.
func (o *outgoing) again() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range o.retained {
		k.sent = false
	}
}

// take gives at most n messages to send, the most important first. They stay
// where they are until taken is called, except readings.
func (o *outgoing) take(n int) []pending {
	o.mu.Lock()
	defer o.mu.Unlock()
	var batch []pending
	for _, s := range o.sends[:min(n, len(o.sends))] {
		batch = append(batch, pending{s.m, func() { o.sent(s) }})
	}
	for _, e := range o.box.live[:min(n-len(batch), len(o.box.live))] {
		batch = append(batch, pending{Message{Topic: e.Topic, Payload: e.Payload}, func() { o.queued(e.N) }})
	}
	for _, topic := range o.order {
		if len(batch) == n {
			return batch
		}
		if k := o.retained[topic]; !k.sent {
			count := k.count
			batch = append(batch, pending{k.m, func() { o.keptSent(k, count) }})
		}
	}
	for len(batch) < n && len(o.volatile) > 0 {
		batch = append(batch, pending{o.volatile[0], func() {}})
		o.volatile = o.volatile[1:]
	}
	return batch
}

// more reports whether anything is still due.
func (o *outgoing) more() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.sends)+len(o.box.live)+len(o.volatile) > 0 {
		return true
	}
	for _, k := range o.retained {
		if !k.sent {
			return true
		}
	}
	return false
}

// trouble is why the outbox cannot write, or nil.
func (o *outgoing) trouble() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fault
}

func (o *outgoing) sent(s *sending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.Index(o.sends, s); i >= 0 {
		o.sends = slices.Delete(o.sends, i, i+1)
		close(s.done)
	}
}

func (o *outgoing) queued(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fault = o.box.remove(n)
}

func (o *outgoing) keptSent(k *kept, count int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if k.count == count {
		k.sent = true
	}
}
