package viet

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A cell is what a reader takes for one character: a letter with its marks.
type cell struct {
	s   string // empty once it is removed
	col int
}

func (c cell) base() rune {
	r, _ := utf8.DecodeRuneInString(c.s)
	return r
}

// mark reports whether r is one of the marks that Latin letters carry. The marks of
// other scripts are left to their languages.
func mark(r rune) bool { return 0x300 <= r && r <= 0x36F }

func split(line string) []cell {
	var cells []cell
	start := 0
	for i, r := range line {
		if i > 0 && !mark(r) {
			cells = append(cells, cell{s: line[start:i], col: len(cells) + 1})
			start = i
		}
	}
	if line == "" {
		return nil
	}
	return append(cells, cell{s: line[start:], col: len(cells) + 1})
}

// regroup gives marks to the letter before them, once nothing stands between.
func regroup(cells []cell) []cell {
	out := cells[:0]
	for _, c := range cells {
		switch n := len(out); {
		case c.s == "":
		case n > 0 && mark(c.base()):
			out[n-1].s += c.s
		default:
			out = append(out, c)
		}
	}
	for i := range out {
		out[i].s = norm.NFC.String(out[i].s)
	}
	return out
}

func join(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.s)
	}
	return b.String()
}
