package boards

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A Wrong is what had to be left out of a board file.
type Wrong struct {
	Key string // amp.line; a table; or board, where nothing can be read at all
	Err error  // with file and line, and what to write instead
}

// Salvage reads of a board file what can be used, for a box that hangs on a pole, and says
// in Wrong what not. A wrong line is left out, and where a default will not do, or the line tells which pin is driven
// and how, its whole table. What depends on that goes with it. A file of which nothing can
// be read is a board with nothing on it.
func Salvage(nameOrPath string) Board {
	b, err := Load(nameOrPath)
	if err == nil {
		return b
	}
	data, unread := os.ReadFile(nameOrPath)
	if unread != nil || len(data) > maxFile {
		b = none(nameOrPath)
		b.Wrong = []Wrong{{"board", err}}
		return b
	}
	return salvage(nameOrPath, data)
}

// none is a board with nothing on it.
func none(name string) Board {
	b := Board{Name: name, Title: name, Sink: Sink{Driver: "none"}, Amp: Amp{Driver: "none"}}
	b.defaults()
	return b
}

// needed are the tables that a board cannot be without.
var needed = []string{"sink", "amp"}

// dependent are the tables that mean nothing without another.
var dependent = map[string][]string{
	"sink":  {"amp", "sensor.current"},
	"amp":   {"sensor.current"},
	"panel": {"sensor.light", "sensor.temperature"},
}

// whole are the tables of which no line is left out alone: half of what says which pin
// is on at which level may switch an amplifier on for good.
var whole = []string{"amp", "sink", "lines", "sensor.door"}

// mostWrong is after how many mistakes a file is no board file any more.
const mostWrong = 100

func salvage(name string, data []byte) Board {
	lines := strings.Split(string(data), "\n")
	var wrongs []Wrong
	tried := make(map[string]bool) // tables of which a line was left out, or all
	for range mostWrong {
		text := strings.Join(lines, "\n")
		b, err := Parse(name, []byte(text))
		if err == nil {
			b.Wrong = wrongs
			return b
		}
		table, key, row := culprit(err, text)
		first := !tried[table]
		if first {
			wrongs = append(wrongs, Wrong{named(table, key), err})
		}
		tried[table] = true
		if first && row >= 0 && !isHeader(lines[row]) && !slices.Contains(whole, table) {
			lines[row] = ""
			continue
		}
		for _, t := range append([]string{table}, dependent[table]...) {
			lines = without(lines, t)
			tried[t] = true
		}
		if table == "" && row >= 0 {
			lines[row] = ""
		}
	}
	b := none(name)
	b.Wrong = append(wrongs, Wrong{"board", errors.New("nothing of it can be used")})
	return b
}

func named(table, key string) string {
	switch {
	case strings.HasPrefix(key, "line "):
		return key
	case table == "" && key == "":
		return "board"
	case table == "" || key == "":
		return table + key
	}
	return table + "." + key
}

// culprit is the table and key that an error of Parse is about, and the line, counted
// from 0; −1: it is in no line.
func culprit(err error, text string) (table, key string, row int) {
	var k *keyError
	var strict *toml.StrictMissingError
	var bad *toml.DecodeError
	lines := strings.Split(text, "\n")
	switch {
	case errors.As(err, &k):
		return k.table, k.key, rowOf(lines, k.table, k.key)
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		row, _ = strict.Errors[0].Position()
	case errors.As(err, &bad):
		row, _ = bad.Position()
	}
	row = min(max(row-1, 0), len(lines)-1)
	for i := row; i >= 0 && table == ""; i-- {
		table = header(lines[i])
	}
	if !isHeader(lines[row]) {
		key, _, _ = strings.Cut(lines[row], "=")
	}
	if key = strings.Trim(key, "\"' \t"); !plainName(key) {
		return table, fmt.Sprintf("line %d", row+1), row
	}
	return table, key, row
}

func rowOf(lines []string, table, key string) int {
	in := ""
	for i, line := range lines {
		if isHeader(line) {
			in = header(line)
			continue
		}
		k, _, ok := strings.Cut(line, "=")
		if ok && in == table && strings.Trim(k, "\"' \t") == key {
			return i
		}
	}
	return -1
}

var headerLine = regexp.MustCompile(`^\s*\[+\s*([A-Za-z0-9_.\-"' ]*[A-Za-z_][A-Za-z0-9_.\-"' ]*)\]*\s*(#.*)?$`)

func isHeader(line string) bool { return headerLine.MatchString(line) }

// header is the table that a line begins, "" if it is no such line.
func header(line string) string {
	m := headerLine.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(m[1])
}

// without leaves a table out, and its numbering alone. One that is needed stays as none.
func without(lines []string, table string) []string {
	in := false
	for i, line := range lines {
		if isHeader(line) {
			in = header(line) == table
		}
		if in {
			lines[i] = ""
		}
	}
	if slices.Contains(needed, table) {
		lines = append(lines, "["+table+"]", `driver = "none"`)
	}
	return lines
}
