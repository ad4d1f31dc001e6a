package look

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

func page(t *testing.T, main string) *Pages {
	t.Helper()
	p, err := New(Opts{Pages: fstest.MapFS{"a.html": {Data: []byte(`{{define "title"}}T{{end}}{{define "main"}}` + main + `{{end}}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWords(t *testing.T) {
	for _, f := range append(Check(common), Check(languages)...) {
		t.Error(f)
	}
	if got := Check(map[string]map[string]string{"vi": {"a": "%d", "c": "e\u0301"}, "en": {"a": "x", "b": "y", "c": "z"}}); len(got) < 3 {
		t.Errorf("a gap, a lack and NFD came through: %q", got)
	}
}

func TestAPageInItsFrame(t *testing.T) {
	var b bytes.Buffer
	at, _ := url.Parse("/p/26734?q=a&lang=vi")
	if err := page(t, `<p>{{.Data}}</p>`).Render(&b, "a", View{Lang: "vi", At: at, Data: "<script>"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`lang="vi"`, "&lt;script&gt;", `href="/p/26734?lang=en&amp;q=a"`, Prefix + "style."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("without %q:\n%s", want, b.String())
		}
	}
	if err := page(t, `{{t "no such text"}}`).Render(&b, "a", View{Lang: "vi"}); err == nil {
		t.Error("a page with a hole in it was shown")
	}
}

func TestFilesAreKeptForGood(t *testing.T) {
	p := page(t, "")
	for _, tt := range []struct {
		path string
		code int
	}{{p.Style(), 200}, {Prefix + "style.css", 404}, {Prefix + "frame.html", 404}, {Prefix + "../look.go", 404}} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = tt.path
		r.Header.Set("Accept-Encoding", "gzip")
		p.ServeHTTP(w, r)
		if w.Code != tt.code || w.Code == 200 && (w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
			t.Errorf("%s: %d %v", tt.path, w.Code, w.Header())
		}
	}
}

func TestGuard(t *testing.T) {
	h := Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, tt := range []struct {
		method, site string
		code         int
	}{{"POST", "cross-site", 403}, {"POST", "same-site", 403}, {"POST", "same-origin", 200}, {"GET", "cross-site", 200}} {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.Header.Set("Sec-Fetch-Site", tt.site)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.code {
			t.Errorf("%s from %s: %d", tt.method, tt.site, w.Code)
		}
		csp := w.Header().Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("policy %q", csp)
		}
	}
}
