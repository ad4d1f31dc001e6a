package desk

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// TestAttacks is the table of attacks on the desk; with -v it prints what held.
func TestAttacks(t *testing.T) {
	for _, a := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"who has not signed in, at every page", theDoor},
		{"CSRF: another site presses anything", crossSite},
		{"session fixation, and sessions that never end", sessionsEnd},
		{"IDOR: another commune's drafts, papers, alarms, boxes, reports", otherPlaces},
		{"a page or a deed beyond one's role", rolesHold},
		{"who was removed goes on", removedIsSignedOut},
		{"stored XSS in every text field of the desk", storedScripts},
		{"codes guessed one after another", guessing},
		{"others shut out by filling what is kept", nobodyShutsOthersOut},
		{"another's key put up as one's own", keyIsProven},
		{"CSP: a script, a style or a handler written in a page", nothingInline},
		{"stored XSS in what a resident sends", residentsScripts},
		{"IDOR: another commune's residents' reports, pictures and answers", otherPlacesLetters},
		{"upload: more than a recording may have, and none at all", uploads},
	} {
		if t.Run(a.name, a.try) {
			t.Logf("held  %s", a.name)
		}
	}
}

// concrete fills the gaps of a pattern.
func concrete(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	for gap, value := range map[string]string{"{$}": "", "{sha256}": strings.Repeat("0", 64), "{id}": "x", "{board}": "desk", "{page}": "0", "{what}": "photo", "{lang}": "km", "{session}": "x"} {
		path = strings.ReplaceAll(path, gap, value)
	}
	return method, path
}

// Nobody who has not signed in gets further than the door.
func theDoor(t *testing.T) {
	s := newStage(t)
	for _, r := range routes() {
		method, path := concrete(r.pattern)
		w := s.ask(method, path, "", nil, "")
		switch {
		case r.role == "":
		case method == "GET" && (w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/sign-in"),
			method == "POST" && w.Code != http.StatusUnauthorized:
			t.Errorf("%s: %d", r.pattern, w.Code)
		}
	}
}

// Another site cannot make somebody's browser press anything.
func crossSite(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	for _, r := range routes() {
		method, path := concrete(r.pattern)
		if method != "POST" {
			continue
		}
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			req := httptest.NewRequest(method, "https://loa.example"+path, nil)
			req.Header.Set(header, value)
			req.AddCookie(&http.Cookie{Name: cookie, Value: minh})
			w := httptest.NewRecorder()
			s.desk.ServeHTTP(w, req)
			if w.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d", r.pattern, header, w.Code)
			}
		}
	}
}

// A session has a name that nobody could choose before, and ends.
func sessionsEnd(t *testing.T) {
	s := newStage(t)
	const chosen = "chosen-by-a-thief"
	r := httptest.NewRequest("POST", "https://loa.example/", nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: chosen})
	w := httptest.NewRecorder()
	s.desk.enter(w, r, session{person: "lan"})
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if c.Value == chosen || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("cookie %v", c)
	}
	if s.get(chosen, "/desk/").Code != http.StatusSeeOther {
		t.Error("the thief's name counts")
	}
	old := s.enter("lan")
	r = httptest.NewRequest("POST", "https://loa.example/", nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: old})
	s.desk.enter(httptest.NewRecorder(), r, session{person: "lan"})
	if s.get(old, "/desk/").Code != http.StatusSeeOther {
		t.Error("the session of before goes on")
	}

	idle := s.enter("lan")
	s.now = s.now.Add(idleFor + time.Second)
	if s.get(idle, "/desk/").Code != http.StatusSeeOther {
		t.Error("an idle session goes on")
	}
	busy, began := s.enter("lan"), s.now
	for s.now.Sub(began) < signedFor {
		if w := s.get(busy, "/desk/"); w.Code != http.StatusOK {
			t.Fatalf("after %v: %d", s.now.Sub(began), w.Code)
		}
		s.now = s.now.Add(idleFor)
	}
	s.now = began.Add(signedFor + time.Second)
	if s.get(busy, "/desk/").Code != http.StatusSeeOther {
		t.Error("a session never ends")
	}
	out := s.enter("lan")
	s.form(out, "/desk/sign-out")
	if s.get(out, "/desk/").Code != http.StatusSeeOther {
		t.Error("signing out did nothing")
	}
}

// Who works for one commune sees and changes nothing of another.
func otherPlaces(t *testing.T) {
	s := newStage(t)
	s.must(s.au.AddGrant(authority.Grant{Person: "hoa", Place: "26737", Kinds: []plan.Kind{plan.KindLive}, Classes: []plan.Class{plan.Live}}))
	hoa, minh := s.enter("hoa"), s.enter("minh")
	draft := s.drafted(minh, "26734", "Của xã khác")
	page := s.proposed(minh, draft+"/submit")
	if got := state(s.signs(minh, page, s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	all, err := s.au.Issued()
	s.must(err)
	id := ""
	for _, is := range all {
		if b, ok := is.Doc.(plan.Bulletin); ok {
			id = b.ID
		}
	}
	lan := s.enter("lan")
	waits := s.proposed(lan, s.drafted(lan, "26734", "Đang chờ")+"/submit")
	if got := state(s.signs(lan, waits, s.keys["lan"])); got != "pending" {
		t.Fatal(got)
	}
	dung, nga := s.enter("dung"), s.enter("nga")
	sounds := s.raised(dung, "Lũ ở xã khác")
	if got := state(s.signs(dung, sounds, s.keys["dung"])); got != "pending" {
		t.Fatal(got)
	}
	if got := state(s.signs(nga, sounds, s.keys["nga"])); got != "sent" {
		t.Fatal(got)
	}
	alarm := s.desk.slotOf("26734", "26734").Alerts[0].ID
	words := s.translated(minh, draft, "km", "minh", "Của xã khác")
	for _, path := range []string{draft, words, words + "/board/desk/0", "/desk/board/desk?text=x&draft=" + strings.TrimPrefix(draft, "/desk/draft/"), page, waits, sounds, waits + "/envelope", waits + "/board/desk/0", "/desk/now?place=26734", "/desk/week?place=26734", "/desk/week?place=74", "/desk/week/slot?place=26734&slot=gio-1&date=2026-11-30&time=17:00", "/desk/report?place=26734",
		"/desk/report/file?as=csv&place=26734", "/desk/report/why?row=x&place=74", "/desk/report/why/file?row=x&place=74", "/desk/heard?place=26734&item=26734/bulletin/" + id, "/desk/heard?place=74&item=26734/bulletin/" + id,
		"/desk/heard/file?as=json&place=26734&item=26734/bulletin/" + id, "/desk/media/../authority.json"} {
		if w := s.get(hoa, path); w.Code == http.StatusOK {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	for _, f := range [][]string{
		{draft, "title", "x", "text", "x", "class", "normal"}, {draft + "/submit"}, {draft + "/archive"}, {draft + "/speak"}, {draft + "/picture"}, {draft + "/pictures", "n", "0", "what", "remove"}, {draft + "/language", "lang", "en", "who", "minh"}, {words, "text", "x", "who", "hoa"}, {words + "/vouch", "digest", "x"}, {words + "/audio"}, {"/desk/write", "place", "26734", "text", "x"}, {"/desk/write", "place", "74", "text", "x"},
		{"/desk/library/reuse", "place", "26734", "id", id}, {"/desk/library/archive", "place", "26734", "id", id}, {draft + "/template"}, {"/desk/write/template", "place", "26734", "id", "x"}, {"/desk/live", "place", "26734", "minutes", "5", "session_key", s.au.People()["hoa"].Key}, {"/desk/live/x"}, {"/desk/now/act", "what", "stop", "to", "26734"}, {"/desk/now/act", "what", "stop", "to", "74"}, {"/desk/now/act", "what", "mute", "to", "box-1"},
		{"/desk/now/act", "what", "play", "to", "26737", "of", "26734/" + id}, {"/desk/week", "what", "add", "place", "26734", "of", "26734/" + id, "time", "17:00"},
		{"/desk/week", "what", "move", "place", "26734", "slot", "gio-1", "date", "2026-11-30", "time", "17:00", "to", "2026-12-01", "at", "17:00", "scope", "once"},
		{"/desk/week", "what", "rest", "place", "26734", "date", "2026-11-30"}, {"/desk/week", "what", "back", "place", "26734", "slot", "gio-1", "date", "2026-11-30"},
		{"/desk/week", "what", "order", "place", "26734", "of", "26734", "id", id}, {"/desk/week", "what", "order", "place", "26737", "of", "26734", "id", id},
		{"/desk/week", "what", "add", "place", "26737", "of", "26734/" + id, "time", "17:00"}, {"/desk/emergency", "place", "26734", "event", "x", "headline", "x"},
		{"/desk/emergency/undo", "place", "26734", "office", "26734", "id", alarm},
	} {
		if w := s.form(hoa, f[0], f[1:]...); w.Code < 400 {
			t.Errorf("POST %v: %d %s", f, w.Code, w.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/desk/emergency", "/desk/live", "/desk/week?place=26737", "/desk/write"} {
		if w := s.get(hoa, path); w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code) // by role: then the rows above tried nothing
		}
	}
	if body := s.get(hoa, "/desk/emergency").Body.String() + s.get(hoa, "/desk/library").Body.String() + s.get(hoa, "/desk/").Body.String() + s.get(hoa, "/desk/now").Body.String(); strings.Contains(body, "Của xã khác") || strings.Contains(body, "Đang chờ") || strings.Contains(body, "Lũ ở xã khác") || strings.Contains(body, "box-1") {
		t.Error("a list shows what is another commune's")
	}
}

// A role sees its own pages, and a person whom loactl has removed none.
func rolesHold(t *testing.T) {
	s := newStage(t)
	_, err := s.desk.people.Invite("khach", "26734", s.now)
	s.must(err)
	for person, may := range map[string][]string{"khach": {"/desk/library", "/desk/now", "/desk/week", "/desk/report"}, "lan": {"/desk/write"}, "dung": {"/desk/emergency"}} {
		id := s.enter(person)
		for _, path := range []string{"/desk/write", "/desk/library", "/desk/now", "/desk/week", "/desk/report", "/desk/emergency", "/desk/live"} {
			want := http.StatusForbidden
			for _, m := range append(may, "/desk/library", "/desk/now", "/desk/week", "/desk/report") {
				if m == path {
					want = http.StatusOK
				}
			}
			if w := s.get(id, path); w.Code != want {
				t.Errorf("%s %s: %d, want %d", person, path, w.Code, want)
			}
		}
	}
	id := s.enter("khach")
	for _, path := range []string{"/desk/write", "/desk/write/template", "/desk/library/archive", "/desk/draft/x/picture", "/desk/draft/x/language", "/desk/language/x/km", "/desk/live", "/desk/live/x", "/desk/now/act", "/desk/week", "/desk/emergency", "/desk/polls"} {
		if w := s.form(id, path, "place", "26734", "to", "26734", "what", "stop", "text", "x"); w.Code != http.StatusForbidden {
			t.Errorf("a viewer at %s: %d", path, w.Code)
		}
	}
	if w := s.get(id, "/desk/week/slot?place=26734&slot=gio-1&date=2026-11-30&time=17:00"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer at the form of a slot: %d", w.Code)
	}
	s.must(s.desk.people.Remove("khach"))
	if w := s.get(id, "/desk/"); w.Code != http.StatusSeeOther {
		t.Errorf("removed: %d", w.Code)
	}
}

// Whoever loactl has removed is signed out, also who has a key in the list, and is not
// let in again by a later invitation; a certificate counts while it is shown.
func removedIsSignedOut(t *testing.T) {
	s := newStage(t)
	_, err := s.desk.people.Invite("minh", "", s.now)
	s.must(err)
	id := s.enter("minh")
	if w := s.get(id, "/desk/"); w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	s.must(s.desk.people.Remove("minh"))
	if w := s.get(id, "/desk/"); w.Code != http.StatusSeeOther {
		t.Errorf("removed: %d", w.Code)
	}
	_, err = s.desk.people.Invite("minh", "", s.now)
	s.must(err)
	if w := s.get(id, "/desk/"); w.Code != http.StatusSeeOther {
		t.Errorf("invited anew: %d", w.Code)
	}
	w := httptest.NewRecorder()
	s.desk.sessions.begin(w, session{person: "lan", cert: true}, s.now)
	if w := s.get(w.Result().Cookies()[0].Value, "/desk/"); w.Code != http.StatusSeeOther {
		t.Errorf("without the certificate: %d", w.Code)
	}
}

// What people write is text on every page, whatever it looks like.
func storedScripts(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	draft := s.drafted(minh, "26734", evil)
	if w := s.form(minh, draft, "title", evil, "text", evil, "board", evil, "ticker", evil, "style", `x" onload="alert(3)`, "region", evil, "class", "normal", "days", "3"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	clean := func(path string) {
		w := s.get(minh, path)
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", `" onload="alert`} {
			if strings.Contains(w.Body.String(), bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "script-src 'self'") {
			t.Errorf("%s: %q", path, csp)
		}
	}
	clean(draft)
	s.form(minh, draft, "title", evil, "text", evil, "board", evil, "ticker", evil, "region", evil, "class", "normal", "days", "3")
	words := s.translated(minh, draft, "km", "minh", evil)
	clean(words)
	clean("/desk/")
	if w := s.vouches(minh, words); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	s.form(minh, draft+"/template")
	clean("/desk/write")
	page := s.proposed(minh, draft+"/submit")
	clean(page)
	if got := state(s.signs(minh, page, s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	for _, path := range []string{"/desk/", "/desk/library?q=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/desk/library", "/desk/now", "/desk/week", "/desk/now?place=%22%3E%3Cscript%3Ealert"} {
		clean(path)
	}
}

// Guessing a code ends soon, and a person's name alone says nothing.
func guessing(t *testing.T) {
	s := newStage(t)
	_, err := s.desk.people.Invite("lan", "", s.now)
	s.must(err)
	codes := map[int]int{}
	for range maxTry + 5 {
		w := s.ask("POST", "/desk/register/begin", "", strings.NewReader(`{"name":"lan","code":"aaaa-aaaa-aaaa-aaaa"}`), "application/json")
		codes[w.Code]++
	}
	if codes[http.StatusForbidden] != maxTry || codes[http.StatusTooManyRequests] != 5 {
		t.Errorf("%v", codes)
	}
}

// Whoever fills what the desk keeps of signing in and of proposals shuts out themselves:
// others sign in, and raise alarms.
func nobodyShutsOthersOut(t *testing.T) {
	s := newStage(t)
	from := func(addr string) *http.Request {
		r := httptest.NewRequest("POST", "https://loa.example/desk/sign-in/begin", nil)
		r.RemoteAddr = addr
		return r
	}
	var c ceremonies
	mine := c.begin(ceremony{net: network(from("192.0.2.7:1"))}, s.now)
	for range maxCeremonies + 100 {
		c.begin(ceremony{net: "198.51.100.0/24"}, s.now.Add(time.Second))
	}
	if _, ok := c.take(mine, s.now.Add(2*time.Second)); !ok || len(c.all) > maxCeremonies {
		t.Errorf("mine is there: %v, of %d", ok, len(c.all))
	}

	var try tries
	for i := range maxTry {
		if !try.ok(from(fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1)), s.now) {
			t.Fatalf("try %d", i)
		}
	}
	guesser := from("[2001:db8:1:2:ffff::1]:1")
	if try.ok(guesser, s.now) {
		t.Error("another address of the same /64 tries on")
	}
	for i := range maxTriers + 10 {
		if !try.ok(from(fmt.Sprintf("10.%d.%d.1:1", i/256, i%256)), s.now) {
			t.Fatalf("network %d is shut out", i)
		}
	}
	if try.ok(guesser, s.now) || len(try.all) > maxTriers {
		t.Errorf("coming from elsewhere ends a count, of %d", len(try.all))
	}

	for i := range 1100 {
		p := proposal{by: "minh"}
		p.is.SHA256 = fmt.Sprint(i)
		s.desk.proposed.put(p, s.now.Add(time.Duration(i)*time.Millisecond))
	}
	if _, ok := s.desk.proposed.get("1099", s.now); !ok || len(s.desk.proposed.all) != maxProposals {
		t.Errorf("the last is there: %v, of %d", ok, len(s.desk.proposed.all))
	}
	dung := s.enter("dung")
	if got := state(s.signs(dung, s.raised(dung, "A"), s.keys["dung"])); got != "pending" {
		t.Errorf("an alarm after that: %s", got)
	}
}

// A key is put up for the list by who has its private half.
func keyIsProven(t *testing.T) {
	s := newStage(t)
	id := s.enter("lan")
	body := `{"key":"` + s.au.People()["minh"].Key + `","sig":"` + base64.StdEncoding.EncodeToString(make([]byte, 64)) + `"}`
	if w := s.ask("POST", "/desk/key", id, strings.NewReader(body), "application/json"); w.Code != http.StatusForbidden {
		t.Errorf("another's key: %d", w.Code)
	}
}
