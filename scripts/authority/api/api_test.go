package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
)

// A schema is a piece of openapi.json.
type schema map[string]any

func description(t *testing.T) schema {
	t.Helper()
	var doc schema
	if err := json.Unmarshal(openapi, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// at goes down into a schema; nil: there is nothing.
func (s schema) at(keys ...string) schema {
	for _, k := range keys {
		next, _ := s[k].(map[string]any)
		s = next
	}
	return s
}

// faults are what is wrong with v by a schema of doc: what is missing, of another type,
// or not described.
func (doc schema) faults(s schema, v any, at string) []string {
	if ref, ok := s["$ref"].(string); ok {
		s = doc.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	if s == nil {
		return []string{at + ": no schema"}
	}
	var bad []string
	ok := false
	switch s["type"] {
	case "string":
		var text string
		if text, ok = v.(string); ok && s["format"] == "date-time" {
			_, err := time.Parse(time.RFC3339, text)
			ok = err == nil
		}
		if enum, has := s["enum"].([]any); has {
			ok = ok && slices.Contains(enum, any(text))
		}
	case "integer":
		n, is := v.(float64)
		ok = is && n == float64(int64(n))
	case "number":
		_, ok = v.(float64)
	case "boolean":
		_, ok = v.(bool)
	case "array":
		var all []any
		all, ok = v.([]any)
		for i, e := range all {
			bad = append(bad, doc.faults(s.at("items"), e, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "object":
		var o map[string]any
		o, ok = v.(map[string]any)
		if required, has := s["required"].([]any); has {
			for _, k := range required {
				if _, there := o[k.(string)]; !there {
					bad = append(bad, at+"."+k.(string)+": missing")
				}
			}
		}
		for k, e := range o {
			p, described := s.at("properties")[k].(map[string]any)
			if described {
				bad = append(bad, doc.faults(p, e, at+"."+k)...)
			} else if s["additionalProperties"] != true {
				bad = append(bad, at+"."+k+": not described")
			}
		}
	}
	if !ok {
		bad = append(bad, fmt.Sprintf("%s: %v is no %v", at, v, s["type"]))
	}
	return bad
}

// Every route is described, and nothing else is.
func TestRoutesAreDescribed(t *testing.T) {
	doc := description(t)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi is %v", doc["openapi"])
	}
	ours := make(map[string]bool)
	for _, r := range routes() {
		key := strings.ToLower(r.method) + " " + r.path
		ours[key] = true
		op := doc.at("paths", r.path, strings.ToLower(r.method))
		if op == nil {
			t.Errorf("%s is not described", key)
			continue
		}
		if _, open := op["security"]; open != r.open {
			t.Errorf("%s: open to everybody is %v, described as %v", key, r.open, open)
		}
		if (op["requestBody"] != nil) != (r.body > 0) {
			t.Errorf("%s: its body is not described", key)
		}
		for _, name := range strings.Split(r.path, "/") {
			if name, ok := strings.CutPrefix(name, "{"); ok {
				params, _ := op["parameters"].([]any)
				if !slices.ContainsFunc(params, func(p any) bool { return p.(map[string]any)["name"] == strings.TrimSuffix(name, "}") }) {
					t.Errorf("%s: %s is not described", key, name)
				}
			}
		}
	}
	for path, ops := range doc.at("paths") {
		for method := range ops.(map[string]any) {
			if !ours[method+" "+path] {
				t.Errorf("%s %s is described, and there is none", method, path)
			}
		}
	}
}

// What is really answered has the fields that are described: with a box that reports,
// documents of every state, a ledger, refusals.
func TestAnswersAreAsDescribed(t *testing.T) {
	s := newStage(t)
	doc := description(t)
	asked := make(map[string]bool)
	check := func(method, path, route string, body []byte, want int) answer {
		t.Helper()
		a := s.do(method, path, body)
		asked[method+" "+route] = true
		if a.status != want {
			t.Errorf("%s %s: %d %s; want %d", method, path, a.status, a.body, want)
			return a
		}
		responses := doc.at("paths", route, strings.ToLower(method), "responses")
		r := responses.at(fmt.Sprint(want))
		if r == nil && want >= 400 {
			r = responses.at("default")
		}
		var v any
		if err := json.Unmarshal(a.body, &v); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
		for _, bad := range doc.faults(r.at("content", "application/json", "schema"), v, method+" "+path) {
			t.Error(bad)
		}
		return a
	}
	key := s.boxKey()
	box := s.client("box-1", nil, nil)
	send := func(leaf string, payload []byte) {
		t.Helper()
		topic := message.DeviceTopic("box-1", leaf)
		s.must(box.Send(t.Context(), mqtt.Message{Topic: topic.String(), Payload: payload, Retain: topic.Retained()}))
	}
	check("GET", "/boxes/box-1", "/boxes/{box}", nil, 200) // silent
	hop := s.signed(bulletin("26734", "hop", plan.Normal), "lan")
	check("POST", "/documents", "/documents", hop.Raw, 201)
	check("POST", "/documents", "/documents", hop.Raw, 200)
	again := s.signed(bulletin("26734", "hop", plan.Normal), "lan")
	check("POST", "/documents", "/documents", again.Raw, 201)
	storm := s.signed(bulletin("74", "bao", plan.Emergency), "tinh-1")
	check("POST", "/documents", "/documents", storm.Raw, 202)
	now := time.Now().UTC()
	bad, _ := health.Lookup("amp-guard")
	send("state", message.EncodeReport(message.State{State: "online", Boot: "x", Version: "v1", At: now}))
	send("health", message.EncodeReport(message.HealthReport{At: now, Active: []health.Active{{Condition: bad, Since: now, Detail: "x"}}}))
	send("have", message.SealReport(message.ReportHave, message.Have{Device: "box-1", At: now, MutedUntil: now.Add(time.Hour), MutedWhy: "đám tang", LocalUntil: now.Add(time.Hour), LocalWhy: "thay loa",
		Started: []message.Started{
			{Alert: "dam", ID: "dam-1", Triggers: "26734/trigger/keys", Line: "key", At: now.Add(-time.Hour), Until: now.Add(-time.Minute)},
			{Alert: "flood", ID: "flood-1", Triggers: "26734/trigger/keys", From: "+84912345678", At: now, Until: now.Add(time.Hour)},
		},
		Sync: &message.Sync{OffUS: 300, WorstUS: 700, CardPPM: 41.5}, Media: []message.MediaOf{{Wanted: 2, Present: 1}},
		Sounds: &message.Sounds{Title: "Bản tin"}, Shows: &message.Shows{Title: "Họp", Taken: true}, Refused: &message.Refused{At: now, ID: "hop", Code: plan.QuietHours}}, key))
	send("ack", message.SealReport(message.ReportAck, message.Ack{Device: "box-1", At: now, ID: "hop", SHA256: again.SHA256, State: "received"}, key))
	send("ack", message.SealReport(message.ReportAck, message.Ack{Device: "box-1", At: now, ID: "hop", SHA256: again.SHA256, State: "refused", Code: plan.QuietHours, Why: "w", VI: "v"}, key))
	send("ack", message.SealReport(message.ReportAck, message.Ack{Device: "box-2", At: now, ID: "hop", State: "received"}, key)) // not its name
	_, thief := newKey(t)
	send("ack", message.SealReport(message.ReportAck, message.Ack{Device: "box-1", At: now, ID: "hop", SHA256: again.SHA256, State: "finished"}, thief))
	l, err := ledger.Open(t.TempDir(), ledger.Opts{})
	s.must(err)
	defer l.Close()
	for range 5 {
		_, err := l.Append(ledger.Entry{Kind: ledger.Event, Detail: "x"})
		s.must(err)
	}
	s.must(l.Sync())
	x, err := l.Segment(1)
	s.must(err)
	pub, _ := plan.ParseKey(s.au.Boxes()["box-1"].Key)
	_, err = s.api.o.Archive.Add("box-1", message.EncodeSegment(message.LedgerHead{Device: "box-1", From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, key), pub)
	s.must(err)
	s.until("the reports are in", func() bool {
		n, err := s.index.Forged("box-1")
		rs, err2 := s.index.Reports("box-1")
		return err == nil && err2 == nil && n == 2 && len(rs) == 3
	})

	var one One
	s.must(json.Unmarshal(check("GET", "/boxes/box-1", "/boxes/{box}", nil, 200).body, &one))
	if one.State != "online" || len(one.Faults) != 1 || one.Faults[0].PartVI != bad.PartVI || len(one.Acks) != 2 || one.Forged != 2 || one.Sounds != "Bản tin" || one.Wanted != 2 {
		t.Errorf("%+v", one)
	}
	if one.MutedWhy != "đám tang" || one.LocalWhy != "thay loa" || len(one.Started) != 1 || one.Started[0].From != "+84912345678" || one.Sync == nil || one.Sync.OffUS != 300 {
		t.Errorf("why it is silent, what was started at it, how it keeps time: %+v", one.Box)
	}
	var places Places
	s.must(json.Unmarshal(check("GET", "/places", "/places", nil, 200).body, &places))
	if len(places.Places) != 2 || places.Places[0].Online != 1 || places.Places[0].Faulty != 1 || places.Places[1].Present != 1 {
		t.Errorf("%+v", places)
	}
	var whole Whole
	s.must(json.Unmarshal(check("GET", "/documents/"+again.SHA256, "/documents/{sha256}", nil, 200).body, &whole))
	if len(whole.Versions) != 2 || len(whole.Acks) != 2 || whole.Pending || !bytes.Equal(whole.Envelope, again.Raw) {
		t.Errorf("%+v", whole)
	}
	s.must(json.Unmarshal(check("GET", "/documents/"+storm.SHA256, "/documents/{sha256}", nil, 200).body, &whole))
	if !whole.Pending {
		t.Error("a document that lacks a signature is not pending")
	}
	var entries Entries
	s.must(json.Unmarshal(check("GET", "/boxes/box-1/ledger?from=2&limit=3", "/boxes/{box}/ledger", nil, 200).body, &entries))
	if len(entries.Entries) != 3 || entries.Entries[0].Seq != 2 || entries.Next != 5 {
		t.Errorf("%+v", entries)
	}
	var refused Acks
	s.must(json.Unmarshal(check("GET", "/refusals", "/refusals", nil, 200).body, &refused))
	if len(refused.Acks) != 1 || refused.Acks[0].Ack.Code != plan.QuietHours {
		t.Errorf("%+v", refused)
	}
	var docs Documents
	s.must(json.Unmarshal(check("GET", "/documents?limit=2", "/documents", nil, 200).body, &docs))
	if len(docs.Documents) != 2 || docs.Next == "" {
		t.Errorf("%+v", docs)
	}
	var rest Documents
	s.must(json.Unmarshal(check("GET", "/documents?kind=bulletin&after="+docs.Next, "/documents", nil, 200).body, &rest))
	if slices.ContainsFunc(rest.Documents, func(d index.Document) bool { return d.Kind != plan.KindBulletin }) {
		t.Errorf("%+v", rest)
	}
	check("GET", "/status", "/status", nil, 200)
	check("GET", "/boxes?place=74&limit=1", "/boxes", nil, 200)
	check("GET", "/boxes/box-1/acks?limit=1", "/boxes/{box}/acks", nil, 200)
	check("GET", "/pending", "/pending", nil, 200)
	check("GET", "/ahead?box=box-1&hours=3", "/ahead", nil, 200)
	check("GET", "/openapi.json", "/openapi.json", nil, 200)
	check("PUT", "/media", "/media", []byte("âm thanh"), 200)
	for path, route := range map[string]string{
		"/boxes/none": "/boxes/{box}", "/documents/none": "/documents/{sha256}", "/places?place=none": "/places", "/ahead?place=none": "/ahead",
	} {
		check("GET", path, route, nil, 404)
	}
	for path, route := range map[string]string{"/ahead": "/ahead", "/boxes?limit=0": "/boxes", "/refusals?before=x": "/refusals", "/ahead?place=74&hours=999": "/ahead"} {
		check("GET", path, route, nil, 400)
	}
	if a := s.do("DELETE", "/documents", nil); a.status != 405 {
		t.Errorf("DELETE: %d", a.status)
	}
	// The second signature, by itself.
	both := s.approval(storm, "tinh-2")
	check("POST", "/pending/"+storm.SHA256+"/signatures", "/pending/{sha256}/signatures", both, 201)
	for _, r := range routes() {
		if !asked[r.method+" "+r.path] {
			t.Errorf("%s %s was not tried", r.method, r.path)
		}
	}
}

// A document that needs two waits for the second, whoever brings it, and only then is
// it heard.
func TestSecondSignature(t *testing.T) {
	s := newStage(t)
	older := s.signed(bulletin("74", "bao", plan.Emergency), "tinh-2")
	storm := s.signed(bulletin("74", "bao", plan.Emergency), "tinh-1")
	path := "/pending/" + storm.SHA256 + "/signatures"
	if a := s.do("POST", path, s.approval(storm, "tinh-2")); a.status != 404 {
		t.Errorf("nothing waits: %d", a.status)
	}
	if a := s.do("POST", "/documents", storm.Raw); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := s.do("POST", "/documents", older.Raw); a.status != 409 || a.Code != string(plan.Replay) {
		t.Errorf("an older one pushes out what waits: %d %s", a.status, a.body)
	}
	topic := storm.Topic.String()
	broken := bytes.Replace(s.approval(storm, "tinh-2"), []byte(`"sig":"`), []byte(`"sig":"AAAA`), 1)
	for _, c := range []struct {
		name string
		body []byte
		want int
	}{
		{"by somebody of another place", s.approval(storm, "lan"), 403},
		{"by the dispatcher", s.approval(storm, "dispatcher"), 403},
		{"broken", broken, 400}, {"nothing", nil, 400}, {"another field", []byte(`{"keyid":"","sig":"","x":1}`), 400},
		{"out of its place", append(s.approval(storm, "tinh-2"), []byte(`],"payload":"`)...), 400},
		{"too large", bytes.Repeat([]byte(" "), maxSignature+1), 413},
		{"by the same person", s.approval(storm, "tinh-1"), 202},
	} {
		if a := s.do("POST", path, c.body); a.status != c.want {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	if s.broker.Retained(topic) != nil {
		t.Fatal("it went out with one signature")
	}
	// The whole document again, with the other's signature alone.
	other, err := message.Open(storm.Raw)
	s.must(err)
	e, err := message.Open([]byte(`{"payloadType":"` + other.PayloadType + `","payload":"` + envelopeField(t, storm.Raw, "payload") + `","signatures":[` + string(s.approval(storm, "tinh-2")) + `]}`))
	s.must(err)
	if a := s.do("POST", "/documents", e.Encode()); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.until("it goes out", func() bool { return s.broker.Retained(topic) != nil })
	out, err := message.Open(s.broker.Retained(topic))
	if err != nil || len(out.Signatures) != 2 || message.Digest(out.Payload) != storm.SHA256 {
		t.Errorf("%+v, %v", out, err)
	}
	if waiting, err := s.au.Pending(); err != nil || len(waiting) > 0 {
		t.Errorf("%v still waits, %v", waiting, err)
	}
}

// A silentBroker confirms nothing the first times.
type silentBroker struct{ fails, asked int }

func (*silentBroker) Connected() bool     { return true }
func (*silentBroker) Talk(string, []byte) {}
func (*silentBroker) Foreign() []string   { return nil }
func (b *silentBroker) Publish(context.Context, authority.Issued) error {
	if b.asked++; b.asked <= b.fails {
		return context.DeadlineExceeded
	}
	return nil
}

// Without a broker a document is kept for later; an order is not, since it would come
// as a surprise.
func TestWithoutABroker(t *testing.T) {
	s := newStage(t)
	s.broker.Close()
	s.until("it is noticed", func() bool { return !s.api.o.Broker.Connected() })
	hop := s.signed(bulletin("26734", "hop", plan.Normal), "lan")
	if a := s.do("POST", "/documents", hop.Raw); a.status != http.StatusAccepted || !bytes.Contains(a.body, []byte(`"state":"kept"`)) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if now, ok := s.au.Find(hop.Topic); !ok || !bytes.Equal(now.Raw, hop.Raw) {
		t.Error("it is not kept")
	}
	before := s.files()
	if a := s.do("POST", "/documents", s.order("26734", "lan").Raw); a.status != 503 || a.Code != "no-broker" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if after := s.files(); len(after) != len(before) {
		t.Error("an order that nobody got was kept")
	}
	// A broker that does not confirm: the order may have gone out, and can be sent again.
	o := s.api.o
	silent := &silentBroker{fails: 1}
	o.Broker = silent
	s.url = s.listen(New(o))
	order := s.order("26734", "lan").Raw
	for i, want := range []int{503, 201, 200} {
		if a := s.do("POST", "/documents", order); a.status != want {
			t.Errorf("try %d: %d %s", i, a.status, a.body)
		}
	}
	if silent.asked != 2 {
		t.Errorf("sent %d times", silent.asked)
	}
}

// An authority that comes from a backup judges by the lists of that day: what is posted
// meanwhile is neither kept nor said, whoever signed it.
func TestFromABackup(t *testing.T) {
	s := newStage(t)
	hop := s.signed(bulletin("26734", "hop", plan.Normal), "lan")
	order := s.order("26734", "lan")
	var b bytes.Buffer
	s.must(s.au.Backup(&b, []byte("x"), false))
	dir := filepath.Join(t.TempDir(), "again")
	_, err := authority.Restore(&b, []byte("x"), dir, authority.Opts{})
	s.must(err)
	o := s.api.o
	o.Authority, err = authority.Open(dir, authority.Opts{})
	s.must(err)
	broker := &silentBroker{}
	o.Broker = broker
	s.au, s.url = o.Authority, s.listen(New(o))
	before := s.files()
	for _, raw := range [][]byte{hop.Raw, order.Raw} {
		if a := s.do("POST", "/documents", raw); a.status != 503 || a.Code != "restored" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if after := s.files(); len(after) != len(before) || broker.asked > 0 {
		t.Errorf("%d files, %d sent", len(after)-len(before), broker.asked)
	}
}
