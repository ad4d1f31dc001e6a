package desk

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// A library that has grown for years opens on a phone as on the first day: a page has so
// many bulletins, and leads to older ones until all were seen.
func TestALargeLibrary(t *testing.T) {
	s := newStage(t)
	lan := s.enter("lan")
	const all = 2*libraryPage + 1
	for n := range all {
		_, err := s.desk.drafts.add(Draft{ID: fmt.Sprintf("tin-%d", n), Place: "26734", Title: fmt.Sprintf("Tin số %d.", n), Text: "x", Class: plan.Normal, Changed: s.now.Add(time.Duration(n) * time.Second)})
		s.must(err)
	}
	seen, next, pages := 0, "/desk/library?q=tin+so&place=26734", 0
	for ; next != "" && pages < 5; pages++ {
		body := s.get(lan, next).Body.String()
		n := strings.Count(body, "<li id=")
		if n > libraryPage {
			t.Errorf("%d on a page", n)
		}
		if pages == 0 && !strings.Contains(body, fmt.Sprintf("Tin số %d.", all-1)) || pages == 2 && !strings.Contains(body, "Tin số 0.") {
			t.Errorf("page %d is not in its order", pages)
		}
		seen += n
		next = ""
		if strings.Contains(body, `rel="next"`) {
			next = html.UnescapeString(attribute(body, `rel="next" href`))
		}
	}
	if seen != all || pages != 3 {
		t.Errorf("%d of %d on %d pages", seen, all, pages)
	}
	for from, want := range map[string]int{"-1": http.StatusBadRequest, "x": http.StatusBadRequest, "99999": http.StatusOK} {
		if w := s.get(lan, "/desk/library?from="+from); w.Code != want {
			t.Errorf("from %s: %d", from, w.Code)
		}
	}
}
