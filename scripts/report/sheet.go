package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A sheet is a table in the words of a language.
type sheet struct {
	id, title, note string
	columns         []Column
	heads           []string // of the columns; the share's is not among them
	lines           []line
	sum             []int64
	shared          bool
	sumShare        string
}

type line struct {
	Row
	label string
	share string // percent with one decimal and a point; empty: none
}

func (r Report) sheets(lang string) []sheet {
	var all []sheet
	for i, t := range r.Tables {
		s := sheet{id: t.ID, title: text(lang, "table."+t.ID), note: text(lang, "note."+t.ID), columns: t.Columns, sum: t.Sum}
		share := specs[i].share
		s.shared = share != none
		for _, c := range t.Columns {
			s.heads = append(s.heads, Heading(c, lang))
		}
		for _, row := range t.Rows {
			l := line{Row: row, label: printable(label(lang, t.ID, row))}
			l.ID = printable(row.ID)
			if row.Pending {
				l.label += " (" + text(lang, "pending") + ")"
			}
			if s.shared && !row.Pending {
				l.share = percent(row.Cells[share[0]], row.Cells[share[1]])
			}
			s.lines = append(s.lines, l)
		}
		if s.shared && s.sum != nil {
			s.sumShare = percent(s.sum[share[0]], s.sum[share[1]])
		}
		all = append(all, s)
	}
	return all
}

// percent is a part of a whole in percent, or nothing of nothing.
func percent(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	return strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 1, 64)
}

// printable is a text from a box or a document on one line. It keeps what could not
// be in a signed document out of files that other programs read.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
}

// seconds is a length with three decimals.
func seconds(ms int64) string {
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
}

// clockwise is a length as hours, minutes and seconds, rounded.
func clockwise(ms int64) string {
	s := (ms + 500) / 1000
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// heading are the lines under a report's title.
func (r Report) heading(lang string) []string {
	date, moment := "02/01/2006", "15:04:05 02/01/2006"
	if lang != "vi" {
		date, moment = time.DateOnly, time.DateTime
	}
	day := func(t time.Time) string { return t.In(zone).Format(date) }
	lines := []string{fmt.Sprintf(text(lang, "by"), printable(r.Name))}
	if r.Top != "" {
		lines = append(lines, fmt.Sprintf(text(lang, "place"), printable(r.TopName)+" ("+printable(r.Top)+")"))
	}
	lines = append(lines, fmt.Sprintf(text(lang, "window"), day(r.Window.From), day(r.Window.Until.Add(-time.Second))))
	if r.AsOf.After(r.Window.From) {
		lines = append(lines, fmt.Sprintf(text(lang, "as-of"), r.AsOf.In(zone).Format(moment)))
	} else {
		lines = append(lines, text(lang, "as-none"))
	}
	return append(lines, fmt.Sprintf(text(lang, "late"), day(r.Window.Due)), fmt.Sprintf(text(lang, "rounded"), r.Window.Year))
}

func (r Report) title(lang string) string { return fmt.Sprintf(text(lang, "title"), r.Window.Year) }
