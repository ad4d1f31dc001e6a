package main

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestExchange(t *testing.T) {
	w := newWorld(t).sample()
	w.fails(exitFailed, "there is no ", "exchange", "check")
	example := w.must("exchange", "example")
	if out := w.must("exchange", "fields"); !strings.Contains(out, "activity.heard_s") || !strings.Contains(out, "bulletin.signers") {
		t.Error(out)
	}
	w.must("bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp thôn\"\ntext = \"19 giờ\"\nvalid_until = "+until), "--as", "26734-1")

	var mu sync.Mutex
	came := make(map[string][]map[string]any) // by path
	srv := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in struct{ Items []map[string]any }
		if r.Header.Get("Authorization") != "Bearer sesame" {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := json.Unmarshal(body, &in); err != nil || len(in.Items) == 1 && in.Items[0]["example_id"] == "box-3" {
			http.Error(rw, "no such kind of box", http.StatusUnprocessableEntity)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		came[r.URL.Path] = append(came[r.URL.Path], in.Items...)
	}))
	defer srv.Close()
	w.file("authority/ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	w.file("authority/nguon.token", "sesame\n")
	w.file("authority/exchange.toml", "ca_file = \"ca.pem\"\n"+strings.Replace(example, "https://nguon.tinh.example", srv.URL, 1))

	if out := w.must("exchange", "check"); !strings.Contains(out, "NOT VERIFIED") || !strings.Contains(out, "bulletin") || len(came) != 0 {
		t.Errorf("%s, and %d requests", out, len(came))
	}
	var told struct {
		Verified bool
		Entities []struct {
			Entity           string
			All, Sent, Known int
			Refused          []string
		}
	}
	for _, again := range []bool{false, true} {
		w.json(&told, "exchange", "push")
		for _, e := range told.Entities {
			if len(e.Refused) > 0 || e.Sent != map[bool]int{false: e.All}[again] || e.Sent+e.Known != e.All && e.Entity != "activity" {
				t.Errorf("again %v: %+v", again, e)
			}
		}
	}
	bulletins, boxes := came["/example/v0/bulletins"], came["/example/v0/boxes"]
	if told.Verified || len(bulletins) != 1 || bulletins[0]["example_title"] != "Họp thôn" || bulletins[0]["example_signers"].([]any)[0] != "26734-1" || len(boxes) != 1 || len(came["/example/v0/reports"]) == 0 {
		t.Errorf("%+v", came)
	}
	if out := w.must("exchange", "check", "--lang", "vi"); !strings.Contains(out, "CHƯA ĐỐI CHIẾU") {
		t.Error(out)
	}
	w.file("authority/nguon.token", "other\n")
	w.must("bulletin", "withdraw", "hop", "--as", "26734-1")
	w.must("box", "add", "box-2", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	w.fails(exitFailed, "401", "exchange", "push")
	w.file("authority/nguon.token", "sesame\n")
	w.must("exchange", "push")
	w.must("box", "add", "box-3", "--place", "26734", "--board", "desk", "--as", "74-1,74-2")
	if code := w.run("exchange", "push"); code != exitFailed || !strings.Contains(w.out.String(), "box-3: 422") {
		t.Errorf("one that is refused: exit %d\n%s", code, w.out.String())
	}
}
