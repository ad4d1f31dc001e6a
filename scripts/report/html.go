package report

import (
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// WriteHTML writes a page to print on A4, without scripts and without anything from
// outside.
func (r Report) WriteHTML(w io.Writer, lang string) error {
	type row struct {
		ID, Label string
		Late      bool
		Cells     []string
	}
	type part struct {
		Number      int
		Title, Note string
		Heads       []string
		Rows        []row
		Sum         []string
	}
	data := struct {
		Lang, Title string
		Name        string
		Heading     []string
		Parts       []part
		T           func(string) string
	}{Lang: pick(lang, "vi", "en"), Title: r.title(lang), Name: printable(r.Name), Heading: r.heading(lang), T: func(k string) string { return text(lang, k) }}
	for i, s := range r.sheets(lang) {
		p := part{Number: i + 1, Title: s.title, Note: s.note, Heads: s.heads}
		if s.shared {
			p.Heads = append(p.Heads, text(lang, "share"))
		}
		for _, l := range s.lines {
			ro := row{ID: l.ID, Label: l.label, Late: l.Late > 0}
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
		data.Parts = append(data.Parts, p)
	}
	return page.Execute(w, data)
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
