package exchange

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A source is a source system that takes what the example says: it knows its members and
// their types, keeps one record for each key, and is out of order when it is told to be.
type source struct {
	t        *testing.T
	url      string
	ca       string
	answers  []int  // before it works again
	dislikes string // a label
	asked    int
	kept     map[string]map[string]map[string]any // by path and key
}

// members are what the example's source system takes; ! has to be there.
var members = map[string]string{
	"/example/v0/places":    "!example_code:string !example_name:string example_parent:string",
	"/example/v0/boxes":     "!example_id:string example_label:string !example_place:string example_kind:string example_state:object example_faults:array",
	"/example/v0/bulletins": "!example_id:string !example_signed:string !example_place:string !example_title:string example_text:string !example_class:string example_until:string example_signers:array !example_channel:string",
	"/example/v0/activity":  "!example_id:string !example_box:string example_place:string example_bulletin:string example_title:string !example_ended:string !example_result:string example_heard:number example_proof:string",
	"/example/v0/reports":   "!example_id:string !example_year:number example_value:number example_pending:boolean",
}

func newSource(t *testing.T) *source {
	s := &source{t: t, kept: make(map[string]map[string]map[string]any)}
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	s.url, s.ca = srv.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	return s
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked++
	if len(s.answers) > 0 {
		w.WriteHeader(s.answers[0])
		s.answers = s.answers[1:]
		return
	}
	if r.Header.Get("Authorization") != "Bearer open sesame" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if members[r.URL.Path] == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var in struct {
		Sender string           `json:"sender"`
		Items  []map[string]any `json:"items"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Sender != "26734" || len(in.Items) == 0 {
		http.Error(w, fmt.Sprintf("body %s: %v", body, err), http.StatusBadRequest)
		return
	}
	for _, item := range in.Items {
		if s.dislikes != "" && item["example_label"] == s.dislikes {
			http.Error(w, "not this one", http.StatusUnprocessableEntity)
			return
		}
		if err := conforms(members[r.URL.Path], item); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	if s.kept[r.URL.Path] == nil {
		s.kept[r.URL.Path] = make(map[string]map[string]any)
	}
	for _, item := range in.Items {
		key, _ := item["example_id"].(string)
		if key == "" {
			key, _ = item["example_code"].(string)
		}
		s.kept[r.URL.Path][key] = item
	}
}

func conforms(members string, item map[string]any) error {
	left := maps.Clone(item)
	for m := range strings.FieldsSeq(members) {
		name, kind, _ := strings.Cut(m, ":")
		name, required := strings.CutPrefix(name, "!")
		v, there := left[name]
		delete(left, name)
		if !there {
			if required {
				return fmt.Errorf("%s is missing", name)
			}
			continue
		}
		got := "null"
		switch v.(type) {
		case string:
			got = "string"
		case float64:
			got = "number"
		case bool:
			got = "boolean"
		case []any:
			got = "array"
		case map[string]any:
			got = "object"
		}
		if got != kind {
			return fmt.Errorf("%s is %s, want %s", name, got, kind)
		}
	}
	if len(left) > 0 || members == "" {
		return fmt.Errorf("unknown members %v", left)
	}
	return nil
}

// sender is one with the example's profile at this source.
func (s *source) sender(change func(*Profile)) (*Sender, string) {
	s.t.Helper()
	dir := s.t.TempDir()
	for name, text := range map[string]string{"ca": s.ca, "token": "open sesame\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	p, err := Parse(Example)
	if err != nil {
		s.t.Fatal(err)
	}
	p.URL, p.CAFile, p.TokenFile, p.Batch = s.url, filepath.Join(dir, "ca"), filepath.Join(dir, "token"), 2
	if change != nil {
		change(&p)
	}
	file := filepath.Join(dir, "given.json")
	out, err := NewSender(p, file)
	if err != nil {
		s.t.Fatal(err)
	}
	out.wait = func(context.Context, time.Duration) error { return nil }
	return out, file
}

var when = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

func records() map[string][]Record {
	return map[string][]Record{
		"place": {{"code": "74", "name": "Bình Dương", "parent": ""}, {"code": "26734", "name": "An Sơn", "parent": "74"}},
		"box": {
			{"id": "box-1", "label": "Cổng chợ", "place": "26734", "board": "orangepi-zero", "state": "online", "seen": when, "faults": []string{"amp"}, "in_service": true},
			{"id": "box-2", "place": "26734", "state": "unknown", "seen": time.Time{}},
		},
		"bulletin": {
			{"id": "bulletin/26734/hop", "version": when, "place": "26734", "title": strings.Repeat("Họp ", 100), "text": "19 giờ & <đông đủ>", "class": "normal", "valid_until": when, "signers": []string{"an"}},
			{"id": "bulletin/26734/tap", "version": when, "place": "26734", "title": "Diễn tập", "class": "drill"},
		},
		"activity": {
			{"id": "box-1:7", "box": "box-1", "ended": when, "result": "heard", "heard_s": 12.5, "hash": "ab"},
			{"id": "box-1:8", "box": "box-1", "ended": when, "result": "cut", "heard_s": 1.0},
			{"id": "box-1:9", "box": "box-1", "ended": when, "result": "heard"},
		},
		"report": {{"id": "2026/time/own/heard", "year": 2026.0, "value": 3600.0, "pending": false}},
	}
}

func TestTheContract(t *testing.T) {
	s := newSource(t)
	out, file := s.sender(nil)
	s.answers = []int{429, 503}
	got, err := out.Push(t.Context(), records())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Result{{Entity: "place", All: 2, Sent: 2}, {Entity: "box", All: 2, Sent: 2}, {Entity: "bulletin", All: 2, Sent: 1, Left: 1}, {Entity: "activity", All: 3, Sent: 3}, {Entity: "report", All: 1, Sent: 1}} {
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
	if s.asked != 2+6 { // two that failed; one each, and two of activity
		t.Errorf("%d requests", s.asked)
	}
	box, bulletin := s.kept["/example/v0/boxes"]["box-1"], s.kept["/example/v0/bulletins"]["bulletin/26734/hop"]
	if fmt.Sprint(box["example_state"]) != fmt.Sprintf("map[at:%v code:1]", float64(when.Unix())) || box["example_place"] != "26734" {
		t.Errorf("%v", box)
	}
	if title := bulletin["example_title"].(string); len([]rune(title)) != 250 || !strings.HasSuffix(title, "…") || bulletin["example_until"] != "27/11/2026 17:00" || bulletin["example_class"] != "THUONG" || bulletin["example_text"] != "19 giờ & <đông đủ>" {
		t.Errorf("%v", bulletin)
	}

	asked := s.asked
	if got, err = out.Push(t.Context(), records()); err != nil || s.asked != asked || got[3].Known != 3 {
		t.Errorf("the same again: %d requests, %+v, %v", s.asked-asked, got, err)
	}
	changed := records()
	changed["box"][0]["state"] = "lost"
	if got, err = out.Push(t.Context(), changed); err != nil || got[1].Sent != 1 || got[1].Known != 1 || fmt.Sprint(s.kept["/example/v0/boxes"]["box-1"]["example_state"]) == fmt.Sprint(box["example_state"]) {
		t.Errorf("one changed: %+v, %v", got, err)
	}
	// Another mapping sends all anew.
	other, err := NewSender(func() Profile { p := out.p; p.Sender = "26734"; p.Entities = p.Entities[:1]; return p }(), file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = other.Push(t.Context(), records()); err != nil || got[0].Sent != 2 {
		t.Errorf("another mapping: %+v, %v", got, err)
	}
}

func TestWhatFailsIsToldAndNothingIsLost(t *testing.T) {
	s := newSource(t)
	out, _ := s.sender(nil)
	s.answers = []int{200, 500, 500, 500, 500}
	if _, err := out.Push(t.Context(), records()); err == nil {
		t.Error("five hundreds are no error")
	}
	got, err := out.Push(t.Context(), records())
	if err != nil || got[0].Known != 2 || got[1].Sent != 2 {
		t.Errorf("the rest: %+v, %v", got, err)
	}
	bad := records()
	bad["bulletin"][0]["class"] = "secret"
	delete(bad["activity"][1], "result")
	got, err = out.Push(t.Context(), bad)
	if err != nil || len(got[2].Refused) != 1 || !strings.Contains(got[2].Refused[0], `class = "secret"`) || len(got[3].Refused) != 1 || got[3].Known != 2 {
		t.Errorf("what cannot be said over there: %+v, %v", got, err)
	}
	// One record that they do not like keeps no other out.
	disliked := records()
	disliked["box"][1]["label"] = "Hộp hai"
	disliked["box"][0]["label"] = "bad"
	disliked["place"] = append(disliked["place"], Record{"code": "26737", "name": "Thuận An"})
	s.dislikes = "bad"
	got, err = out.Push(t.Context(), disliked)
	if err != nil || got[0].Sent != 1 || got[1].Sent != 1 || len(got[1].Refused) != 1 || !strings.HasPrefix(got[1].Refused[0], "box-1: 422") {
		t.Errorf("one that is not liked: %+v, %v", got, err)
	}
	s.dislikes = ""
	lost, _ := s.sender(func(p *Profile) { p.Entities[0].Path = "/elsewhere" })
	if got, err = lost.Push(t.Context(), records()); err == nil || len(got) != 1 || len(got[0].Refused) != 1 {
		t.Errorf("a place that does not exist: %+v, %v", got, err)
	}
	wrongToken, _ := s.sender(func(p *Profile) { p.TokenFile = p.CAFile })
	if _, err = wrongToken.Push(t.Context(), records()); err == nil || strings.Contains(err.Error(), "BEGIN") {
		t.Errorf("another's token: %v", err)
	}
}

func TestProfiles(t *testing.T) {
	example := string(Example)
	for name, c := range map[string]struct{ old, new, says string }{
		"unknown":         {`batch = 100`, `bach = 100`, "unknown setting"},
		"entity":          {`entity = "place"`, `entity = "town"`, "write one of place"},
		"field":           {`ours = "label"`, `ours = "lable"`, `box has no "lable"`},
		"twice":           {`theirs = "example_label"`, `theirs = "example_id"`, "two example_id"},
		"inside another":  {`theirs = "example_label"`, `theirs = "example_state"`, "cannot both be"},
		"no key":          {`{ ours = "code", theirs = "example_code", required = true },`, ``, "key code is missing"},
		"a time of text":  {`theirs = "example_label"`, `theirs = "example_label", time = "unix"`, "for other types"},
		"http":            {`https://nguon`, `http://nguon`, "write https"},
		"nobody compared": {`verified = false`, `verified = true`, "who has compared it"},
		"neither":         {`ours = "label", `, ``, "write ours or value"},
	} {
		if !strings.Contains(example, c.old) {
			t.Fatalf("%s: the example has no %s", name, c.old)
		}
		if _, err := Parse([]byte(strings.Replace(example, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := Parse(Example)
	if err != nil || p.Verified || !strings.Contains(example, NotVerifiedVI[:len("CHƯA ĐỐI CHIẾU")]) || !strings.Contains(example, "NOT VERIFIED") {
		t.Errorf("the example does not say what it is: %v", err)
	}
}

// Every field of ours says what it is, in both languages, and once.
func TestFields(t *testing.T) {
	for _, e := range Entities() {
		seen := make(map[string]bool)
		for _, f := range e.Fields {
			if f.VI == "" || f.EN == "" || seen[f.Name] {
				t.Errorf("%s.%s", e.Name, f.Name)
			}
			seen[f.Name] = true
		}
	}
}
