package channel

import (
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/drivers/modem/modemtest"
)

// A call is what a service was asked.
type call struct{ path, kind, body, token, secret string }

// serve answers with what is recorded, one after the other, and notes what it was asked.
func serve(t *testing.T, answers ...string) (c Channel, calls *[]call) {
	t.Helper()
	calls = new([]call)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*calls = append(*calls, call{r.URL.Path, r.Header.Get("Content-Type"), string(body), r.Header.Get("access_token"), r.Header.Get("secret_key")})
		if len(answers) == 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		status, answer, _ := strings.Cut(answers[0], " ")
		answers = answers[1:]
		if status == "302" {
			w.Header().Set("Location", "https://elsewhere.invalid/")
		}
		code := map[string]int{"200": 200, "302": 302, "400": 400, "429": 429, "502": 502}[status]
		w.WriteHeader(code)
		io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	return Channel{
		URL: srv.URL, CAFile: file("ca", string(ca)), TokenFile: file("token", "123:ABC\n"), SecretFile: file("secret", "hush\n"), KeyFile: file("key", "K\n"),
		Chat: "@xa", Page: "42", App: "7", Author: "UBND xã", Cover: "https://xa.example/a.jpg",
	}, calls
}

var flooded = Post{
	Channel: "c", To: "+84912345678", What: Said, Class: plan.Emergency, Key: "k", Place: "26734", Title: "Lũ <về>", Text: "Đi ngay.\nĐừng quay lại.",
	Until: noon.Add(time.Hour),
}

// The answers are what the services' documents show, shortened.
func TestServices(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		answers    []string
		ref        string
		passes     bool // of an error
		wait       time.Duration
		asked      []string // in order, parts of each request
	}{
		{"telegram", Telegram, []string{`200 {"ok":true,"result":{"message_id":15,"chat":{"id":-100}}}`}, "15", false, 0,
			[]string{"/bot123:ABC/sendMessage", `"chat_id":"@xa"`, `KHẨN CẤP – Xã Bến: Lũ`, `\n\nĐi ngay.`}},
		{"telegram, too often", Telegram, []string{`429 {"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}`}, "", true, 7 * time.Second, nil},
		{"telegram, no such chat", Telegram, []string{`400 {"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`}, "", false, 0, nil},
		{"telegram, no JSON", Telegram, []string{`502 <html>`}, "", true, 0, nil},
		{"telegram, sent elsewhere", Telegram, []string{`302 <html>`}, "", false, 0, nil},
		{"facebook", Facebook, []string{`200 {"id":"42_77"}`}, "42_77", false, 0, []string{"/v23.0/42/feed", "access_token=123%3AABC", "message=KH%E1%BA%A8N"}},
		{"facebook, the token is over", Facebook, []string{`400 {"error":{"message":"Error validating access token","type":"OAuthException","code":190,"fbtrace_id":"x"}}`}, "", false, 0, nil},
		{"facebook, too often", Facebook, []string{`400 {"error":{"message":"(#32) Page request limit reached","code":32}}`}, "", true, 0, nil},
		{"facebook, an empty answer", Facebook, []string{`200 {}`}, "", false, 0, nil},
		{"esms", ESMS, []string{`200 {"CodeResult":"100","CountRegenerate":0,"SMSID":"d533"}`}, "d533", false, 0,
			[]string{"SendMultipleMessage_V4_post_json", `"ApiKey":"K"`, `"Phone":"0912345678"`, `"IsUnicode":"1"`, `"SmsType":"8"`, `"RequestId":"`}},
		{"esms, no money", ESMS, []string{`200 {"CodeResult":"103","ErrorMessage":"Balance not enough"}`}, "", false, 0, nil},
		{"esms, unknown", ESMS, []string{`200 {"CodeResult":"99","ErrorMessage":"Unknown error"}`}, "", true, 0, nil},
		{"zalo", Zalo, []string{`200 {"error":0,"message":"Success","data":{"token":"tok"}}`}, "tok", false, 0,
			[]string{"/v2.0/article/create", `"author":"UBND xã"`, `Đi ngay.\u003cbr\u003eĐừng`}},
		{"zalo, no rights", Zalo, []string{`200 {"error":-204,"message":"OA is banned"}`}, "", false, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch, calls := serve(t, c.answers...)
			ch.Kind = c.kind
			if c.kind == Zalo {
				ch.TokenFile = writeTokens(t)
			}
			w, err := Open(ch)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := w.Send(t.Context(), flooded, "Xã Bến", flooded.ID())
			if may, wait := passes(err); ref != c.ref || (err == nil) != (c.ref != "") || may != c.passes || wait != c.wait {
				t.Errorf("%q, %v (passes %v, %v)", ref, err, may, wait)
			}
			if err != nil && (strings.Contains(err.Error(), "ABC") || strings.Contains(err.Error(), "hush")) {
				t.Errorf("an error tells a secret: %v", err)
			}
			for _, part := range c.asked {
				if all := (*calls)[0].path + " " + (*calls)[0].body; !strings.Contains(all, part) {
					t.Errorf("%s lacks %s", all, part)
				}
			}
		})
	}
}

func writeTokens(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(name, []byte(`{"access_token":"old","refresh_token":"once"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestZaloRenewsItsTokens(t *testing.T) {
	ch, calls := serve(t,
		`200 {"error":-216,"message":"Access token is invalid"}`,
		`200 {"access_token":"new","refresh_token":"twice","expires_in":"90000"}`,
		`200 {"error":0,"data":{"token":"tok"}}`,
		`200 {"error":-216,"message":"Access token is invalid"}`,
		`200 {"error":-14014,"error_name":"Invalid refresh token"}`,
	)
	ch.Kind, ch.TokenFile = Zalo, writeTokens(t)
	s, err := newService(ch)
	if err != nil {
		t.Fatal(err)
	}
	w := &zaloWay{service: s, oauth: ch.URL}
	if ref, err := w.Send(t.Context(), flooded, "Xã", "id"); ref != "tok" || err != nil {
		t.Fatalf("%q, %v", ref, err)
	}
	got := *calls
	if len(got) != 3 || got[0].token != "old" || !strings.Contains(got[1].body, "refresh_token=once") || got[1].secret != "hush" || got[2].token != "new" {
		t.Errorf("asked %+v", got)
	}
	kept, err := w.tokens()
	if err != nil || kept != (zaloTokens{"new", "twice"}) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if _, err := w.Send(t.Context(), flooded, "Xã", "id"); err == nil {
		t.Error("tokens that cannot be renewed are no error")
	}
	if again, _ := w.tokens(); again != kept {
		t.Errorf("a failed renewal changed the tokens: %+v", again)
	}
}

func TestNobodyThere(t *testing.T) {
	ch, _ := serve(t)
	ch.Kind, ch.URL = Telegram, "https://127.0.0.1:1"
	w, err := Open(ch)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Send(t.Context(), flooded, "Xã", "id")
	if may, _ := passes(err); !may || strings.Contains(err.Error(), "ABC") {
		t.Errorf("%v", err)
	}
}

func TestAModemSendsEachPart(t *testing.T) {
	card := modemtest.New(modemtest.Quectel)
	path, unplug, err := card.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer unplug()
	w, err := Open(Channel{Kind: Modem, Port: path})
	if err != nil {
		t.Fatal(err)
	}
	long := flooded
	long.Text = strings.Repeat("Nước lên nhanh. ", 6)
	ref, err := w.Send(t.Context(), long, "Xã Bến", long.ID())
	if err != nil || ref != "1,2" {
		t.Fatalf("%q, %v", ref, err)
	}
	for _, sent := range card.Sent() {
		raw, _ := hex.DecodeString(sent)
		if !strings.Contains(hex.EncodeToString(raw), "4819325476f8") {
			t.Errorf("%s is not to the number", sent)
		}
	}
	// Who only tries gives way to who has it, and who waits has it next.
	busy := w.(*modemWay)
	busy.turn <- struct{}{}
	if _, ok, err := busy.TrySend(t.Context(), long, "Xã", "id"); ok || err != nil {
		t.Errorf("a modem in use: %v, %v", ok, err)
	}
	<-busy.turn
	if ref, ok, err := busy.TrySend(t.Context(), long, "Xã", "id"); !ok || err != nil || ref != "3,4" {
		t.Errorf("a modem that is free: %q, %v, %v", ref, ok, err)
	}
	card.Deny("+CMS ERROR: 42")
	_, err = w.Send(t.Context(), long, "Xã", long.ID())
	if may, _ := passes(err); !may {
		t.Errorf("a network that is busy: %v", err)
	}
}

func TestMessages(t *testing.T) {
	for _, c := range []struct {
		name  string
		plain bool
		text  string
		parts int
		has   string
	}{
		{"short", false, "Đi ngay.", 1, "KHẨN CẤP – Xã Bến: Lũ <về>. Đi ngay."},
		{"without marks", true, "Đi ngay – “nhanh”…", 1, `KHAN CAP - Xa Ben: Lu <ve>. Di ngay - "nhanh"...`},
		{"long", false, strings.Repeat("Nước lên. ", 20), 4, "KHẨN CẤP"},
		{"longer than is paid for", false, strings.Repeat("Nước lên. ", 200), 1, "KHẨN CẤP – Xã Bến: Lũ <về>"},
	} {
		p := flooded
		p.Text = c.text
		m, err := Channel{Plain: c.plain}.Messages(p, "Xã Bến")
		if text := strings.Join(m.Parts, ""); err != nil || len(m.Parts) != c.parts || !strings.Contains(text, c.has) {
			t.Errorf("%s: %d parts, %q, %v", c.name, len(m.Parts), text, err)
		}
	}
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ settings, says string }{
		"unknown":    {page + "speed = 1\n", "unknown setting"},
		"kind":       {strings.Replace(page, "facebook", "myspace", 1), "write name, places and kind"},
		"missing":    {strings.Replace(page, "token_file", "ca_file", 1), "facebook needs token_file"},
		"http":       {page + "url = \"http://x\"\n", "write https"},
		"class":      {strings.Replace(page, "priority", "urgent", 1), "write emergency, priority"},
		"hours":      {strings.Replace(page, "21:00", "25:00", 1), "write 21:00-06:00"},
		"page":       {strings.Replace(page, `page = "1"`, `page = "me/../x"`, 1), "page's number"},
		"twice":      {page + page, "two called fb"},
		"no numbers": {strings.Replace(modemChannel, "to_file", "ca_file", 1), "modem needs to_file"},
	} {
		if _, err := Parse([]byte(c.settings)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{File: modemChannel, "numbers": "# trưởng thôn\n0912 345 678, 26734\n\n+84912345678\n0987654321\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(dir)
	if err != nil || len(c.Channels[0].to) != 2 || c.Channels[0].to[0] != (recipient{"+84912345678", "26734"}) {
		t.Errorf("%+v, %v", c.Channels, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "numbers"), []byte("0912\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "numbers:1") {
		t.Error(err)
	}
}

func TestIDsDiffer(t *testing.T) {
	seen := make(map[string]string)
	for _, p := range []Post{flooded, {Channel: "c", What: Over, Key: "k"}, {Channel: "c", What: Said, Key: "k"}, {Channel: "d", What: Said, Key: "k"}, {Channel: "c", What: Said, Key: "k", Version: "2"}} {
		data, _ := json.Marshal(p)
		if old, ok := seen[p.ID()]; ok {
			t.Errorf("%s and %s have one id", old, data)
		}
		seen[p.ID()] = string(data)
	}
}
