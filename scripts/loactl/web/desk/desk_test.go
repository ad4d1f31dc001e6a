package desk

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
	"loa/scripts/authority/index"
	"loa/scripts/authority/poll"
	"loa/scripts/authority/requests"
	"loa/scripts/loactl/web/look"
	"loa/scripts/report"
)

// A stage is a desk over a real authority and a real API; the broker takes everything.
type stage struct {
	t     *testing.T
	au    *authority.Authority
	desk  *Desk
	box   *requests.Store
	polls *poll.Store
	now   time.Time
	keys  map[string]ed25519.PrivateKey
}

type broker struct{}

func (broker) Connected() bool                                 { return true }
func (broker) Publish(context.Context, authority.Issued) error { return nil }
func (broker) Talk(string, []byte)                             {}
func (broker) Foreign() []string                               { return nil }

// tools make nothing: what they make is tried where they are.
type tools struct{}

func (tools) Speak(context.Context, string, string, string) (Spoken, error) { return Spoken{}, nil }
func (tools) Record(context.Context, string, io.Reader) (Recording, error)  { return Recording{}, nil }
func (tools) Picture(context.Context, string, string, io.Reader) (plan.Page, error) {
	return plan.Page{}, nil
}
func (tools) Read(_, text, _ string) Reading { return Reading{Sentences: []string{text}} }
func (tools) Draw(string, string, *plan.Bulletin) ([]Picture, []string, error) {
	return nil, nil, nil
}
func (tools) Boards(string) []string                           { return nil }
func (tools) Doubts(_ string, b *plan.Bulletin) []string       { return []string{b.Title} }
func (tools) Unheard(string, *plan.Schedule) ([]string, error) { return nil, nil }
func (tools) Ahead(plan.Head, int, any) ([]ahead.Line, error)  { return nil, nil }
func (tools) ID(string) string                                 { return "tin" }
func (tools) Report(string, int) (report.Report, error)        { return report.Report{}, nil }
func (tools) Why(string, int, string, func(report.Evidence)) (report.Report, error) {
	return report.Report{}, nil
}

func (tools) Slips(_, id string, n int) ([]byte, error) {
	return fmt.Appendf(nil, "%d slips of %s", n, id), nil
}
func (tools) Phones() bool { return false }
func (tools) Trace(_ string, _ int, item string) (string, []report.Told, error) {
	return "Tin <b>", []report.Told{
		{Box: "box-1", Label: "Chợ", Place: "26734", Best: "no-word"},
		{Box: "box-3", Place: "26734", Best: "whole", Proof: report.Ref{Device: "box-3", Seq: 7}, Entries: []ledger.Entry{{Seq: 7, Kind: ledger.End, Result: plan.Heard, Title: item}}},
	}, nil
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Now(), keys: make(map[string]ed25519.PrivateKey)}
	clock := func() time.Time { return s.now }
	var err error
	s.au, err = authority.New(filepath.Join(t.TempDir(), "a"), authority.Setup{Name: "x", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return []byte("x"), nil }, Now: clock})
	s.must(err)
	s.must(s.au.AddPlace("74", authority.Place{Name: "Tỉnh", Width: 1}))
	for _, code := range []string{"26734", "26737"} {
		s.must(s.au.AddPlace(code, authority.Place{Name: "Xã " + code, Parent: "74"}))
	}
	speak := []plan.Kind{plan.KindBulletin, plan.KindSchedule}
	act := []plan.Kind{plan.KindBulletin, plan.KindPlay, plan.KindStop, plan.KindMute}
	s.person("lan", authority.Grant{Place: "26734", Kinds: speak, Classes: []plan.Class{plan.Normal}, Quorum: 2})
	s.person("minh", authority.Grant{Place: "26734", Kinds: act, Classes: []plan.Class{plan.Normal}})
	s.person("hoa", authority.Grant{Place: "26737", Kinds: append(act, plan.KindSchedule), Classes: []plan.Class{plan.Normal}})
	alarm := authority.Grant{Place: "26734", Office: "26734", Kinds: []plan.Kind{plan.KindAlert}, Classes: []plan.Class{plan.Emergency}}
	s.must(s.au.AddGrant(authority.Grant{Person: "hoa", Place: "26737", Office: "26737", Kinds: []plan.Kind{plan.KindAlert}, Classes: []plan.Class{plan.Emergency}}))
	s.person("dung", alarm)
	s.person("nga", alarm)
	s.person("kim", authority.Grant{Place: "26734", Office: "26734", Kinds: []plan.Kind{plan.KindBulletin, plan.KindPlay, plan.KindAlert, plan.KindDrill}, Classes: []plan.Class{plan.Normal, plan.Drill}})
	list, err := s.au.IssueList(plan.RootPlace)
	s.must(err)
	s.must(s.au.Keep(list))
	s.must(s.au.AddBox("box-1", "desk", authority.Box{Place: "26734", Name: "Chợ"}))
	s.must(s.au.AddBox("box-2", "desk", authority.Box{Place: "26737", Name: "Đình"}))
	x, _, err := index.Open(filepath.Join(s.au.Dir(), "index.db"))
	s.must(err)
	t.Cleanup(func() { x.Close() })
	s.box, err = requests.Open(s.au.Dir(), clock)
	s.must(err)
	t.Cleanup(func() { s.box.Close() })
	s.polls, err = poll.Open(s.au.Dir(), clock)
	s.must(err)
	t.Cleanup(func() { s.polls.Close() })
	s.desk, err = New(Opts{Polls: s.polls, Authority: s.au, Centre: api.New(api.Opts{Authority: s.au, Index: x, Broker: broker{}}), Tools: tools{}, Inbox: s.box, Host: "loa.example", Name: "loa.example", Now: clock})
	s.must(err)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// person has a key that is nowhere at the centre.
func (s *stage) person(name string, g authority.Grant) {
	s.t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	s.must(err)
	s.keys[name] = priv
	s.must(s.au.AddHolder(name, base64.StdEncoding.EncodeToString(pub)))
	g.Person = name
	s.must(s.au.AddGrant(g))
}

// enter signs a person in and gives the cookie.
func (s *stage) enter(person string) string {
	s.t.Helper()
	all, err := s.desk.people.All()
	s.must(err)
	w := httptest.NewRecorder()
	s.desk.sessions.begin(w, session{person: person, handle: all[person].Handle}, s.now)
	return w.Result().Cookies()[0].Value
}

// ask sends one request, as a browser would from one of our pages.
func (s *stage) ask(method, to, id string, body io.Reader, kind string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://loa.example"+to, body)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if id != "" {
		r.AddCookie(&http.Cookie{Name: cookie, Value: id})
	}
	w := httptest.NewRecorder()
	s.desk.ServeHTTP(w, r)
	return w
}

func (s *stage) get(id, to string) *httptest.ResponseRecorder { return s.ask("GET", to, id, nil, "") }

func (s *stage) form(id, to string, fields ...string) *httptest.ResponseRecorder {
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return s.ask("POST", to, id, strings.NewReader(v.Encode()), "application/x-www-form-urlencoded")
}

// signs signs what lies at a page, as the browser's script does.
func (s *stage) signs(id, page string, key ed25519.PrivateKey) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.get(id, page)
	payload := attribute(w.Body.String(), "data-payload")
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil || len(raw) == 0 {
		s.t.Fatalf("%s: %d, nothing to sign", page, w.Code)
	}
	e := message.Sign(strings.ReplaceAll(attribute(w.Body.String(), "data-type"), "&#43;", "+"), raw, key)
	body, err := json.Marshal(map[string]any{"keyid": e.Signatures[0].KeyID, "sig": e.Signatures[0].Sig})
	s.must(err)
	return s.ask("POST", page, id, bytes.NewReader(body), "application/json")
}

func attribute(page, name string) string {
	_, rest, _ := strings.Cut(page, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(value, "&#43;", "+")
}

// drafted is the path of a new draft.
func (s *stage) drafted(id, place, text string) string {
	s.t.Helper()
	w := s.form(id, "/desk/write", "place", place, "text", text)
	if w.Code != http.StatusSeeOther {
		s.t.Fatalf("write: %d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// proposed is the page on which what a form made is signed.
func (s *stage) proposed(id, to string, fields ...string) string {
	s.t.Helper()
	w := s.form(id, to, fields...)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/desk/sign/") {
		s.t.Fatalf("%s: %d %s", to, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func state(w *httptest.ResponseRecorder) string {
	var r result
	if json.Unmarshal(w.Body.Bytes(), &r) != nil || r.State == "" {
		return w.Result().Status + " " + w.Body.String()
	}
	return r.State
}

func TestWords(t *testing.T) {
	for _, f := range look.Check(words) {
		t.Error(f)
	}
}

// Whatever waits for a signature has a name in every language: without one the page on
// which it waits would not come at all.
func TestKindsHaveNames(t *testing.T) {
	consts := map[string][]string{}
	for _, name := range []string{"plan.go", "authority.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../../../../agent/plan", name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || strings.HasPrefix(v.Names[0].Name, "Grant") { // no document is of such a kind
				return true
			}
			typ, _ := v.Type.(*ast.Ident)
			value, _ := v.Values[0].(*ast.BasicLit)
			if typ != nil && value != nil {
				consts[typ.Name] = append(consts[typ.Name], strings.Trim(value.Value, `"`))
			}
			return true
		})
	}
	if len(consts["Kind"]) < 20 || len(consts["Class"]) < 7 {
		t.Fatalf("found only %v", consts)
	}
	for prefix, of := range map[string]string{"kind.": "Kind", "class.": "Class", "origin.": "Origin"} {
		for _, value := range consts[of] {
			for lang, say := range words {
				if say[prefix+value] == "" {
					t.Errorf("%s: %s%s has no name", lang, prefix, value)
				}
			}
		}
	}
	s := newStage(t)
	list := &plan.List{}
	list.Place = "26734"
	is, e, err := s.au.Stamp(list)
	s.must(err)
	is.Raw = message.Sign(e.PayloadType, e.Payload, s.keys["dung"]).Encode()
	s.must(s.au.KeepPending(is))
	minh := s.enter("minh")
	for _, path := range []string{"/desk/", "/desk/sign/" + is.SHA256} {
		if w := s.get(minh, path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// What the one writes counts once the other has signed it, and nobody signs for another.
func TestTwoPeopleMakeABulletin(t *testing.T) {
	s := newStage(t)
	lan, minh := s.enter("lan"), s.enter("minh")
	draft := s.drafted(lan, "26734", "Nước lên")
	page := s.proposed(lan, draft+"/submit")
	if w := s.get(minh, page); w.Code != http.StatusNotFound {
		t.Errorf("what nobody has signed is shown to others: %d", w.Code)
	}
	if w := s.signs(lan, page, s.keys["minh"]); w.Code != http.StatusForbidden {
		t.Errorf("another's key: %s", state(w))
	}
	if got := state(s.signs(lan, page, s.keys["lan"])); got != "pending" {
		t.Fatalf("the writer's signature: %s", got)
	}
	if w := s.signs(lan, page, s.keys["lan"]); w.Code != http.StatusConflict {
		t.Errorf("the same person twice: %s", state(w))
	}
	if got := state(s.signs(minh, page, s.keys["minh"])); got != "sent" {
		t.Fatalf("the approver's signature: %s", got)
	}
	books, err := s.desk.books(&visitor{posts: []post{{"26734", viewer}}, places: s.au.Places()}, "")
	s.must(err)
	if len(books) != 1 || books[0].State != "signed" || strings.Join(books[0].Signers, ",") != "lan,minh" {
		t.Errorf("library: %+v", books)
	}
}

// A signature over other bytes than those that were shown is none.
func TestForgedSignatures(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	page := s.proposed(minh, s.drafted(minh, "26734", "x")+"/submit")
	e := message.Sign("application/vnd.loa.bulletin+json;v=1", []byte("other"), s.keys["minh"])
	body, err := json.Marshal(map[string]any{"keyid": e.Signatures[0].KeyID, "sig": e.Signatures[0].Sig})
	s.must(err)
	if w := s.ask("POST", page, minh, bytes.NewReader(body), "application/json"); w.Code != http.StatusForbidden {
		t.Errorf("forged: %d", w.Code)
	}
	all, err := s.au.Issued()
	s.must(err)
	for _, is := range all {
		if _, ok := is.Doc.(plan.Bulletin); ok {
			t.Error("it was kept")
		}
	}
}

// An alarm takes two people; taking it back takes one, and the button is on every page.
func TestAlarmAndUndo(t *testing.T) {
	s := newStage(t)
	dung, nga := s.enter("dung"), s.enter("nga")
	page := s.proposed(dung, "/desk/emergency", "place", "26734", "event", "Lũ", "headline", "Lũ quét", "minutes", "10")
	if got := state(s.signs(dung, page, s.keys["dung"])); got != "pending" {
		t.Fatalf("one person: %s", got)
	}
	if set := s.desk.slotOf("26734", "26734"); len(set.Alerts) != 0 {
		t.Fatal("one person was enough for an alarm")
	}
	if got := state(s.signs(nga, page, s.keys["nga"])); got != "sent" {
		t.Fatalf("two people: %s", got)
	}
	alerts := s.desk.slotOf("26734", "26734").Alerts
	if len(alerts) != 1 {
		t.Fatal("two people made no alarm")
	}
	if !strings.Contains(s.get(dung, "/desk/").Body.String(), "/desk/emergency/undo") {
		t.Error("there is no button to take it back")
	}
	s.now = s.now.Add(time.Second)
	page = s.proposed(dung, "/desk/emergency/undo", "place", "26734", "office", "26734", "id", alerts[0].ID)
	if got := state(s.signs(dung, page, s.keys["dung"])); got != "sent" {
		t.Fatalf("taking it back: %s", got)
	}
	if set := s.desk.slotOf("26734", "26734"); len(set.Alerts) != 0 || len(set.Retracted) != 1 {
		t.Errorf("after taking it back: %+v", set)
	}
}

func TestInvitations(t *testing.T) {
	s := newStage(t)
	p := OpenPeople(t.TempDir())
	code, err := p.Invite("lan", "", s.now)
	s.must(err)
	for _, tt := range []struct {
		name, code string
		at         time.Time
		want       error
	}{
		{"lan", code, s.now, nil}, {"lan", strings.ToUpper(strings.ReplaceAll(code, "-", " ")), s.now, nil},
		{"lan", code + "a", s.now, ErrCode}, {"minh", code, s.now, ErrCode}, {"lan", "", s.now, ErrCode}, {"lan", code, s.now.Add(invitedFor), ErrCode},
	} {
		if _, err := p.Invited(tt.name, tt.code, tt.at); !errors.Is(err, tt.want) {
			t.Errorf("%s %q: %v, want %v", tt.name, tt.code, err, tt.want)
		}
	}
	s.must(p.Ask("lan", s.au.People()["lan"].Key, s.now))
	if _, err := p.Accept("lan", Mark(s.au.People()["minh"].Key)); !errors.Is(err, ErrMark) {
		t.Errorf("another key's mark: %v", err)
	}
	if key, err := p.Accept("lan", Mark(s.au.People()["lan"].Key)); err != nil || key != s.au.People()["lan"].Key {
		t.Errorf("its mark: %v", err)
	}
}

// A resident's report is answered, the answer becomes a bulletin, and the report says so;
// another commune's staff learn nothing of it.
func TestAnAnswerBecomesABulletin(t *testing.T) {
	s := newStage(t)
	minh, hoa := s.enter("minh"), s.enter("hoa")
	q, code, err := s.box.Add(requests.Ask{Place: "26734", Box: "box-1", Kind: requests.Loud, Text: "<script>alert(1)</script> to quá"})
	s.must(err)
	page := "/desk/inbox/" + q.ID
	if w := s.get(hoa, page); w.Code != http.StatusNotFound {
		t.Errorf("another commune reads it: %d", w.Code)
	}
	if w := s.form(hoa, page, "what", "answer", "answer", "x"); w.Code != http.StatusNotFound {
		t.Errorf("another commune answers it: %d", w.Code)
	}
	if body := s.get(hoa, "/desk/inbox").Body.String(); strings.Contains(body, "to quá") {
		t.Error("another commune's list has it")
	}
	for _, path := range []string{"/desk/inbox", page} {
		if body := s.get(minh, path).Body.String(); !strings.Contains(body, "to quá") || strings.Contains(body, "<script>alert") {
			t.Errorf("%s: %s", path, body)
		}
	}
	w := s.form(minh, page, "what", "bulletin", "answer", "Đã giảm âm lượng.")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	sign := s.proposed(minh, w.Header().Get("Location")+"/submit")
	if got := state(s.signs(minh, sign, s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	after, err := s.box.Follow(code)
	s.must(err)
	last := after.Events[len(after.Events)-1]
	if after.State != requests.Answered || last.What != "bulletin" || !strings.HasPrefix(last.Text, "26734/bulletin/") {
		t.Errorf("%+v", after)
	}
	all, err := s.au.Issued()
	s.must(err)
	for _, is := range all {
		if b, ok := is.Doc.(plan.Bulletin); ok && b.Origin != plan.Answer {
			t.Errorf("it says that it is %s", b.Origin)
		}
	}
}

// Every report is on one page of the inbox, also those that came at the same moment; those
// marked are put aside together, and of another commune none is.
func TestInboxPages(t *testing.T) {
	s := newStage(t)
	minh, hoa := s.enter("minh"), s.enter("hoa")
	const n = 250
	for i := range n {
		_, _, err := s.box.Add(requests.Ask{Place: "26734", Kind: requests.Other, Text: fmt.Sprintf("Việc thứ %d", i)})
		s.must(err)
		if i%3 == 0 {
			s.now = s.now.Add(time.Second)
		}
	}
	seen := make(map[string]int)
	var first []string
	pages := 0
	for to := "/desk/inbox"; to != ""; pages++ {
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
		body := s.get(minh, to).Body.String()
		for _, m := range regexp.MustCompile(`name="id" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			seen[m[1]]++
			if pages == 0 {
				first = append(first, m[1])
			}
		}
		to = html.UnescapeString(attribute(body, `rel="next" href`))
	}
	if len(seen) != n || pages != 3 {
		t.Errorf("%d of %d reports on %d pages", len(seen), n, pages)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s is there %d times", id, times)
		}
	}
	refuse := []string{"id", first[0], "id", first[1]}
	if w := s.form(hoa, "/desk/inbox", refuse...); w.Code != http.StatusNotFound {
		t.Errorf("another commune: %d", w.Code)
	}
	if w := s.form(minh, "/desk/inbox", refuse...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for i, want := range []requests.State{requests.Refused, requests.Refused, requests.New} {
		if q, err := s.box.Get(first[i]); err != nil || q.State != want {
			t.Errorf("%d: %v, %v", i, q.State, err)
		}
	}
}

// A drill is a bulletin of its own class, ordered from the page of alarms, and by nobody
// who may not raise one.
func TestDrill(t *testing.T) {
	s := newStage(t)
	kim, minh := s.enter("kim"), s.enter("minh")
	draft := s.drafted(kim, "26734", "Đây là diễn tập")
	change := []string{"title", "Diễn tập", "text", "Đây là diễn tập", "class", "drill", "days", "3"}
	if w := s.form(minh, draft, change...); w.Code != http.StatusBadRequest {
		t.Errorf("a drill by who raises no alarms: %d", w.Code)
	}
	if w := s.form(kim, draft, change...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := state(s.signs(kim, s.proposed(kim, draft+"/submit"), s.keys["kim"])); got != "sent" {
		t.Fatal(got)
	}
	id := strings.TrimPrefix(draft, "/desk/draft/")
	if !strings.Contains(s.get(kim, "/desk/emergency").Body.String(), "26734/"+id) {
		t.Error("the page of alarms does not offer it")
	}
	if w := s.form(minh, "/desk/now/act", "what", "drill", "to", "26734", "of", "26734/"+id); w.Code != http.StatusForbidden {
		t.Errorf("a drill ordered by who raises no alarms: %d", w.Code)
	}
	s.now = s.now.Add(time.Second)
	page := s.proposed(kim, "/desk/now/act", "what", "drill", "to", "26734", "of", "26734/"+id)
	if got := state(s.signs(kim, page, s.keys["kim"])); got != "sent" {
		t.Errorf("the order: %s", got)
	}
}
