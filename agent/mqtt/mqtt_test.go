package mqtt

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/scripts/authority/pki"
	"loa/scripts/broker"
)

const (
	wantTopic = "loa/v1/d/box-1/want"
	actTopic  = "loa/v1/p/26734/act"
	ackTopic  = "loa/v1/d/box-1/ack"
)

// quick is the timing of tests on one machine.
var quick = timing{
	connect: 5 * time.Second,
	answer:  5 * time.Second,
	write:   time.Second,
	user:    2 * time.Second,
	ping:    time.Second,
	base:    10 * time.Millisecond,
	top:     50 * time.Millisecond,
	steady:  time.Hour,
	refused: 50 * time.Millisecond,
}

// A box records what its client hears and reports.
type box struct {
	*Client
	mu       sync.Mutex
	got      []string         // topic + " " + payload
	active   map[string]error // conditions that are on
	reported map[string]error // conditions that ever were
	changed  chan struct{}
}

// start runs a client until the test ends.
func start(t *testing.T, o Opts) *box {
	t.Helper()
	b := &box{active: map[string]error{}, reported: map[string]error{}, changed: make(chan struct{}, 1)}
	if o.Device == "" {
		o.Device = "box-1"
	}
	o.Receive = func(topic string, p []byte) {
		b.mu.Lock()
		b.got = append(b.got, topic+" "+string(p))
		b.mu.Unlock()
		poke(b.changed)
	}
	o.Report = func(code string, err error) {
		b.mu.Lock()
		if err == nil {
			delete(b.active, code)
		} else {
			b.active[code], b.reported[code] = err, err
		}
		b.mu.Unlock()
		poke(b.changed)
	}
	if o.Window == nil {
		o.Window = func() time.Duration { return time.Millisecond }
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.t = quick
	b.Client = c
	b.run(t)
	return b
}

func (b *box) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // waited for by stop
		defer close(done)
		b.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// until waits for a state of things that some goroutine will bring about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (b *box) heard(s string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.got, s)
}

func (b *box) count(s string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.got {
		if g == s {
			n++
		}
	}
	return n
}

func (b *box) had(code string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reported[code]
}

func (b *box) has(code string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.active[code] != nil
}

func startBroker(t *testing.T, o broker.Opts) *broker.Broker {
	t.Helper()
	b, err := broker.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func subscriptions(topics ...string) func() []string {
	return func() []string { return topics }
}

func TestDocumentsComeDownAndReportsGoUp(t *testing.T) {
	br := startBroker(t, broker.Opts{Senders: []string{"sender"}})
	br.Publish(wantTopic, []byte("retained"), true)
	b := start(t, Opts{Brokers: []string{br.URL()}, Subscriptions: subscriptions(wantTopic, actTopic)})
	until(t, "the retained document", func() bool { return b.heard(wantTopic + " retained") })
	until(t, "connected", b.Connected)

	s := start(t, Opts{Device: "sender", Fresh: true, Brokers: []string{br.URL()}, Subscriptions: subscriptions("loa/v1/d/+/+")})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Send(ctx, Message{Topic: actTopic, Payload: []byte("now")}); err != nil {
		t.Fatal(err)
	}
	until(t, "the act", func() bool { return b.heard(actTopic + " now") })
	b.Publish("loa/v1/d/box-1/have", []byte("all"), true)
	if err := b.Queue(ackTopic, []byte("done"), "1"); err != nil {
		t.Fatal(err)
	}
	until(t, "the reports", func() bool {
		return s.heard("loa/v1/d/box-1/have all") && s.heard(ackTopic+" done")
	})
	until(t, "an empty outbox", func() bool { return b.Waiting() == 0 })
}

// What the box owes it pays as soon as there is a broker, and after a restart.
func TestOfflineQueueIsDeliveredAfterRestart(t *testing.T) {
	br := startBroker(t, broker.Opts{Senders: []string{"sender"}})
	dir := t.TempDir()
	first, err := New(Opts{Device: "box-1", Brokers: []string{br.URL()}, Outbox: dir})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // more than one window
		if err := first.Queue(ackTopic, fmt.Append(nil, i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	// No goodbye: the process was killed before it ever connected.
	s := start(t, Opts{Device: "sender", Brokers: []string{br.URL()}, Subscriptions: subscriptions("loa/v1/d/+/ack")})
	until(t, "the sender listens", s.Connected)
	b := start(t, Opts{Brokers: []string{br.URL()}, Outbox: dir})
	until(t, "everything delivered", func() bool { return b.Waiting() == 0 })
	until(t, "everything received", func() bool { return s.heard(ackTopic + " 39") })
	var want []string
	for i := range 40 {
		want = append(want, fmt.Sprint(ackTopic, " ", i))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.got, want) {
		t.Errorf("the sender got %q", s.got)
	}
}

// The library's own reconnection does not notice that a restarted broker has
// forgotten the subscriptions.
func TestBrokerRestartsEmpty(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	addr := br.Addr()
	b := start(t, Opts{
		Brokers:       []string{br.URL()},
		Subscriptions: subscriptions(wantTopic),
		Birth: func() []Message {
			return []Message{{Topic: "loa/v1/d/box-1/state", Payload: []byte("online"), Retain: true}}
		},
	})
	b.Publish("loa/v1/d/box-1/have", []byte("all"), true)
	until(t, "the first birth", func() bool { return br.Retained("loa/v1/d/box-1/state") != nil })
	br.Close()
	until(t, "the loss noticed", func() bool { return b.has(CodeUnreachable) })
	br = startBroker(t, broker.Opts{Listen: addr})
	until(t, "a new birth", func() bool { return br.Retained("loa/v1/d/box-1/state") != nil })
	until(t, "what was retained", func() bool { return br.Retained("loa/v1/d/box-1/have") != nil })
	br.Publish(wantTopic, []byte("new"), false)
	until(t, "the subscription", func() bool { return b.heard(wantTopic + " new") })
	if b.has(CodeUnreachable) {
		t.Error("the condition stays on after the connection is back")
	}
}

func TestResubscribeBringsRetainedDocumentsAgainAndFollowsThePlace(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	var mu sync.Mutex
	topics := []string{wantTopic, "loa/v1/p/old/act"}
	b := start(t, Opts{Brokers: []string{br.URL()}, Subscriptions: func() []string {
		mu.Lock()
		defer mu.Unlock()
		return topics
	}})
	br.Publish(wantTopic, []byte("doc"), true)
	until(t, "the document", func() bool { return b.heard(wantTopic + " doc") })
	mu.Lock()
	topics = []string{wantTopic, actTopic}
	mu.Unlock()
	b.Resubscribe()
	until(t, "the document again", func() bool { return b.count(wantTopic+" doc") >= 2 })
	br.Publish("loa/v1/p/old/act", []byte("not ours"), false)
	br.Publish(actTopic, []byte("ours"), false)
	until(t, "the new place", func() bool { return b.heard(actTopic + " ours") })
	if b.heard("loa/v1/p/old/act not ours") {
		t.Error("still subscribed to the place it has left")
	}
}

func TestRefusedSubscriptionIsACondition(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	var mu sync.Mutex
	topics := []string{wantTopic, "loa/v1/d/box-2/want"}
	b := start(t, Opts{Brokers: []string{br.URL()}, Subscriptions: func() []string {
		mu.Lock()
		defer mu.Unlock()
		return topics
	}})
	until(t, "the condition", func() bool { return b.has(CodeSubscribe) })
	if err := b.had(CodeSubscribe); !strings.Contains(err.Error(), "loa/v1/d/box-2/want") {
		t.Errorf("the condition does not name the topic: %v", err)
	}
	br.Publish(wantTopic, []byte("x"), false)
	until(t, "what was granted", func() bool { return b.heard(wantTopic + " x") })
	mu.Lock()
	topics = topics[:1]
	mu.Unlock()
	until(t, "the condition over", func() bool { return !b.has(CodeSubscribe) })
}

func TestSeveralBrokersInOrder(t *testing.T) {
	dead := startBroker(t, broker.Opts{})
	deadURL := dead.URL()
	dead.Close()
	one, two := startBroker(t, broker.Opts{}), startBroker(t, broker.Opts{})
	b := start(t, Opts{Brokers: []string{deadURL, one.URL(), two.URL()}})
	until(t, "the second address", func() bool { return b.Connected() && one.Clients() == 1 })
	since := b.Since()
	b.NextBroker()
	until(t, "the third address", func() bool { return b.Connected() && two.Clients() == 1 && one.Clients() == 0 })
	if since.IsZero() || !b.Since().After(since) {
		t.Errorf("connected since %v, then since %v", since, b.Since())
	}
}

func TestWillAndGoodbye(t *testing.T) {
	state := "loa/v1/d/box-1/state"
	br := startBroker(t, broker.Opts{})
	o := Opts{
		Device:  "box-1",
		Brokers: []string{br.URL()},
		Will: func() (Message, bool) {
			return Message{Topic: state, Payload: []byte("lost boot-7"), Retain: true}, true
		},
		Birth: func() []Message { return []Message{{Topic: state, Payload: []byte("online boot-7"), Retain: true}} },
		Leave: func() []Message { return []Message{{Topic: state, Payload: []byte("offline boot-7"), Retain: true}} },
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Client: c}
	stop := b.run(t)
	until(t, "birth", func() bool { return string(br.Retained(state)) == "online boot-7" })
	stop()
	until(t, "goodbye", func() bool { return string(br.Retained(state)) == "offline boot-7" })
	until(t, "the end of the connection", func() bool { return br.Clients() == 0 })
	if got := string(br.Retained(state)); got != "offline boot-7" {
		t.Errorf("the will was published after a goodbye: %q", got)
	}

	// A cut link: the broker says that the box is lost.
	p := newProxy(t, br.Addr())
	o.Brokers = []string{"tcp://" + p.addr()}
	start(t, o)
	until(t, "birth", func() bool { return string(br.Retained(state)) == "online boot-7" })
	p.cut()
	until(t, "the will or the next birth", func() bool { return string(br.Retained(state)) != "offline boot-7" })
}

// What is said on the way out, such as how the last item ended, still goes out.
func TestLastWordsGoOut(t *testing.T) {
	have := "loa/v1/d/box-1/have"
	br := startBroker(t, broker.Opts{})
	for i := range 20 {
		c, err := New(Opts{Device: "box-1", Brokers: []string{br.URL()}})
		if err != nil {
			t.Fatal(err)
		}
		b := &box{Client: c}
		stop := b.run(t)
		until(t, "connected", b.Connected)
		last := fmt.Sprint("last ", i)
		c.Publish(have, []byte(last), true)
		stop()
		if got := string(br.Retained(have)); got != last {
			t.Fatalf("after the goodbye the broker has %q, want %q", got, last)
		}
	}
}

// A wills topic outside the box's own is refused with the connection.
func TestForeignWillIsRefused(t *testing.T) {
	br := startBroker(t, broker.Opts{})
	b := start(t, Opts{Brokers: []string{br.URL()}, Will: func() (Message, bool) {
		return Message{Topic: "loa/v1/d/box-2/state", Payload: []byte("lost"), Retain: true}, true
	}})
	until(t, "the refusal", func() bool { return b.has(CodeRefused) })
}

func TestTLSFaultsHaveNames(t *testing.T) {
	now := time.Now()
	ca, other := newCA(t, now), newCA(t, now)
	long := 6 * 365 * 24 * time.Hour
	run := func(name string, serverCA *pki.CA, hosts []string, issued time.Time, conf *tls.Config, clock time.Time, want string) {
		t.Run(name, func(t *testing.T) {
			br := startBroker(t, broker.Opts{TLS: serverTLS(t, serverCA, ca, hosts, issued)})
			b := start(t, Opts{Brokers: []string{br.URL()}, TLS: conf, Clock: func() time.Time { return clock }})
			if want == "" {
				until(t, "connected", b.Connected)
				return
			}
			until(t, want, func() bool { return b.has(want) })
			t.Log(b.had(want))
		})
	}
	local := []string{"127.0.0.1"}
	good := clientTLS(t, ca, ca, "box-1", now)
	run("good", ca, local, now, good, now, "")
	run("a clock at the build time is enough", ca, local, now, good, now.Add(-20*24*time.Hour), "")
	run("1970", ca, local, now, good, time.Unix(300, 0), CodeTLSExpired)
	run("wrong CA", other, local, now, good, now, CodeTLSCA)
	run("wrong host", ca, []string{"broker.example"}, now, good, now, CodeTLSName)
	run("expired", ca, local, now.Add(-long), good, now, CodeTLSExpired)
	run("client of another CA", ca, local, now, clientTLS(t, ca, other, "box-1", now), now, CodeRefused)
	run("client named otherwise", ca, local, now, clientTLS(t, ca, ca, "box-2", now), now, CodeRefused)
	run("no client certificate", ca, local, now, &tls.Config{RootCAs: ca.Pool()}, now, CodeRefused)
}

func TestNoBrokerIsACondition(t *testing.T) {
	dead := startBroker(t, broker.Opts{})
	url := dead.URL()
	dead.Close()
	b := start(t, Opts{Brokers: []string{url}})
	until(t, "the condition", func() bool { return b.has(CodeUnreachable) })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := b.Send(ctx, Message{Topic: ackTopic}); err == nil {
		t.Error("Send succeeded without a broker")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Opts{
		{Brokers: []string{"tcp://x"}},
		{Device: "d"},
		{Device: "d", Brokers: []string{"tls://x"}},
		{Device: "d", Brokers: []string{"http://x"}},
		{Device: "d", Brokers: []string{"x:1883"}},
		{Device: "d", Brokers: []string{"tcp://:1883"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v) succeeded", o)
		}
	}
	for in, want := range map[string]string{
		"mqtts://h": "tls://h:8883", "tcp://h": "tcp://h:1883", "mqtt://[::1]:7": "tcp://[::1]:7",
	} {
		u, err := brokerURL(in, new(tls.Config))
		if err != nil || u.String() != want {
			t.Errorf("brokerURL(%q) = %v, %v; want %s", in, u, err, want)
		}
	}
}

func newCA(t *testing.T, now time.Time) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA("test", now)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func serverTLS(t *testing.T, ca, clients *pki.CA, hosts []string, now time.Time) *tls.Config {
	t.Helper()
	cert, key, err := ca.Server(hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients.Pool()}
}

func clientTLS(t *testing.T, trusts, ca *pki.CA, cn string, now time.Time) *tls.Config {
	t.Helper()
	cert, key := clientPEM(t, ca, cn, now)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: trusts.Pool(), Certificates: []tls.Certificate{pair}}
}

func clientPEM(t *testing.T, ca *pki.CA, cn string, now time.Time) (cert, key []byte) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = ca.Client(cn, pub, now); err != nil {
		t.Fatal(err)
	}
	if key, err = pki.KeyPEM(priv); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// needs skips the test where a program is missing, but not where CI promises it.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path = filepath.Join("/usr/sbin", program)
		_, err = os.Stat(path)
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
	return path
}
