package desk

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// scripted sends a form as the script of the pages does.
func (s *stage) scripted(id, to string, fields ...string) (w *httptest.ResponseRecorder, said struct{ To, Error string }) {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", "https://loa.example"+to, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.AddCookie(&http.Cookie{Name: cookie, Value: id})
	w = httptest.NewRecorder()
	s.desk.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		s.t.Fatalf("%s: %d %s", to, w.Code, w.Body)
	}
	return w, said
}

// A script is told where to go on, and why not, so that what was typed stays in the page.
func TestWhatWasTypedStays(t *testing.T) {
	s := newStage(t)
	lan := s.enter("lan")
	if w, said := s.scripted("of-yesterday", "/desk/write", "place", "26734", "text", "Dài dòng"); w.Code != http.StatusUnauthorized || said.Error != vi["error.signed-out"] {
		t.Errorf("signed out: %d %+v", w.Code, said)
	}
	w, said := s.scripted(lan, "/desk/write", "place", "26734", "text", "Dài dòng")
	if w.Code != http.StatusOK || !strings.HasPrefix(said.To, "/desk/draft/") || w.Header().Get("Location") != "" {
		t.Errorf("%d %+v %v", w.Code, said, w.Header())
	}
}

// Two who write in one draft, or one in two tabs: what the later saves overwrites nothing.
func TestADraftInTwoTabs(t *testing.T) {
	s := newStage(t)
	lan, minh := s.enter("lan"), s.enter("minh")
	draft := s.drafted(lan, "26734", "Mở đầu")
	seen := func(id string) string { return attribute(s.get(id, draft).Body.String(), `name="seen" value`) }
	one, two := seen(lan), seen(minh)
	save := func(id, seen, text, then string) (int, string) {
		s.now = s.now.Add(time.Second)
		w, said := s.scripted(id, draft, "seen", seen, "title", "T", "text", text, "class", "normal", "days", "3", "then", then)
		return w.Code, said.Error
	}
	if code, why := save(lan, one, "Của Lan", "save"); code != http.StatusOK {
		t.Fatalf("%d %s", code, why)
	}
	if code, why := save(minh, two, "Của Minh", "save"); code != http.StatusConflict || why != vi["error.moved"] {
		t.Errorf("over what Lan saved: %d %s", code, why)
	}
	if dr, err := s.desk.drafts.get(strings.TrimPrefix(draft, "/desk/draft/")); err != nil || dr.Text != "Của Lan" {
		t.Errorf("%q, %v", dr.Text, err)
	}
	if code, why := save(minh, seen(minh), "Của cả hai", "submit"); code != http.StatusOK {
		t.Errorf("after having looked: %d %s", code, why)
	}
	if dr, err := s.desk.drafts.get(strings.TrimPrefix(draft, "/desk/draft/")); err != nil || dr.Text != "Của cả hai" {
		t.Errorf("what is to be signed was not saved: %q, %v", dr.Text, err)
	}
}

// So it is with a translation, whose text two may have open.
func TestATranslationInTwoTabs(t *testing.T) {
	s := newStage(t)
	lan, minh := s.enter("lan"), s.enter("minh")
	page := s.translated(lan, s.drafted(lan, "26734", "Nước lên"), "km", "lan", "ទឹក")
	seen := func(id string) string { return attribute(s.get(id, page).Body.String(), `name="seen" value`) }
	one, two := seen(lan), seen(minh)
	w, said := s.scripted(lan, page, "seen", one, "text", "ទឹកឡើង", "who", "lan")
	if w.Code != http.StatusOK || w.Header().Get("Loa-Draft") != seen(lan) {
		t.Fatalf("%d %+v, now %q", w.Code, said, w.Header().Get("Loa-Draft"))
	}
	for name, f := range map[string][]string{"a text": {"text", "ទឹកចុះ", "who", "lan"}, "taken out": {"then", "remove"}} {
		if w, said := s.scripted(minh, page, append(f, "seen", two)...); w.Code != http.StatusConflict || said.Error != vi["error.moved"] {
			t.Errorf("%s over what Lan saved: %d %+v", name, w.Code, said)
		}
	}
	if body := s.get(lan, page).Body.String(); !strings.Contains(body, "ទឹកឡើង") {
		t.Error("what Lan saved is gone")
	}
	if w, _ := s.scripted(minh, page, "seen", seen(minh), "then", "remove"); w.Code != http.StatusOK {
		t.Errorf("taken out by who has looked: %d", w.Code)
	}
}
