package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// An ending says how a session with a broker ended.
type ending struct {
	connected bool // there was one
	moveOn    bool // NextBroker was called
	err       error
}

// A connack is a broker's refusal of a connection.
type connack byte

func (c connack) Error() string {
	switch c {
	case 1:
		return "it does not speak MQTT 3.1.1"
	case 2:
		return "the client id is not accepted; it has to be the certificate's CN"
	case 3:
		return "it is not available"
	case 4:
		return "wrong user name or password"
	case 5:
		return "not authorized"
	}
	return fmt.Sprintf("connection refused with code %d", byte(c))
}

var errNoAnswer = errors.New("no answer in time")

// session connects to one broker and stays until the link is lost, ctx ends or
// NextBroker is called. Each session has a fresh library client: the library
// warns against using one again, and its own reconnection neither jitters nor
// notices that the broker has lost the subscriptions.
func (c *Client) session(ctx context.Context, u *url.URL) (end ending) {
	select {
	case <-c.next: // meant for the connection before
	default:
	}
	s := &session{c: c, filters: new(atomic.Int32), lost: make(chan error, 1), spare: u.RawQuery == sparing}
	code, err := s.connect(ctx, u)
	if err != nil {
		if ctx.Err() == nil {
			c.report(code, err)
		}
		return ending{err: err}
	}
	defer s.close()
	for _, code := range []string{CodeUnreachable, CodeRefused, CodeTLSCA, CodeTLSName, CodeTLSExpired} {
		c.report(code, nil)
	}
	c.o.Log.Info("mqtt: connected", "broker", u.Host)

	err = s.run(ctx)
	if ctx.Err() != nil {
		s.goodbye()
		return ending{connected: true}
	}
	if errors.Is(err, errMoveOn) {
		s.goodbye()
		return ending{connected: true, moveOn: true, err: err}
	}
	if why := s.conn.why(); why != nil && !errors.Is(why, net.ErrClosed) {
		err = why // what the library says of it is less exact
	}
	err = fmt.Errorf("mqtt: broker %s: connection lost: %w", u.Host, err)
	c.report(CodeUnreachable, err)
	return ending{connected: true, err: err}
}

var errMoveOn = errors.New("moving on to the next broker")

// A session is one connection.
type session struct {
	c       *Client
	lib     paho.Client
	conn    *conn
	filters *atomic.Int32
	lost    chan error
	has     []string  // filters subscribed
	retry   time.Time // when to try refused filters again; zero: none is
	spare   bool      // the broker's address says so
}

// connect dials and shakes hands, within one time limit for everything.
func (s *session) connect(ctx context.Context, u *url.URL) (code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.c.t.connect)
	defer cancel()
	conn, err := s.c.dial(ctx, u, s.filters)
	if err != nil {
		return diagnose(u, err, s.c.o.Clock())
	}
	s.conn = conn
	o := paho.NewClientOptions()
	o.AddBroker("tcp://" + u.Host) // for the log only; the connection is already open
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return conn, nil })
	o.SetProtocolVersion(4) // otherwise each refusal is answered by a second try as 3.1
	o.SetClientID(s.c.o.Device).SetUsername(s.c.o.Device)
	o.SetCleanSession(s.c.o.Fresh)
	o.SetOrderMatters(true) // safe, because the handler never waits, and without it one in five arrives out of order
	o.SetAutoReconnect(false).SetConnectRetry(false)
	o.SetKeepAlive(s.c.o.KeepAlive).SetPingTimeout(s.c.t.ping)
	o.SetConnectTimeout(s.c.t.connect).SetWriteTimeout(s.c.t.write)
	o.SetStore(paho.NewOrderedMemoryStore()) // its file store does not sync, and panics on a full disk
	// A message for which there is no handler is never acknowledged, and after
	// 20 of those nothing more arrives. So this one is there before the connection.
	o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
		s.c.in.put(m.Topic(), m.Payload())
	})
	o.SetConnectionLostHandler(func(_ paho.Client, err error) { s.lose(err) })
	if s.c.o.Will != nil {
		if m, ok := s.c.o.Will(); ok {
			o.SetBinaryWill(m.Topic, m.Payload, qos(m.Topic), m.Retain)
		}
	}
	s.lib = paho.NewClient(o)
	token := s.lib.Connect().(*paho.ConnectToken)
	select {
	case <-token.Done():
	case <-ctx.Done():
		conn.Close()
		return diagnose(u, errNoAnswer, s.c.o.Clock())
	}
	if token.Error() == nil {
		return "", nil
	}
	conn.Close()
	err = conn.why()
	if rc := token.ReturnCode(); rc >= 1 && rc <= 5 {
		err = connack(rc)
	} else if err == nil {
		err = token.Error()
	}
	return diagnose(u, err, s.c.o.Clock())
}

func (s *session) lose(err error) {
	select {
	case s.lost <- err:
	default:
	}
}

// run subscribes, announces the box and then moves messages out.
func (s *session) run(ctx context.Context) error {
	select {
	case <-s.c.resub: // asked for before there was a connection: once is enough, a broker gives everything each time
	default:
	}
	if err := s.subscribe(ctx); err != nil {
		return err
	}
	if s.c.o.Birth != nil {
		if err := s.publish(ctx, s.c.o.Birth()); err != nil {
			return err
		}
	}
	s.c.out.again()
	now := time.Now()
	s.c.connected.Store(&now)
	for {
		batch := s.c.out.take(window)
		if len(batch) > 0 {
			ms := make([]Message, len(batch))
			for i, p := range batch {
				ms[i] = p.m
			}
			if err := s.publish(ctx, ms); err != nil {
				return err
			}
			for _, p := range batch {
				p.taken()
			}
			s.c.report(CodeOutbox, s.c.out.trouble())
			if more := s.c.out.more(); more {
				poke(s.c.out.wake)
			}
		}
		var retry <-chan time.Time
		if !s.retry.IsZero() {
			retry = time.After(time.Until(s.retry))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.lost:
			return err
		case <-s.c.next:
			return errMoveOn
		case <-s.c.resub:
			if err := s.subscribe(ctx); err != nil {
				return err
			}
		case <-retry:
			if err := s.subscribe(ctx); err != nil {
				return err
			}
		case <-s.c.out.wake:
		}
	}
}

// window is how many messages may be unacknowledged by the broker at a time.
const window = 16

// subscribe brings the broker's subscriptions in line with what is wanted now.
// A refusal is a condition, not an end: the topics that were granted still work.
func (s *session) subscribe(ctx context.Context) error {
	var want []string
	if s.c.o.Subscriptions != nil {
		want = s.c.o.Subscriptions()
	}
	var gone []string
	for _, f := range s.has {
		if !slices.Contains(want, f) {
			gone = append(gone, f)
		}
	}
	if len(gone) > 0 {
		if err := s.await(ctx, s.lib.Unsubscribe(gone...)); err != nil {
			return fmt.Errorf("cannot unsubscribe: %w", err)
		}
	}
	s.has, s.retry = want, time.Time{}
	if len(want) == 0 {
		s.c.report(CodeSubscribe, nil)
		return nil
	}
	filters := make(map[string]byte, len(want))
	for _, f := range want {
		filters[f] = asked(f, s.spare)
	}
	s.filters.Store(int32(len(filters)))
	token := s.lib.SubscribeMultiple(filters, nil).(*paho.SubscribeToken)
	if err := s.await(ctx, token); err != nil {
		return fmt.Errorf("cannot subscribe: %w", err)
	}
	// The library reports no error when a broker says 0x80.
	var refused []string
	granted := token.Result()
	for _, f := range want {
		if code, ok := granted[f]; !ok || code > 2 {
			refused = append(refused, f)
		}
	}
	if len(refused) == 0 {
		s.c.report(CodeSubscribe, nil)
		return nil
	}
	s.retry = time.Now().Add(s.c.t.refused)
	slices.Sort(refused)
	s.c.report(CodeSubscribe, fmt.Errorf("mqtt: the broker denies %d of %d subscriptions, the first is %s: its access list has to let %s read it",
		len(refused), len(want), refused[0], s.c.o.Device))
	return nil
}

// publish sends messages and waits until the broker has acknowledged all.
func (s *session) publish(ctx context.Context, ms []Message) error {
	tokens := make([]paho.Token, len(ms))
	for i, m := range ms {
		tokens[i] = s.lib.Publish(m.Topic, qos(m.Topic), m.Retain, m.Payload)
	}
	for i, t := range tokens {
		if err := s.await(ctx, t); err != nil {
			return fmt.Errorf("cannot publish %s: %w", ms[i].Topic, err)
		}
	}
	return nil
}

// await waits for the broker's answer; without one in time the link counts as
// dead, whatever TCP thinks.
func (s *session) await(ctx context.Context, t paho.Token) error {
	timer := time.NewTimer(s.c.t.answer)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return errNoAnswer
	case err := <-s.lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// goodbye leaves in order, so that no will is published: what the box wants to
// have said last, and a DISCONNECT. It takes a second at most.
func (s *session) goodbye() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	batch := s.c.out.take(window) // what was said last, such as how the last item ended
	var ms []Message
	for _, p := range batch {
		ms = append(ms, p.m)
	}
	if s.c.o.Leave != nil {
		ms = append(ms, s.c.o.Leave()...)
	}
	if err := s.publish(ctx, ms); err != nil {
		s.c.o.Log.Info("mqtt: no time for a goodbye", "why", err)
		return
	}
	for _, p := range batch {
		p.taken()
	}
	s.lib.Disconnect(500)
}

// close ends whatever of the connection is still there.
func (s *session) close() {
	s.conn.Close()
	s.lib.Disconnect(0)
}
