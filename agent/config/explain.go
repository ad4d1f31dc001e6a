package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A Problem is something in a text that cannot be, and what to write instead. It is in
// English; [Problem.VI] says it in Vietnamese.
type Problem struct {
	Name string // of the file; empty: it is in no file
	Line int    // from 1; 0: it is on no line
	Key  string // dotted; empty: it is about no key, or says itself which

	format string
	args   []any
}

func (p *Problem) Error() string { return p.where() + fmt.Sprintf(p.format, p.args...) }

// VI is the same in Vietnamese.
func (p *Problem) VI() string { return p.where() + fmt.Sprintf(vietnamese[p.format], p.args...) }

// where is what stands before what is said: file:line and key.
func (p *Problem) where() (before string) {
	if p.Name != "" {
		before = p.Name
		if p.Line > 0 {
			before += fmt.Sprintf(":%d", p.Line)
		}
		before += ": "
	}
	if p.Key != "" {
		before += p.Key + ": "
	}
	return before
}

// in is the same with the place in the text where its key stands.
func (p *Problem) in(name string, text []byte) *Problem {
	q := *p
	q.Name = name
	if p.Key != "" {
		q.Line, _ = strconv.Atoi(strings.TrimPrefix(lineOf(text, p.Key), ":"))
	}
	return &q
}

func bad(key, format string, args ...any) *Problem {
	return &Problem{Key: key, format: format, args: args}
}

const unreadable = "cannot be read: %s"

// NoBoard is the problem of a board that does not exist, or whose file is wrong.
func NoBoard(name string, err error) error {
	return bad("board", "there is no board %q that can be used: %v", name, err)
}

// explain makes a decoder's error say file, line and what to write instead.
func explain(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := strict.Errors[0]
		row, _ := e.Position()
		key := strings.Join(e.Key(), ".")
		p := unknownKey(key)
		p.Name, p.Line = name, row
		return p
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, _ := decode.Position()
		what := strings.TrimPrefix(decode.Error(), "toml: ")
		if key := strings.Join(decode.Key(), "."); key != "" && !strings.Contains(what, key) {
			what = key + ": " + what
		}
		return &Problem{Name: name, Line: row, format: unreadable, args: []any{what}}
	}
	return &Problem{Name: name, format: unreadable, args: []any{err}}
}

// unknownKey says which key was meant, or all that there are.
func unknownKey(key string) *Problem {
	known := Keys()
	if near := nearest(key, known); near != "" {
		return bad("", "unknown key %q; did you mean %q?", key, near)
	}
	return bad("", "unknown key %q; there are %s", key, strings.Join(known, ", "))
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
