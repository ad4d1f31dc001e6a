package boards

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed *.toml
var files embed.FS

// maxFile bounds a board file; ours have 3 KB.
const maxFile = 64 << 10

// Names lists the embedded boards in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded directory always reads
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// Load reads an embedded board by its name, or a board file by its path: what
// has a slash or ends in .toml is a path.
func Load(nameOrPath string) (Board, error) {
	data, err := Text(nameOrPath)
	if err != nil {
		return Board{}, err
	}
	if !isPath(nameOrPath) {
		nameOrPath += ".toml"
	}
	return Parse(nameOrPath, data)
}

// Text is the file that Load reads.
func Text(nameOrPath string) ([]byte, error) {
	if isPath(nameOrPath) {
		data, err := os.ReadFile(nameOrPath)
		if err != nil {
			return nil, fmt.Errorf("cannot read board file: %w", err)
		}
		return data, nil
	}
	data, err := files.ReadFile(nameOrPath + ".toml")
	if err != nil {
		return nil, fmt.Errorf("no board %q here; there are %s, or give a path such as ./my.toml",
			nameOrPath, strings.Join(Names(), ", "))
	}
	return data, nil
}

func isPath(s string) bool {
	return strings.ContainsRune(s, os.PathSeparator) || strings.HasSuffix(s, ".toml")
}

// Parse reads the board file data; name is only for its errors, which say
// file:line and what to write instead.
func Parse(name string, data []byte) (Board, error) {
	if len(data) > maxFile {
		return Board{}, fmt.Errorf("%s: %d bytes are too many for a board file (%d at most)", name, len(data), maxFile)
	}
	var b Board
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Board{}, explain(name, err)
	}
	if b.Name == "" {
		b.Name = strings.TrimSuffix(filepath.Base(name), ".toml")
	}
	b.defaults()
	if err := b.Validate(); err != nil {
		var k *keyError
		if errors.As(err, &k) {
			return Board{}, fmt.Errorf("%s%s: %w", name, lineOf(data, k), err)
		}
		return Board{}, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// An explained error is one of go-toml's in other words.
type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.cause }

// explain makes go-toml's errors say file, line and the nearest key.
func explain(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		row, _ := e.Position()
		key := e.Key()
		known := keysAt(reflect.TypeFor[Board](), key[:len(key)-1])
		hint := "; there are " + strings.Join(known, ", ")
		if near := nearest(key[len(key)-1], known); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return &explained{fmt.Sprintf("%s:%d: unknown key %q%s", name, row, strings.Join(key, "."), hint), err}
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, _ := bad.Position()
		return &explained{fmt.Sprintf("%s:%d: %s", name, row, strings.TrimPrefix(bad.Error(), "toml: ")), err}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// lineOf finds the line a validation error speaks of, as ":12", or "" when the
// key is not in the file.
func lineOf(data []byte, k *keyError) string {
	table := ""
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.TrimSpace(strings.Trim(strings.SplitN(line, "#", 2)[0], "[] \t"))
			continue
		}
		key, _, ok := strings.Cut(line, "=")
		if ok && table == k.table && strings.Trim(key, "\"' \t") == k.key {
			return fmt.Sprintf(":%d", i+1)
		}
	}
	return ""
}

// keysAt lists the keys the table at path may have.
func keysAt(t reflect.Type, path []string) []string {
	for _, p := range path {
		found := false
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("toml") == p && f.Type.Kind() == reflect.Struct {
				t, found = f.Type, true
				break
			}
		}
		if !found {
			return nil
		}
	}
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// nearest is the key closest to word, or "" when none is near.
func nearest(word string, keys []string) string {
	best, least := "", len(word)/2+2
	for _, k := range keys {
		if d := distance(strings.ToLower(word), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
