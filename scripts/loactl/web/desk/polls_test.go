package desk

import (
	"net/http"
	"strings"
	"testing"

	"loa/scripts/authority/poll"
)

// Whoever approves what is said at a place asks its people, sees what they answer, and ends
// it; others look on, and another commune learns nothing.
func TestPolls(t *testing.T) {
	s := newStage(t)
	minh, lan, hoa := s.enter("minh"), s.enter("lan"), s.enter("hoa")
	date := s.now.AddDate(0, 0, 7).Format("2006-01-02")
	form := func(more ...string) []string {
		return append([]string{"place", "26734", "title", "Chợ mới <b>", "text", "Để quy hoạch.", "by", "slip", "date", date, "time", "17:00",
			"question", "Chỗ nào?", "options", "Bến phà\r\nNgã ba\r\n\r\n", "most", "1", "question", "", "options", "", "most", "1"}, more...)
	}
	w := s.form(minh, "/desk/polls", form()...)
	page := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(page, "/desk/poll/tin-") {
		t.Fatalf("%d %s %s", w.Code, page, w.Body)
	}
	id := strings.TrimPrefix(page, "/desk/poll/")
	p, err := s.polls.Get(id)
	if err != nil || len(p.Questions) != 1 || strings.Join(p.Questions[0].Options, ",") != "Bến phà,Ngã ba" || p.By != poll.BySlip || p.Place != "26734" {
		t.Fatalf("%+v %v", p, err)
	}
	// What is wrong is told, and nobody types it again.
	w = s.form(minh, "/desk/polls", form("question", "Một lựa chọn?", "options", "Chỉ một", "most", "1")...)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Một lựa chọn?") || !strings.Contains(w.Body.String(), "câu hỏi 2:") {
		t.Errorf("a question with one option: %d", w.Code)
	}
	if w, said := s.scripted(minh, "/desk/polls", form("question", "Một lựa chọn?", "options", "Chỉ một", "most", "1")...); w.Code != http.StatusUnprocessableEntity || !strings.Contains(said.Error, "câu hỏi 2:") {
		t.Errorf("a script is told: %d %+v", w.Code, said)
	}
	for name, f := range map[string][]string{
		"by phone without a channel":  append(form()[:6], append([]string{"by", "phone"}, form()[8:]...)...),
		"without a date":              {"place", "26734", "title", "x", "by", "slip", "question", "a", "options", "b\nc", "most", "1"},
		"fields that do not go round": form("question", "x"),
	} {
		if w := s.form(minh, "/desk/polls", f...); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	codes, err := s.polls.Slips(id, 2)
	s.must(err)
	s.must(s.polls.Answer(id, "", codes[0], poll.Answer{{1}}))
	body := s.get(minh, page).Body.String()
	if !strings.Contains(body, "1 lượt trả lời") || !strings.Contains(body, "100 %") || strings.Contains(body, "<b>") {
		t.Errorf("the result: %s", body)
	}
	// The writer whose bulletins need another's signature asks nobody by herself.
	if w := s.form(lan, "/desk/polls", form()...); w.Code != http.StatusForbidden {
		t.Errorf("a writer asks: %d", w.Code)
	}
	if body := s.get(lan, page).Body.String(); !strings.Contains(body, "1 lượt trả lời") || strings.Contains(body, page+"/close") {
		t.Error("a writer does not see the result, or may end it")
	}
	for _, path := range []string{"/close", "/slips"} {
		if w := s.form(lan, page+path, "count", "5"); w.Code != http.StatusForbidden {
			t.Errorf("a writer at %s: %d", path, w.Code)
		}
		if w := s.form(hoa, page+path, "count", "5"); w.Code != http.StatusNotFound {
			t.Errorf("another commune at %s: %d", path, w.Code)
		}
	}
	if w := s.get(hoa, page); w.Code != http.StatusNotFound {
		t.Errorf("another commune reads it: %d", w.Code)
	}
	if strings.Contains(s.get(hoa, "/desk/polls").Body.String(), id) {
		t.Error("another commune's list has it")
	}
	if w := s.form(hoa, "/desk/polls", form()...); w.Code != http.StatusForbidden {
		t.Errorf("another commune asks here: %d", w.Code)
	}
	if w := s.form(minh, page+"/slips", "count", "2001"); w.Code != http.StatusBadRequest {
		t.Errorf("2001 slips: %d", w.Code)
	}
	if w := s.form(minh, page+"/slips", "count", "5"); w.Code != http.StatusOK || w.Body.String() != "5 slips of "+id || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("slips: %d %s", w.Code, w.Body)
	}
	if w := s.form(minh, page+"/close"); w.Code != http.StatusSeeOther {
		t.Errorf("ending it: %d", w.Code)
	}
	if p, err := s.polls.Get(id); err != nil || p.Runs(s.now) {
		t.Errorf("it goes on: %v", err)
	}
	if w := s.form(minh, page+"/slips", "count", "5"); w.Code != http.StatusBadRequest {
		t.Errorf("slips of what is over: %d", w.Code)
	}
}
