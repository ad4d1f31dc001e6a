package open311

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/scripts/authority/requests"
)

// An endpoint is one of GeoReport v2 that holds to the specification: what it is asked
// has to be as that says, and what it answers is.
type endpoint struct {
	t      *testing.T
	token  bool  // numbers come later
	answer []int // codes before it works
	cut    bool  // it takes a request and hangs up
	asked  []string
	all    []map[string]any
	ready  bool // tokens have become numbers
}

// The arguments of POST requests that the specification knows.
var arguments = []string{
	"jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email", "device_id", "account_id",
	"first_name", "last_name", "phone", "description", "media_url", "api_key",
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.asked = append(e.asked, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	wrong := func(code int, text string) {
		w.WriteHeader(code)
		json.NewEncoder(w).Encode([]map[string]any{{"code": code, "description": text}})
	}
	if len(e.answer) > 0 {
		code := e.answer[0]
		e.answer = e.answer[1:]
		wrong(code, "not now")
		return
	}
	path, under := strings.CutPrefix(r.URL.Path, "/v2/")
	if !under {
		wrong(404, "no such path")
		return
	}
	switch {
	case r.Method == "POST" && path == "requests.json":
		if err := r.ParseForm(); err != nil {
			wrong(400, err.Error())
			return
		}
		for k := range r.PostForm {
			if !slices.Contains(arguments, k) {
				wrong(400, "unknown argument "+k)
				return
			}
		}
		f := r.PostForm
		switch {
		case f.Get("api_key") != "secret":
			wrong(403, "api_key was not provided or is wrong")
			return
		case f.Get("jurisdiction_id") != "74":
			wrong(404, "jurisdiction_id was not found")
			return
		case f.Get("service_code") != "012":
			wrong(404, "service_code was not found")
			return
		case f.Get("address_string") == "" && f.Get("lat") == "" && f.Get("address_id") == "":
			wrong(400, "a location has to be given")
			return
		case len([]rune(f.Get("description"))) > 4000:
			wrong(400, "description is too long")
			return
		}
		id := fmt.Sprintf("1022-%d", len(e.all)+1)
		e.all = append(e.all, map[string]any{
			"service_request_id": id, "status": "open", "status_notes": "", "service_code": "012",
			"description": f.Get("description"), "address": f.Get("address_string"),
		})
		if e.cut {
			panic(http.ErrAbortHandler)
		}
		if e.token {
			json.NewEncoder(w).Encode([]map[string]any{{"token": "t" + id}})
			return
		}
		json.NewEncoder(w).Encode([]map[string]any{{"service_request_id": id, "service_notice": "", "account_id": nil}})
	case r.Method == "GET" && r.URL.Query().Get("jurisdiction_id") != "74":
		wrong(400, "jurisdiction_id was not provided")
	case r.Method == "GET" && strings.HasPrefix(path, "tokens/"):
		token := strings.TrimSuffix(strings.TrimPrefix(path, "tokens/"), ".json")
		out := map[string]any{"token": token}
		if e.ready {
			out["service_request_id"] = token[1:]
		}
		json.NewEncoder(w).Encode([]map[string]any{out})
	case r.Method == "GET" && strings.HasPrefix(path, "requests/"):
		id := strings.TrimSuffix(strings.TrimPrefix(path, "requests/"), ".json")
		for _, one := range e.all {
			if one["service_request_id"] == id {
				json.NewEncoder(w).Encode([]map[string]any{one})
				return
			}
		}
		wrong(404, "service_request_id was not found")
	default:
		wrong(404, "no such path")
	}
}

type books struct{}

func (books) Codes(top []string) []string { return []string{"26734"} }
func (books) Called(place string) string  { return "Xã An Sơn" }
func (books) Stands(box string) string    { return "Cổng chợ" }

// A town has reports and an endpoint.
type town struct {
	t     *testing.T
	e     *endpoint
	store *requests.Store
	opts  Opts
	now   time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	v := &town{t: t, e: &endpoint{t: t}, now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	srv := httptest.NewUnstartedServer(v.e)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})), "key": "secret\n",
		File: "name = \"Tổng đài 1022\"\nurl = \"" + srv.URL + "/v2\"\njurisdiction = \"74\"\nkey_file = \"key\"\nca_file = \"ca.pem\"\n[services]\ncontent = \"012\"\nother = \"012\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if v.store, err = requests.Open(dir, func() time.Time { return v.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.store.Close() })
	v.opts = Opts{Config: c, Dir: dir, Store: v.store, Books: books{}, Now: func() time.Time { return v.now }}
	return v
}

// turn is one look of a hand that has just been started.
func (v *town) turn() error {
	v.t.Helper()
	h, err := New(v.opts)
	if err != nil {
		v.t.Fatal(err)
	}
	v.now = v.now.Add(askEvery)
	return h.Turn(v.t.Context())
}

func (v *town) add(kind requests.Kind, text string) (id, code string) {
	v.t.Helper()
	r, code, err := v.store.Add(requests.Ask{Place: "26734", Box: "box-1", Kind: kind, Text: text, Contact: "0912345678"})
	if err != nil {
		v.t.Fatal(err)
	}
	return r.ID, code
}

func (v *town) state(id string) (requests.State, string) {
	v.t.Helper()
	r, err := v.store.Get(id)
	if err != nil {
		v.t.Fatal(err)
	}
	said := ""
	for _, e := range r.Events {
		if e.What == "answer" {
			said = e.By + ": " + e.Text
		}
	}
	return r.State, said
}

// why is what staff read of a report that could not go.
func (v *town) why(id string) (why string) {
	v.t.Helper()
	r, err := v.store.Get(id)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, e := range r.Events {
		if e.What == "state" {
			why = e.Text
		}
	}
	return why
}

// One that the endpoint does not know keeps no other from being asked about, and is given
// up after two hours, not at once.
func TestOneThatIsNotKnownStopsNoOther(t *testing.T) {
	v := newTown(t)
	first, _ := v.add(requests.Content, "một")
	second, _ := v.add(requests.Content, "hai")
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	lost := v.e.all[0]["service_request_id"]
	v.e.all[0]["service_request_id"] = "gone"
	v.e.all[1]["status"] = "closed"
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	ids := map[bool]string{true: second, false: first}
	if s, _ := v.state(ids[v.e.all[1]["description"] == "hai"]); s != requests.Answered {
		t.Errorf("the other: %s", s)
	}
	mine := ids[v.e.all[0]["description"] == "hai"]
	if s, _ := v.state(mine); s != requests.Working {
		t.Errorf("after one 404: %s", s)
	}
	v.e.all[0]["service_request_id"] = lost
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	v.e.all[0]["service_request_id"] = "gone"
	for range mostNo {
		if err := v.turn(); err != nil {
			t.Fatal(err)
		}
	}
	if s, _ := v.state(mine); s != requests.New || !strings.Contains(v.why(mine), "404") {
		t.Errorf("after %d: %s, %q", mostNo, s, v.why(mine))
	}
}

func TestAReportGoesAndItsAnswerComesBack(t *testing.T) {
	v := newTown(t)
	mine, _ := v.add(requests.Loud, "To quá") // ours to mend
	theirs, code := v.add(requests.Content, "Đường ngập & hố <to>")
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	if len(v.e.all) != 1 || v.e.all[0]["description"] != "Đường ngập & hố <to>" || v.e.all[0]["address"] != "Cổng chợ, Xã An Sơn" {
		t.Fatalf("there is %v", v.e.all)
	}
	if s, _ := v.state(theirs); s != requests.Working {
		t.Errorf("handed over: %s", s)
	}
	if s, _ := v.state(mine); s != requests.New {
		t.Errorf("ours: %s", s)
	}
	if err := v.turn(); err != nil || len(v.e.all) != 1 {
		t.Errorf("again: %d, %v", len(v.e.all), err)
	}
	v.e.all[0]["status"], v.e.all[0]["status_notes"] = "closed", "Đã đổ đá."
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	if s, said := v.state(theirs); s != requests.Answered || said != "Tổng đài 1022: Đã đổ đá." {
		t.Errorf("closed: %s, %q", s, said)
	}
	asked := len(v.e.asked)
	if err := v.turn(); err != nil || len(v.e.asked) != asked {
		t.Errorf("it is asked for ever: %v, %v", v.e.asked[asked:], err)
	}
	// A resident who is not content opens it again: that is for people, not for the other centre.
	if err := v.store.Reopen(code, "chưa xong"); err != nil {
		t.Fatal(err)
	}
	if err := v.turn(); err != nil || len(v.e.all) != 1 {
		t.Errorf("opened again: %d, %v", len(v.e.all), err)
	}
}

func TestATokenBecomesANumber(t *testing.T) {
	v := newTown(t)
	v.e.token = true
	id, _ := v.add(requests.Other, "x")
	for range 2 {
		if err := v.turn(); err != nil {
			t.Fatal(err)
		}
	}
	v.e.ready = true
	v.e.all[0]["status"] = "closed"
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	if s, said := v.state(id); s != requests.Answered || said == "" || len(v.e.all) != 1 {
		t.Errorf("%s, %q, %d", s, said, len(v.e.all))
	}
}

func TestNothingGoesTwice(t *testing.T) {
	v := newTown(t)
	id, _ := v.add(requests.Content, "x")
	v.e.answer = []int{503, 429}
	for range 2 {
		if err := v.turn(); err == nil {
			t.Error("an endpoint that is busy is no error")
		}
	}
	if s, _ := v.state(id); s != requests.New || len(v.e.all) != 0 {
		t.Errorf("%s, %d", s, len(v.e.all))
	}
	v.e.cut = true
	if err := v.turn(); err == nil {
		t.Error("a connection that breaks is no error")
	}
	v.e.cut = false
	for range 3 {
		if err := v.turn(); err != nil {
			t.Error(err)
		}
	}
	if len(v.e.all) != 1 {
		t.Errorf("%d there; nobody knew whether the first arrived", len(v.e.all))
	}
	if why := v.why(id); why != "Open311: "+unknownFate {
		t.Errorf("staff are not told: %q", why)
	}
}

func TestWhatIsRefusedIsSaid(t *testing.T) {
	v := newTown(t)
	id, _ := v.add(requests.Content, "x")
	v.e.answer = []int{403}
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	if why := v.why(id); why != "Open311: 403 Forbidden: not now" {
		t.Errorf("staff read %q", why)
	}
}

func TestAReportThatWasDeletedStaysSo(t *testing.T) {
	v := newTown(t)
	_, code := v.add(requests.Content, "x")
	if err := v.turn(); err != nil {
		t.Fatal(err)
	}
	if err := v.store.Delete(code); err != nil {
		t.Fatal(err)
	}
	v.e.all[0]["status"] = "closed"
	if err := v.turn(); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	good := "name = \"1022\"\nurl = \"https://x/v2\"\nkey_file = \"k\"\n[services]\nother = \"1\"\n"
	if _, err := Parse([]byte(good)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string][2]string{
		"http": {"https", "http"}, "nobody": {"name", "nmae"}, "no key": {"key_file = \"k\"", ""}, "kind": {"other", "noise"}, "no services": {"other = \"1\"", ""},
		"unnamed": {"name = \"1022\"", ""}, "no code": {"\"1\"", "\"\""},
	} {
		if _, err := Parse([]byte(strings.Replace(good, c[0], c[1], 1))); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
