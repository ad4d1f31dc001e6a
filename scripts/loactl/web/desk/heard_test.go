package desk

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Of one bulletin one sees which boxes heard it, those first that did not, and has it as a file.
func TestHeard(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	const of = "?place=26734&year=2026&item=26734/bulletin/tin"
	w := s.get(minh, "/desk/heard"+of)
	body := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(body, "Nghe đủ ở 1 trong 2 thiết bị") || strings.Contains(body, "<b>") {
		t.Errorf("%d %s", w.Code, body)
	}
	if first, last := strings.Index(body, "Chợ"), strings.Index(body, "box-3"); first < 0 || last < first {
		t.Errorf("who has not heard it is at %d, who has at %d", first, last)
	}
	if !strings.Contains(body, "chưa từng báo") {
		t.Error("it does not say how the box that told nothing is")
	}
	var file struct {
		Item  string
		Boxes []struct {
			Box, Best string
			Entries   []struct{ Seq int }
		}
	}
	w = s.get(minh, "/desk/heard/file"+of+"&as=json")
	if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil || file.Item != "26734/bulletin/tin" || len(file.Boxes) != 2 || file.Boxes[1].Entries[0].Seq != 7 {
		t.Errorf("%v %s", err, w.Body)
	}
	w = s.get(minh, "/desk/heard/file"+of+"%22%0d%0aX&as=csv")
	if at := w.Header().Get("Content-Disposition"); w.Code != http.StatusOK || strings.ContainsAny(at, "\r\n") || !strings.Contains(at, "26734-bulletin-tin") || strings.Count(w.Body.String(), "\r\n") != 3 {
		t.Errorf("%d %q %s", w.Code, at, w.Body)
	}
	if w := s.get(minh, "/desk/heard/file"+of+"&as=exe"); w.Code != http.StatusBadRequest {
		t.Errorf("as exe: %d", w.Code)
	}
}
