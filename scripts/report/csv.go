package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// lines begins a file of lines (RFC 4180), with the mark by which Excel knows UTF-8.
func lines(w io.Writer) (c *csv.Writer, put func(cells ...string), err error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, nil, err
	}
	c = csv.NewWriter(w)
	c.UseCRLF = true
	return c, func(cells ...string) { // errors are kept by c
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		_ = c.Write(cells)
	}, nil
}

// WriteCSV writes one number a line. Lengths are in seconds.
func (r Report) WriteCSV(w io.Writer, lang string) error {
	c, put, err := lines(w)
	if err != nil {
		return err
	}
	put(text(lang, "table"), text(lang, "code"), text(lang, "row"), text(lang, "measure"), text(lang, "unit"), text(lang, "value"), text(lang, "late-n"))
	for _, s := range r.sheets(lang) {
		for _, l := range s.lines {
			late := strconv.FormatInt(l.Late, 10)
			if l.Pending {
				put(s.title, l.ID, l.label, "", "", "", late)
				continue
			}
			for i, cell := range l.Cells {
				value, unit := number(s.columns[i], cell, lang)
				put(s.title, l.ID, l.label, s.heads[i], unit, value, late)
			}
			if l.share != "" {
				put(s.title, l.ID, l.label, text(lang, "share"), text(lang, "percent"), l.share, late)
			}
		}
		for i, cell := range s.sum {
			value, unit := number(s.columns[i], cell, lang)
			put(s.title, "", text(lang, "sum"), s.heads[i], unit, value, "")
		}
	}
	c.Flush()
	return c.Error()
}

func number(c Column, n int64, lang string) (value, unit string) {
	if c.Unit == Millis {
		return seconds(n), text(lang, "seconds")
	}
	return strconv.FormatInt(n, 10), text(lang, "count")
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}
