package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// identity are the keys that say who a box is and where its things lie. They come with
// its enrolment and its image, and nobody changes them at a console.
var identity = []string{
	"device", "root_file", "report_key", "state", "socket",
	"broker.ca", "broker.cert", "broker.key", "broker.claim", "broker.claim_key",
}

// unshown are the keys whose values nobody is shown.
var unshown = []string{"network.apn_password", "network.pin"}

// A Setting is one key of a settings file.
type Setting struct {
	Key     string `json:"key"`
	Value   string `json:"value"` // as in the file; "***" for a secret that is there
	Default bool   `json:"default,omitempty"`
	Fixed   bool   `json:"fixed,omitempty"` // nobody changes it at a console
}

// Keys are all keys that there are, dotted.
func Keys() []string { return keys("", reflect.TypeFor[Config]()) }

// Settings lists every key, in the order of the file.
func (c Config) Settings() []Setting {
	all := make([]Setting, 0, 32)
	std := defaults()
	for _, key := range Keys() {
		v := at(&c, key)
		s := Setting{Key: key, Value: written(v), Default: same(v, at(&std, key)), Fixed: slices.Contains(identity, key)}
		if slices.Contains(unshown, key) && !v.IsZero() {
			s.Value = "***"
		}
		all = append(all, s)
	}
	return all
}

// With is c with one key as a person has typed it; no word puts it back to its default.
// Only key and kind of value are looked at: whether all keys go together says Check.
func (c Config) With(key string, words ...string) (Config, error) {
	key = strings.ToLower(key)
	known := Keys()
	if !slices.Contains(known, key) {
		return c, unknownKey(key)
	}
	if slices.Contains(identity, key) {
		return c, bad(key, "it says who this box is, and comes with its enrolment")
	}
	if len(words) == 0 {
		std := defaults()
		at(&c, key).Set(at(&std, key))
		return c, nil
	}
	text := strings.Join(words, " ")
	switch v := at(&c, key); v.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return c, bad(key, "%q is no number", text)
		}
		v.SetInt(int64(n))
	case reflect.Slice:
		list := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(`[]", `, r) })
		v.Set(reflect.ValueOf(list))
	default:
		v.SetString(strings.Trim(text, `"`))
	}
	return c, nil
}

// Merge is c with the keys that a text names, all or none of them; name is for its errors.
func (c Config) Merge(name string, text []byte) (Config, error) {
	var named map[string]any
	given := defaults()
	if len(text) > maxFile {
		return c, tooLong(name, len(text))
	}
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&given); err != nil {
		return c, explain(name, err)
	}
	if err := toml.Unmarshal(text, &named); err != nil {
		return c, explain(name, err)
	}
	for _, key := range Keys() {
		if !names(named, key) {
			continue
		}
		if slices.Contains(identity, key) && !same(at(&given, key), at(&c, key)) {
			return c, bad(key, "it says who this box is, and comes with its enrolment").in(name, text)
		}
		at(&c, key).Set(at(&given, key))
	}
	return c, nil
}

// names reports whether a decoded text has a dotted key.
func names(m map[string]any, key string) bool {
	table, rest, deeper := strings.Cut(key, ".")
	v, ok := m[table]
	if !deeper {
		return ok
	}
	inner, isTable := v.(map[string]any)
	return isTable && names(inner, rest)
}

// Text is c as a file: what differs from the defaults.
func (c Config) Text() []byte {
	return c.text("# The settings of this box and of no other, as its console has written them.\n",
		func(s Setting, v reflect.Value) bool { return !s.Default })
}

// Export is what another box may be given of c: no secret, and not who it is.
func (c Config) Export() []byte {
	return c.text("# Settings of "+c.Device+", without its secrets: config import takes them.\n",
		func(s Setting, v reflect.Value) bool { return !s.Fixed && !slices.Contains(unshown, s.Key) })
}

func (c Config) text(head string, wanted func(Setting, reflect.Value) bool) []byte {
	b := bytes.NewBufferString(head)
	table := ""
	for _, s := range c.Settings() {
		v := at(&c, s.Key)
		if !wanted(s, v) {
			continue
		}
		key := s.Key
		if t, k, ok := strings.Cut(key, "."); ok {
			if t != table {
				fmt.Fprintf(b, "\n[%s]\n", t)
			}
			table, key = t, k
		}
		fmt.Fprintf(b, "%s = %s\n", key, written(v))
	}
	return b.Bytes()
}

// A Change is a key that two settings do not agree on; secrets are "***".
type Change struct {
	Key  string `json:"key"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Diff lists what b changes in a.
func Diff(a, b Config) []Change {
	var all []Change
	to := b.Settings()
	for i, s := range a.Settings() {
		if !same(at(&a, s.Key), at(&b, s.Key)) {
			all = append(all, Change{s.Key, s.Value, to[i].Value})
		}
	}
	return all
}

// Check says what in c cannot be; nil: a box can begin with it.
func (c Config) Check() error {
	if err := c.check(); err != nil {
		return err
	}
	return nil
}

// at is the field of a dotted key.
func at(c *Config, key string) reflect.Value {
	v := reflect.ValueOf(c).Elem()
	for part := range strings.SplitSeq(key, ".") {
		t := v.Type()
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("toml") == part {
				v = v.Field(i)
				break
			}
		}
	}
	return v
}

func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice {
		return slices.Equal(a.Interface().([]string), b.Interface().([]string))
	}
	return a.Interface() == b.Interface()
}

// written is a value as TOML has it. What JSON escapes in a string, TOML reads alike.
func written(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Slice:
		list := make([]string, v.Len())
		for i := range list {
			list[i] = written(v.Index(i))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v.String()) // a string always can
	return strings.TrimSuffix(b.String(), "\n")
}

// As is c with the identity of another.
func (c Config) As(other Config) Config {
	for _, key := range identity {
		at(&c, key).Set(at(&other, key))
	}
	return c
}
