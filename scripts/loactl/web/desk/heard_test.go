package desk

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"loa/scripts/report"
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

// explained are tools that know what one row is made of, or break off.
type explained struct {
	tools
	err error
}

func (e explained) Why(_ string, _ int, row string, f func(report.Evidence)) (report.Report, error) {
	if row == "air/x" {
		for seq := range 3 {
			f(report.Evidence{Ref: report.Ref{Device: "box-1", Seq: int64(seq + 1)}, Cells: []int64{1}})
		}
	}
	return report.Report{Tables: []report.Table{{ID: "air", Rows: []report.Row{{ID: "air/x"}, {ID: "air/nothing"}}}}}, e.err
}

// What a row is made of is a file, whole or visibly broken off.
func TestWhyFile(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	s.desk.o.Tools = explained{}
	const file = "/desk/report/why/file?place=26734&year=2026&row="
	w := s.get(minh, file+"air/x")
	if w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 3 || !strings.Contains(w.Body.String(), `"seq":3`) || !strings.Contains(w.Header().Get("Content-Disposition"), `"air-x-2026-26734.jsonl"`) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := s.get(minh, file+"air/y"); w.Code != http.StatusNotFound {
		t.Errorf("a row that there is not: %d", w.Code)
	}
	if w := s.get(minh, file+"air/nothing"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("a row of nothing: %d %s", w.Code, w.Body)
	}
	s.desk.o.Tools = explained{err: errors.New("the disk is gone")}
	if w := s.get(minh, file+"air/nothing"); w.Code != http.StatusInternalServerError {
		t.Errorf("what cannot be read: %d", w.Code)
	}
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("half a file ends with %v", r)
		}
	}()
	s.get(minh, file+"air/x")
}
