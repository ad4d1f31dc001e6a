// Package roster reads the lists of places and of boxes that people keep in a
// spreadsheet, and checks them whole against the books: what is wrong is said with its
// line and what to write instead, all at once.
package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	utf "golang.org/x/text/encoding/unicode"

	"loa/agent/plan"
	"loa/agent/viet"
)

// A Problem is what is wrong in a file, and what to write instead.
type Problem struct {
	Line   int    `json:"line"` // from 1, as an editor counts
	Column string `json:"column,omitempty"`
	EN     string `json:"en"`
	VI     string `json:"vi"`
}

// The bounds of a file.
const (
	MaxBytes = 16 << 20
	MaxRows  = 20_000
)

// A sheet is a file taken apart.
type sheet struct {
	rows     []row
	ignored  []string // headings that are none of ours
	problems []Problem
}

// A row is one line that has something in it, by the columns that the sheet has.
type row struct {
	line int
	cell map[string]string
}

func (s *sheet) bad(line int, column, key string, args ...any) {
	say := sentences[key]
	s.problems = append(s.problems, Problem{Line: line, Column: column, EN: fmt.Sprintf(say.EN, args...), VI: fmt.Sprintf(say.VI, args...)})
}

// read takes a file apart. columns are those that it may have, need those that it must.
func read(data []byte, columns map[string][]string, need ...string) *sheet {
	s := new(sheet)
	text, ok := s.unicode(data)
	if !ok {
		return s
	}
	if len(text) > 4 && strings.EqualFold(text[:4], "sep=") { // Excel's own first line
		_, rest, _ := strings.Cut(text, "\n")
		text = "\n" + rest
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text, columns)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	var heads []string // of our columns by position; empty: none of ours
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
			s.bad(wrong.StartLine, "", "quotes")
			if wrong.Line > wrong.StartLine {
				break // a quote that nothing closes has taken the rest of the file
			}
			continue
		}
		line, _ := r.FieldPos(0)
		blank := true
		for i := range record {
			record[i] = cell(record[i])
			blank = blank && record[i] == ""
		}
		switch {
		case blank:
		case heads == nil:
			if heads = s.headings(line, record, columns, need); len(s.problems) > 0 {
				return s // nothing else can be said
			}
		case len(s.rows) == MaxRows:
			s.bad(line, "", "too-long", MaxRows)
			return s
		default:
			s.row(line, record, heads)
		}
	}
	if heads == nil && len(s.problems) == 0 {
		s.bad(1, "", "empty")
	}
	return s
}

// cell is what stands in a field, without what spreadsheets put around it to keep their
// hands off: ="00004" and '00004.
func cell(f string) string {
	f = strings.TrimSpace(f)
	if in, ok := strings.CutPrefix(f, `="`); ok {
		f = strings.TrimSuffix(in, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(f, "'"))
}

func (s *sheet) row(line int, record, heads []string) {
	r := row{line: line, cell: make(map[string]string)}
	for i, f := range record {
		switch {
		case i >= len(heads) && f != "":
			s.bad(line, "", "cells", len(record), len(heads))
			return
		case i < len(heads) && heads[i] != "":
			r.cell[heads[i]] = f
		}
	}
	s.rows = append(s.rows, r)
}

// unicode is a file's text in UTF-8 and NFC, with what can only be a slip put right.
func (s *sheet) unicode(data []byte) (string, bool) {
	switch {
	case len(data) > MaxBytes:
		s.bad(1, "", "too-large", MaxBytes>>20)
		return "", false
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		s.bad(1, "", "workbook")
		return "", false
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")): // Excel's "Unicode Text"
		data, _ = utf.UTF16(utf.LittleEndian, utf.UseBOM).NewDecoder().Bytes(data)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(data, 0); i >= 0 {
		s.bad(1+bytes.Count(data[:i], []byte("\n")), "", "binary")
		return "", false
	}
	text, foreign := string(data), 0
	if !utf8.Valid(data) {
		// Whatever it is, each byte is a letter of it; viet knows them by Windows-1252.
		for i, line := range bytes.Split(data, []byte("\n")) {
			if !utf8.Valid(line) {
				foreign = i + 1
				break
			}
		}
		out, _ := charmap.Windows1252.NewDecoder().Bytes(data)
		text = string(out)
	}
	text = newlines.Replace(text)
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n") // an old Mac
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	mended, found := viet.Mend(text)
	for _, f := range found {
		switch f.Kind {
		case viet.Legacy:
			line, offer := f.Line, f.Offer
			if line == 0 {
				line, offer = differs(mended, f.Offer)
			}
			s.bad(line, "", "legacy", f.Encoding, offer)
			return "", false
		case viet.Lost, viet.MarkStray:
			s.bad(max(1, f.Line), "", "lost", f.Rune)
		}
	}
	if foreign > 0 {
		s.bad(foreign, "", "no-utf8")
		return "", false
	}
	return mended, true
}

// newlines are those that an editor does not count.
var newlines = strings.NewReplacer("\u2028", " ", "\u2029", " ", "\u0085", " ", "\v", " ", "\f", " ")

// differs is the first line of an offer that says something else than the text.
func differs(text, offer string) (int, string) {
	was, is := strings.Split(text, "\n"), strings.Split(offer, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return i + 1, is[i]
		}
	}
	return 1, offer
}

// separator is the sign with which the first line has the most columns of ours, and
// then the most columns.
func separator(text string, columns map[string][]string) rune {
	best, most := ',', -1
	for _, sep := range []rune{',', ';', '\t', '|'} {
		r := csv.NewReader(strings.NewReader(text))
		r.Comma, r.FieldsPerRecord = sep, -1
		record, err := r.Read()
		if err != nil {
			continue
		}
		n := len(record)
		for _, f := range record {
			if _, ok := columnOf(cell(f), columns); ok {
				n += 1000
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// headings finds the columns in the first line.
func (s *sheet) headings(line int, record []string, columns map[string][]string, need []string) []string {
	heads := make([]string, len(record))
	for i, f := range record {
		name, ok := columnOf(f, columns)
		switch {
		case f == "":
		case ok && slices.Contains(heads, name):
			s.bad(line, f, "column-twice", name)
		case ok:
			heads[i] = name
		default:
			if near := nearColumn(f, columns); near != "" {
				s.bad(line, f, "column-near", near)
			}
			s.ignored = append(s.ignored, f)
		}
	}
	for _, n := range need {
		if !slices.Contains(heads, n) {
			s.bad(line, n, "column-missing", n, columns[n][0], strings.Join(record, ", "))
		}
	}
	return heads
}

// columnOf is the column that a heading means.
func columnOf(heading string, columns map[string][]string) (string, bool) {
	h := plainly(heading)
	for name, others := range columns {
		if h == name || slices.ContainsFunc(others, func(o string) bool { return h == plainly(o) }) {
			return name, true
		}
	}
	return "", false
}

// nearColumn is the column of which a heading is a misspelling.
func nearColumn(heading string, columns map[string][]string) string {
	h, best, least := plainly(heading), "", 3
	for name, others := range columns {
		for _, o := range append([]string{name}, others...) {
			o := plainly(o)
			if limit := min(least, len(o)/3+1); len(h) > 3 && plan.Distance(h, o, limit) < limit {
				best, least = name, plan.Distance(h, o, limit)
			}
		}
	}
	return best
}
