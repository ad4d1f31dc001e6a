package report

import (
	"strconv"
	"strings"
)

// A Part is a table as people read it.
type Part struct {
	Number      int
	Title, Note string
	Heads       []string
	Rows        []Line
	Sum         []string
}

// A Line is a row as people read it.
type Line struct {
	ID, Label string // ID as Why takes it
	Late      bool
	Cells     []string
}

// Parts are the tables of a report in a language, in the order in which people read them.
func (r Report) Parts(lang string) (parts []Part) {
	for i, s := range r.sheets(lang) {
		p := Part{Number: i + 1, Title: s.title, Note: s.note, Heads: s.heads}
		if s.shared {
			p.Heads = append(p.Heads, text(lang, "share"))
		}
		for _, l := range s.lines {
			ro := Line{ID: l.ID, Label: l.label, Late: l.Late > 0}
			for i, c := range l.Cells {
				if l.Pending {
					ro.Cells = append(ro.Cells, "……")
					continue
				}
				ro.Cells = append(ro.Cells, written(s.columns[i], c, lang))
			}
			if s.shared {
				ro.Cells = append(ro.Cells, decimal(l.share, lang))
			}
			p.Rows = append(p.Rows, ro)
		}
		for i, c := range s.sum {
			p.Sum = append(p.Sum, written(s.columns[i], c, lang))
		}
		if s.shared && s.sum != nil {
			p.Sum = append(p.Sum, decimal(s.sumShare, lang))
		}
		parts = append(parts, p)
	}
	return parts
}

// Explain gives the label of a row, the headings of its columns, and the cells of what
// stands behind it, as people read them.
func (r Report) Explain(row, lang string, evidence []Evidence) (label string, heads []string, cells [][]string) {
	id, _, _ := strings.Cut(row, "/")
	columns := Columns(id)
	for _, c := range columns {
		heads = append(heads, Heading(c, lang))
	}
	for _, p := range r.Parts(lang) {
		for _, l := range p.Rows {
			if l.ID == row {
				label = p.Title + ": " + l.Label
			}
		}
	}
	for _, e := range evidence {
		var line []string
		for i, c := range e.Cells {
			line = append(line, written(columns[i], c, lang))
		}
		cells = append(cells, line)
	}
	return label, heads, cells
}

// written is a number as people write it: 1.234 in Vietnamese, 1,234 in English.
func written(c Column, n int64, lang string) string {
	s := strconv.FormatInt(n, 10)
	rest := ""
	if c.Unit == Millis {
		s = clockwise(n)
		i := strings.IndexByte(s, ':')
		s, rest = s[:i], s[i:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + pick(lang, ".", ",") + s[i:]
	}
	return s + rest
}

// decimal is a number with a point as people write it.
func decimal(s, lang string) string { return strings.Replace(s, ".", pick(lang, ",", "."), 1) }
