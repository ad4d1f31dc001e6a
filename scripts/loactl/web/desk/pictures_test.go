package desk

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"loa/agent/message"
	"loa/agent/plan"
)

// Pictures come after the words on boards, in the order that was chosen, and are drawn
// while they are chosen.
func TestPicturesOfADraft(t *testing.T) {
	s := newStage(t)
	s.desk.o.Tools = keeping{dir: s.au.MediaDir()}
	minh := s.enter("minh")
	draft := s.drafted(minh, "26734", "Nước lên")
	id := strings.TrimPrefix(draft, "/desk/draft/")
	for _, data := range []string{"one", "two"} {
		if w := s.sends(minh, draft+"/picture", "picture", []byte(data)); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	dr, err := s.desk.drafts.get(id)
	s.must(err)
	one, two := dr.Pictures[0].Image, dr.Pictures[1].Image
	change := func(n int, image string, more ...string) int {
		return s.form(minh, draft+"/pictures", append([]string{"n", fmt.Sprint(n), "image", image}, more...)...).Code
	}
	for _, c := range []struct {
		n     int
		image string
		more  []string
		want  int
	}{
		{1, two, []string{"what", "earlier"}, http.StatusSeeOther},
		{1, two, []string{"what", "remove"}, http.StatusConflict}, // as the page was before
		{2, two, []string{"what", "remove"}, http.StatusConflict},
		{-1, two, []string{"what", "remove"}, http.StatusConflict},
		{0, two, []string{"what", "stay", "stay", "0"}, http.StatusBadRequest},
		{0, two, []string{"what", "stay", "stay", "15"}, http.StatusSeeOther},
		{0, two, []string{"what", "other"}, http.StatusBadRequest},
	} {
		if got := change(c.n, c.image, c.more...); got != c.want {
			t.Errorf("%d %v: %d, want %d", c.n, c.more, got, c.want)
		}
	}
	if got := state(s.signs(minh, s.proposed(minh, draft+"/submit"), s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	is, _ := s.au.Find(message.DocTopic("26734", plan.KindBulletin, id))
	b := is.Doc.(plan.Bulletin)
	if len(b.Pages) != 3 || b.Pages[0].Text != "Nước lên" || b.Pages[1].Image != two || b.Pages[1].StayS != 15 || b.Pages[2].Image != one {
		t.Errorf("%+v", b.Pages)
	}
	again := draftOf(b, "minh")
	if !slices.Equal(again.Pictures, b.Pages[1:]) {
		t.Errorf("used again: %+v", again.Pictures)
	}
	if got := change(0, two, "what", "remove"); got != http.StatusSeeOther {
		t.Errorf("taken out: %d", got)
	}
	if w := s.sends(minh, draft+"/picture", "picture", make([]byte, maxPicture+1)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", w.Code)
	}
	for range maxPictures {
		s.sends(minh, draft+"/picture", "picture", []byte("more"))
	}
	if dr, err = s.desk.drafts.get(id); err != nil || len(dr.Pictures) != maxPictures {
		t.Errorf("%d pictures, %v", len(dr.Pictures), err)
	}
}

// What boards show of a draft's pictures is drawn for who writes at its place.
func TestPicturesAreDrawn(t *testing.T) {
	s := newStage(t)
	s.desk.o.Tools = showing{keeping{dir: s.au.MediaDir()}}
	minh, hoa := s.enter("minh"), s.enter("hoa")
	draft := s.drafted(minh, "26734", "Nước lên")
	if w := s.sends(minh, draft+"/picture", "picture", []byte("one")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	to := "/desk/board/p10?text=x&page=1&draft=" + strings.TrimPrefix(draft, "/desk/draft/")
	if w := s.get(minh, to); w.Code != http.StatusOK || len(w.Body.String()) != 64 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.get(hoa, to); w.Code != http.StatusNotFound {
		t.Errorf("another commune's: %d", w.Code)
	}
}

// showing tools have one board, and draw the name of a picture.
type showing struct{ keeping }

func (showing) Boards(string) []string { return []string{"p10"} }

func (showing) Draw(_, _ string, b *plan.Bulletin) (all []Picture, _ []string, _ error) {
	for _, p := range b.Shown() {
		all = append(all, Picture{Type: "image/png", Data: []byte(p.Text + p.Image)})
	}
	return all, nil, nil
}
