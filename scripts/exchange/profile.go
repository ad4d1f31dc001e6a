package exchange

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"loa/scripts/bilingual"
)

// Example is a profile that is made up.
//
//go:embed example.toml
var Example []byte

// A Profile says how a source system calls what we have.
type Profile struct {
	Name     string `toml:"name"`
	Verified bool   `toml:"verified"` // somebody has held it against the official text, and signs for it in By
	By       string `toml:"by"`

	URL       string `toml:"url"` // https://…
	TokenFile string `toml:"token_file"`
	CAFile    string `toml:"ca_file"` // PEM; empty: the system's
	Batch     int    `toml:"batch"`   // records in one request; 0: 100
	Sender    string `toml:"sender"`  // our code over there

	Entities []Mapping `toml:"entity"`
}

// A Mapping is how one entity goes out.
type Mapping struct {
	Entity  string     `toml:"entity"`
	Path    string     `toml:"path"` // below URL, by POST
	Wrap    string     `toml:"wrap"` // the member that holds the records; empty: they stand alone
	Sent    string     `toml:"sent"` // the member beside it that holds Sender; empty: none
	Columns []Column   `toml:"field"`
	Skip    []SkipRule `toml:"skip"`
}

// A Column is one of our fields under their name.
type Column struct {
	Ours     string            `toml:"ours"`
	Theirs   string            `toml:"theirs"` // a path by points makes members of members
	Required bool              `toml:"required"`
	Time     string            `toml:"time"`   // of a time: rfc3339 (default), unix, unix_ms, or a layout of Go
	Values   map[string]string `toml:"values"` // what ours are called there; others are an error
	Most     int               `toml:"most"`   // letters; 0: any. Longer texts are cut
	Value    string            `toml:"value"`  // without ours: always this
}

// A SkipRule leaves records out.
type SkipRule struct {
	Ours string   `toml:"ours"`
	In   []string `toml:"in"`
}

// Load reads a profile, whose files lie beside it.
func Load(name string) (Profile, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Profile{}, err
	}
	p, err := Parse(data)
	if err != nil {
		return p, fmt.Errorf("%s: %w", name, err)
	}
	for _, f := range []*string{&p.TokenFile, &p.CAFile} {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(filepath.Dir(name), *f)
		}
	}
	return p, nil
}

// Parse reads a profile and says what is wrong with it.
func Parse(data []byte) (Profile, error) {
	var p Profile
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&p); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return p, bilingual.Wrong("có mục không ai biết: %s", "unknown setting: %s", strict.String())
		}
		return p, err
	}
	u, err := url.Parse(p.URL)
	switch {
	case p.Name == "":
		return p, bilingual.Wrong("ghi name", "write name")
	case err != nil || u.Scheme != "https" || u.Host == "":
		return p, bilingual.Wrong("url = %q: ghi https://…", "url = %q: write https://…", p.URL)
	case p.TokenFile == "":
		return p, bilingual.Wrong("ghi token_file", "write token_file")
	case p.Verified && p.By == "":
		return p, bilingual.Wrong("verified = true: ghi by, người đã đối chiếu", "verified = true: write by, who has compared it")
	case p.Batch < 0 || p.Batch > 1000:
		return p, bilingual.Wrong("batch = %d: từ 1 đến 1000", "batch = %d: 1 to 1000", p.Batch)
	case len(p.Entities) == 0:
		return p, bilingual.Wrong("không có [[entity]] nào", "there is no [[entity]]")
	}
	if p.Batch == 0 {
		p.Batch = 100
	}
	seen := make(map[string]bool)
	for i, m := range p.Entities {
		if err := m.check(); err != nil {
			return p, fmt.Errorf("entity[%d] (%s): %w", i, m.Entity, err)
		}
		if seen[m.Entity] {
			return p, bilingual.Wrong("entity[%d]: có hai %s", "entity[%d]: there are two %s", i, m.Entity)
		}
		seen[m.Entity] = true
	}
	slices.SortStableFunc(p.Entities, func(a, b Mapping) int { return rank(a.Entity) - rank(b.Entity) })
	return p, nil
}

func rank(name string) int {
	return slices.IndexFunc(entities, func(e Entity) bool { return e.Name == name })
}

func (m Mapping) check() error {
	e, ok := Known(m.Entity)
	if !ok {
		var all []string
		for _, e := range entities {
			all = append(all, e.Name)
		}
		return bilingual.Wrong("entity = %q: ghi %s", "entity = %q: write one of %s", m.Entity, strings.Join(all, ", "))
	}
	if !strings.HasPrefix(m.Path, "/") || strings.ContainsAny(m.Path, "?#") {
		return bilingual.Wrong("path = %q: ghi /…", "path = %q: write /…", m.Path)
	}
	theirs := make(map[string]bool)
	key := false
	for i, c := range m.Columns {
		f, known := e.field(c.Ours)
		switch {
		case c.Theirs == "" || slices.Contains(strings.Split(c.Theirs, "."), ""):
			return bilingual.Wrong("field[%d]: theirs = %q", "field[%d]: theirs = %q", i, c.Theirs)
		case theirs[c.Theirs]:
			return bilingual.Wrong("field[%d]: có hai %s", "field[%d]: there are two %s", i, c.Theirs)
		case (c.Ours == "") == (c.Value == ""):
			return bilingual.Wrong("field[%d] (%s): ghi ours hoặc value", "field[%d] (%s): write ours or value", i, c.Theirs)
		case c.Ours != "" && !known:
			return bilingual.Wrong("field[%d]: %s không có %q; xem loactl exchange fields", "field[%d]: %s has no %q; see loactl exchange fields", i, m.Entity, c.Ours)
		case c.Time != "" && f.Type != Moment, c.Most != 0 && f.Type != Text, c.Values != nil && f.Type != Text:
			return bilingual.Wrong("field[%d] (%s): time, most và values là của loại khác", "field[%d] (%s): time, most and values are for other types", i, c.Ours)
		}
		theirs[c.Theirs] = true
		key = key || c.Ours == e.Fields[0].Name
	}
	for a := range theirs {
		for b := range theirs {
			if strings.HasPrefix(b, a+".") {
				return bilingual.Wrong("%s và %s không thể cùng có", "%s and %s cannot both be", a, b)
			}
		}
	}
	if !key {
		return bilingual.Wrong("thiếu khóa %s", "the key %s is missing", e.Fields[0].Name)
	}
	for _, s := range m.Skip {
		if f, known := e.field(s.Ours); !known || f.Type != Text {
			return bilingual.Wrong("skip: %s không có chữ %q", "skip: %s has no text %q", m.Entity, s.Ours)
		}
	}
	return nil
}

// Map is a record in the words of the source system, as JSON whose members are sorted; nil
// without an error: it is left out.
func (m Mapping) Map(r Record) ([]byte, error) {
	e, _ := Known(m.Entity)
	for _, s := range m.Skip {
		if text, _ := r[s.Ours].(string); slices.Contains(s.In, text) {
			return nil, nil
		}
	}
	out := make(map[string]any)
	for _, c := range m.Columns {
		v, err := c.value(e, r)
		if err != nil {
			return nil, fmt.Errorf("%s %v: %w", m.Entity, r[e.Fields[0].Name], err)
		}
		if v == nil {
			continue
		}
		at, path := out, strings.Split(c.Theirs, ".")
		for _, name := range path[:len(path)-1] {
			below, ok := at[name].(map[string]any)
			if !ok {
				below = make(map[string]any)
				at[name] = below
			}
			at = below
		}
		at[path[len(path)-1]] = v
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// value is what a column holds; nil: nothing, and that is allowed.
func (c Column) value(e Entity, r Record) (any, error) {
	if c.Ours == "" {
		return c.Value, nil
	}
	v, there := r[c.Ours]
	if t, ok := v.(time.Time); !there || ok && t.IsZero() || v == "" {
		if c.Required {
			return nil, bilingual.Wrong("thiếu %s", "%s is missing", c.Ours)
		}
		return nil, nil
	}
	if f, _ := e.field(c.Ours); !f.Type.fits(v) {
		return nil, fmt.Errorf("%s is %T and no %s", c.Ours, v, f.Type)
	}
	switch v := v.(type) {
	case string:
		if c.Values != nil {
			called, ok := c.Values[v]
			if !ok {
				return nil, bilingual.Wrong("%s = %q không có trong values", "%s = %q is not in values", c.Ours, v)
			}
			return called, nil
		}
		if c.Most > 0 && utf8.RuneCountInString(v) > c.Most {
			return string([]rune(v)[:c.Most-1]) + "…", nil
		}
		return v, nil
	case time.Time:
		switch c.Time {
		case "", "rfc3339":
			return v.UTC().Format(time.RFC3339), nil
		case "unix":
			return v.Unix(), nil
		case "unix_ms":
			return v.UnixMilli(), nil
		}
		return v.In(vietnam).Format(c.Time), nil
	}
	return v, nil
}

// vietnam is the time in which layouts of people's own are written.
var vietnam = time.FixedZone("+07", 7*3600)
