package check

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const prefix = "loa/v1/"

// A client is one connection that remembers what it has heard.
type client struct {
	c        mqtt.Client
	conn     net.Conn // below TLS and MQTT
	patience time.Duration

	mu    sync.Mutex
	told  map[string]bool // topic, space, payload
	fresh chan struct{}   // closed when told grows
}

// mark is a payload that nobody has sent before.
func mark() string { return rand.Text() }

// connect waits until the broker has said yes or no. A will is "topic payload".
func connect(address string, conf *tls.Config, id, will string, patience time.Duration) (*client, error) {
	c := &client{patience: patience, told: make(map[string]bool), fresh: make(chan struct{})}
	o := mqtt.NewClientOptions().AddBroker(address).SetClientID(id).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetWriteTimeout(patience).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { c.note(m.Topic(), m.Payload()) })
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
		conn, err := net.DialTimeout("tcp", u.Host, patience)
		if err != nil {
			return nil, err
		}
		c.conn = conn
		if conf == nil {
			return conn, nil
		}
		conf := conf.Clone()
		conf.ServerName = u.Hostname()
		return tls.Client(conn, conf), nil
	})
	if topic, payload, ok := strings.Cut(will, " "); ok {
		o.SetWill(prefix+topic, payload, 1, false)
	}
	c.c = mqtt.NewClient(o)
	t := c.c.Connect()
	if !t.WaitTimeout(patience) {
		c.drop()
		return nil, errors.New("the broker does not answer")
	}
	return c, t.Error()
}

func (c *client) note(topic string, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[strings.TrimPrefix(topic, prefix)+" "+string(payload)] = true
	close(c.fresh)
	c.fresh = make(chan struct{})
}

// heard reports whether this has come.
func (c *client) heard(topic, payload string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told[topic+" "+payload]
}

// hears waits for it.
func (c *client) hears(topic, payload string) error {
	late := time.After(c.patience)
	for {
		c.mu.Lock()
		ok, fresh := c.told[topic+" "+payload], c.fresh
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-fresh:
		case <-late:
			return fmt.Errorf("nothing arrives on %s", topic)
		}
	}
}

func (c *client) connected() bool { return c.c.IsConnectionOpen() }

// say publishes, and waits until the broker has taken it, or says that it has.
func (c *client) say(topic, payload string) error {
	t := c.c.Publish(prefix+topic, 1, false, payload)
	if !t.WaitTimeout(c.patience) {
		return errors.New("the broker does not take it")
	}
	return t.Error()
}

// shout publishes and does not wait for an answer.
func (c *client) shout(topic, payload string) {
	c.c.Publish(prefix+topic, 0, false, payload).WaitTimeout(c.patience)
}

func (c *client) subscribe(filter string) error {
	if filter != "#" {
		filter = prefix + filter
	}
	t := c.c.Subscribe(filter, 1, nil)
	if !t.WaitTimeout(c.patience) {
		return errors.New("the broker does not answer")
	}
	return t.Error()
}

func (c *client) listen(topics ...string) error {
	for _, topic := range topics {
		if err := c.subscribe(topic); err != nil {
			return fmt.Errorf("cannot listen to %s: %w", topic, err)
		}
	}
	return nil
}

// leave says good-bye.
func (c *client) leave() { c.c.Disconnect(100) }

// drop goes without a word, upon which a broker publishes the will.
func (c *client) drop() {
	if c.conn != nil {
		c.conn.Close()
	}
}
