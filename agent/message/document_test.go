package message_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"loa/agent/message"
	"loa/agent/plan"
)

func examples(t testing.TB) map[plan.Kind][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/examples/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[plan.Kind][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[plan.Kind(strings.TrimSuffix(filepath.Base(f), ".json"))] = b
	}
	return all
}

// Every kind has an example, every example decodes, and what is encoded again
// is the same document.
func TestExamples(t *testing.T) {
	all := examples(t)
	for kind := range message.Formats() {
		raw, ok := all[kind]
		if !ok {
			t.Errorf("no example of a %s", kind)
			continue
		}
		doc, err := message.Decode(kind, raw)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		again, err := message.Encode(doc)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		back, err := message.Decode(kind, again)
		if err != nil || !sameJSON(t, raw, again) {
			t.Errorf("%s: encoded as %s, %v", kind, again, err)
		}
		if b, err := message.Encode(back); err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s: encoded once as %s, then as %s, %v", kind, again, b, err)
		}
	}
}

// sameJSON compares by what encoding/json, another reader, makes of both.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

// In every example every field that is there counts: a letter wrong in its key
// is found, told with its path, and the right key is suggested.
func TestMisspeltKeys(t *testing.T) {
	for kind, raw := range examples(t) {
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		for key := range doc {
			wrong := bytes.Replace(raw, []byte(`"`+key+`":`), []byte(`"`+key+`x":`), 1)
			_, err := message.Decode(kind, wrong)
			var e *plan.Error
			if !errors.As(err, &e) || e.Code != plan.Malformed || !strings.Contains(e.Field, key+"x") {
				t.Errorf("%s with the key %sx: %v", kind, key, err)
			} else if len(key) > 2 && !strings.Contains(e.Msg, `"`+key+`"`) {
				t.Errorf("%s with the key %sx: %v; want the right key suggested", kind, key, err)
			}
			upper := bytes.Replace(raw, []byte(`"`+key+`":`), []byte(`"`+strings.ToUpper(key)+`":`), 1)
			if _, err := message.Decode(kind, upper); err == nil {
				t.Errorf("%s takes the key %s", kind, strings.ToUpper(key))
			}
		}
	}
}

// Strict where the standard library is lenient; and what is refused is told so
// that its author can mend it.
func TestStrict(t *testing.T) {
	good := string(examples(t)[plan.KindBulletin])
	for _, c := range []struct{ name, old, new, want string }{
		{"a duplicate key", `"lang": "vi",`, `"lang": "vi", "lang": "vi",`, `malformed: lang: the key stands here twice`},
		{"a duplicate key by an escape", `"lang": "vi",`, `"lang": "vi", "l\u0061ng": "vi",`, `malformed: lang: the key stands here twice`},
		{"a key in another case", `"bytes"`, `"Bytes"`, `malformed: audio[0].Bytes: unknown key; keys are case-exact: write "bytes"`},
		{"a misspelt key", `"duration_ms"`, `"duration_m"`, `malformed: audio[0].duration_m: unknown key; did you mean "duration_ms"?`},
		{"a stranger's key", `"repeat"`, `"proof"`, `malformed: proof: unknown key`},
		{"the field that is never on the wire", `"repeat": 2`, `"Proof": {}`, `malformed: Proof: unknown key`},
		{"null", `"priority"`, `null`, `malformed: class: null: leave the field out, or write an empty list`},
		{"a number for a text", `"priority"`, `4`, `malformed: class: write a text in "…"`},
		{"a text for a number", `48213`, `"48213"`, `malformed: audio[0].bytes: "48213" is no plain integer below 2^53: write digits only, without quotes`},
		{"words for a number", `48213`, `"sáu mươi"`, `malformed: audio[0].bytes: "sáu mươi" is no plain integer below 2^53: write digits only, without quotes`},
		{"a list for a number", `48213`, `[1]`, `malformed: audio[0].bytes: "[1" is no plain integer below 2^53: write digits only, without quotes`},
		{"a fraction", `48213`, `48213.0`, `malformed: audio[0].bytes: "48213.0" is no plain integer below 2^53: write digits only, without quotes`},
		{"an exponent", `48213`, `1e3`, `malformed: audio[0].bytes: "1e3" is no plain integer below 2^53: write digits only, without quotes`},
		{"minus zero", `48213`, `-0`, `malformed: audio[0].bytes: "-0" is no plain integer below 2^53: write digits only, without quotes`},
		{"2^53", `48213`, `9007199254740992`, `malformed: audio[0].bytes: "9007199254740992" is no plain integer below 2^53: write digits only, without quotes`},
		{"a float that is none", `-16.5`, `-16.`, `malformed: loudness_lufs: "-16." is no number`},
		{"a float beyond all", `-16.5`, `-1e999`, `malformed: loudness_lufs: "-1e999" is no number`},
		{"a time without an offset", `2026-11-30T00:00:00+07:00`, `2026-11-30T00:00:00`, `malformed: valid_until: "2026-11-30T00:00:00" is no time: write it as 2026-11-23T05:30:00+07:00`},
		{"a time with a comma", `2026-11-30T00:00:00+07:00`, `2026-11-30T00:00:00,5+07:00`, `malformed: valid_until: "2026-11-30T00:00:00,5+07:00" is no time: write it as 2026-11-23T05:30:00+07:00`},
		{"an hour of one digit", `2026-11-30T00:00:00+07:00`, `2026-11-30T0:00:00+07:00`, `malformed: valid_until: "2026-11-30T0:00:00+07:00" is no time: write it as 2026-11-23T05:30:00+07:00`},
		{"a time that does not know where it is", `2026-11-30T00:00:00+07:00`, `2026-11-30T00:00:00-00:00`, `malformed: valid_until: "2026-11-30T00:00:00-00:00" is no time: write it as 2026-11-23T05:30:00+07:00`},
		{"a day that is not", `2026-11-30T00:00:00+07:00`, `2026-11-31T00:00:00+07:00`, `malformed: valid_until: "2026-11-31T00:00:00+07:00" is no time: write it as 2026-11-23T05:30:00+07:00`},
		{"half a surrogate pair", `"Cắt nước sáng mai"`, `"\ud83d x"`, `malformed: title: half a surrogate pair`},
		{"the other half", `"Cắt nước sáng mai"`, `"\udc00"`, `malformed: title: half a surrogate pair`},
		{"no escape", `"Cắt nước sáng mai"`, `"\x41"`, `malformed: title: no such escape at byte`},
		{"an escaped NUL", `"Cắt nước sáng mai"`, `"\u0000"`, `malformed: title: control character U+0000`},
		{"a tab", `"Cắt nước sáng mai"`, `"a\tb"`, `malformed: title: control character \t`},
		{"NFD", `"Cắt nước sáng mai"`, `"Ca\u0306t"`, `malformed: title: not in Unicode normal form NFC`},
		{"a bidi override", `"Cắt nước sáng mai"`, `"a\u202eb"`, `malformed: title: control or bidi character U+202E`},
		{"a tag character", `"Cắt nước sáng mai"`, `"a\udb40\udc41"`, `malformed: title: control or bidi character U+E0041`},
		{"a line feed in a title", `Cắt nước sáng mai`, `Cắt nước\nsáng mai`, `malformed: title: a line feed: write it on one line`},
		{"a comma too many", `"repeat": 2,`, `"repeat": 2,,`, `malformed: write a text in "…"`},
		{"a list for an object", `{
      "sha256"`, `[{
      "sha256"`, `malformed: audio[0]: write an object, {…}`},
	} {
		if !strings.Contains(good, c.old) {
			t.Errorf("%s: no %q in the example", c.name, c.old)
			continue
		}
		_, err := message.Decode(plan.KindBulletin, []byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
	}
	for _, ok := range []string{`"\ud83d\ude00"`, `"Ch\u1eefa ch\u00e1y \/ \"g\u1ea5p\""`, `"ភាសាខ្មែរ"`} {
		if _, err := message.Decode(plan.KindBulletin, []byte(strings.Replace(good, `"Cắt nước sáng mai"`, ok, 1))); err != nil {
			t.Errorf("the title %s: %v", ok, err)
		}
	}
}

func TestLifetimeComesWithTheDocument(t *testing.T) {
	raw := bytes.Replace(examples(t)[plan.KindBulletin], []byte("2026-11-30"), []byte("2028-11-30"), 1)
	doc, err := message.Decode(plan.KindBulletin, raw)
	if codeOf(err) != plan.Lifetime || doc == nil {
		t.Errorf("%v, %v; want the document and lifetime", doc, err)
	}
	raw = bytes.Replace(raw, []byte(`"priority"`), []byte(`"urgent"`), 1)
	if doc, err = message.Decode(plan.KindBulletin, raw); codeOf(err) != plan.Malformed || doc != nil {
		t.Errorf("%v, %v; want malformed alone", doc, err)
	}
}

func TestEncodeRefusesWhatABoxWould(t *testing.T) {
	doc, err := message.Decode(plan.KindBulletin, examples(t)[plan.KindBulletin])
	if err != nil {
		t.Fatal(err)
	}
	b := doc.(plan.Bulletin)
	b.Title = ""
	if _, err := message.Encode(b); codeOf(err) != plan.Malformed || !strings.Contains(err.Error(), "title") {
		t.Errorf("a bulletin without a title: %v", err)
	}
	if _, err := message.Encode("text"); err == nil {
		t.Error("a text is no document")
	}
}

func FuzzDecode(f *testing.F) {
	for kind, raw := range examples(f) {
		f.Add(string(kind), raw)
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		doc, err := message.Decode(plan.Kind(kind), raw)
		var e *plan.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error without a code: %v", err)
		}
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("taken, and no JSON: %q", raw)
		}
		out, err := message.Encode(doc)
		if err != nil {
			t.Fatalf("taken, but not encoded again: %v\n%s", err, raw)
		}
		again, err := message.Decode(plan.Kind(kind), out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if back, err := message.Encode(again); err != nil || !bytes.Equal(back, out) {
			t.Fatalf("encoded as %s, then as %s, %v", out, back, err)
		}
		if _, err := message.TopicOf(doc); err != nil {
			t.Fatalf("it belongs nowhere: %v", err)
		}
	})
}
