package desk

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"loa/scripts/authority/requests"
)

var (
	quoted  = regexp.MustCompile(`"[^"]*"`)
	handler = regexp.MustCompile(`<[^>]*\s(on[a-z]+|style)=`)
	inline  = regexp.MustCompile(`(?s)<script(?: defer| src="")*>[^<]|<style`)
)

// nothingInline: no page has a script, a style or a handler in it, and every answer says
// that none may run.
func nothingInline(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	draft := s.drafted(minh, "26734", "Chữ")
	paper := s.proposed(minh, draft+"/submit")
	_, _, err := s.box.Add(requests.Ask{Place: "26734", Kind: requests.Other, Text: "Chữ"})
	s.must(err)
	for _, r := range routes() {
		method, path := concrete(r.pattern)
		if method != "GET" {
			continue
		}
		for _, at := range []string{path, draft, paper} {
			w := s.get(minh, at)
			csp := w.Header().Get("Content-Security-Policy")
			if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'; script-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("%s: %q", at, csp)
			}
			if body := quoted.ReplaceAllString(w.Body.String(), `""`); handler.MatchString(body) || inline.MatchString(body) {
				t.Errorf("%s has something in it that acts:\n%s", at, body)
			}
		}
	}
}

const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}`

// residentsScripts: what a resident sends is text to whoever reads it at the desk, and in
// the bulletin that an answer to it becomes.
func residentsScripts(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	q, code, err := s.box.Add(requests.Ask{Place: "26734", Kind: requests.Other, Text: "lời " + evil, Contact: "ai " + evil})
	s.must(err)
	at := "/desk/inbox/" + q.ID
	w := s.form(minh, at, "what", "bulletin", "answer", "đáp "+evil)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	s.must(s.box.Reopen(code, "lại "+evil))
	draft := w.Header().Get("Location")
	for path, words := range map[string]string{at: "lời đáp lại ai", "/desk/inbox": "lời", draft: "đáp", s.proposed(minh, draft+"/submit"): "", "/desk/library": "đáp"} {
		body := s.get(minh, path).Body.String()
		for _, word := range strings.Fields(words) {
			if !strings.Contains(body, word+" &#34;&gt;&lt;script") {
				t.Errorf("%s does not show %q as words", path, word)
			}
		}
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s:\n%s", path, body)
		}
	}
}

// otherPlacesLetters: what residents of one commune sent is nobody else's.
func otherPlacesLetters(t *testing.T) {
	s := newStage(t)
	minh, hoa := s.enter("minh"), s.enter("hoa")
	var picture bytes.Buffer
	s.must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))))
	photo, err := requests.Photo(&picture)
	s.must(err)
	q, _, err := s.box.Add(requests.Ask{Place: "26734", Kind: requests.Other, Text: "riêng", Photo: photo})
	s.must(err)
	at := "/desk/inbox/" + q.ID
	for id, want := range map[string]int{minh: http.StatusOK, hoa: http.StatusNotFound} {
		for _, path := range []string{at, at + "/photo"} {
			if w := s.get(id, path); w.Code != want {
				t.Errorf("%s: %d, want %d", path, w.Code, want)
			}
		}
	}
	for _, what := range []string{"answer", "bulletin", "working", "refused"} {
		if w := s.form(hoa, at, "what", what, "answer", "x"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if w := s.form(hoa, "/desk/inbox", "id", q.ID); w.Code != http.StatusNotFound {
		t.Errorf("in bulk: %d", w.Code)
	}
	if is, err := s.box.Get(q.ID); err != nil || is.State != requests.New || len(is.Events) != 0 {
		t.Errorf("%+v, %v", is, err)
	}
}

// uploads: what is no recording of a size that a recording may have changes no draft. What
// is in one is tried where recordings are taken in (loactl, TestUploads).
func uploads(t *testing.T) {
	s := newStage(t)
	minh, hoa := s.enter("minh"), s.enter("hoa")
	draft := s.drafted(minh, "26734", "Chữ")
	form := func(id, field string, size int64) int {
		r, w := io.Pipe()
		m := multipart.NewWriter(w)
		go func() { // ends when the request has been read or given up
			part, err := m.CreateFormFile(field, "a.wav")
			if err == nil {
				_, err = io.CopyN(part, zeros{}, size)
			}
			m.Close()
			w.CloseWithError(err)
		}()
		defer r.Close()
		return s.ask("POST", draft+"/audio", id, r, m.FormDataContentType()).Code
	}
	for _, c := range []struct {
		name, id, field string
		size            int64
		want            int
	}{
		{"more than a recording may have", minh, "audio", maxSound + 1, http.StatusRequestEntityTooLarge},
		{"in another field", minh, "text", 10, http.StatusBadRequest},
		{"another commune's draft", hoa, "audio", 10, http.StatusNotFound},
	} {
		if got := form(c.id, c.field, c.size); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := s.ask("POST", draft, minh, io.LimitReader(zeros{}, maxForm+1), "application/x-www-form-urlencoded").Code; got < 400 {
		t.Errorf("a form of %d bytes: %d", maxForm+1, got)
	}
	if dr, err := s.desk.drafts.get(strings.TrimPrefix(draft, "/desk/draft/")); err != nil || dr.Audio != nil || dr.Text != "Chữ" {
		t.Errorf("%+v, %v", dr, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
