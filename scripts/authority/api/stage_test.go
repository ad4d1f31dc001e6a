package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/collect"
	"loa/scripts/authority/index"
	brokers "loa/scripts/broker"
)

// A stage is an authority with an API over real TLS, and a real broker.
type stage struct {
	t      *testing.T
	au     *authority.Authority
	broker *brokers.Broker
	api    *API
	index  *index.Index
	url    string
	token  string
}

// wire is the connection to the broker, as the API sees it.
type wire struct{ *mqtt.Client }

func (w wire) Publish(ctx context.Context, is authority.Issued) error {
	return w.Send(ctx, mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()})
}

func (w wire) Talk(topic string, packet []byte) { w.Client.Publish(topic, packet, false) }

func (wire) Foreign() []string { return nil }

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t}
	pass := func(string) ([]byte, error) { return []byte("x"), nil }
	au, err := authority.New(filepath.Join(t.TempDir(), "a"), authority.Setup{Name: "Bình Dương", ThrowAway: true}, authority.Opts{Secret: pass})
	s.must(err)
	s.au = au
	s.must(au.AddPlace("74", authority.Place{Name: "Bình Dương", Width: 1}))
	s.must(au.AddPlace("26734", authority.Place{Name: "An Sơn", Parent: "74"}))
	s.must(au.AddOnline("dispatcher"))
	s.must(au.AddGrant(authority.Grant{Person: "dispatcher", Place: "74", Kinds: []plan.Kind{plan.KindBeat}}))
	s.must(au.AddGrant(authority.Grant{Person: "dispatcher", Place: "74", Kinds: []plan.Kind{plan.GrantService}}))
	speak := []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindPlay, plan.KindStop, plan.KindMute}
	for person, place := range map[string]string{"tinh-1": "74", "tinh-2": "74", "lan": "26734"} {
		s.must(au.AddPerson(person))
		s.must(au.AddGrant(authority.Grant{Person: person, Place: place, Kinds: speak, Classes: []plan.Class{plan.Emergency, plan.Normal}}))
		if place == "74" {
			s.must(au.AddGrant(authority.Grant{Person: person, Place: place, Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}}))
		}
	}
	list, err := au.IssueList(plan.RootPlace)
	s.must(err)
	s.must(au.Keep(list))
	s.must(au.AddBox("box-1", "desk", authority.Box{Place: "26734", Name: "Chợ"}))
	want, err := au.Want("box-1", nil, "tinh-1", "tinh-2")
	s.must(err)
	s.must(au.Keep(want))
	_, _, err = au.IssueServer([]string{"127.0.0.1"})
	s.must(err)
	s.must(au.IssueClient("web"))

	s.broker, err = brokers.Start(t.Context(), brokers.Opts{Senders: []string{"dispatcher", "ear"}})
	s.must(err)
	t.Cleanup(func() { s.broker.Close() })
	s.index, _, err = index.Open(filepath.Join(au.Dir(), "index.db"))
	s.must(err)
	t.Cleanup(func() { s.index.Close() })
	s.must(s.index.Catch(au))
	c := collect.New(collect.Opts{Boxes: au.Boxes, Store: s.index})
	s.run(c.Run)
	link := s.client("dispatcher", c.Filters(), func(topic string, payload []byte) { c.Receive(topic, payload) })
	tokens := OpenTokens(filepath.Join(au.Dir(), "tokens.json"))
	s.token, err = tokens.New("test", time.Now())
	s.must(err)
	s.api = New(Opts{
		Authority: au, Index: s.index, Archive: archive.Open(filepath.Join(au.Dir(), "ledger")), Tokens: tokens, Broker: wire{link}, Rate: 1000, Burst: 1000,
		Ahead: func(h plan.Head, hours int) ([]ahead.Line, error) {
			return []ahead.Line{{At: time.Now(), Until: time.Now(), Sounds: true, Volume: hours, Code: plan.Priority, VI: "vì", Why: "why"}}, nil
		},
	})
	s.url = s.listen(s.api)
	return s
}

// listen serves with the authority's certificate.
func (s *stage) listen(h http.Handler) string {
	s.t.Helper()
	conf, err := s.au.ServerTLS()
	s.must(err)
	conf.ClientAuth = tls.VerifyClientCertIfGiven
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	srv := &http.Server{Handler: h, TLSConfig: conf, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() { defer close(done); srv.ServeTLS(l, "", "") }()
	s.t.Cleanup(func() { srv.Close(); <-done })
	return "https://" + l.Addr().String()
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run has f work until the test ends.
func (s *stage) run(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	s.t.Cleanup(func() { cancel(); <-done })
}

// client is a connection to the broker under a name.
func (s *stage) client(name string, filters []string, receive func(string, []byte)) *mqtt.Client {
	s.t.Helper()
	c, err := mqtt.New(mqtt.Opts{Device: name, Brokers: []string{s.broker.URL()}, Fresh: true, Subscriptions: func() []string { return filters }, Receive: receive})
	s.must(err)
	s.run(c.Run)
	s.until(name+" is connected", c.Connected)
	return c
}

// until waits for something that must come.
func (s *stage) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("it does not happen that %s", what)
		}
	}
}

// boxKey is the secret key that the box was handed.
func (s *stage) boxKey() ed25519.PrivateKey {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.au.BoxDir("box-1"), "etc/loa/box.key"))
	s.must(err)
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	s.must(err)
	return key.(ed25519.PrivateKey)
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	Error
}

// as is a client of the API with a certificate, or without when conf has none.
func (s *stage) as(conf *tls.Config) *http.Client {
	s.t.Helper()
	if conf == nil {
		ca, err := s.au.CACert()
		s.must(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		conf = &tls.Config{RootCAs: pool}
	}
	tr := &http.Transport{TLSClientConfig: conf}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: time.Minute}
}

// call asks as c with a token, none when it is empty.
func (s *stage) call(c *http.Client, token, method, path string, body io.Reader) (answer, error) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, body)
	s.must(err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return a, err
	}
	if a.status >= 400 {
		if err := json.Unmarshal(a.body, &a.Error); err != nil || a.Code == "" || a.VI == "" || a.EN == "" {
			s.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		}
	}
	return a, nil
}

// do is call with the stage's token.
func (s *stage) do(method, path string, body []byte) answer {
	s.t.Helper()
	a, err := s.call(s.as(nil), s.token, method, path, bytes.NewReader(body))
	s.must(err)
	return a
}

// bulletin is one of a place, not signed yet.
func bulletin(place, id string, class plan.Class) *plan.Bulletin {
	b := &plan.Bulletin{Class: class, Origin: plan.Own, Lang: "vi", Title: "Họp", Text: "Chiều nay họp tổ dân phố."}
	b.Place, b.ID, b.ValidUntil = place, id, time.Now().Add(24*time.Hour)
	return b
}

// signed is a document by people, kept nowhere.
func (s *stage) signed(doc any, people ...string) authority.Issued {
	s.t.Helper()
	is, err := s.au.Sign(doc, people...)
	s.must(err)
	return is
}

// order is an act by people, kept nowhere.
func (s *stage) order(place string, people ...string) authority.Issued {
	s.t.Helper()
	act := plan.Act{Item: &plan.Item{Chime: "gong"}, Class: plan.Normal}
	act.Kind, act.Place = plan.KindPlay, place
	is, err := s.au.Act(act, people...)
	s.must(err)
	return is
}

// files are all that the authority keeps of documents, to see that nothing changed.
func (s *stage) files() map[string]string {
	s.t.Helper()
	all := make(map[string]string)
	for _, sub := range []string{"issued", "pending", "history"} {
		err := filepath.WalkDir(filepath.Join(s.au.Dir(), sub), func(path string, d os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err == nil && d.Type().IsRegular() {
				var b []byte
				b, err = os.ReadFile(path)
				all[path] = message.Digest(b)
			}
			return err
		})
		s.must(err)
	}
	return all
}

// approval is a person's signature alone, as one entry of an envelope.
func (s *stage) approval(is authority.Issued, person string) []byte {
	s.t.Helper()
	sig, err := s.au.Signature(is.Raw, person)
	s.must(err)
	data, err := json.Marshal(map[string]string{"keyid": sig.KeyID, "sig": base64.StdEncoding.EncodeToString(sig.Sig)})
	s.must(err)
	return data
}

func newKey(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pub, priv
}

func envelopeField(t *testing.T, raw []byte, name string) string {
	t.Helper()
	var w map[string]any
	if err := json.Unmarshal(raw, &w); err != nil {
		t.Fatal(err)
	}
	return w[name].(string)
}
