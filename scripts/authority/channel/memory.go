package channel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"loa/scripts/authority/durable"
	"loa/scripts/bilingual"
)

// A file keeps a memory: each change is one line at its end, and counts from when it is
// there. It is written anew when it has grown to several times what it says.
type file struct {
	name  string
	f     *os.File
	lines int
}

// record is a line of it: one of both.
type record struct {
	Since map[string]time.Time `json:"since,omitempty"` // all of them
	Line  *Line                `json:"line,omitempty"`
}

// recall reads what is remembered. A last line that was torn off has not happened.
func recall(name string) (*Memory, error) {
	m := NewMemory()
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		data = rest
		if !whole {
			break
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, bilingual.Wrong("%s:%d: không đọc được những gì đã đăng: %v", "%s:%d: what was posted cannot be read: %v", name, n, err)
		}
		if r.Since != nil {
			m.Since = r.Since
		}
		if r.Line != nil {
			m.Lines[r.Line.Post.ID()] = *r.Line
		}
	}
	return m, nil
}

// rewrite writes a memory from its beginning.
func (f *file) rewrite(m *Memory) error {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	out := json.NewEncoder(w)
	if err := out.Encode(record{Since: m.Since}); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(m.Lines)) {
		l := m.Lines[id]
		if err := out.Encode(record{Line: &l}); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := durable.Write(f.name, b.Bytes()); err != nil {
		return err
	}
	f.close()
	var err error
	f.f, err = os.OpenFile(f.name, os.O_APPEND|os.O_WRONLY, 0o600)
	f.lines = len(m.Lines) + 1
	return err
}

// add writes one line, and returns when it is there for good.
func (f *file) add(l Line) error {
	data, err := json.Marshal(record{Line: &l})
	if err != nil {
		return err
	}
	if f.f == nil {
		return fmt.Errorf("channel: %s is not open", f.name)
	}
	f.lines++
	if _, err := f.f.Write(append(data, '\n')); err != nil {
		return err
	}
	return f.f.Sync()
}

// tidy rewrites the file where that saves much.
func (f *file) tidy(m *Memory) error {
	if f.f != nil && f.lines < 3*len(m.Lines)+100 {
		return nil
	}
	return f.rewrite(m)
}

func (f *file) close() {
	if f.f != nil {
		f.f.Close()
		f.f = nil
	}
}
