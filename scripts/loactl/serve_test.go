package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/scripts/authority"
	"loa/scripts/authority/api"
)

// A served is loactl serve at work, with a broker inside and the API.
type served struct {
	t    *testing.T
	url  string
	http *http.Client
	end  func()
}

// serve starts loactl serve and waits until it is online.
func (w *world) serve(port string) *served {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said := &lines{came: make(chan string, 64)}
	a := &app{ctx: ctx, in: strings.NewReader(""), out: said, err: said, env: func(k string) string { return w.env[k] }, now: time.Now, patience: w.patience}
	done := make(chan int, 1)
	go func() {
		done <- a.do([]string{"serve", "--embedded", "--broker-listen", port, "--api", "127.0.0.1:0", "--every", "1s", "--broker", "tls://" + port})
	}()
	ca, err := os.ReadFile(filepath.Join(w.env["LOA_AUTHORITY"], "tls/ca.crt"))
	if err != nil {
		w.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	s := &served{t: w.t, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
	s.end = func() {
		transport.CloseIdleConnections()
		cancel()
		if code := <-done; code != exitOK {
			w.t.Errorf("exit %d", code)
		}
	}
	for {
		select {
		case text := <-said.came:
			if _, url, ok := strings.Cut(text, "https://"); ok {
				s.url = "https://" + strings.TrimSpace(url)
			}
			if strings.Contains(text, "online") {
				return s
			}
		case code := <-done:
			w.t.Fatalf("loactl serve ended with %d", code)
		}
	}
}

// get asks the API.
func (s *served) get(token, path string, to any) int {
	s.t.Helper()
	r, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if to != nil {
		if err := json.Unmarshal(body, to); err != nil {
			s.t.Fatalf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	return res.StatusCode
}

// Who asks a centre that serves is told what its files say, also after the index and
// what the broker kept are gone.
func TestServeAnswers(t *testing.T) {
	w := newWorld(t)
	w.must("init", "--throw-away", "--hosts", "127.0.0.1", "--place", "26734=An Sơn")
	w.must("box", "add", "box-1", "--place", "26734", "--board", "desk", "--as", "26734-1,26734-2")
	w.must("bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp\"\ntext = \"a\"\nvalid_until = "+until), "--as", "26734-1")
	var made struct{ Token string }
	w.json(&made, "serve", "token", "new", "web")
	w.fails(exitFailed, "already is a token web", "serve", "token", "new", "web")
	w.fails(exitUsage, "", "serve", "token", "new", "Trang web")
	port := freePort(t)
	for _, when := range []string{"at first", "without its index"} {
		s := w.serve(port)
		var docs api.Documents
		if code := s.get(made.Token, "/documents?kind=bulletin", &docs); code != http.StatusOK || len(docs.Documents) != 1 || docs.Documents[0].Title != "Họp" {
			t.Errorf("%s: %d %+v", when, code, docs)
		}
		// A second version, from another process: it is found when the broker has shown it.
		w.must("bulletin", "withdraw", "hop", "--as", "26734-2", "--send", "--broker", "tls://"+port)
		var whole api.Whole
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			s.get(made.Token, "/documents?kind=bulletin", &docs)
			if docs.Documents[0].Withdrawn {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the second version is not found: %+v", when, docs)
			}
		}
		if s.get(made.Token, "/documents/"+docs.Documents[0].SHA256, &whole); len(whole.Versions) < 2 {
			t.Errorf("%s: %+v", when, whole.Versions)
		}
		var status api.Status
		for deadline := time.Now().Add(30 * time.Second); !status.Broker; time.Sleep(20 * time.Millisecond) {
			if s.get(made.Token, "/status", &status); time.Now().After(deadline) {
				t.Fatalf("%s: no broker", when)
			}
		}
		if len(status.Foreign) > 0 || status.Boxes != 1 {
			t.Errorf("%s: %+v", when, status)
		}
		if when == "without its index" {
			w.must("serve", "token", "revoke", "web")
			if code := s.get(made.Token, "/status", nil); code != http.StatusUnauthorized {
				t.Errorf("a revoked token: %d", code)
			}
		}
		s.end()
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(filepath.Join(w.env["LOA_AUTHORITY"], "index.db"+end)) // some are not there
		}
		if when == "at first" {
			w.must("bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp\"\ntext = \"b\"\nvalid_until = "+until), "--as", "26734-1")
		}
	}
	w.fails(exitFailed, "no token web", "serve", "token", "revoke", "web")
	w.fails(exitUsage, "--embedded", "serve", "--broker-listen", port)
}

func TestHere(t *testing.T) {
	for addr, want := range map[string]string{"8444": "127.0.0.1:8444", ":8444": "127.0.0.1:8444", "0.0.0.0:8444": "0.0.0.0:8444", "[::1]:1": "[::1]:1"} {
		if got := here(addr); got != want {
			t.Errorf("%q is %q", addr, got)
		}
	}
}

// A broker on another machine fetches the list of the revoked where media are.
func TestTheListOfTheRevokedIsPublic(t *testing.T) {
	w := newWorld(t).sample()
	au, err := authority.Open(w.env["LOA_AUTHORITY"], authority.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(au.RevocationFile())
	if err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]int{"/ca.crl": 200, "/ca.key": 404, "/": 404} {
		got := httptest.NewRecorder()
		public(au).ServeHTTP(got, httptest.NewRequest("GET", path, nil))
		if got.Code != code || code == 200 && got.Body.String() != string(want) {
			t.Errorf("%s: %d, %d bytes", path, got.Code, got.Body.Len())
		}
	}
}
