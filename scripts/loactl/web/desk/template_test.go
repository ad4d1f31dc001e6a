package desk

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// What is begun from a template says what it says; nothing that was signed or vouched for
// comes along, and the template itself is never signed.
func TestTemplates(t *testing.T) {
	s := newStage(t)
	minh, lan, hoa := s.enter("minh"), s.enter("lan"), s.enter("hoa")
	draft := s.drafted(minh, "26734", "Lịch tiêm chủng")
	if w := s.vouches(minh, s.translated(minh, draft, "km", "minh", "x")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	if got := state(s.signs(minh, s.proposed(minh, draft+"/submit"), s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	if w := s.form(minh, draft+"/template"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	body := s.get(lan, "/desk/write").Body.String()
	id := attribute(body, `name="id" value`)
	if id == "" || !strings.Contains(body, "Lịch tiêm chủng") {
		t.Fatal("another writer of the place does not see it")
	}
	if strings.Contains(s.get(hoa, "/desk/write").Body.String(), "Lịch tiêm chủng") {
		t.Error("another commune sees it")
	}
	for name, c := range map[string]struct {
		as   string
		f    []string
		want int
	}{
		"another commune's": {hoa, []string{"id", id, "place", "26737"}, http.StatusNotFound},
		"at another place":  {lan, []string{"id", id, "place", "26737"}, http.StatusForbidden},
		"a draft":           {lan, []string{"id", strings.TrimPrefix(draft, "/desk/draft/"), "place", "26734"}, http.StatusNotFound},
		"none":              {lan, []string{"id", "../x", "place", "26734"}, http.StatusNotFound},
	} {
		if w := s.form(c.as, "/desk/write/template", c.f...); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if w := s.form(lan, "/desk/draft/"+id+"/submit"); w.Code != http.StatusBadRequest {
		t.Errorf("the template is signed: %d", w.Code)
	}
	w := s.form(lan, "/desk/write/template", "id", id, "place", "26734")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	begun, err := s.desk.drafts.get(strings.TrimPrefix(w.Header().Get("Location"), "/desk/draft/"))
	s.must(err)
	if begun.By != "lan" || begun.Template || begun.SHA256 != "" || begun.Vouches != nil || begun.Text != "Lịch tiêm chủng" || len(begun.Languages) != 1 || begun.ready() != errUnvouched {
		t.Errorf("%+v", begun)
	}
	if body := s.get(lan, "/desk/library?q=tiêm").Body.String(); strings.Contains(body, "/desk/draft/"+id) {
		t.Error("the library has the template")
	}
	if w := s.form(lan, "/desk/draft/"+id+"/archive"); w.Code != http.StatusSeeOther || strings.Contains(s.get(minh, "/desk/write").Body.String(), id) {
		t.Errorf("dropped: %d", w.Code)
	}
}

// A province makes templates for its communes.
func TestTemplatesFromAbove(t *testing.T) {
	s := newStage(t)
	s.person("tinh", authority.Grant{Place: "74", Kinds: []plan.Kind{plan.KindBulletin}, Classes: []plan.Class{plan.Normal}})
	tinh, hoa := s.enter("tinh"), s.enter("hoa")
	if w := s.form(tinh, s.drafted(tinh, "74", "Mẫu của tỉnh")+"/template"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	body := s.get(hoa, "/desk/write").Body.String()
	if !strings.Contains(body, "Mẫu của tỉnh") || strings.Contains(body, vi["write.drop-template"]) {
		t.Errorf("a commune begins from it and does not change it: %s", body)
	}
	w := s.form(hoa, "/desk/write/template", "id", attribute(body, `name="id" value`), "place", "26737")
	if w.Code != http.StatusSeeOther || s.get(hoa, w.Header().Get("Location")).Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
}

// What is put away is out of sight and found by who looks for it; what is scheduled of it
// stays signed as it is.
func TestPutAway(t *testing.T) {
	s := newStage(t)
	minh, hoa, lan := s.enter("minh"), s.enter("hoa"), s.enter("lan")
	draft := s.drafted(minh, "26734", "Họp cũ")
	id := strings.TrimPrefix(draft, "/desk/draft/")
	if got := state(s.signs(minh, s.proposed(minh, draft+"/submit"), s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	has := func(path string) bool { return strings.Contains(s.get(minh, path).Body.String(), "Họp cũ") }
	for _, f := range [][]string{{"place", "26734", "id", "none"}, {"place", "26734", "id", "../x"}, {"place", "74", "id", id}} {
		if w := s.form(minh, "/desk/library/archive", f...); w.Code != http.StatusNotFound {
			t.Errorf("%v: %d", f, w.Code)
		}
	}
	if w := s.form(hoa, "/desk/library/archive", "place", "26734", "id", id); w.Code != http.StatusNotFound {
		t.Errorf("another commune's: %d", w.Code)
	}
	for range 2 { // a finger that is quick presses twice
		if w := s.form(lan, "/desk/library/archive", "place", "26734", "id", id); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
	}
	for path, want := range map[string]bool{
		"/desk/library": false, "/desk/library?q=+": false, "/desk/library?q=hop+cu": true, "/desk/library?archived=1": true, "/desk/library?archived=1&q=khác": false, "/desk/now": false, "/desk/week": false,
	} {
		if has(path) != want {
			t.Errorf("%s has it: %v", path, !want)
		}
	}
	if _, ok := s.au.Find(message.DocTopic("26734", plan.KindBulletin, id)); !ok {
		t.Error("it is not issued any more")
	}
	if all, err := s.desk.drafts.all(); err != nil || slices.ContainsFunc(all, func(dr Draft) bool { return dr.ID != id }) {
		t.Errorf("the drafts are %v, %v", all, err)
	}
	for range 2 {
		if w := s.form(lan, "/desk/library/archive", "place", "26734", "id", id, "back", "1"); w.Code != http.StatusSeeOther || !has("/desk/library") {
			t.Errorf("taken out again: %d", w.Code)
		}
	}
	// So it is with a draft.
	other := s.drafted(lan, "26734", "Bản nháp cũ")
	for _, f := range [][]string{nil, nil, {"back", "1"}, {"back", "1"}} {
		s.form(lan, other+"/archive", f...)
		dr, err := s.desk.drafts.get(strings.TrimPrefix(other, "/desk/draft/"))
		s.must(err)
		if dr.Archived != (f == nil) || strings.Contains(s.get(lan, other).Body.String(), `name="back"`) != dr.Archived {
			t.Errorf("%v: put away %v, or its page takes it out when it is not", f, dr.Archived)
		}
	}
}
