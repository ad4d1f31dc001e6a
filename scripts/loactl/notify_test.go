package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loa/scripts/authority/notify"
)

func TestFleetNotify(t *testing.T) {
	w := newWorld(t).sample()
	w.fails(exitFailed, "nobody is told", "fleet", "notify")

	// The example of the help is one.
	_, example, ok := strings.Cut(en["more.fleet"], "notify.toml:\n\n")
	if _, err := notify.Parse([]byte(example)); !ok || err != nil {
		t.Errorf("the example: %v\n%s", err, example)
	}
	file := filepath.Join(w.env["LOA_AUTHORITY"], notify.File)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(example)
	if out := w.must("fleet", "notify"); !strings.Contains(out, "an@tinh.example") || !strings.Contains(out, "hook.example") {
		t.Errorf("who is told:\n%s", out)
	}
	write(strings.Replace(example, `["74"]`, `["75"]`, 1))
	w.fails(exitFailed, "no place 75", "fleet", "notify")
	write("[[people]]\nnmae = \"x\"\n")
	w.fails(exitFailed, "nmae", "fleet", "notify")
	w.fails(exitFailed, "nmae", "serve")
	write("[[people]]\nname = \"An\"\nplaces = [\"74\"]\n")
	w.fails(exitFailed, "people[0] (An): chỉ ghi một trong hai: email hoặc webhook", "fleet", "notify", "--lang", "vi")
	w.fails(exitFailed, "people[0] (An): write either email or webhook", "fleet", "notify")

	came := make(chan string, 1)
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.Header.Get("Loa-Signature") }))
	defer s.Close()
	before := http.DefaultTransport
	http.DefaultTransport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	defer func() { http.DefaultTransport = before }()
	write("[[people]]\nname = \"An\"\nplaces = [\"74\"]\nwebhook = \"" + s.URL + "\"\nsecret_file = \"" + w.file("secret", "x\n") + "\"\n")
	if out := w.must("fleet", "notify", "--test"); !strings.Contains(out, "sent") || !strings.HasPrefix(<-came, "t=") {
		t.Errorf("a test:\n%s", out)
	}
	s.Close()
	if code := w.run("fleet", "notify", "--test"); code != exitFailed || !strings.Contains(w.out.String(), "NOT sent") {
		t.Errorf("a test that fails: %d\n%s", code, w.out.String())
	}
	if w.run("fleet", "notify", "--test", "--lang", "vi"); !strings.Contains(w.out.String(), "webhook của An không nhận: ") || strings.Contains(w.out.String(), "notify:") {
		t.Errorf("a test that fails, in Vietnamese:\n%s", w.out.String())
	}
}
