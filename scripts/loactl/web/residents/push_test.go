package residents

import (
	"net/http/httptest"
	"strings"
	"testing"

	"loa/scripts/authority/push"
)

// A list is readers in memory; full is what it answers.
type list struct {
	by   map[string]push.Reader
	fail error
}

func (l *list) Key() string { return "BKey" }
func (l *list) Add(r push.Reader) error {
	if l.fail == nil {
		l.by[r.Endpoint] = r
	}
	return l.fail
}
func (l *list) Remove(endpoint string) error { delete(l.by, endpoint); return nil }

func TestWhoWantsToBeTold(t *testing.T) {
	s := newSite(t)
	const ask = `{"endpoint":"https://fcm.googleapis.com/x","expirationTime":null,"keys":{"p256dh":"p","auth":"a"}}`
	do := func(method, path, body string) int {
		return s.do(httptest.NewRequest(method, path, strings.NewReader(body))).Code
	}
	if code := do("POST", "/p/26734/push", ask); code != 404 {
		t.Errorf("without a channel: %d", code)
	}
	if _, body := s.read("/p/74"); strings.Contains(body, `id="push"`) {
		t.Error("a button that does nothing")
	}
	l := &list{by: make(map[string]push.Reader)}
	s.o.Push = l
	if _, body := s.read("/p/26734"); !strings.Contains(body, `data-key="BKey"`) {
		t.Error("no button")
	}
	if code := do("POST", "/p/26734/push?lang=en", ask); code != 204 || l.by["https://fcm.googleapis.com/x"] != (push.Reader{Endpoint: "https://fcm.googleapis.com/x", Place: "26734", P256dh: "p", Auth: "a", Lang: "en"}) {
		t.Errorf("%d %+v", code, l.by)
	}
	for name, c := range map[string]struct {
		path, body string
		fail       error
		want       int
	}{
		"no place":     {"/p/99/push", ask, nil, 404},
		"no JSON":      {"/p/26734/push", "x", nil, 400},
		"large":        {"/p/26734/push", `{"endpoint":"` + strings.Repeat("x", 9000), nil, 400},
		"no reader":    {"/p/26734/push", ask, push.ErrReader, 422},
		"too many":     {"/p/26734/push", ask, push.ErrFull, 503},
		"another site": {"/p/26734/push", ask, nil, 403},
	} {
		l.fail = c.fail
		r := httptest.NewRequest("POST", c.path, strings.NewReader(c.body))
		if name == "another site" {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		if w := s.do(r); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if code := do("DELETE", "/p/26734/push", ask); code != 204 || len(l.by) != 0 {
		t.Errorf("no more: %d %+v", code, l.by)
	}
}
