package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/dispatch"
	"loa/scripts/broker"
	"loa/scripts/hil/tape"
	"loa/scripts/mediaserver"
)

// Who there is.
const (
	province   = "74"
	commune    = "25747"
	device     = "ban-thu-1" // "bench 1"
	dispatcher = "dispatcher"
	tool       = "loactl"
)

// Where the box finds the centre, in the network that it is plugged into.
const (
	centreHost   = "10.0.2.100"
	centreBroker = centreHost + ":8883"
	centreMedia  = centreHost + ":8443"
)

var signers = []string{"an", "binh"}

// A centre is what a box has far away: an authority that is thrown away, its broker, its
// dispatcher and its media server, on this machine.
type centre struct {
	au        *authority.Authority
	archive   *archive.Archive
	sender    *mqtt.Client
	conf      broker.Opts
	brokerAt  string // of this machine
	mediaAt   string
	mediaBase string // as the box calls it

	mu     sync.Mutex
	broker *broker.Broker // nil: it is down
	meant  []tape.Span    // when the box may sound
	stops  []func()
}

func (c *centre) close() {
	for i := len(c.stops) - 1; i >= 0; i-- {
		c.stops[i]()
	}
	c.brokerDown()
}

// newCentre makes one in dir, with one box of that board.
func newCentre(ctx context.Context, dir, board string) (c *centre, err error) {
	c = &centre{archive: archive.Open(filepath.Join(dir, "ledgers")), mediaBase: "https://" + centreMedia}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	phrase := []byte(rand.Text())
	c.au, err = authority.New(filepath.Join(dir, "authority"), authority.Setup{Name: "Tỉnh mẫu", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return phrase, nil }})
	if err != nil {
		return c, err
	}
	if err := c.appoint(); err != nil {
		return c, err
	}
	if err := c.serve(ctx); err != nil {
		return c, err
	}
	if err := c.au.SetAddresses([]string{"tls://" + centreBroker}, []string{c.mediaBase}); err != nil {
		return c, err
	}
	if err := c.au.AddBox(device, board, authority.Box{Place: commune, Name: "Loa thử"}); err != nil {
		return c, err
	}
	want, err := c.au.Want(device, &plan.Settings{Commissioned: true}, signers...)
	if err == nil {
		err = c.au.Keep(want)
	}
	return c, err
}

// appoint says who may say what where.
func (c *centre) appoint() error {
	au := c.au
	err := errors.Join(
		au.AddOnline(dispatcher),
		au.AddPlace(province, authority.Place{Name: "Tỉnh mẫu", Width: 1}),
		au.AddPlace(commune, authority.Place{Name: "Phường mẫu", Parent: province}),
		au.AddGrant(authority.Grant{Person: dispatcher, Place: province, Kinds: []plan.Kind{plan.KindBeat}}),
		au.AddGrant(authority.Grant{Person: dispatcher, Place: province, Kinds: []plan.Kind{plan.GrantService}}),
	)
	for _, person := range signers {
		err = errors.Join(err, au.AddPerson(person),
			au.AddGrant(authority.Grant{
				Person: person, Place: province, Office: province,
				Kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindPlay, plan.KindStop},
				Classes: []plan.Class{plan.Emergency, plan.PriorityC, plan.Normal, plan.Filler},
			}),
			au.AddGrant(authority.Grant{Person: person, Place: province, Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings, plan.GrantFirmware}}))
	}
	if err != nil {
		return err
	}
	list, err := au.IssueList(plan.RootPlace)
	if err == nil {
		err = au.Keep(list)
	}
	return err
}

// serve starts the servers, and joins the sender and the dispatcher to the broker.
func (c *centre) serve(ctx context.Context) error {
	if _, _, err := c.au.IssueServer([]string{centreHost, "127.0.0.1"}); err != nil {
		return err
	}
	for _, name := range []string{dispatcher, tool} {
		if err := c.au.IssueClient(name); err != nil {
			return err
		}
	}
	conf, err := c.au.ServerTLS()
	if err != nil {
		return err
	}
	c.conf = broker.Opts{TLS: conf, Senders: []string{dispatcher, tool}}
	if err := c.brokerUp(ctx); err != nil {
		return err
	}
	c.brokerAt = c.broker.Addr()
	c.conf.Listen = c.brokerAt // it comes back where it was
	if err := c.serveMedia(); err != nil {
		return err
	}
	if c.sender, err = c.client(tool, func() []string { return nil }, nil); err != nil {
		return err
	}
	// A box that was cut off is not to wait for long.
	d := dispatch.New(dispatch.Opts{Authority: c.au, Online: dispatcher, Archive: c.archive, Every: 10 * time.Second, Window: time.Second})
	online, err := c.client(dispatcher, d.Filters, d.Receive)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	c.stops = append(c.stops, func() { cancel(); wg.Wait() })
	wg.Go(func() { c.sender.Run(running) })
	wg.Go(func() { online.Run(running) })
	wg.Go(func() { d.Run(running, online) })
	return nil
}

func (c *centre) client(name string, filters func() []string, receive func(string, []byte)) (*mqtt.Client, error) {
	conf, err := c.au.ClientTLS(name)
	if err != nil {
		return nil, err
	}
	return mqtt.New(mqtt.Opts{
		Device: name, Brokers: []string{"tls://" + c.brokerAt}, TLS: conf, Fresh: true, Subscriptions: filters, Receive: receive,
		Window: func() time.Duration { return 200 * time.Millisecond },
	})
}

// serveMedia gives out recordings over HTTPS.
func (c *centre) serveMedia() error {
	conf, err := c.au.LocalTLS([]string{centreHost})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: mediaserver.Handler(c.au.MediaDir()), TLSConfig: conf,
		ReadHeaderTimeout: 20 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	var wg sync.WaitGroup
	wg.Go(func() { server.ServeTLS(l, "", "") })
	c.stops = append(c.stops, func() { server.Close(); wg.Wait() })
	c.mediaAt = l.Addr().String()
	return nil
}

func (c *centre) brokerUp(ctx context.Context) error {
	b, err := broker.Start(context.WithoutCancel(ctx), c.conf)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.broker = b
	c.mu.Unlock()
	return nil
}

func (c *centre) brokerDown() {
	c.mu.Lock()
	b := c.broker
	c.broker = nil
	c.mu.Unlock()
	if b != nil {
		b.Close()
	}
}

// publish gives the broker everything that is in force.
func (c *centre) publish(ctx context.Context) error {
	all, err := c.au.Issued()
	if err != nil {
		return err
	}
	for _, is := range all {
		m := mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Leaf != message.LeafAct}
		if err := c.sender.Send(ctx, m); err != nil {
			return fmt.Errorf("cannot send %s: %w", is.Topic, err)
		}
	}
	return nil
}

// told is what the box told last under a leaf; ok is false before it did.
func told[T any](c *centre, leaf string) (report T, ok bool) {
	c.mu.Lock()
	b := c.broker
	c.mu.Unlock()
	if b == nil {
		return report, false
	}
	raw := b.Retained(message.Topic{Dir: message.DirDevice, Device: device, Leaf: leaf}.String())
	if raw == nil {
		return report, false
	}
	if leaf == message.LeafHave { // signed, unlike the others
		pub, err := c.boxKey()
		if err == nil {
			report, err = message.OpenReport[T](message.ReportHave, raw, pub)
		}
		return report, err == nil
	}
	return report, json.Unmarshal(raw, &report) == nil
}

func (c *centre) boxKey() (ed25519.PublicKey, error) {
	return base64.StdEncoding.DecodeString(c.au.Boxes()[device].Key)
}

// online reports whether the box is there; boot tells one start of it from another.
func (c *centre) online() (boot string, ok bool) {
	s, ok := told[message.State](c, message.LeafState)
	return s.Boot, ok && s.State == "online"
}

// faults are the conditions that the box has told of.
func (c *centre) faults() []health.Active {
	h, _ := told[message.HealthReport](c, message.LeafHealth)
	return h.Active
}

// ledger is what has come of the box's ledger so far; its chain holds.
func (c *centre) ledger() (all []ledger.Entry, err error) {
	pub, err := c.boxKey()
	if err != nil {
		return nil, err
	}
	if _, err := c.archive.Verify(device, pub); err != nil {
		return nil, err
	}
	err = c.archive.Each(device, pub, func(e ledger.Entry) bool { all = append(all, e); return true })
	return all, err
}

// until polls what is seen of the box only by looking.
func until(ctx context.Context, what string, f func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: it did not come to that: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
