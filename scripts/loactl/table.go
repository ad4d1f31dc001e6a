package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table writes rows under a heading, each column as wide as its longest cell; the
// last is not padded. Letters count, not bytes. heads are keys of texts. Without
// rows there is no heading either.
func (a *app) table(w io.Writer, rows [][]string, heads ...string) {
	if len(rows) == 0 {
		return
	}
	top := make([]string, len(heads))
	for i, h := range heads {
		top[i] = a.text("head." + h)
	}
	all := append([][]string{top}, rows...)
	wide := make([]int, len(heads))
	for _, row := range all {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
