// Package source reads what people write, TOML or JSON, and remembers on which
// line each field stands, so that a mistake can be shown where it was made.
package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxBytes bounds a file: a document is at most 64 KiB.
const maxBytes = 1 << 20

// A File is what a person wrote.
type File struct {
	Name  string
	Tree  map[string]any // strings, bools, json.Number, maps and slices of these
	lines map[string]int // by field path, such as slots[2].at
}

// Read reads a file by its name's ending, .json or else TOML.
func Read(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxBytes {
		return nil, fmt.Errorf("%s: %d KiB is too much for a document of at most 64 KiB", name, info.Size()>>10)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}

// Parse reads data as if it stood in a file of that name.
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name, lines: make(map[string]int)}
	if filepath.Ext(name) == ".json" {
		return f, f.parseJSON(data)
	}
	return f, f.parseTOML(data)
}

// An Error is a mistake at a place in a file.
type Error struct {
	Name  string
	Line  int    // from 1; 0: not known
	Field string // may be empty
	Msg   string
	VI    string // Msg in Vietnamese; empty: it is not known
}

func (e *Error) Error() string {
	s := e.Name
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Msg
}

// At is an error about a field, or about the nearest thing around it that has a
// line of its own.
func (f *File) At(field, format string, args ...any) *Error {
	return &Error{Name: f.Name, Line: f.Line(field), Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Line is where a field stands; for one that is missing, where what it is
// missing from begins. 0: not known.
func (f *File) Line(field string) int {
	for {
		if line, ok := f.lines[field]; ok {
			return line
		}
		cut := strings.LastIndexAny(field, ".[")
		if cut < 0 {
			return 0
		}
		field = field[:cut]
	}
}

func (f *File) parseTOML(data []byte) error {
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			line, _ := d.Position()
			e := &Error{Name: f.Name, Line: line, Field: strings.Join(d.Key(), "."), Msg: strings.TrimPrefix(d.Error(), "toml: ")}
			e.VI = "dòng này viết sai: viết TÊN = GIÁ TRỊ, chữ để trong dấu nháy thẳng \"…\", danh sách trong […]"
			if strings.Contains(e.Msg, "already") {
				e.VI = "mục này có hai lần"
			}
			return e
		}
		return &Error{Name: f.Name, Msg: err.Error()}
	}
	// By way of JSON, so that dates and numbers have one form from here on.
	raw, err := json.Marshal(tree)
	if err != nil {
		return &Error{Name: f.Name, Msg: err.Error()}
	}
	if err := decodeNumbers(raw, &f.Tree); err != nil {
		return &Error{Name: f.Name, Msg: err.Error()}
	}
	if f.Tree == nil {
		f.Tree = make(map[string]any)
	}
	f.linesOfTOML(data)
	return nil
}
