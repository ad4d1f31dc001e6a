package console

import (
	"strings"
	"unicode/utf8"
)

// Wrap breaks lines that are wider than a terminal between words; what follows stands
// below its line, a little further in. The last column stays free, see screen.
func Wrap(text string, columns int) string {
	columns--
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, end := strings.TrimRight(line, "\n"), line[len(strings.TrimRight(line, "\n")):]
		indent := strings.Repeat(" ", min(20, len(body)-len(strings.TrimLeft(body, " "))+2))
		for utf8.RuneCountInString(body) > columns {
			runes := []rune(body)
			at := columns
			for at > len(indent) && runes[at] != ' ' {
				at--
			}
			if at <= len(indent) { // a word without an end
				at = columns
			}
			b.WriteString(strings.TrimRight(string(runes[:at]), " ") + "\n")
			body = indent + strings.TrimLeft(string(runes[at:]), " ")
		}
		b.WriteString(body + end)
	}
	return b.String()
}
