package conform

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const prefix = "loa/v1/"

// patience is for one step; a broker that takes longer has failed.
const patience = 15 * time.Second

// A client is one plain connection that remembers what it has heard, in order.
type client struct {
	t    testing.TB
	c    mqtt.Client
	conn net.Conn
	lost chan struct{} // closed when the connection is gone

	mu    sync.Mutex
	told  []said
	fresh chan struct{}
}

// said is one message; the topic is without loa/v1/.
type said struct {
	topic, payload string
	retained       bool
}

// dial are the particulars of a connection.
type dial struct {
	will    string // "topic payload", retained
	session bool   // the broker keeps one
}

// join connects under a name; a box at the box's address, a sender at the office's.
func (w *world) join(name string, d dial) *client {
	w.t.Helper()
	at := w.eng.box()
	if name == "loactl" || name == "dispatcher" {
		at = w.eng.office()
	}
	c, err := w.try(name, at, d)
	if err != nil {
		w.t.Fatalf("%s cannot connect: %v", name, err)
	}
	w.t.Cleanup(c.drop)
	return c
}

func (w *world) try(name, at string, d dial) (*client, error) {
	conf, err := w.tls(name)
	if err != nil {
		return nil, err
	}
	c := &client{t: w.t, lost: make(chan struct{}), fresh: make(chan struct{})}
	o := mqtt.NewClientOptions().AddBroker(at).SetClientID(name).SetUsername(name).SetCleanSession(!d.session).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetWriteTimeout(patience).
		SetConnectionLostHandler(func(mqtt.Client, error) { close(c.lost) }).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.told = append(c.told, said{strings.TrimPrefix(m.Topic(), prefix), string(m.Payload()), m.Retained()})
			close(c.fresh)
			c.fresh = make(chan struct{})
		})
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
		conn, err := net.DialTimeout("tcp", u.Host, patience)
		if err != nil {
			return nil, err
		}
		c.conn = conn
		conf := conf.Clone()
		conf.ServerName = u.Hostname()
		return tls.Client(conn, conf), nil
	})
	if topic, payload, ok := strings.Cut(d.will, " "); ok {
		o.SetWill(prefix+topic, payload, 1, true)
	}
	c.c = mqtt.NewClient(o)
	t := c.c.Connect()
	if !t.WaitTimeout(patience) {
		c.drop()
		return nil, errors.New("no answer")
	}
	return c, t.Error()
}

// say publishes at QoS 1 and waits for the acknowledgement.
func (c *client) say(topic, payload string, retain bool) {
	c.t.Helper()
	if err := c.trySay(topic, payload, retain); err != nil {
		c.t.Fatalf("cannot publish %s: %v", topic, err)
	}
}

func (c *client) trySay(topic, payload string, retain bool) error {
	t := c.c.Publish(prefix+topic, 1, retain, payload)
	if !t.WaitTimeout(patience) {
		return errors.New("the broker does not take it")
	}
	return t.Error()
}

// listen subscribes and gives the granted QoS, 128 for a refusal.
func (c *client) listen(qos byte, filters ...string) (granted []byte) {
	c.t.Helper()
	for _, f := range filters {
		t := c.c.Subscribe(prefix+f, qos, nil).(*mqtt.SubscribeToken)
		if !t.WaitTimeout(patience) || t.Error() != nil {
			c.t.Fatalf("cannot listen to %s: %v", f, t.Error())
		}
		granted = append(granted, t.Result()[prefix+f])
	}
	return granted
}

// all is what was heard until now.
func (c *client) all() []said {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.told)
}

func (c *client) heard(topic, payload string) bool {
	return slices.ContainsFunc(c.all(), func(s said) bool { return s.topic == topic && s.payload == payload })
}

// hears waits for a message.
func (c *client) hears(topic, payload string) {
	c.t.Helper()
	late := time.After(patience)
	for {
		c.mu.Lock()
		fresh := c.fresh
		c.mu.Unlock()
		if c.heard(topic, payload) {
			return
		}
		select {
		case <-fresh:
		case <-late:
			c.t.Fatalf("%.40q does not arrive on %s", payload, topic)
		}
	}
}

// ends waits until the broker has ended the connection.
func (c *client) ends() {
	c.t.Helper()
	select {
	case <-c.lost:
	case <-time.After(patience):
		c.t.Fatal("the connection stays")
	}
}

// leave says good-bye; drop goes without a word.
func (c *client) leave() { c.c.Disconnect(50) }

func (c *client) drop() {
	if c.conn != nil {
		c.conn.Close()
	}
}

func mark(what string) string { return fmt.Sprintf("%s %s", what, rand.Text()) }
