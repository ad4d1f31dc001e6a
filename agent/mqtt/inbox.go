package mqtt

import (
	"context"
	"sync"
)

// The bounds of the inbox. A box's whole plan is a few hundred documents; the
// bytes are what a hostile broker could make us hold.
const (
	inboxMessages = 1024
	inboxBytes    = 8 << 20
	inboxTalk     = 200 // packets of live talk: what was said four seconds ago is not heard any more
)

// An inbox stands between the library's handler, which must never wait (with
// five messages in the pipe a waiting handler stops the whole connection, and
// its reconnection too), and whoever judges the messages.
type inbox struct {
	wake chan struct{}

	mu       sync.Mutex
	lanes    [5][]incoming // by urgency
	messages int
	bytes    int
	lost     bool // something did not fit since the last time it was empty
}

type incoming struct {
	topic   string
	payload []byte
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put takes a message or, when the inbox is full, makes room by forgetting the
// least urgent; it never waits.
func (b *inbox) put(topic string, payload []byte) {
	b.mu.Lock()
	lane := urgency(topic)
	if lane == talk && len(b.lanes[talk]) >= inboxTalk {
		b.mu.Unlock()
		return // it would be late, and nobody repeats it
	}
	for b.messages >= inboxMessages || b.bytes+len(payload) > inboxBytes {
		if !b.forgetBelow(lane) {
			b.lost = true
			b.mu.Unlock()
			return
		}
	}
	b.lanes[lane] = append(b.lanes[lane], incoming{topic, payload})
	b.messages++
	b.bytes += len(payload)
	b.mu.Unlock()
	poke(b.wake)
}

// forgetBelow drops the newest message that is less urgent than lane. The
// caller holds the lock.
func (b *inbox) forgetBelow(lane int) bool {
	for l := len(b.lanes) - 1; l > lane; l-- {
		if n := len(b.lanes[l]); n > 0 {
			b.messages--
			b.bytes -= len(b.lanes[l][n-1].payload)
			b.lanes[l] = b.lanes[l][:n-1]
			b.lost = b.lost || l != talk
			return true
		}
	}
	return false
}

// take gives the most urgent message. lost is true, once, when the inbox has
// run empty after something did not fit.
func (b *inbox) take() (m incoming, ok, lost bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l, lane := range b.lanes {
		if len(lane) == 0 {
			continue
		}
		m = lane[0]
		lane[0] = incoming{} // let the payload go
		b.lanes[l] = lane[1:]
		b.messages--
		b.bytes -= len(m.payload)
		return m, true, false
	}
	lost, b.lost = b.lost, false
	return incoming{}, false, lost
}

// deliver hands messages on until ctx ends. When some did not fit it calls
// again, so that the broker repeats what it retains.
func (b *inbox) deliver(ctx context.Context, receive func(string, []byte), again func()) {
	for {
		m, ok, lost := b.take()
		if lost {
			again()
		}
		if ok {
			if receive != nil {
				receive(m.topic, m.payload)
			}
			if ctx.Err() != nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
	}
}
