package api

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/pki"
)

// Who has neither a program's certificate nor a token that counts is told nothing.
func TestWhoMayAsk(t *testing.T) {
	s := newStage(t)
	web, err := s.au.ClientTLS("web")
	s.must(err)
	box, err := tls.LoadX509KeyPair(filepath.Join(s.au.BoxDir("box-1"), "etc/loa/box.pem"), filepath.Join(s.au.BoxDir("box-1"), "etc/loa/box.key"))
	s.must(err)
	passing, err := s.au.PassingBox("web") // the CA's, in the name of a program
	s.must(err)
	with := func(c tls.Certificate) *http.Client {
		conf := web.Clone()
		// Whether or not the server asks for one of its CA.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c, nil }
		return s.as(conf)
	}
	s.must(s.au.WriteRevocations())
	canary, err := s.au.ClientTLS(authority.Canary)
	s.must(err)
	old, err := s.api.o.Tokens.New("old", time.Now())
	s.must(err)
	if a, _ := s.call(s.as(nil), old, "GET", "/status", nil); a.status != http.StatusOK {
		t.Fatalf("a token: %d", a.status)
	}
	if found, err := s.api.o.Tokens.Revoke("old"); err != nil || !found {
		t.Fatal(found, err)
	}
	for _, c := range []struct {
		name   string
		client *http.Client
		token  string
		status int
		code   string
	}{
		{"nobody", s.as(nil), "", 401, "unauthorized"},
		{"a program", s.as(web), "", 200, ""},
		{"a token", s.as(nil), s.token, 200, ""},
		{"a revoked token", s.as(nil), old, 401, "unauthorized"},
		{"a revoked token, and a certificate", s.as(web), old, 401, "unauthorized"},
		{"a made-up token", s.as(nil), "loa_AAAA", 401, "unauthorized"},
		{"the hash of a token", s.as(nil), digest(s.token), 401, "unauthorized"},
		{"a box", with(box), "", 403, "forbidden"},
		{"another key under a program's name", with(passing), "", 403, "forbidden"},
		{"a revoked certificate", with(canary.Certificates[0]), "", 403, "forbidden"},
	} {
		for _, r := range routes() {
			if r.open || c.status == 200 && r.path != "/status" {
				continue
			}
			a, err := s.call(c.client, c.token, r.method, r.path, strings.NewReader(""))
			if err != nil || a.status != c.status || a.Code != c.code {
				t.Errorf("%s: %s %s: %d %s, %v; want %d", c.name, r.method, r.path, a.status, a.body, err, c.status)
			}
		}
	}
	// Another CA's certificate ends the connection.
	ca, err := pki.NewCA("other", time.Now())
	s.must(err)
	key := s.boxKey()
	cert, err := ca.Client("web", key.Public().(ed25519.PublicKey), time.Now())
	s.must(err)
	pem, err := pki.KeyPEM(key)
	s.must(err)
	pair, err := tls.X509KeyPair(cert, pem)
	s.must(err)
	if a, err := s.call(with(pair), "", "GET", "/status", nil); err == nil {
		t.Errorf("another CA: %d", a.status)
	}
	// And a server of another CA is not ours: the test's own client would notice.
	if _, err := s.call(s.as(&tls.Config{RootCAs: x509.NewCertPool()}), s.token, "GET", "/status", nil); err == nil {
		t.Error("the client trusts anybody")
	}
	info, err := os.Stat(filepath.Join(s.au.Dir(), "tokens.json"))
	s.must(err)
	data, err := os.ReadFile(filepath.Join(s.au.Dir(), "tokens.json"))
	s.must(err)
	if info.Mode().Perm() != 0o600 || bytes.Contains(data, []byte(s.token)) {
		t.Errorf("the tokens are %v, and say %s", info.Mode(), data)
	}
}

// What a box would refuse is refused, with its code, and leaves no trace here or there.
func TestWhatIsRefused(t *testing.T) {
	s := newStage(t)
	var mu sync.Mutex
	heard := map[string]int{}
	s.client("ear", []string{"loa/v1/p/#", "loa/v1/trust/#", "loa/v1/d/+/cmd", "loa/v1/d/+/want"}, func(topic string, _ []byte) {
		mu.Lock()
		heard[topic]++
		mu.Unlock()
	})
	older := s.signed(bulletin("26734", "b1", plan.Normal), "lan")
	newer := s.signed(bulletin("26734", "b1", plan.Normal), "lan")
	if a := s.do("POST", "/documents", newer.Raw); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	good := s.signed(bulletin("26734", "b2", plan.Normal), "lan")
	e, err := message.Open(good.Raw)
	s.must(err)
	unsigned := message.Envelope{PayloadType: e.PayloadType, Payload: e.Payload}.Encode()
	flipped, err := message.Open(good.Raw)
	s.must(err)
	flipped.Signatures[0].Sig[9] ^= 1
	missing := bulletin("26734", "b3", plan.Normal)
	missing.Audio = []plan.Audio{{SHA256: strings.Repeat("ab", 32), Bytes: 9, Type: "audio/mpeg", DurationMS: 1000}}
	mute := plan.Act{MuteUntil: time.Now().Add(time.Hour).UTC().Truncate(time.Second), Reason: "x"}
	mute.Kind, mute.Device = plan.KindMute, "box-1"
	byDispatcher, err := s.au.Act(mute, "dispatcher")
	s.must(err)
	beat, err := s.au.Beat("74", "dispatcher", time.Second)
	s.must(err)
	list, err := s.au.IssueList(plan.RootPlace)
	s.must(err)
	seen := s.order("26734", "lan")
	if a := s.do("POST", "/documents", seen.Raw); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.until("the order is heard", func() bool { mu.Lock(); defer mu.Unlock(); return heard["loa/v1/p/26734/act"] == 1 })
	before := s.files()
	mu.Lock()
	was := maps.Clone(heard)
	mu.Unlock()
	text := string(good.Raw)
	for _, c := range []struct {
		name   string
		raw    []byte
		status int
		code   plan.Code
	}{
		{"no JSON", []byte("{"), 400, plan.Malformed},
		{"nothing", nil, 400, plan.Malformed},
		{"trailing", append([]byte(text), '1'), 400, plan.Malformed},
		{"a key twice", []byte(strings.Replace(text, `{`, `{"payload":"",`, 1)), 400, plan.Malformed},
		{"a key more", []byte(strings.Replace(text, `{`, `{"x":1,`, 1)), 400, plan.Malformed},
		{"another case", []byte(strings.Replace(text, `"payload"`, `"Payload"`, 1)), 400, plan.Malformed},
		{"too large", bytes.Repeat([]byte(" "), message.MaxEnvelope+1), 413, plan.TooLarge},
		{"unsigned", unsigned, 400, plan.Unsigned},
		{"changed", flipped.Encode(), 403, plan.Signature},
		{"an older version", older.Raw, 409, plan.Replay},
		{"a stranger", s.signed(bulletin("26734", "b2", plan.Normal), "root-1").Raw, 403, plan.UnknownKey},
		{"the place above", s.signed(bulletin("74", "b2", plan.Normal), "lan").Raw, 403, plan.Scope},
		{"no such place", s.signed(bulletin("999", "b2", plan.Normal), "lan").Raw, 422, plan.NotAddressed},
		{"the dispatcher's key plays", s.order("26734", "dispatcher").Raw, 403, plan.WrongKind},
		{"the dispatcher's key mutes", byDispatcher.Raw, 403, plan.WrongKind},
		{"the dispatcher's key beside a stranger's", s.order("26734", "dispatcher", "root-1").Raw, 403, plan.WrongKind},
		{"a beat", beat.Raw, 422, plan.Unsupported},
		{"a list", list.Raw, 422, plan.Unsupported},
		{"a recording that is not here", s.signed(missing, "lan").Raw, 422, plan.MediaMissing},
	} {
		a := s.do("POST", "/documents", c.raw)
		if a.status != c.status || a.Code != string(c.code) {
			t.Errorf("%s: %d %s; want %d %s", c.name, a.status, a.body, c.status, c.code)
		}
		for path := range s.files() {
			if before[path] == "" {
				t.Errorf("%s: left %s", c.name, path)
				before[path] = "told"
			}
		}
	}
	// The same again is known, and not said again.
	for _, raw := range [][]byte{newer.Raw, seen.Raw} {
		if a := s.do("POST", "/documents", raw); a.status != 200 || !bytes.Contains(a.body, []byte(`"state":"known"`)) {
			t.Errorf("again: %d %s", a.status, a.body)
		}
	}
	s.do("POST", "/documents", good.Raw) // so that everything before it has come
	s.until("the last is heard", func() bool { mu.Lock(); defer mu.Unlock(); return heard[good.Topic.String()] > 0 })
	mu.Lock()
	defer mu.Unlock()
	delete(heard, good.Topic.String())
	if !maps.Equal(heard, was) {
		t.Errorf("heard %v, before %v", heard, was)
	}
}

// Who asks too often waits; others do not.
func TestTooOften(t *testing.T) {
	s := newStage(t)
	slow := s.api.o
	slow.Rate, slow.Burst = 0.1, 5
	s.url = s.listen(New(slow))
	c := s.as(nil)
	for i := range 8 {
		a, err := s.call(c, s.token, "GET", "/pending", nil)
		s.must(err)
		if i < 5 && a.status != 200 {
			t.Fatalf("question %d: %d", i, a.status)
		}
		if i >= 5 {
			if wait, err := strconv.Atoi(a.header.Get("Retry-After")); a.status != 429 || a.Code != "too-often" || err != nil || wait < 1 || wait > 10 {
				t.Errorf("question %d: %d, Retry-After %q", i, a.status, a.header.Get("Retry-After"))
			}
		}
	}
	web, err := s.au.ClientTLS("web")
	s.must(err)
	if a, err := s.call(s.as(web), "", "GET", "/pending", nil); err != nil || a.status != 200 {
		t.Errorf("another program: %d, %v", a.status, err)
	}
	for i := range 8 { // guessing
		if a, err := s.call(c, "loa_x", "GET", "/pending", nil); err != nil || i >= 5 && a.status != 429 {
			t.Errorf("guess %d: %d, %v", i, a.status, err)
		}
	}
}

// Only so many upload at once.
func TestUploadsAtOnce(t *testing.T) {
	s := newStage(t)
	for range uploads {
		s.api.uploading <- struct{}{}
	}
	if a := s.do("PUT", "/media", []byte("x")); a.status != 429 || a.header.Get("Retry-After") != "10" {
		t.Errorf("%d %s", a.status, a.body)
	}
	<-s.api.uploading
	for range 2 * uploads {
		if a := s.do("PUT", "/media", []byte("x")); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// What programs upload never takes the room that ledgers and documents need.
func TestUploadsLeaveRoom(t *testing.T) {
	s := newStage(t)
	free := int64(spare + uploads*maxMedia - 1)
	s.api.left = func(string) (int64, error) { return free, nil }
	if a := s.do("PUT", "/media", []byte("x")); a.status != 507 || a.Code != string(plan.Storage) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if left, _ := os.ReadDir(s.au.MediaDir()); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	free++
	if a := s.do("PUT", "/media", []byte("x")); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Nothing is taken that is larger than said, and a part of it is not kept.
func TestOversizeMedia(t *testing.T) {
	if testing.Short() {
		t.Skip("uploads 256 MiB; go test ./scripts/authority/api runs it")
	}
	s := newStage(t)
	a, err := s.call(s.as(nil), s.token, "PUT", "/media", io.LimitReader(zeros{}, maxMedia+1))
	if err != nil || a.status != 413 || a.Code != string(plan.TooLarge) {
		t.Errorf("%d %s, %v", a.status, a.body, err)
	}
	if left, _ := os.ReadDir(s.au.MediaDir()); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A page of another site that a person with a certificate looks at asks for nothing.
func TestOtherSites(t *testing.T) {
	s := newStage(t)
	r, err := http.NewRequest("POST", s.url+"/documents", strings.NewReader("{}"))
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := s.as(nil).Do(r)
	s.must(err)
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 403 || !bytes.Contains(body, []byte("cross-origin")) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
