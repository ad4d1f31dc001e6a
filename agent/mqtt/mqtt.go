// Package mqtt keeps a box, or a sender, connected to one of its brokers:
// subscribe, will, birth, reconnect, and an outbox that survives a power cut.
//
// Nothing here carries correctness. Brokers were seen to lose acknowledged
// messages in five ways, so a lost or doubled message is the sender's affair to
// notice and repeat; this package only has to be quick, bounded and never stuck.
// It is the only room that knows the MQTT library, and it keeps that library
// inside a guard: see conn.
package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// The conditions that are reported, each switched off by a nil error.
const (
	CodeUnreachable = "broker-unreachable" // no broker answers
	CodeRefused     = "broker-refused"     // a broker answers and will not have us: name, certificate, password
	CodeTLSCA       = "tls-ca"             // the broker's certificate is not signed by our CA
	CodeTLSName     = "tls-name"           // the broker's certificate is for another host
	CodeTLSExpired  = "tls-expired"        // the broker's certificate is out of its time, or our clock is
	CodeSubscribe   = "subscribe-refused"  // connected, but some topics are denied
	CodeOutbox      = "outbox-fault"       // acknowledgements cannot be written to disk
)

// A Message is what is published. Its quality of service follows from its topic.
type Message struct {
	Topic   string
	Payload []byte
	Retain  bool
}

// Opts are a client's settings. Device and Brokers are needed, the rest has a
// sensible zero value.
type Opts struct {
	Device  string   // client id and user name; a broker with mutual TLS demands the certificate's CN
	Brokers []string // tls://host:8883 or tcp://host:1883, the preferred one first

	TLS   *tls.Config      // for tls:// brokers; its Time is replaced
	Clock func() time.Time // never earlier than what the box knows for sure; nil: time.Now. A box without a battery boots in 1970, when no certificate is valid yet

	Subscriptions func() []string                    // asked at each connection and Resubscribe
	Receive       func(topic string, payload []byte) // called by one goroutine, most urgent first; may take its time
	Will          func() (m Message, ok bool)        // left with the broker, to be published when we vanish; asked before each connection
	Birth         func() []Message                   // published first at each connection
	Leave         func() []Message                   // published before an orderly goodbye
	Window        func() time.Duration               // a lost connection is tried again after a random part of this; nil or 0: 5 s
	Outbox        string                             // directory of what must not be lost; empty: memory only
	Fresh         bool                               // the broker keeps no session for us: for tools that come and go
	KeepAlive     time.Duration                      // 0: 230 s
	Report        func(code string, err error)       // conditions; err nil: it is over
	Log           *slog.Logger                       // nil: silent
}

// keepAlive is how long a client is silent before it asks whether the broker is there:
// 60 s cost 9 MB of mobile data a month, 230 s cost 2.3. A dead connection over which
// nothing waits to go is left after 230 s and the 25 in which no answer came; what waits
// is never alone with it for more than 30 s. A broker publishes the will after one and a
// half, 345 s, before the 6 min are over after which a box counts itself as cut off.
const keepAlive = 230 * time.Second

// A Client is one connection at a time to one of the brokers. Make it with New,
// let Run work; everything else may be called from any goroutine, before, during
// and after a connection.
type Client struct {
	o       Opts
	brokers []*url.URL
	t       timing
	in      *inbox
	out     *outgoing

	connected atomic.Pointer[time.Time] // since when; nil: it is not
	resub     chan struct{}             // cap 1: subscribe again
	next      chan struct{}             // cap 1: leave this broker for the next one

	mu     sync.Mutex
	raised map[string]bool // conditions that are on
}

// timing is what only a test wants otherwise.
type timing struct {
	connect   time.Duration // dial, TLS and CONNACK together
	answer    time.Duration // SUBACK, PUBACK; afterwards the link counts as dead
	write     time.Duration // one write; pings and acknowledgements have no other limit
	user      time.Duration // TCP_USER_TIMEOUT: unacknowledged bytes
	ping      time.Duration // PINGRESP
	base, top time.Duration // back-off
	steady    time.Duration // a connection this long counts as having worked
	refused   time.Duration // between two tries at refused subscriptions
}

// New checks o and reads the outbox. It connects nothing.
func New(o Opts) (*Client, error) {
	if o.Device == "" {
		return nil, errors.New("mqtt: no device name: it is the client id and has to equal the certificate's CN")
	}
	if len(o.Brokers) == 0 {
		return nil, errors.New("mqtt: no broker address: name at least one, such as tls://broker.example:8883")
	}
	c := &Client{
		o:      o,
		in:     newInbox(),
		resub:  make(chan struct{}, 1),
		next:   make(chan struct{}, 1),
		raised: make(map[string]bool),
		t: timing{
			connect: 45 * time.Second,
			answer:  20 * time.Second,
			write:   10 * time.Second,
			user:    30 * time.Second,
			ping:    20 * time.Second,
			base:    time.Second,
			top:     time.Minute,
			steady:  10 * time.Second,
			refused: 2 * time.Minute,
		},
	}
	if c.o.Clock == nil {
		c.o.Clock = time.Now
	}
	if c.o.KeepAlive == 0 {
		c.o.KeepAlive = keepAlive
	}
	if c.o.Log == nil {
		c.o.Log = slog.New(slog.DiscardHandler)
	}
	for _, b := range o.Brokers {
		u, err := brokerURL(b, o.TLS)
		if err != nil {
			return nil, err
		}
		c.brokers = append(c.brokers, u)
	}
	box, err := openOutbox(o.Outbox)
	if err != nil {
		return nil, fmt.Errorf("mqtt: cannot open the outbox: %w", err)
	}
	if box.skipped > 0 {
		c.o.Log.Warn("mqtt: damaged lines of the outbox were left out", "lines", box.skipped, "dir", o.Outbox)
	}
	c.out = newOutgoing(box)
	return c, nil
}

// Run keeps the client connected until ctx ends. It returns nil then; there is
// no other way out, because a box without a broker still has to be reachable
// as soon as there is one again.
func (c *Client) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { // waited for above
		c.in.deliver(ctx, c.o.Receive, c.Resubscribe)
	})
	at, failures := 0, 0
	for {
		began := time.Now()
		end := c.session(ctx, c.brokers[at])
		c.connected.Store(nil)
		if ctx.Err() != nil {
			return nil
		}
		worked := end.connected && time.Since(began) >= c.t.steady
		switch {
		case end.moveOn:
			at, failures = (at+1)%len(c.brokers), 0
		case worked:
			at, failures = 0, 0 // the preferred broker may be back
		default:
			at, failures = (at+1)%len(c.brokers), failures+1
		}
		wait := delay(failures, c.window(), c.t.base, c.t.top, rand.Float64())
		c.o.Log.Info("mqtt: not connected", "why", end.err, "next", c.brokers[at].Host, "in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Connected reports whether a broker has accepted us and the subscriptions.
func (c *Client) Connected() bool { return c.connected.Load() != nil }

// Since is from when on Connected is so, by the machine's clock; zero: it is not.
func (c *Client) Since() time.Time {
	if at := c.connected.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Resubscribe asks for the current subscriptions anew. The broker then delivers
// every retained document again, which is how one that came before its grant
// gets its second chance.
func (c *Client) Resubscribe() { poke(c.resub) }

// NextBroker drops the connection and goes to the next address: this broker
// answers, but what it says is old.
func (c *Client) NextBroker() { poke(c.next) }

// Publish hands m over for sending and returns at once. A retained message is
// kept, the latest of each topic, and sent again at every connection, since a
// broker may have been wiped. Any other waits in a short queue in memory whose
// oldest goes first when it is full: readings, not acknowledgements.
func (c *Client) Publish(topic string, payload []byte, retain bool) {
	c.out.publish(Message{Topic: topic, Payload: payload, Retain: retain})
}

// Queue hands over what must arrive: it is on disk when Queue returns nil, and
// is sent until a broker has acknowledged it, over any number of restarts. An
// id that is already waiting under the same topic is not queued twice. After an
// error it still waits in memory.
func (c *Client) Queue(topic string, payload []byte, id string) error {
	err := c.out.queue(topic, payload, id)
	c.report(CodeOutbox, err)
	if err != nil {
		return fmt.Errorf("mqtt: cannot keep %s on disk: %w", topic, err)
	}
	return nil
}

// Waiting is how many queued messages no broker has acknowledged yet.
func (c *Client) Waiting() int { return c.out.waiting() }

// Send publishes m and waits until a broker has taken it or ctx ends.
func (c *Client) Send(ctx context.Context, m Message) error {
	done := c.out.send(m)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		if !c.out.unsend(done) {
			return nil // taken in the same instant
		}
		return fmt.Errorf("mqtt: %s was not taken by any broker: %w", m.Topic, context.Cause(ctx))
	}
}

func (c *Client) window() time.Duration {
	if c.o.Window != nil {
		if w := c.o.Window(); w > 0 {
			return w
		}
	}
	return 5 * time.Second
}

// report passes a condition on; the end of one only if it had begun.
func (c *Client) report(code string, err error) {
	c.mu.Lock()
	was := c.raised[code]
	c.raised[code] = err != nil
	c.mu.Unlock()
	if c.o.Report != nil && (was || err != nil) {
		c.o.Report(code, err)
	}
}

// poke wakes whoever reads ch; several pokes are one.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
