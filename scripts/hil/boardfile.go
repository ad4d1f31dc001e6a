package main

import "regexp"

// instead puts a value into a board file.
func instead(table, key, value string) func(string) string {
	return func(text string) string {
		expr := regexp.MustCompile(`(?ms)(^\[` + table + `\].*?^` + key + ` *= )[^\n#]*`)
		return expr.ReplaceAllString(text, "${1}"+value+" ")
	}
}

// also is a change of a board's file, and after it another one, if there is one.
func also(first, second func(string) string) func(string) string {
	if second == nil {
		return first
	}
	return func(text string) string { return second(first(text)) }
}

// fitted is the file of a board whose own sound card is not emulated, and which hangs at no
// panel: it has a card on USB, as its file says that it may, and an LED card at UART1.
func fitted(text string) string {
	return instead("sink", "card", `"Audio"`)(text) + `
[panel]
driver = "bx"
width = 96
height = 16
colors = "red"
pitch_mm = 10
reader_m = 15
tty = "/dev/ttyS1"
baud = 57600
`
}
