package residents

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority/requests"
	"loa/scripts/authority/said"
	"loa/scripts/loactl/web/look"
)

const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{.}}`

var noon = time.Date(2026, 11, 27, 5, 0, 0, 0, time.UTC)

// shelf is a book of two communes of a province.
type shelf struct {
	told map[string]said.Told
	asks int
}

func (b *shelf) At(place string, below bool) (said.Told, bool, error) {
	b.asks++
	t, ok := b.told[place]
	if ok && below {
		t.Items = append(t.Items, b.told["26737"].Items...)
	}
	return t, ok, nil
}

func (b *shelf) Places() []said.Listed {
	return []said.Listed{{Named: said.Named{Code: "74", Name: "Tỉnh Bình Dương"}}, {Named: said.Named{Code: "26734", Name: "Xã Đông " + evil}, Depth: 1}}
}

func (b *shelf) Box(device string) (said.Named, string, bool) {
	return said.Named{Code: "26734", Name: "Xã Đông"}, "Cột số 3 " + evil, device == "d-0001"
}

// A site is the pages with what lies behind them.
type site struct {
	*Site
	t     *testing.T
	book  *shelf
	store *requests.Store
	now   time.Time
	from  string
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, now: noon, from: "203.0.113.7:1000"}
	store, err := requests.Open(dir, func() time.Time { return s.now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	item := func(place, id string) said.Item {
		return said.Item{Place: place, Kind: "bulletin", ID: id, Class: plan.Normal, Origin: plan.Notice, Lang: "vi", Title: id + evil, Text: "Dòng 1\n" + evil, First: noon, Last: noon, Times: 2, Now: id == "hop",
			Audio: []said.Audio{{SHA256: strings.Repeat("a", 64), Type: "audio/mpeg", Lang: "vi", Bytes: 5, Seconds: 61}}}
	}
	s.book = &shelf{told: map[string]said.Told{
		"26734": {Place: "26734", Name: "Xã Đông " + evil, Above: []said.Named{{Code: "74", Name: "Tỉnh Bình Dương"}}, Alerts: []said.Alert{
			{Place: "26734", Office: "26734", ID: "lu", Severity: "severe", Headline: "Lũ quét" + evil, Instruction: "Lên cao" + evil, From: noon, Until: noon.Add(time.Hour)},
			{Place: "26734", Office: "26734", ID: "chay", Headline: "Cháy" + evil, From: noon, Until: noon.Add(time.Hour), Retracted: true},
		}, Items: []said.Item{item("26734", "hop"), {Place: "74", Kind: "live", ID: "s1", Class: plan.Live, First: noon, Last: noon, Times: 1},
			{Place: "26734", Kind: "bulletin", ID: "sai", Class: plan.Normal, Lang: "vi", Title: "Tin sai", First: noon, Last: noon, Times: 1, Withdrawn: true}}},
		"26737": {Place: "26737", Name: "Phường Thuận An", Alerts: []said.Alert{}, Items: []said.Item{item("26737", "xa")}},
		"74":    {Place: "74", Name: "Tỉnh Bình Dương", Alerts: []said.Alert{}, Items: []said.Item{}},
	}}
	if err := os.WriteFile(filepath.Join(dir, strings.Repeat("a", 64)), []byte("sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, strings.Repeat("b", 64)), []byte("unsaid"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.store = store
	s.Site, err = New(Opts{Book: s.book, Requests: store, Media: dir, Name: "Bình Dương", URL: "https://loa.example/", Frames: []string{"https://xa.example"},
		Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	s.t.Helper()
	r.RemoteAddr = s.from
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) get(path string) *httptest.ResponseRecorder {
	return s.do(httptest.NewRequest("GET", path, nil))
}

func (s *site) post(path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r)
}

var codeIn = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`)

// sent reports, and gives the code.
func (s *site) sent(fields ...string) string {
	s.t.Helper()
	w := s.post("/report", fields...)
	code := codeIn.FindString(w.Body.String())
	if w.Code != 200 || code == "" {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return code
}

func TestWords(t *testing.T) {
	for _, f := range look.Check(words) {
		t.Error(f)
	}
}

// Every page in every language is whole, says how it may be used, and holds no script
// and no word as anything but a word.
func TestPages(t *testing.T) {
	s := newSite(t)
	code := s.sent("place", "26734", "kind", "other", "text", evil, "contact", evil)
	r, err := s.store.Follow(code)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.Answer(r.ID, "lan", "Cảm ơn"+evil); err != nil {
		t.Fatal(err)
	}
	for _, l := range look.Langs {
		pages := map[string]*httptest.ResponseRecorder{
			"wrong": s.post("/report?lang="+l, "place", "26734", "kind", evil, "text", evil, "contact", evil),
			"code":  s.post("/follow?lang="+l, "code", evil), "mine": s.post("/follow?lang="+l, "code", code),
		}
		for _, path := range []string{"/", "/?q=" + url.QueryEscape(evil), "/?q=dong", "/p/26734", "/p/74", "/p/26734/strip", "/o/d-0001", "/p/26734/report", "/follow", "/privacy", "/none", "/p/none"} {
			at := path + "?lang=" + l
			if strings.Contains(path, "?") {
				at = path + "&lang=" + l
			}
			pages[path] = s.get(at)
		}
		for name, w := range pages {
			body := w.Body.String()
			if w.Code >= 500 || !strings.Contains(body, `<html lang="`+l+`">`) || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
				t.Errorf("%s in %s: %d %s", name, l, w.Code, body)
			}
			if strings.Contains(body, "<script>") || strings.Contains(body, "<img") || regexp.MustCompile(`<[^>]*\son[a-z]+=`).MatchString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, `""`)) || strings.Contains(body, "style=") {
				t.Errorf("%s in %s has a script or a style in it:\n%s", name, l, body)
			}
			csp := w.Header().Get("Content-Security-Policy")
			if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || (name == "/p/26734/strip") != strings.Contains(csp, "frame-ancestors https://xa.example") {
				t.Errorf("%s: %s", name, csp)
			}
			if len(w.Header().Values("Set-Cookie")) > 0 {
				t.Errorf("%s sets a cookie", name)
			}
		}
		if !strings.Contains(pages["/p/26734"].Body.String(), "Lũ quét&#34;&gt;") || strings.Contains(pages["/?q=dong"].Body.String(), ">Tỉnh") || !strings.Contains(pages["/?q=dong"].Body.String(), ">Xã Đông") {
			t.Errorf("in %s: an alert or a search is missing", l)
		}
	}
}

// The first load of a place on a phone, as bytes on the line.
func TestFirstLoadIsSmall(t *testing.T) {
	s := newSite(t)
	one := s.book.told["26734"].Items[0]
	words := strings.Fields("uỷ ban nhân dân xã thông báo lịch cắt điện tiêm chủng trẻ em tổ dân phố nhà văn hoá phòng cháy mưa lũ đường dây nóng họp bầu cử")
	told, random := s.book.told["26734"], rand.New(rand.NewPCG(1, 2))
	for i := range 60 { // twenty bulletins a day
		one.ID, one.Text = fmt.Sprint("b", i), ""
		for range 250 { // two minutes of speech
			one.Text += words[random.IntN(len(words))] + fmt.Sprint(" ", random.IntN(100), " ")
		}
		told.Items = append(told.Items, one)
	}
	s.book.told["26734"] = told
	total := 0
	load := func(path string) string {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := s.do(r)
		total += w.Body.Len()
		if w.Code != 200 {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return path
	}
	load("/p/26734")
	page := s.get("/p/26734").Body.String()
	for _, m := range regexp.MustCompile(`(?:src|href)="(/(?:look|static)/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		load(m[1])
	}
	load("/p/26734/now.json")
	load("/sw.js")
	load("/p/26734/manifest.webmanifest")
	load(s.files.URL("icon-192.png"))
	t.Logf("%d bytes", total)
	if total > 150<<10 {
		t.Errorf("the first load has %d bytes, more than 150 KB", total)
	}
}

func TestFeeds(t *testing.T) {
	s := newSite(t)
	var j struct {
		Version string
		Items   []entry
	}
	w := s.get("/p/26734/feed.json")
	if err := json.Unmarshal(w.Body.Bytes(), &j); err != nil || len(j.Items) != 2 || j.Version != "https://jsonfeed.org/version/1.1" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%v %s", err, w.Body)
	}
	if a := j.Items[1]; a.Title != "hop"+evil || a.Attachments[0].URL != "https://loa.example/p/26734/audio/"+strings.Repeat("a", 64) {
		t.Errorf("%+v", a)
	}
	for path, n := range map[string]int{
		"/p/26734/feed.json?class=emergency": 1, "/p/26734/feed.json?class=normal": 1, "/p/26734/feed.json?origin=own": 0,
		"/p/74/feed.json": 0, "/p/74/feed.json?below=1": 1, "/p/74/feed.json?below=1&language=en": 0, "/p/26734/feed.json?class=nonsense": 2,
	} {
		if err := json.Unmarshal(s.get(path).Body.Bytes(), &j); err != nil || len(j.Items) != n {
			t.Errorf("%s: %v, %d items, want %d", path, err, len(j.Items), n)
		}
	}
	var atom struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Entry   []struct {
			ID      string `xml:"id"`
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(s.get("/p/26734/feed.atom").Body.Bytes(), &atom); err != nil || len(atom.Entry) != 2 || atom.Entry[1].Title != "hop"+evil || atom.Updated == "" {
		t.Errorf("%v %+v", err, atom)
	}
	var rss struct {
		Items []struct {
			Title       string `xml:"title"`
			Description string `xml:"description"`
			Pub         string `xml:"pubDate"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal(s.get("/p/26734/feed.rss").Body.Bytes(), &rss); err != nil || len(rss.Items) != 2 || strings.Contains(rss.Items[1].Description, "<script") {
		t.Errorf("%v %+v", err, rss)
	}
}

// What was not said is given to nobody, and what was said to everybody, in parts too.
func TestRecordings(t *testing.T) {
	s := newSite(t)
	if w := s.get("/p/26734/audio/" + strings.Repeat("b", 64)); w.Code != 404 {
		t.Errorf("unsaid: %d", w.Code)
	}
	r := httptest.NewRequest("GET", "/p/26734/audio/"+strings.Repeat("a", 64), nil)
	r.Header.Set("Range", "bytes=1-2")
	if w := s.do(r); w.Code != 206 || w.Body.String() != "ou" || w.Header().Get("Content-Type") != "audio/mpeg" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
}

// Ten thousand readers cost what one costs, and who has the newest is told so.
func TestReadersCostNothing(t *testing.T) {
	s := newSite(t)
	tag := s.get("/p/26734/now.json").Header().Get("ETag")
	for range 1000 {
		r := httptest.NewRequest("GET", "/p/26734/now.json", nil)
		r.Header.Set("If-None-Match", tag)
		if w := s.do(r); w.Code != 304 {
			t.Fatalf("%d", w.Code)
		}
	}
	if s.book.asks != 1 {
		t.Errorf("asked %d times", s.book.asks)
	}
	s.now = s.now.Add(fresh)
	told := s.book.told["26734"]
	told.Items = told.Items[1:]
	s.book.told["26734"] = told
	if other := s.get("/p/26734/now.json").Header().Get("ETag"); other == tag {
		t.Error("nothing changed when something did")
	}
}

func TestTwoWays(t *testing.T) {
	s := newSite(t)
	code := s.sent("box", "d-0001", "place", "26737", "kind", "unheard", "text", "Không nghe\u202e thấy\x00 gì\r\n!")
	r, err := s.store.Follow(code)
	if err != nil || r.Box != "d-0001" || r.Place != "26734" || r.Text != "Không nghe thấy gì\n!" {
		t.Fatalf("%+v %v: the box says where it stands", r, err)
	}
	if err := s.store.Answer(r.ID, "lan", "Đã sửa loa"); err != nil {
		t.Fatal(err)
	}
	if w := s.post("/follow", "code", code); !strings.Contains(w.Body.String(), "Đã sửa loa") || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Header().Get("Location"), code) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.post("/follow/reopen", "code", code, "text", "Chưa được"); !strings.Contains(w.Body.String(), "Chưa được") {
		t.Errorf("%s", w.Body)
	}
	var all requests.Export
	if w := s.post("/follow/export", "code", code); json.Unmarshal(w.Body.Bytes(), &all) != nil || all.Text == "" {
		t.Errorf("%s", w.Body)
	}
	if w := s.post("/follow/delete", "code", code); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	if w := s.post("/follow", "code", code); w.Code != 404 {
		t.Errorf("after it was deleted: %d", w.Code)
	}
}

func TestWhoAsksThroughAMachineOfOurs(t *testing.T) {
	s := &Site{o: Opts{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/24")}}}
	for _, c := range []struct{ from, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.0/24"},
		{"203.0.113.9:1", "198.51.100.7", "203.0.113.0/24"}, // whoever comes directly can write anything
		{"127.0.0.1:1", "198.51.100.7", "198.51.100.0/24"},
		{"127.0.0.1:1", "1.2.3.4, 198.51.100.7", "198.51.100.0/24"},
		{"127.0.0.1:1", "1.2.3.4, 198.51.100.7, 10.0.0.5", "198.51.100.0/24"},
		{"127.0.0.1:1", "", "127.0.0.0/24"},
		{"127.0.0.1:1", "nobody", "127.0.0.0/24"},
		{"127.0.0.1:1", "2001:db8:1:2::3", "2001:db8:1::/48"},
		{"127.0.0.1:1", "::ffff:198.51.100.7", "198.51.100.0/24"},
	} {
		r := httptest.NewRequest("POST", "/report", nil)
		r.RemoteAddr = c.from
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := s.network(r); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.from, c.forwarded, got, c.want)
		}
	}
}

func TestWhoElseGetsReportsIsSaid(t *testing.T) {
	for _, to := range []string{"", "Tổng đài 1022"} {
		s, err := New(Opts{HandedTo: to, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/privacy", nil))
		if said := strings.Contains(w.Body.String(), "được chuyển tới Tổng đài 1022"); w.Code != 200 || said != (to != "") {
			t.Errorf("%q: %d, said %v", to, w.Code, said)
		}
	}
}

var versionIn = regexp.MustCompile(`<div id="told" data-version="([^"]+)">`)

// An open page knows by its own version whether something is new: what now.json says and
// what the page says at the same moment are of the same telling, and both change with it.
func TestThePageSaysOfWhenItIs(t *testing.T) {
	s := newSite(t)
	page := func(path string) string {
		m := versionIn.FindStringSubmatch(s.get(path).Body.String())
		if m == nil {
			t.Fatalf("%s has no version", path)
		}
		return m[1]
	}
	now := func() string {
		var n Now
		if err := json.Unmarshal(s.get("/p/26734/now.json").Body.Bytes(), &n); err != nil {
			t.Fatal(err)
		}
		return n.Version
	}
	var seen []string
	for i := range 15 { // seconds; what is asked first, and in which language, differs
		told := s.book.told["26734"]
		told.Alerts = told.Alerts[:2:2]
		if i >= 3 {
			told.Alerts = append(told.Alerts, said.Alert{Place: "26734", Office: "26734", ID: "vo-de", Headline: "Vỡ đê", From: noon, Until: noon.Add(time.Hour)})
		}
		s.book.told["26734"] = told
		var p, n string
		if i%2 == 0 {
			p, n = page("/p/26734?lang="+look.Langs[i/2%2]), now()
		} else {
			n, p = now(), page("/p/26734")
		}
		if p != n {
			t.Errorf("after %d s the page is %s, now.json says %s", i, p, n)
		}
		seen = append(seen, p)
		s.now = s.now.Add(time.Second)
	}
	if seen[0] == seen[14] {
		t.Error("an alert changes nothing")
	}
}

// What is asked for stands in the key of its answer: a name that is none must not be the
// key of another page.
func TestANameIsNoOtherPagesKey(t *testing.T) {
	for _, paths := range [][2]string{
		{"/p/74%3Fbelow=1/feed.json", "/p/74/feed.json?below=1"},
		{"/p/26734%20vi", "/p/26734?lang=vi"},
		{"/p/26734%3Fclass=normal/feed.atom", "/p/26734/feed.atom?class=normal"},
		{"/p/26734%20en/strip", "/p/26734/strip?lang=en"},
		{"/o/d-0001%20vi", "/o/d-0001"},
	} {
		s := newSite(t)
		if w := s.get(paths[0]); w.Code != 404 {
			t.Errorf("%s: %d", paths[0], w.Code)
		}
		if w := s.get(paths[1]); w.Code != 200 {
			t.Errorf("%s: %d after %s was asked for", paths[1], w.Code, paths[0])
		}
		if s.book.asks > 1 {
			t.Errorf("the book was asked for %s", paths[0])
		}
	}
	s := newSite(t)
	s.withPoll("slip")
	if a, b := s.get("/poll/CHO").Code, s.get("/poll/..%2fcho-moi").Code; a != 404 || b != 404 {
		t.Errorf("polls: %d %d", a, b)
	}
	for i := range 100 { // of what there is not, nothing is remembered
		for _, path := range []string{"/p/x%d", "/o/d-x%d", "/poll/x%d", "/p/x%d/feed.rss?below=1"} {
			s.get(fmt.Sprintf(path, i))
		}
	}
	if n := len(s.cache.by) + len(s.books.by); n > 0 {
		t.Errorf("%d answers are remembered of what there is not", n)
	}
}

// Whoever asks for recordings, or in languages that there are not, has the book asked no
// more often than anybody, and puts nobody's answer out of the cache.
func TestAskingIsNoWork(t *testing.T) {
	s := newSite(t)
	s.get("/p/26734")
	for range 10 {
		if w := s.get("/p/74/audio/" + strings.Repeat("a", 64)); w.Code != 200 { // said in a place below
			t.Fatalf("%d", w.Code)
		}
		s.get("/p/74/audio/" + strings.Repeat("c", 64))
		s.get("/p/74/feed.json?below=1")
	}
	if s.book.asks != 2 {
		t.Errorf("the book was asked %d times for two things", s.book.asks)
	}
	had := len(s.cache.by)
	for i := range 30 {
		w := s.get(fmt.Sprintf("/p/74/feed.json?below=1&language=%03d", i))
		if !strings.Contains(w.Body.String(), fmt.Sprintf("language=%03d", i)) || !strings.Contains(w.Body.String(), `"items":[]`) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(s.cache.by) != had || s.book.asks != 2 {
		t.Errorf("%d answers in languages that there are not", len(s.cache.by)-had)
	}
	s.get("/p/74/feed.json?below=1&language=vi")
	if len(s.cache.by) != had+1 {
		t.Error("a language that there is is not remembered")
	}
	for i := range maxAnswers + 10 {
		s.cache.of(fmt.Sprint("n", i))
	}
	if n := len(s.cache.by); n != maxAnswers {
		t.Errorf("%d answers of %d after the cache was full", n, maxAnswers)
	}
}

// Whoever reads only a title, in a strip or a feed, sees that a drill is one, and nothing
// of what was taken back.
func TestADrillIsCalledOne(t *testing.T) {
	s := newSite(t)
	told := s.book.told["26734"]
	drill := said.Item{Place: "26734", Kind: "bulletin", ID: "tap", Class: plan.Drill, Lang: "vi", Title: "Vỡ đê, lên cao ngay", First: noon, Last: noon, Times: 1, Now: true}
	taken := said.Item{Place: "26734", Kind: "bulletin", ID: "rut", Class: plan.Normal, Lang: "vi", Title: "Tin rút lại", First: noon, Last: noon, Times: 1, Now: true, Withdrawn: true}
	again := drill
	again.ID, again.Title = "tap2", "Diễn tập báo cháy"
	told.Items = []said.Item{taken, drill, again}
	s.book.told["26734"] = told
	for path, want := range map[string]string{
		"/p/26734/strip?lang=vi": "<strong>DIỄN TẬP:</strong> ", "/p/26734/strip?lang=en": "<strong>DRILL:</strong> ",
		"/p/26734/feed.json": `"DIỄN TẬP: `, "/p/26734/feed.atom": "<title>DIỄN TẬP: ", "/p/26734/feed.rss": "<title>DIỄN TẬP: ", "/p/26734/now.json": `"DIỄN TẬP: `,
	} {
		body := strings.NewReplacer(`<span lang="vi">`, "").Replace(s.get(path).Body.String())
		if !strings.Contains(body, want+drill.Title) {
			t.Errorf("%s does not say that it is a drill:\n%s", path, body)
		}
		if strings.Contains(body, taken.Title) {
			t.Errorf("%s tells what was taken back", path)
		}
		if strings.Contains(path, "feed") && strings.Contains(body, want+again.Title) {
			t.Errorf("%s says twice that it is a drill", path)
		}
	}
}

// full is a store on a disk that is almost full.
type full struct{ store }

func (full) Room() (bool, error) { return false, nil }

// A disk that is almost full keeps words, and no pictures: what the centre signs needs it.
func TestWordsHaveRoomLonger(t *testing.T) {
	s := newSite(t)
	send := func(kind, text string) *httptest.ResponseRecorder {
		var b, picture bytes.Buffer
		png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4)))
		m := multipart.NewWriter(&b)
		for k, v := range map[string]string{"place": "26734", "kind": kind, "text": text} {
			m.WriteField(k, v)
		}
		f, _ := m.CreateFormFile("photo", "a.png")
		f.Write(picture.Bytes())
		m.Close()
		r := httptest.NewRequest("POST", "/report?lang=en", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		return s.do(r)
	}
	const lost = "photo and voice are not"
	kept := func(w *httptest.ResponseRecorder) requests.Request {
		r, err := s.store.Follow(codeIn.FindString(w.Body.String()))
		if err != nil {
			t.Fatalf("%v: %d %s", err, w.Code, w.Body)
		}
		return r
	}
	if w := send("broken", "Gãy cột"); !kept(w).Photo || strings.Contains(w.Body.String(), lost) {
		t.Error("there is room, and the picture is lost")
	}
	s.o.Requests = full{s.store}
	if w := send("broken", "Gãy cột nữa"); kept(w).Photo || kept(w).Text != "Gãy cột nữa" || !strings.Contains(w.Body.String(), lost) {
		t.Errorf("%+v", kept(w))
	}
	if w := send("other", ""); w.Code != 422 || !strings.Contains(w.Body.String(), "no room") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.post("/report?lang=en", "place", "26734", "kind", "loud"); strings.Contains(w.Body.String(), lost) {
		t.Error("a picture is lost that nobody sent")
	}
}

// Whatever leaves for somebody else is named, where it does leave, and for how long it is
// kept.
func TestWhatGoesToOthersIsSaid(t *testing.T) {
	const makers, provider = "Google, Mozilla, Microsoft", "sent to the SMS provider"
	for _, with := range []bool{false, true} {
		s := newSite(t)
		if with {
			s.o.Push = &list{}
			s.o.SMS = func(context.Context, string, string) error { return nil }
		}
		for l, said := range map[string][]string{"en": {makers, provider}, "vi": {makers, "chuyển cho nhà cung cấp tin nhắn"}} {
			body := s.get("/privacy?lang=" + l).Body.String()
			for _, one := range said {
				if strings.Contains(body, one) != with {
					t.Errorf("with %v, in %s, %q: %v", with, l, one, !with)
				}
			}
		}
	}
}
