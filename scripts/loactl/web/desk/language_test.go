package desk

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/loactl/web/look"
	"loa/scripts/mediaserver"
)

// sends uploads a file in a field of a form.
func (s *stage) sends(id, to, field string, data []byte) *httptest.ResponseRecorder {
	s.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile(field, "a file")
	s.must(err)
	_, err = part.Write(data)
	s.must(err)
	s.must(m.Close())
	return s.ask("POST", to, id, &body, m.FormDataContentType())
}

// keeping tools keep what they are sent where boxes fetch it, as if it were sound.
type keeping struct {
	tools
	dir string
}

func (k keeping) Record(_ context.Context, _ string, r io.Reader) (Recording, error) {
	sum, size, err := mediaserver.Add(k.dir, r)
	return Recording{Audio: plan.Audio{SHA256: sum, Bytes: size, Type: "audio/mpeg", DurationMS: 1000}, LUFS: -23}, err
}

func (k keeping) Picture(_ context.Context, _, _ string, r io.Reader) (plan.Page, error) {
	sum, size, err := mediaserver.Add(k.dir, r)
	return plan.Page{Image: sum, Bytes: size, Type: "image/png"}, err
}

// translated is the path of a draft's translation that somebody is to vouch for.
func (s *stage) translated(id, draft, lang, who, text string) string {
	s.t.Helper()
	w := s.form(id, draft+"/language", "lang", lang, "who", who)
	if w.Code != http.StatusSeeOther {
		s.t.Fatalf("a language: %d %s", w.Code, w.Body)
	}
	page := w.Header().Get("Location")
	if w := s.form(id, page, "text", text, "who", who); w.Code != http.StatusSeeOther {
		s.t.Fatalf("its text: %d %s", w.Code, w.Body)
	}
	return page
}

// vouches gives a person's word for what that person's page shows.
func (s *stage) vouches(id, page string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.form(id, page+"/vouch", "digest", attribute(s.get(id, page).Body.String(), `name="digest" value`))
}

// Nobody signs a bulletin before the person who was named has vouched for each of its
// languages; whoever signs sees who did, and it stays in what is signed.
func TestTranslationIsVouchedFor(t *testing.T) {
	s := newStage(t)
	s.desk.o.Tools = keeping{dir: s.au.MediaDir()}
	_, err := s.desk.people.Invite("son", "26734", s.now)
	s.must(err)
	minh, lan, son := s.enter("minh"), s.enter("lan"), s.enter("son")
	draft := s.drafted(lan, "26734", "Nước lên")
	page := s.translated(lan, draft, "km", "son", "ទឹកឡើង")
	submit := func() int { return s.form(lan, draft+"/submit").Code }

	if submit() != http.StatusConflict {
		t.Error("it was signed before anybody vouched for the translation")
	}
	for name, id := range map[string]string{"the writer": lan, "the approver": minh} {
		if w := s.vouches(id, page); w.Code != http.StatusForbidden && w.Code != http.StatusNotFound {
			t.Errorf("%s vouches in another's name: %d", name, w.Code)
		}
	}
	if !strings.Contains(s.get(son, "/desk/").Body.String(), page) {
		t.Error("the person who was named is not told")
	}
	seen := attribute(s.get(son, page).Body.String(), `name="digest" value`)
	s.form(lan, page, "text", "ទឹកឡើង\u200bហើយ", "who", "son")
	if w := s.form(son, page+"/vouch", "digest", seen); w.Code != http.StatusConflict {
		t.Errorf("a word for what was changed meanwhile: %d", w.Code)
	}
	// It sounds in Vietnamese, so it has to in Khmer too, and no machine reads that.
	if w := s.sends(lan, draft+"/audio", "audio", []byte("sound")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	if w := s.vouches(son, page); w.Code != http.StatusConflict {
		t.Errorf("a word for what nobody hears: %d", w.Code)
	}
	if w := s.sends(lan, page+"/audio", "audio", []byte("other sound")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	if w := s.vouches(son, page); w.Code != http.StatusSeeOther {
		t.Fatalf("his word: %d %s", w.Code, w.Body)
	}
	if strings.Contains(s.get(son, "/desk/").Body.String(), page) {
		t.Error("he is asked again")
	}
	// Whoever changes what it was translated from needs a new word.
	s.form(lan, draft, "title", "Nước lên", "text", "Nước xuống", "class", "normal", "days", "3")
	if submit() != http.StatusConflict {
		t.Error("the word counts for another text")
	}
	s.form(lan, draft, "title", "Nước lên", "text", "Nước lên", "class", "normal", "days", "3")

	sign := s.proposed(lan, draft+"/submit")
	if got := state(s.signs(lan, sign, s.keys["lan"])); got != "pending" {
		t.Fatal(got)
	}
	for name, id := range map[string]string{"who signed first": lan, "who signs now": minh} {
		body := s.get(id, sign).Body.String()
		if !strings.Contains(body, "son bảo đảm lúc") || !strings.Contains(body, look.Language("vi", "km")) {
			t.Errorf("%s does not see who vouched for Khmer", name)
		}
	}
	if got := state(s.signs(minh, sign, s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	is, ok := s.au.Find(message.DocTopic("26734", plan.KindBulletin, strings.TrimPrefix(draft, "/desk/draft/")))
	if !ok {
		t.Fatal("it is not issued")
	}
	b := is.Doc.(plan.Bulletin)
	if len(b.Pages) != 2 || b.Pages[0].Text != "Nước lên" || b.Pages[1].Lang != "km" || len(b.Audio) != 2 || b.Audio[1].Lang != "km" || !slices.Equal(b.ApprovedBy, []string{"son"}) {
		t.Errorf("%+v", b)
	}
	// Used again, it asks for a new word.
	w := s.form(lan, "/desk/library/reuse", "place", "26734", "id", b.ID)
	again, err := s.desk.drafts.get(strings.TrimPrefix(w.Header().Get("Location"), "/desk/draft/"))
	s.must(err)
	if len(again.Languages) != 1 || again.Languages[0].Text != b.Pages[1].Text || again.Languages[0].Audio == nil || again.Board != "" || again.ready() != errUnvouched {
		t.Errorf("used again: %+v", again)
	}
}

// A draft has a language once, and no machine reads Khmer as if it were Vietnamese.
func TestLanguagesOfADraft(t *testing.T) {
	s := newStage(t)
	s.desk.o.Tools = untouched{t: t}
	lan := s.enter("lan")
	draft := s.drafted(lan, "26734", "Tin")
	page := s.translated(lan, draft, "km", "lan", "x")
	for _, f := range [][]string{
		{"lang", "km", "who", "lan"}, {"lang", "vi", "who", "lan"}, {"lang", "xx", "who", "lan"}, {"lang", "en", "who", "hoa"}, {"lang", "en", "who", ""}, {"lang", "en", "who", "khach"},
	} {
		if w := s.form(lan, draft+"/language", f...); w.Code < 400 {
			t.Errorf("%v: %d", f, w.Code)
		}
	}
	for _, text := range []string{"", " ", strings.Repeat("x", maxVersion+1)} {
		if w := s.form(lan, page, "text", text, "who", "lan"); w.Code != http.StatusBadRequest {
			t.Errorf("%.10q: %d", text, w.Code)
		}
	}
	if w := s.form(lan, page, "then", "remove"); w.Code != http.StatusSeeOther || s.get(lan, page).Code != http.StatusNotFound {
		t.Errorf("taken out: %d", w.Code)
	}
	id := strings.TrimPrefix(draft, "/desk/draft/")
	s.must(s.desk.drafts.change(id, func(dr *Draft) error { dr.Lang = "km"; return nil }))
	if w := s.form(lan, draft+"/speak"); w.Code != http.StatusConflict {
		t.Errorf("Khmer read aloud: %d", w.Code)
	}
}

// Where the recordings of the languages differ in loudness no number stands for both.
func TestLoudnessOfLanguages(t *testing.T) {
	rec := func(sha string) *plan.Audio { return &plan.Audio{SHA256: sha} }
	for _, c := range []struct{ first, second, want float64 }{{-23, -23.2, -23}, {-23, -18, 0}} {
		dr := Draft{ID: "x", Text: "x", Audio: rec("a"), LUFS: c.first, Languages: []Version{{Lang: "km", Text: "y", Audio: rec("b"), LUFS: c.second, Who: "son"}}}
		if got := dr.bulletin(dr.Changed).LoudnessLUFS; got != c.want {
			t.Errorf("%v and %v: %v, want %v", c.first, c.second, got, c.want)
		}
	}
	only := Draft{Text: "x", Languages: []Version{{Lang: "km", Audio: rec("b"), LUFS: -20}}}
	if got := only.bulletin(only.Changed).LoudnessLUFS; got != -20 {
		t.Errorf("one recording: %v", got)
	}
}

// What was signed and is mended after that asks for a new word, of whoever is to give it.
func TestWhatWasSignedIsVouchedForAgain(t *testing.T) {
	s := newStage(t)
	_, err := s.desk.people.Invite("son", "26734", s.now)
	s.must(err)
	lan, son := s.enter("lan"), s.enter("son")
	draft := s.drafted(lan, "26734", "Nước lên")
	page := s.translated(lan, draft, "km", "son", "ទឹក")
	if w := s.vouches(son, page); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	sign := s.proposed(lan, draft+"/submit")
	if got := state(s.signs(lan, sign, s.keys["lan"])); got != "pending" {
		t.Fatal(got)
	}
	asked := func() bool { return strings.Contains(s.get(son, "/desk/").Body.String(), page) }
	if asked() {
		t.Error("he is asked for what he has vouched for")
	}
	if w := s.form(lan, sign+"/drop"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.form(lan, page, "text", "ទឹកឡើង", "who", "son"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if !asked() {
		t.Error("nobody tells him that his word is needed")
	}
}
