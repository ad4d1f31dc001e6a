package residents

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"loa/scripts/authority/requests"
)

// TestAttacks tries what strangers try, and prints what held.
func TestAttacks(t *testing.T) {
	upload := func(s *site, name string, data []byte) *httptest.ResponseRecorder {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for k, v := range map[string]string{"place": "26734", "kind": "broken", "text": "x"} {
			m.WriteField(k, v)
		}
		f, _ := m.CreateFormFile(name, evil)
		f.Write(data)
		m.Close()
		r := httptest.NewRequest("POST", "/report", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		return s.do(r)
	}
	all := func(s *site) []requests.Request {
		list, err := s.store.List(requests.Which{Places: []string{"26734", "26737", "74"}, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	var bomb bytes.Buffer
	png.Encode(&bomb, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(bomb.Bytes()[16:], 30000) // width and height, and the sum of their chunk
	binary.BigEndian.PutUint32(bomb.Bytes()[20:], 30000)
	binary.BigEndian.PutUint32(bomb.Bytes()[29:], crc32.ChecksumIEEE(bomb.Bytes()[12:29]))
	var wordy bytes.Buffer
	if err := png.Encode(&wordy, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	head := 8 + 12 + 13 // of the file, and its first chunk
	wordy = *bytes.NewBuffer(slices.Insert(wordy.Bytes(), head, packed(100<<20)...))
	for _, tt := range []struct {
		name string
		held func(*site) bool
	}{
		{"CSRF: another site posts a report", func(s *site) bool {
			r := httptest.NewRequest("POST", "https://loa.example/report", strings.NewReader("place=26734&kind=loud"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://evil.example")
			return s.do(r).Code == 403 && len(all(s)) == 0
		}},
		{"CSRF: another site deletes with a code it knows", func(s *site) bool {
			code := s.sent("place", "26734", "kind", "loud")
			r := httptest.NewRequest("POST", "https://loa.example/follow/delete", strings.NewReader("code="+code))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return s.do(r).Code == 403 && s.post("/follow", "code", code).Code == 200
		}},
		{"a link deletes (GET)", func(s *site) bool {
			code := s.sent("place", "26734", "kind", "loud")
			return s.get("/follow/delete?code="+code).Code >= 400 && s.post("/follow", "code", code).Code == 200
		}},
		{"code in the address", func(s *site) bool {
			code := s.sent("place", "26734", "kind", "loud")
			return !strings.Contains(s.get("/follow?code="+code).Body.String(), code)
		}},
		{"IDOR: one's own report by its number", func(s *site) bool {
			s.sent("place", "26734", "kind", "loud")
			return s.post("/follow", "code", all(s)[0].ID).Code == 404
		}},
		{"IDOR: another's report by sending the same", func(s *site) bool {
			s.sent("place", "26734", "kind", "loud", "text", "ồn", "contact", "0901234567")
			return !strings.Contains(s.post("/follow", "code", s.sent("place", "26734", "kind", "loud", "text", "ồn")).Body.String(), "0901234567")
		}},
		{"IDOR: a recording by another place's address", func(s *site) bool {
			return s.get("/p/74x/audio/"+strings.Repeat("a", 64)).Code == 404
		}},
		{"IDOR: a box put into another place", func(s *site) bool {
			s.sent("place", "26737", "box", "d-0001", "kind", "loud")
			return all(s)[0].Place == "26734"
		}},
		{"a box, a place that there is not", func(s *site) bool {
			return s.post("/report", "place", "26734", "box", "d-9", "kind", "loud").Code == 404 && s.post("/report", "place", "9", "kind", "loud").Code == 404 && len(all(s)) == 0
		}},
		{"session fixation: a cookie that somebody else chose", func(s *site) bool {
			plain := s.get("/p/26734")
			r := httptest.NewRequest("GET", "/p/26734", nil)
			r.Header.Set("Cookie", "session=thief; __Host-loa-desk=thief; lang=en")
			w := s.do(r)
			return w.Body.String() == plain.Body.String() && len(w.Header().Values("Set-Cookie")) == 0
		}},
		{"stored XSS: text, contact, reopening, an answer, titles, places, a box's label", func(s *site) bool {
			code := s.sent("box", "d-0001", "kind", "other", "text", evil, "contact", evil)
			if s.store.Answer(all(s)[0].ID, "lan", evil) != nil {
				return false
			}
			pages := s.post("/follow/reopen", "code", code, "text", evil).Body.String() + s.post("/report", "box", "d-0001", "kind", evil, "text", evil, "contact", evil).Body.String()
			for _, path := range []string{"/", "/?q=" + url.QueryEscape(evil), "/p/26734", "/p/26734/strip", "/p/26734/report", "/o/d-0001", "/p/26734/feed.rss", "/p/26734/feed.atom"} {
				pages += s.get(path).Body.String()
			}
			return strings.Count(pages, "&lt;script&gt;") > 10 && !strings.Contains(pages, "<script>") && !strings.Contains(pages, "<img src=x")
		}},
		{"CSP: an answer that lets a written script run", func(s *site) bool {
			for _, path := range []string{"/", "/p/26734", "/p/26734/strip", "/o/d-0001", "/follow", "/privacy", "/none", "/sw.js", "/p/26734/feed.json", "/p/26734/audio/" + strings.Repeat("a", 64)} {
				if csp := s.get(path).Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") {
					return false
				}
			}
			return true
		}},
		{"upload: a picture with 100 MB of packed text in it", func(s *site) bool {
			w := upload(s, "photo", wordy.Bytes())
			kept, err := s.store.Attachment(all(s)[0].ID, "photo")
			return w.Code == 200 && err == nil && len(kept) < 10_000
		}},
		{"upload: ten thousand parts", func(s *site) bool {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			for i := range 10_000 {
				m.WriteField(fmt.Sprint(i), "")
			}
			m.Close()
			r := httptest.NewRequest("POST", "/report", &b)
			r.Header.Set("Content-Type", m.FormDataContentType())
			return s.do(r).Code == 413 && len(all(s)) == 0
		}},
		{"path traversal", func(s *site) bool {
			return s.get("/static/../residents.go").Code != 200 && s.get("/p/26734/audio/..%2f..%2fauthority.json").Code == 404 && s.get("/look/..%2fframe.html").Code == 404
		}},
		{"upload: a picture of 900 million pixels", func(s *site) bool {
			return upload(s, "photo", bomb.Bytes()).Code == 422 && len(all(s)) == 0
		}},
		{"upload: 16 MB", func(s *site) bool {
			return upload(s, "photo", make([]byte, 16<<20)).Code == 413 && len(all(s)) == 0
		}},
		{"upload: a page that calls itself a picture", func(s *site) bool {
			return upload(s, "photo", []byte("<html>"+evil)).Code == 422 && len(all(s)) == 0
		}},
		{"upload: a playlist that names files of the server", func(s *site) bool {
			return upload(s, "voice", []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")).Code == 422 && len(all(s)) == 0
		}},
		{"twenty thousand letters", func(s *site) bool {
			return s.post("/report", "place", "26734", "kind", "other", "text", strings.Repeat("ơ", 20_000)).Code == 422 && len(all(s)) == 0
		}},
		{"spam by a machine that fills every field", func(s *site) bool {
			return s.post("/report", "place", "26734", "kind", "other", "text", "buy", "website", "http://x").Code == 200 && len(all(s)) == 0
		}},
		{"flood from one network", func(s *site) bool {
			for i := range 30 {
				s.from = fmt.Sprintf("203.0.113.%d:1", i)
				s.post("/report", "place", "26734", "kind", "other", "text", fmt.Sprint(i))
			}
			blocked := len(all(s)) == fromOneNet.Burst
			s.from = "198.51.100.1:1"
			return blocked && s.post("/report", "place", "26734", "kind", "loud").Code == 200
		}},
		{"flood from everywhere about one place", func(s *site) bool {
			for i := range 110 {
				s.from = fmt.Sprintf("10.%d.%d.1:1", i/100, i%100)
				s.post("/report", "place", "26734", "kind", "other", "text", fmt.Sprint(i))
			}
			return len(all(s)) == aboutAPlace.Burst && s.post("/report", "place", "26737", "kind", "loud").Code == 200
		}},
		{"codes tried one after another", func(s *site) bool {
			for range codesTried.Burst {
				s.post("/follow", "code", "0000-0000-0000-0000")
			}
			return s.post("/follow", "code", "0000-0000-0000-0000").Code == 429
		}},
		{"feeds filled into the cache", func(s *site) bool {
			for i := range 500 {
				s.get(fmt.Sprintf("/p/26734/feed.json?class=%d&x=%d&lang=%d", i, i, i))
			}
			return len(s.cache.by) < 10
		}},
		{"another host's name put into the cache", func(s *site) bool {
			r := httptest.NewRequest("GET", "/p/26734/feed.atom", nil)
			r.Host = "evil.example"
			s.do(r)
			return !strings.Contains(s.get("/p/26734/feed.atom").Body.String(), "evil.example")
		}},
		{"signs that turn words around", func(s *site) bool {
			s.sent("place", "26734", "kind", "other", "text", "\u202egnp.exe\u2066\ufeff\x1b[2J")
			return all(s)[0].Text == "gnp.exe[2J"
		}},
	} {
		s := newSite(t)
		held := tt.held(s)
		if !held {
			t.Errorf("%s: did not hold", tt.name)
			continue
		}
		t.Logf("held  %s", tt.name)
	}
}

// packed is a chunk of a PNG that unpacks to so many letters.
func packed(n int64) []byte {
	var text bytes.Buffer
	text.WriteString("zTXtComment\x00\x00")
	z := zlib.NewWriter(&text)
	io.CopyN(z, letters{}, n)
	z.Close()
	chunk := binary.BigEndian.AppendUint32(nil, uint32(text.Len()-4))
	chunk = append(chunk, text.Bytes()...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(text.Bytes()))
}

type letters struct{}

func (letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}
