package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// linesOfTOML notes the line of every key of a text that has been decoded
// without an error.
func (f *File) linesOfTOML(data []byte) {
	p := unstable.Parser{}
	p.Reset(data)
	tables := make(map[string]int) // how many [[x]] there have been
	prefix := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			prefix = ""
			line := 0
			it := e.Key()
			for it.Next() {
				n := it.Node()
				prefix = join(prefix, string(n.Data))
				line = p.Shape(n.Raw).Start.Line
				if it.IsLast() && e.Kind == unstable.ArrayTable {
					tables[prefix]++
				}
				if k := tables[prefix]; k > 0 {
					f.note(prefix, line)
					prefix = fmt.Sprintf("%s[%d]", prefix, k-1)
				}
			}
			f.note(prefix, line)
		case unstable.KeyValue:
			f.keyValue(&p, prefix, e)
		}
	}
}

func (f *File) keyValue(p *unstable.Parser, prefix string, e *unstable.Node) {
	it := e.Key()
	for it.Next() {
		n := it.Node()
		prefix = join(prefix, string(n.Data))
		f.note(prefix, p.Shape(n.Raw).Start.Line)
	}
	f.value(p, prefix, e.Value())
}

func (f *File) value(p *unstable.Parser, path string, n *unstable.Node) {
	it := n.Children()
	switch n.Kind {
	case unstable.InlineTable:
		for it.Next() {
			f.keyValue(p, path, it.Node())
		}
	case unstable.Array:
		for i := 0; it.Next(); i++ {
			at := fmt.Sprintf("%s[%d]", path, i)
			if raw := it.Node().Raw; raw.Length > 0 {
				f.note(at, p.Shape(raw).Start.Line)
			}
			f.value(p, at, it.Node())
		}
	}
}

// note keeps the first line of a path: where a table begins.
func (f *File) note(path string, line int) {
	if _, ok := f.lines[path]; !ok {
		f.lines[path] = line
	}
}

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

func decodeNumbers(raw []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(to)
}

// parseJSON reads one object. A key that stands twice is an error: the decoder
// would silently take the second.
func (f *File) parseJSON(data []byte) error {
	j := jsonLines{f: f, d: json.NewDecoder(bytes.NewReader(data)), data: data}
	j.d.UseNumber()
	v, err := j.value("", 0)
	if err == nil {
		if _, more := j.d.Token(); more != io.EOF {
			err = errors.New("there is something after the document")
		}
	}
	if err != nil {
		var placed *Error
		if errors.As(err, &placed) {
			return placed
		}
		return &Error{Name: f.Name, Line: j.line(), Msg: strings.TrimPrefix(err.Error(), "json: "),
			VI: "viết sai JSON ở đây: xem lại dấu phẩy, dấu nháy và ngoặc"}
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return &Error{Name: f.Name, Line: 1, Msg: "this is no JSON object: begin with { and a field", VI: "không phải một nhóm JSON: bắt đầu bằng { và một mục"}
	}
	f.Tree = tree
	return nil
}

type jsonLines struct {
	f    *File
	d    *json.Decoder
	data []byte
}

func (j *jsonLines) line() int {
	return 1 + bytes.Count(j.data[:min(int(j.d.InputOffset()), len(j.data))], []byte{'\n'})
}

func (j *jsonLines) value(path string, depth int) (any, error) {
	if depth > 32 {
		return nil, j.f.At(path, "nested too deeply")
	}
	t, err := j.d.Token()
	if err != nil {
		return nil, err
	}
	if path != "" {
		j.f.note(path, j.line())
	}
	switch t {
	case json.Delim('{'):
		object := make(map[string]any)
		for j.d.More() {
			key, err := j.d.Token()
			if err != nil {
				return nil, err
			}
			at := join(path, key.(string)) // the decoder lets nothing else be a key
			j.f.note(at, j.line())
			if _, twice := object[key.(string)]; twice {
				return nil, &Error{Name: j.f.Name, Line: j.line(), Field: at, Msg: "stands here a second time", VI: "mục này có hai lần"}
			}
			if object[key.(string)], err = j.value(at, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := j.d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for i := 0; j.d.More(); i++ {
			v, err := j.value(fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := j.d.Token()
		return list, err
	}
	return t, nil
}
