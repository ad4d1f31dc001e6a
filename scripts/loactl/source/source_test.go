package source

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const morning = `# the morning programme
id = "morning"
place = "26734"
valid_until = 2027-01-01T00:00:00+07:00

[[slots]]
id = "s1"
at = [
  "05:30",
  05:45:00,
]
items = [
  { chime = "gong" },
  { ref = { kind = "bulletin",
    id = "b1" } },
]

[[slots]]
id = "s2"
for_s = 600
[slots.every]
minutes = 30
`

func TestLinesOfTOML(t *testing.T) {
	f, err := Parse("m.toml", []byte(morning))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]int{
		"id": 2, "valid_until": 4, "slots": 6, "slots[0]": 6, "slots[0].id": 7,
		"slots[0].at": 8, "slots[0].at[1]": 10, "slots[0].items[0].chime": 13, "slots[0].items[1].ref.id": 15,
		"slots[1]": 18, "slots[1].for_s": 20, "slots[1].every": 21, "slots[1].every.minutes": 22,
		// Missing fields: where what they are missing from begins.
		"slots[1].at": 18, "slots[0].items[1].ref.sha256": 14, "zone": 0,
	} {
		if got := f.Line(field); got != want {
			t.Errorf("%s is on line %d, want %d", field, got, want)
		}
	}
	raw, _ := json.Marshal(f.Tree)
	for _, want := range []string{`"valid_until":"2027-01-01T00:00:00+07:00"`, `"05:45:00"`, `"minutes":30`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is missing in %s", want, raw)
		}
	}
}

func TestLinesOfJSON(t *testing.T) {
	f, err := Parse("m.json", []byte("{\n \"id\": \"x\",\n \"slots\": [\n  {\"id\": \"a\"},\n  {\n   \"n\": 1.5}\n ]\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]int{"id": 2, "slots": 3, "slots[0].id": 4, "slots[1].n": 6, "slots[1].at": 5} {
		if got := f.Line(field); got != want {
			t.Errorf("%s is on line %d, want %d", field, got, want)
		}
	}
	if n := fmt.Sprint(f.Tree["slots"].([]any)[1].(map[string]any)["n"]); n != "1.5" {
		t.Errorf("n is %s", n)
	}
}

func TestMistakesAreShownWhereTheyAre(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.toml", "id = \"x\"\nid = \"y\"\n", "a.toml:2: "},
		{"a.toml", "id = \"x\"\nat = [1,\n2\nx = 3\n", "a.toml:4: "},
		{"a.json", "{\n\"id\": 1,\n\"id\": 2}", "a.json:3: id: stands here a second time"},
		{"a.json", "{\n\"id\": 1,\n}", "a.json:"},
		{"a.json", "[1]", "a.json:1: this is no JSON object"},
		{"a.json", "{} x", "a.json:1: "},
		{"a.json", strings.Repeat(`{"a":`, 40) + "1", "nested too deeply"},
		{"a.json", "", "a.json:1: "},
	} {
		_, err := Parse(c.name, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(true, []byte(morning))
	f.Add(false, []byte(`{"a":[{"b":1}]}`))
	f.Fuzz(func(t *testing.T, isTOML bool, data []byte) {
		name := "a.json"
		if isTOML {
			name = "a.toml"
		}
		file, err := Parse(name, data)
		if err == nil && file.Tree == nil {
			t.Fatal("no tree and no error")
		}
		if err == nil {
			file.Line("a[1].b")
		}
	})
}
