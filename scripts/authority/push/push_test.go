package push

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/channel"
)

// A telephone has keys, and understands what was sent to it (RFC 8291).
type telephone struct {
	key  *ecdh.PrivateKey
	auth []byte
	Reader
}

func newTelephone(t *testing.T, n int, place string) *telephone {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	return &telephone{key, auth, Reader{
		Endpoint: fmt.Sprintf("https://fcm.googleapis.com/fcm/send/%d", n), Place: place, Lang: "vi",
		P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(auth),
	}}
}

func (p *telephone) open(body []byte) (n notice, err error) {
	if len(body) < 86 {
		return n, errors.New("too short")
	}
	salt, theirs, sealed := body[:16], body[21:21+int(body[20])], body[21+int(body[20]):]
	pub, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		return n, err
	}
	shared, err := p.key.ECDH(pub)
	if err != nil {
		return n, err
	}
	derive := func(secret, salt []byte, info string, length int) []byte {
		out, err := hkdf.Key(sha256.New, secret, salt, info, length)
		if err != nil {
			panic(err)
		}
		return out
	}
	ikm := derive(shared, p.auth, "WebPush: info\x00"+string(p.key.PublicKey().Bytes())+string(theirs), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		return n, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return n, err
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		return n, err
	}
	plain = plain[:slices.IndexFunc(plain, func(b byte) bool { return b == 2 })]
	return n, json.Unmarshal(plain, &n)
}

// A service is a maker's push service: it knows who is there, and keeps what comes.
type service struct {
	mu     sync.Mutex
	down   bool
	gone   map[string]bool // by path
	fails  map[string]bool
	came   map[string][]byte
	header map[string]http.Header
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down, s.fails[r.URL.Path]:
		w.WriteHeader(http.StatusServiceUnavailable)
	case s.gone[r.URL.Path]:
		w.WriteHeader(http.StatusGone)
	case !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") || r.Header.Get("TTL") == "" || r.Header.Get("Content-Encoding") != "aes128gcm":
		w.WriteHeader(http.StatusForbidden)
	default:
		s.came[r.URL.Path], s.header[r.URL.Path] = body, r.Header
		w.WriteHeader(http.StatusCreated)
	}
}

// newWay is one whose push service stands here.
func newWay(t *testing.T) (*Way, *service) {
	t.Helper()
	s := &service{gone: make(map[string]bool), came: make(map[string][]byte), header: make(map[string]http.Header)}
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	store, err := Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	c := NewClient()
	tr := c.Transport.(*http.Transport)
	tr.Proxy = nil
	tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	return &Way{Store: store, Covers: strings.HasPrefix, Contact: "https://loa.example", Client: c}, s
}

func TestTelephonesOfAPlaceAreTold(t *testing.T) {
	w, s := newWay(t)
	var all []*telephone
	for i, place := range []string{"26734", "26734", "26", "01", "2673401"} {
		p := newTelephone(t, i, place)
		all = append(all, p)
		if err := w.Store.Add(p.Reader); err != nil {
			t.Fatal(err)
		}
	}
	s.gone["/fcm/send/1"] = true
	post := channel.Post{What: channel.Said, Class: plan.Emergency, Key: "k", Place: "26734", Title: "Lũ <về>", Text: strings.Repeat("Đi ngay. ", 200), Until: time.Now().Add(time.Hour)}
	ref, err := w.Send(t.Context(), post, "Xã Bến", "id")
	if err != nil || ref != "3 told, 1 gone, 0 failed" {
		t.Fatalf("%q, %v", ref, err)
	}
	n, err := all[0].open(s.came["/fcm/send/0"])
	if err != nil || n.Title != "KHẨN CẤP – Xã Bến: Lũ <về>" || n.Tag != "k" || n.Place != "26734" || !n.Urgent || len([]rune(n.Body)) > mostBody {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := all[2].open(s.came["/fcm/send/0"]); err == nil {
		t.Error("another telephone reads it")
	}
	if h := s.header["/fcm/send/0"]; h.Get("Urgency") != "high" || h.Get("TTL") < "3500" || h.Get("TTL") > "3600" {
		t.Errorf("headers %v", h)
	}
	if s.came["/fcm/send/3"] != nil {
		t.Error("another place is told")
	}
	// Who is gone is not asked again.
	if ref, err := w.Send(t.Context(), post, "Xã Bến", "id"); err != nil || ref != "3 told, 0 gone, 0 failed" {
		t.Errorf("%q, %v", ref, err)
	}
	// Who could not be told is told at the next try, and nobody else.
	s.fails = map[string]bool{"/fcm/send/2": true}
	if ref, err := w.Send(t.Context(), post, "Xã Bến", "half"); err == nil {
		t.Errorf("one was not told, and that is no error: %q", ref)
	}
	clear(s.came)
	s.fails = nil
	if ref, err := w.Send(t.Context(), post, "Xã Bến", "half"); err != nil || ref != "3 told, 0 gone, 0 failed" || len(s.came) != 1 || s.came["/fcm/send/2"] == nil {
		t.Errorf("%q, %v, %d came", ref, err, len(s.came))
	}
	s.down = true
	if _, err := w.Send(t.Context(), post, "Xã Bến", "id"); err == nil {
		t.Error("a service that is down is no error, so nobody tries again")
	}
	s.down = false
	for _, p := range all {
		if err := w.Store.Remove(p.Endpoint); err != nil {
			t.Fatal(err)
		}
	}
	if ref, err := w.Send(t.Context(), post, "Xã Bến", "id"); err != nil || ref != "0 told, 0 gone, 0 failed" {
		t.Errorf("nobody: %q, %v", ref, err)
	}
}

func TestWhoIsNoReader(t *testing.T) {
	w, _ := newWay(t)
	for name, change := range map[string]func(*Reader){
		"a machine of ours": func(r *Reader) { r.Endpoint = "https://127.0.0.1/x" },
		"another machine":   func(r *Reader) { r.Endpoint = "https://fcm.googleapis.com.evil.example/x" },
		"a like name":       func(r *Reader) { r.Endpoint = "https://evilfcm.googleapis.com/x" },
		"a port":            func(r *Reader) { r.Endpoint = "https://fcm.googleapis.com:8443/x" },
		"a name before it":  func(r *Reader) { r.Endpoint = "https://a@fcm.googleapis.com/x" },
		"plain":             func(r *Reader) { r.Endpoint = "http://fcm.googleapis.com/x" },
		"no address":        func(r *Reader) { r.Endpoint = "" },
		"a long one":        func(r *Reader) { r.Endpoint += strings.Repeat("x", 1000) },
		"no key":            func(r *Reader) { r.P256dh = "" },
		"not on the curve": func(r *Reader) {
			r.P256dh = base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
		},
		"no point":           func(r *Reader) { r.P256dh = r.Auth },
		"no secret":          func(r *Reader) { r.Auth = "x" },
		"of another tongue":  func(r *Reader) { r.Lang = "xx" },
		"push.apple.com too": func(r *Reader) { r.Endpoint = "https://push.apple.com.example/x" },
	} {
		r := newTelephone(t, 1, "26734").Reader
		change(&r)
		if err := w.Store.Add(r); !errors.Is(err, ErrReader) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, host := range []string{"fcm.googleapis.com", "updates.push.services.mozilla.com", "wns2-par02p.notify.windows.com", "web.push.apple.com"} {
		r := newTelephone(t, 1, "26734").Reader
		r.Endpoint = "https://" + host + "/x"
		if err := w.Store.Add(r); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestTheKeysStay(t *testing.T) {
	dir := t.TempDir()
	var keys []string
	for range 2 {
		s, err := Open(dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, s.Key())
		r := newTelephone(t, 1, "26734").Reader
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
		r.Place = "01" // moves
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
		all, err := s.readers(func(string) bool { return true })
		if err != nil || len(all) != 1 || all[0] != r {
			t.Errorf("%+v, %v", all, err)
		}
		s.Close()
	}
	if keys[0] != keys[1] || len(keys[0]) != 87 {
		t.Errorf("keys %q: every browser would have to ask again", keys)
	}
}
