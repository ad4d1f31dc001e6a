package cap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server gives out a feed and messages as weather services do, and can be broken.
type server struct {
	entries []string          // names of messages of the corpus
	links   map[string]string // of entries that have another
	inline  map[string]string // by entry: the type of content under which it has the message in itself
	broken  map[string]bool   // by path
	asked   []string
	padding int
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := func(code int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: code, Status: fmt.Sprint(code, " ", http.StatusText(code)), Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	s.asked = append(s.asked, r.URL.Path)
	if s.broken[r.URL.Path] {
		return answer(http.StatusServiceUnavailable, "")
	}
	if r.URL.Path != "/feed" {
		raw, err := os.ReadFile("testdata/corpus" + r.URL.Path)
		if err != nil {
			return answer(http.StatusNotFound, "")
		}
		return answer(http.StatusOK, string(raw))
	}
	tag := fmt.Sprintf("%q", strings.Join(s.entries, ","))
	if r.Header.Get("If-None-Match") == tag {
		s.asked[len(s.asked)-1] = "304"
		return answer(http.StatusNotModified, "")
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(" ", s.padding))
	for _, e := range s.entries {
		if kind := s.inline[e]; kind != "" {
			raw, err := os.ReadFile("testdata/corpus/" + e + ".xml")
			if err != nil {
				return nil, err
			}
			_, message, declared := strings.Cut(string(raw), "?>")
			if !declared {
				message = string(raw)
			}
			fmt.Fprintf(&b, `<entry><id>urn:%s</id><updated>2026-11-27T00:00:00Z</updated><link href=%q/><content type=%q>%s</content></entry>`, e, e+".xml", kind, message)
			continue
		}
		link := s.links[e]
		if link == "" {
			link = e + ".xml"
		}
		fmt.Fprintf(&b, `<entry><id>urn:%s</id><updated>2026-11-27T00:00:00Z</updated><link href="/html"/><link type="application/cap+xml" href=%q/></entry>`, e, link)
	}
	resp, err := answer(http.StatusOK, b.String()+"</feed>")
	resp.Header.Set("ETag", tag)
	return resp, err
}

// An office has a desk, a watch and a clock, and can be started anew.
type office struct {
	*server
	desk *Desk
	w    *Watch
	now  time.Time
	said []string
}

func newOffice(t *testing.T) *office {
	o := &office{server: &server{links: make(map[string]string), broken: make(map[string]bool)}, now: now}
	o.desk = desk(t)
	o.desk.Now = func() time.Time { return o.now }
	o.desk.List.Senders[0].Feed = "https://kttv.example.vn/feed"
	o.start()
	return o
}

func (o *office) start() {
	o.w = NewWatch(Opts{Desk: o.desk, Transport: o.server,
		Came: func(from string, p Proposal, err error) {
			what := p.Identifier
			if err != nil {
				what = code(err)
			}
			o.said = append(o.said, filepath.Base(from)+" "+what)
		},
		Trouble: func(_ string, err error) { o.said = append(o.said, fmt.Sprint("trouble ", err != nil)) },
	})
}

// after is what was said and asked when a while later it looked again.
func (o *office) after(d time.Duration) string {
	o.said, o.asked = nil, nil
	o.now = o.now.Add(d)
	o.w.round(context.Background(), false)
	return strings.Join(o.said, ", ") + " | " + strings.Join(o.asked, " ")
}

func (o *office) expect(t *testing.T, d time.Duration, want string) {
	t.Helper()
	if got := o.after(d); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func TestFeed(t *testing.T) {
	o := newOffice(t)
	o.entries = []string{"valid"}
	o.expect(t, 0, "valid.xml LQ-1 | /feed /valid.xml")
	o.expect(t, Every, " | 304")
	o.start() // with what it remembers
	o.expect(t, Every, " | 304")
	o.entries = []string{"update", "tampered", "test", "valid"}
	o.expect(t, Every, "update.xml LQ-2, tampered.xml signature, test.xml LQ-21 | /feed /update.xml /tampered.xml /test.xml")
	o.expect(t, Every, " | 304")
	if err := os.Remove(o.w.file()); err != nil { // all is forgotten: nothing happens twice
		t.Fatal(err)
	}
	o.start()
	o.expect(t, Every, "tampered.xml signature | /feed /update.xml /tampered.xml /test.xml /valid.xml")
}

// A message may lie in the feed itself: the signature fits it there, nothing is fetched, and
// it is as strictly read as any. Other content, such as a web page, is passed over.
func TestFeedHasMessagesInItself(t *testing.T) {
	o := newOffice(t)
	o.inline = map[string]string{"valid": "application/cap+xml", "update": "text/xml; charset=utf-8", "tampered": "application/xml", "unsigned": "text/xml"}
	o.entries = []string{"valid", "update", "tampered", "unsigned"}
	o.expect(t, 0, "feed LQ-1, feed LQ-2, feed signature, feed unsigned | /feed")
	o.expect(t, Every, " | 304")
	o = newOffice(t)
	o.inline = map[string]string{"valid": "xhtml"}
	o.entries = []string{"valid"}
	o.expect(t, 0, "valid.xml LQ-1 | /feed /valid.xml")
}

// A feed with a DTD is none: no entity of it is looked up, and none multiplies.
func TestFeedDeclaresNothing(t *testing.T) {
	for name, entity := range map[string]string{
		"what lies on the disk": `<!ENTITY x SYSTEM "file:///etc/passwd">`,
		"a billion laughs":      `<!ENTITY a "ha"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">`,
	} {
		feed := `<!DOCTYPE feed [` + entity + `]><feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id><content type="application/cap+xml"><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&x;</identifier></alert></content></entry></feed>`
		if got := (&atom{}).read([]byte(feed)); code(got) != CodeMalformed {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A DTD is one where it declares something: before the root. One that only lies in the text
// of some entry costs none of the others.
func TestFeedSpeaksOfADoctype(t *testing.T) {
	const entries = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>web</id><content type="html"><![CDATA[<!DOCTYPE html><p>Mưa</p>]]></content></entry><entry><id>x</id></entry></feed>`
	var a atom
	if err := a.read([]byte(`<?xml version="1.0" encoding="UTF-8"?><!-- <!DOCTYPE -->` + entries)); err != nil || len(a.Entries) != 2 {
		t.Errorf("%v, %d entries", err, len(a.Entries))
	}
	if err := (&atom{}).read([]byte(`<?xml version="1.0"?><!-- a --> <!DOCTYPE feed>` + entries)); code(err) != CodeMalformed {
		t.Errorf("behind a comment: %v", err)
	}
}

// What an entry leads to elsewhere is left alone, and said once.
func TestFeedLeadsElsewhere(t *testing.T) {
	for _, link := range []string{"https://evil.example.vn/x.xml", "http://kttv.example.vn/valid.xml", "file:///etc/passwd", "//evil.example.vn/x"} {
		o := newOffice(t)
		o.entries, o.links["valid"] = []string{"valid"}, link
		o.expect(t, 0, "feed reference | /feed")
		o.expect(t, Every, " | 304")
	}
}

// A message that cannot be had is tried again; what comes after it is not held up.
func TestFeedEntryFails(t *testing.T) {
	o := newOffice(t)
	o.entries, o.broken["/valid.xml"] = []string{"valid", "test"}, true
	o.expect(t, 0, "test.xml LQ-21 | /feed /valid.xml /test.xml")
	o.expect(t, Every, " | /feed /valid.xml")
	o.broken["/valid.xml"] = false
	o.expect(t, Every, "valid.xml LQ-1 | /feed /valid.xml")
	o.expect(t, Every, " | 304")
	o.entries = []string{"none"}
	for range maxTries - 1 {
		o.expect(t, time.Second, " | /feed /none.xml")
	}
	if got := o.after(time.Second); !strings.HasPrefix(got, "none.xml https://") {
		t.Error(got)
	}
	o.expect(t, time.Second, " | 304")
}

// A feed that does not answer is asked less and less, and said to be so once.
func TestFeedFails(t *testing.T) {
	o := newOffice(t)
	o.entries, o.broken["/feed"] = []string{"valid"}, true
	o.expect(t, 0, "trouble true | /feed")
	asked := 0
	for range 120 {
		if got := o.after(time.Minute); got == " | /feed" {
			asked++
		} else if got != " | " {
			t.Fatal(got)
		}
	}
	if asked < 5 || asked > 10 {
		t.Errorf("asked %d times in two hours", asked)
	}
	o.broken["/feed"] = false
	o.expect(t, lastTry, "valid.xml LQ-1, trouble false | /feed /valid.xml")
	o.padding, o.entries = maxFeed, []string{"test"}
	o.expect(t, Every, "trouble true | /feed")
}

// A clock that is behind the sender's passes.
func TestFeedAheadOfUs(t *testing.T) {
	o := newOffice(t)
	o.entries, o.now = []string{"valid"}, now.Add(-time.Hour)
	o.expect(t, 0, " | /feed /valid.xml")
	o.expect(t, time.Hour, "valid.xml LQ-1 | /feed /valid.xml")
}

func TestFolder(t *testing.T) {
	o := newOffice(t)
	o.desk.List.Senders[0].Feed, o.desk.List.Folder = "", t.TempDir()
	put := func(name, message string, age time.Duration) {
		file := filepath.Join(o.desk.List.Folder, name)
		if err := errors.Join(os.WriteFile(file, corpus(t, message), 0o600), os.Chtimes(file, o.now.Add(-age), o.now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	put("a.xml", "valid", time.Minute)
	put("b.txt", "test", time.Minute)
	put("c.xml", "unsigned", time.Minute)
	put("d.xml", "test", time.Second)
	o.expect(t, 0, "a.xml LQ-1, c.xml unsigned | ")
	o.expect(t, Every, "d.xml LQ-21 | ")
	o.start()
	o.expect(t, Every, " | ")
	put("a.xml", "update", time.Minute)
	put("copy.xml", "valid", time.Minute)
	o.expect(t, Every, "a.xml LQ-2 | ")
	if err := os.RemoveAll(o.desk.List.Folder); err != nil {
		t.Fatal(err)
	}
	o.expect(t, Every, "trouble true | ")
	if got := o.w.Once(context.Background()); len(got) != 1 {
		t.Error(got)
	}
}

func TestSeenIsBounded(t *testing.T) {
	var s source
	for i := range maxSeen + 10 {
		s.see(fmt.Sprint(i))
	}
	if len(s.Seen) != maxSeen || s.seen("9") || !s.seen("10") {
		t.Error(len(s.Seen))
	}
}
