package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A key in a file signs what the desk gave out, without an authority's folder and after
// showing it; what is no such document is not signed, and nothing is written over.
func TestDeskSign(t *testing.T) {
	w := newWorld(t).sample()
	key := filepath.Join(w.dir, "26734-1.key")
	w.must("key", "export", "26734-1", key)
	data, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	pass := func(p string) func(string) ([]byte, error) {
		return func(string) ([]byte, error) { return []byte(p), nil }
	}
	person, priv, err := authority.FileKey(data, pass("correct horse"))
	if err != nil || person != "26734-1" {
		t.Fatal(person, err)
	}
	for name, bad := range map[string][]byte{"a wrong passphrase": data, "another's name": bytes.Replace(data, []byte("26734-1"), []byte("26734-2"), 1), "no key": []byte("{")} {
		if _, _, err := authority.FileKey(bad, pass(name)); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
	b := plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Nước lên", Text: "Nước lên nhanh.", Validity: plan.Validity{ValidUntil: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}}
	b.Head = plan.Head{Format: 1, Kind: plan.KindBulletin, Place: "26734", ID: "tin", Issued: time.Now().UTC().Truncate(time.Millisecond)}
	payload, err := message.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	e := message.Envelope{PayloadType: message.PayloadType(plan.KindBulletin, 1), Payload: payload}
	paper := w.file("tin.json", string(e.Encode()))
	w.env["LOA_AUTHORITY"] = filepath.Join(w.dir, "nowhere")
	said := w.must("desk", "sign", paper, "--key", key)
	if !strings.Contains(said, "Nước lên nhanh.") || !strings.Contains(said, filepath.Join(w.dir, "tin.26734-1.json")) {
		t.Errorf("it says %s", said)
	}
	raw, err := os.ReadFile(filepath.Join(w.dir, "tin.26734-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := message.Open(raw)
	if err != nil || !signed.Verify(priv.Public().(ed25519.PublicKey)) || !bytes.Equal(signed.Payload, payload) {
		t.Errorf("what it made: %v", err)
	}
	w.fails(exitFailed, "exists", "desk", "sign", paper, "--key", key)
	w.fails(exitUsage, "--key", "desk", "sign", paper)
	odd, err := json.Marshal(map[string]any{"payloadType": e.PayloadType, "payload": []byte(`{"kind":"bulletin"}`), "signatures": []any{}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"nothing": "", "a letter": "Chào bạn", "no document": string(odd), "more": string(e.Encode()) + "{}", "another field": `{"x":1}`} {
		w.fails(exitFailed, "no document that the desk gave out", "desk", "sign", w.file("bad.json", text), "--key", key, "--out", filepath.Join(w.dir, "out-"+name))
		if _, err := os.Stat(filepath.Join(w.dir, "out-"+name)); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
}
