package residents

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"loa/scripts/authority/poll"
)

const market = `
id = "cho-moi"
place = "74"
title = "Chợ <b>mới</b>?"
text = "Vì sao <script>"
by = "slip"
until = 2026-12-20T00:00:00Z
[[question]]
text = "Chỗ nào <i>?"
options = ["Bến phà", "Ngã ba <u>"]
[[question]]
text = "Bán gì?"
options = ["Cá", "Rau", "Vải"]
most = 2
`

// withPoll opens a poll at the province of a site.
func (s *site) withPoll(by string) *poll.Store {
	s.t.Helper()
	store, err := poll.Open(s.t.TempDir(), func() time.Time { return s.now })
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { store.Close() })
	until := s.now.Add(72 * time.Hour).UTC().Format(time.RFC3339)
	p, err := poll.Parse([]byte(strings.NewReplacer("slip", by, "2026-12-20T00:00:00Z", until).Replace(market)), s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := store.Begin(p); err != nil {
		s.t.Fatal(err)
	}
	s.o.Polls = store
	return store
}

func (s *site) send(path string, fields url.Values) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := s.do(r)
	return w.Code, w.Body.String()
}

func (s *site) read(path string) (int, string) {
	s.t.Helper()
	w := s.do(httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestAPollIsAnsweredOnceAndToldAtItsEnd(t *testing.T) {
	s := newSite(t)
	store := s.withPoll(poll.BySlip)
	codes, err := store.Slips("cho-moi", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"26734", "74"} {
		if _, body := s.read("/p/" + place); !strings.Contains(body, "/poll/cho-moi") || strings.Contains(body, "<b>mới") {
			t.Errorf("%s does not tell of it, or tells markup", place)
		}
	}
	if _, body := s.read("/p/26737"); strings.Contains(body, "/poll/cho-moi") {
		t.Error("another place is asked")
	}
	if code, body := s.read("/poll/cho-moi"); code != 200 || strings.Contains(body, "<script>\n") || strings.Contains(body, "<u>") || !strings.Contains(body, `type="checkbox"`) || strings.Contains(body, "<table") {
		t.Errorf("%d %s", code, body)
	}
	for name, c := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"no code":    {url.Values{"q0": {"0"}}, 422, "Mã không đúng"},
		"wrong code": {url.Values{"q0": {"0"}, "code": {"aaaaaaaaaaaaaaaa"}}, 422, "Mã không đúng"},
		"nothing":    {url.Values{"code": {codes[0]}}, 422, "Hãy chọn"},
		"too many":   {url.Values{"code": {codes[0]}, "q0": {"0", "1"}}, 422, "Hãy chọn"},
		"no number":  {url.Values{"code": {codes[0]}, "q0": {"x"}}, 422, "Hãy chọn"},
		"a number":   {url.Values{"code": {codes[0]}, "q0": {"99"}}, 422, "Hãy chọn"},
	} {
		if code, body := s.send("/poll/cho-moi", c.fields); code != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d", name, code)
		}
	}
	// What was chosen is still there for whoever mistyped the code.
	if _, body := s.send("/poll/cho-moi", url.Values{"q0": {"1"}, "q1": {"0", "2"}, "code": {"x\"><b>"}}); strings.Count(body, " checked") != 3 || strings.Contains(body, `x"><b>`) {
		t.Error("the choice is lost, or the code is markup")
	}
	good := url.Values{"q0": {"1"}, "q1": {"0", "2"}, "code": {codes[0]}}
	if code, body := s.send("/poll/cho-moi", good); code != 200 || !strings.Contains(body, "Đã ghi nhận") || strings.Contains(body, codes[0]) {
		t.Errorf("%d", code)
	}
	if code, body := s.send("/poll/cho-moi", good); code != 422 || !strings.Contains(body, "đã dùng") {
		t.Errorf("twice: %d", code)
	}
	if code, _ := s.read("/poll/khong-co"); code != 404 {
		t.Errorf("no such poll: %d", code)
	}
	if code, _ := s.send("/poll/khong-co", good); code != 404 {
		t.Errorf("an answer to none: %d", code)
	}
	s.now = s.now.Add(100 * time.Hour)
	code, body := s.read("/poll/cho-moi")
	if code != 200 || !strings.Contains(body, "phát 2 phiếu, 1 phiếu trả lời") || !strings.Contains(body, "<td>1</td><td>100</td>") || strings.Contains(body, "<form") {
		t.Errorf("its end: %d %s", code, body)
	}
	if code, body := s.send("/poll/cho-moi", url.Values{"q0": {"0"}, "code": {codes[1]}}); code != 422 || !strings.Contains(body, "Đã hết thời gian") {
		t.Errorf("too late: %d", code)
	}
	if _, body := s.read("/p/74"); strings.Contains(body, "/poll/cho-moi") {
		t.Error("a place still tells of it")
	}
}

func TestAPollByTelephone(t *testing.T) {
	s := newSite(t)
	store := s.withPoll(poll.ByPhone)
	ask := url.Values{"phone": {"0912 345 678"}, "q0": {"0"}}
	if code, body := s.send("/poll/cho-moi/code", ask); code != 422 || !strings.Contains(body, "không gửi được mã") {
		t.Errorf("without a channel: %d", code)
	}
	var sent []string
	var fails error
	s.o.SMS = func(_ context.Context, phone, text string) error {
		sent = append(sent, phone+" "+text)
		return fails
	}
	if code, body := s.send("/poll/cho-moi/code", url.Values{"phone": {"911"}}); code != 422 || !strings.Contains(body, "Không phải số") || len(sent) != 0 {
		t.Errorf("no number: %d", code)
	}
	code, body := s.send("/poll/cho-moi/code", ask)
	if code != 200 || !strings.Contains(body, "Đã gửi mã") || len(sent) != 1 || !strings.HasPrefix(sent[0], "+84912345678 Ma lay y kien: ") || strings.Count(body, " checked") != 1 {
		t.Fatalf("%d %q", code, sent)
	}
	typed := strings.Fields(strings.SplitN(sent[0], ": ", 2)[1])[0]
	if strings.Contains(body, typed) {
		t.Error("the page tells the code")
	}
	ask.Set("code", typed)
	if code, _ := s.send("/poll/cho-moi", ask); code != 200 {
		t.Errorf("an answer: %d", code)
	}
	// Whether a number has answered is nobody else's business: it looks the same.
	if code, body := s.send("/poll/cho-moi/code", ask); code != 200 || !strings.Contains(body, "Đã gửi mã") || len(sent) != 1 {
		t.Errorf("a code for who has answered: %d, %d sent", code, len(sent))
	}
	fails = errors.New("the modem is gone")
	if code, body := s.send("/poll/cho-moi/code", url.Values{"phone": {"0987654321"}}); code != 422 || !strings.Contains(body, "không gửi được mã") {
		t.Errorf("a channel that fails: %d", code)
	}
	if r, err := store.Result("cho-moi"); err != nil || r.Given != 1 || r.Answers != 1 || r.Counts[0][0] != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	often := 0
	for range 60 {
		if code, _ := s.send("/poll/cho-moi/code", url.Values{"phone": {"0987654321"}}); code == http.StatusTooManyRequests {
			often++
		}
	}
	if often == 0 || len(sent) > 40 {
		t.Errorf("a flood: %d refused, %d messages", often, len(sent))
	}
}
