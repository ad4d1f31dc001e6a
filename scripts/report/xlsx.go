package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// WriteXLSX writes a workbook, a sheet for each table. Lengths are in seconds.
// Equal reports give equal bytes.
func (r Report) WriteXLSX(w io.Writer, lang string) error {
	f := excelize.NewFile()
	defer f.Close() // nothing of it is on the disk
	// Dates of the report itself, not of the machine that made it.
	at := r.Window.Until.UTC().Format("2006-01-02T15:04:05Z")
	if err := f.SetDocProps(&excelize.DocProperties{Title: r.title(lang), Creator: "loactl", LastModifiedBy: "loactl", Created: at, Modified: at}); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	b := book{f: f, bold: bold, lang: lang}
	b.name, b.row = f.GetSheetName(0), 0
	b.put(r.title(lang))
	b.emphasise(1)
	for _, l := range r.heading(lang) {
		b.put(l)
	}
	for i, s := range r.sheets(lang) {
		b.sheet(i+1, s)
	}
	if b.err != nil {
		return fmt.Errorf("report: cannot make the workbook: %w", b.err)
	}
	_, err = f.WriteTo(w)
	return err
}

// A book is a workbook in the making; the first error stays.
type book struct {
	f    *excelize.File
	bold int
	lang string
	name string // of the sheet at hand
	row  int
	err  error
}

func (b *book) put(cells ...any) {
	b.row++
	if b.err == nil {
		b.err = b.f.SetSheetRow(b.name, "A"+strconv.Itoa(b.row), &cells)
	}
}

func (b *book) emphasise(columns int) {
	last, err := excelize.CoordinatesToCellName(columns, b.row)
	if err == nil && b.err == nil {
		err = b.f.SetCellStyle(b.name, "A"+strconv.Itoa(b.row), last, b.bold)
	}
	if b.err == nil {
		b.err = err
	}
}

// sheetName is a table's number and as many words of its title as the 31 letters of a
// sheet's name have room for.
func sheetName(n int, title string) string {
	name := fmt.Sprintf("%02d", n)
	for _, w := range strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return -1
		}
		return r
	}, title)) {
		if utf8.RuneCountInString(name)+1+utf8.RuneCountInString(w) > 31 {
			break
		}
		name += " " + w
	}
	return strings.TrimRight(name, " ,(")
}

// sheet adds a table; its whole title stands in the first row.
func (b *book) sheet(n int, s sheet) {
	b.name, b.row = sheetName(n, s.title), 0
	if b.err == nil {
		_, b.err = b.f.NewSheet(b.name)
	}
	b.put(s.title)
	b.emphasise(1)
	if s.note != "" {
		b.put(s.note)
	}
	head := []any{text(b.lang, "code"), text(b.lang, "row")}
	for i, h := range s.heads {
		if s.columns[i].Unit == Millis {
			h += " (" + text(b.lang, "seconds") + ")"
		}
		head = append(head, h)
	}
	if s.shared {
		head = append(head, text(b.lang, "share"))
	}
	b.put(append(head, text(b.lang, "late-n"))...)
	b.emphasise(len(head) + 1)
	for _, l := range s.lines {
		cells := []any{l.ID, l.label}
		for i, c := range l.Cells {
			cells = append(cells, value(s.columns[i], c, l.Pending))
		}
		if s.shared {
			var share any
			if x, err := strconv.ParseFloat(l.share, 64); err == nil {
				share = x
			}
			cells = append(cells, share)
		}
		b.put(append(cells, l.Late)...)
	}
	if s.sum != nil {
		cells := []any{"", text(b.lang, "sum")}
		for i, c := range s.sum {
			cells = append(cells, value(s.columns[i], c, false))
		}
		b.put(cells...)
		b.emphasise(len(cells))
	}
	if b.err == nil {
		b.err = b.f.SetColWidth(b.name, "A", "A", 28)
	}
	if b.err == nil {
		b.err = b.f.SetColWidth(b.name, "B", "B", 48)
	}
}

func value(c Column, n int64, pending bool) any {
	switch {
	case pending:
		return nil
	case c.Unit == Millis:
		return float64(n) / 1000
	}
	return n
}
