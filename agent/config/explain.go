package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// explain makes a decoder's error say file, line and what to write instead.
func explain(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		row, _ := e.Position()
		key := strings.Join(e.Key(), ".")
		return fmt.Errorf("%s:%d: %w", name, row, unknownKey(key))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, _ := decode.Position()
		what := strings.TrimPrefix(decode.Error(), "toml: ")
		if key := strings.Join(decode.Key(), "."); key != "" && !strings.Contains(what, key) {
			what = key + ": " + what
		}
		return fmt.Errorf("%s:%d: %s", name, row, what)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// unknownKey says which key was meant, or all that there are.
func unknownKey(key string) error {
	known := keys("", reflect.TypeFor[Config]())
	if near := nearest(key, known); near != "" {
		return fmt.Errorf("unknown key %q; did you mean %q?", key, near)
	}
	return fmt.Errorf("unknown key %q; there are %s", key, strings.Join(known, ", "))
}

// keys lists every key a settings file may have, dotted.
func keys(table string, t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("toml")
		switch {
		case key == "":
		case f.Type.Kind() == reflect.Struct:
			out = append(out, keys(table+key+".", f.Type)...)
		default:
			out = append(out, table+key)
		}
	}
	return out
}

// nearest is the known key that key was probably meant to be. A right name in
// the wrong table counts as near.
func nearest(key string, known []string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	best, least := "", len(key)/3+2
	for _, k := range known {
		d := edits(strings.ToLower(key), k)
		if tail := k[strings.LastIndexByte(k, '.')+1:]; edits(strings.ToLower(last), tail) <= 1 {
			d = min(d, 1)
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// edits counts the insertions, deletions and substitutions between a and b.
func edits(a, b string) int {
	prev := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			same := prev[j]
			if a[i] != b[j] {
				same++
			}
			next[j+1] = min(same, prev[j+1]+1, next[j]+1)
		}
		prev, next = next, prev
	}
	return prev[len(b)]
}

// lineOf finds the line of a dotted key, as ":12", or "" when it is not there.
func lineOf(data []byte, key string) string {
	table := ""
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if inner, ok := strings.CutPrefix(line, "["); ok {
			inner, _, _ = strings.Cut(inner, "]")
			table = strings.TrimSpace(inner) + "."
			continue
		}
		k, _, ok := strings.Cut(line, "=")
		if k = strings.TrimSpace(k); ok && (table+k == key || k == key) {
			return fmt.Sprintf(":%d", i+1)
		}
	}
	return ""
}
