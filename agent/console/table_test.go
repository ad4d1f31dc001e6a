package console

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// everyLine is every command of the table with every word that may follow it, and what
// these need besides.
func everyLine() []string {
	more := map[string]string{
		"config edit": "lang en", "config commit": "confirmed 1", "config show": "network", "net set": "dhcp", "amp on": "1", "board pattern": "grid 1",
		"board bright": "50", "board off": "1", "ledger last": "3", "local on": "1", "play gong": "20",
	}
	var all []string
	for _, cmd := range table() {
		all = append(all, cmd.name)
		for _, w := range nextWords(usages(), []string{cmd.name}) {
			line := cmd.name + " " + w
			all = append(all, line)
			if words := more[line]; words != "" {
				all = append(all, line+" "+words)
			}
		}
	}
	for alias := range aliasWords {
		all = append(all, alias)
	}
	return all
}

// Every command answers a program in one line of JSON whose code is the exit code, at the
// box and from afar, on a box that has everything and on one that has nothing.
func TestEveryLineAnswersJSON(t *testing.T) {
	whole, _ := settled(t, &pole{}, t.TempDir())
	board := newSign()
	whole.Board = board
	for name, box := range map[string]Box{"whole": whole, "bare": {}} {
		for _, who := range []Asker{{}, {Lang: "en"}, {Lang: "ascii"}, {Remote: true}} {
			for _, line := range everyLine() {
				got, code := New(box, Opts{}).Do(t.Context(), line+" --json", who)
				var r reply
				if err := json.Unmarshal([]byte(got), &r); err != nil || strings.Contains(got, "\n") || r.Code != code || r.Command == "" {
					t.Errorf("%s box, %+v: %q answers %q with %d: %v", name, who, line, got, code, err)
				}
				if (r.Error == "") != (code == OK) && !strings.HasPrefix(line, "import") {
					t.Errorf("%s box: %q ends with %d and says %q", name, line, code, r.Error)
				}
				if code < OK || code > Refused {
					t.Errorf("%q ends with %d", line, code)
				}
			}
		}
	}
}

// On a terminal of 80 columns nothing is broken within a word, and the last column is free.
func TestLayout(t *testing.T) {
	whole, _ := settled(t, &pole{}, t.TempDir())
	whole.Board = newSign()
	c := New(whole, Opts{}).At(Line{Wide: 80})
	for _, lang := range []string{"vi", "en", "ascii"} {
		for _, line := range append(everyLine(), "play siren", "nonsense", "help status") {
			text, _ := c.Do(t.Context(), line, Asker{Lang: lang})
			for l := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(l, "\n")); n > 79 && strings.Contains(strings.TrimSpace(l), " ") {
					t.Errorf("%s, %q: %d columns: %s", lang, line, n, l)
				}
			}
			if rows := strings.Count(text, "\n"); rows > 23 && (line == "status" || line == "net" || line == "config" || line == "clock") {
				t.Errorf("%s, %q: %d lines", lang, line, rows)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"a bc def":              "a bc\n  def",
		"  a bc\n":              "  a bc\n",
		"  ab cd ef\n":          "  ab cd\n    ef\n",
		"ắắắắắắắắắắắắ":          "ắắắắắắắ\n  ắắắắắ",
		"":                      "",
		"\n\n":                  "\n\n",
		"abc def":               "abc def",
		"x 0123456789 12345678": "x 01234\n  56789\n  12345\n  678",
	} {
		if got := Wrap(text, 8); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// Every text of the house can be written without marks.
func TestWithoutMarks(t *testing.T) {
	for key, text := range vietnamese {
		if got := unmarked(text); strings.Count(got, "?") != strings.Count(text, "?") {
			t.Errorf("%s: %q becomes %q", key, text, got)
		}
	}
	if got := unmarked("Đường Nguyễn Trãi, ấp 3 – 10 °C … → ±2"); got != "Duong Nguyen Trai, ap 3 - 10 oC ... -> +-2" {
		t.Error(got)
	}
	text, code := New((&pole{level: 60}).box(), Opts{}).Do(t.Context(), "volume", Asker{Lang: "ascii"})
	if text != "Am luong: 60 %." || code != OK {
		t.Errorf("%q", text)
	}
	sit(t, &pole{level: 60}, func(d *desk) {
		d.sees("lang ascii\r", "Ngon ngu: tieng Viet.")
		d.sees("volume\r", "Am luong: 60 %.")
		d.sees("lang vi\r", "Ngôn ngữ: tiếng Việt.")
	})
}

func TestTab(t *testing.T) {
	for line, want := range map[string]string{
		"ver":                 "version ",
		"conf":                "config ",
		"config sh":           "config show ",
		"config ed":           "config edit ",
		"config edit network": "config edit network.",
		"config edit lan":     "config edit lang ",
		"config comm":         "config commit ",
		"commi":               "commi",
		"commis":              "commission ",
		"commit conf":         "commit confirmed ",
		"net set d":           "net set d",
		"net set dh":          "net set dhcp ",
		"net d":               "net d",
		"play g":              "play gong ",
		"board pattern fr":    "board pattern frame ",
		"board bright a":      "board bright auto ",
		"commission 3 p":      "commission 3 pass ",
		"why r":               "why refused ",
		"help al":             "help all ",
		"net set st":          "net set static ",
		"help sta":            "help status ",
		"ledger v":            "ledger verify ",
		"s":                   "s",
		"zz":                  "zz",
		"":                    "",
		"nonsense x":          "nonsense x",
	} {
		if got, pos, ok := Complete(usages(), line, len(line), '\t'); got != want || pos != len(want) || !ok {
			t.Errorf("%q becomes %q at %d, want %q", line, got, pos, want)
		}
	}
	if got, pos, _ := Complete(usages(), "conf lang en", 4, '\t'); got != "config lang en" || pos != 7 {
		t.Errorf("in the middle: %q at %d", got, pos)
	}
	if _, _, ok := Complete(usages(), "ver", 3, 'x'); ok {
		t.Error("a letter completes")
	}
}

func TestAliases(t *testing.T) {
	for line, same := range map[string]string{
		"? ": "help", "config ?": "help config", "net set ?": "help net", "rollback": "config rollback", "COMMIT": "config commit", "quit": "exit",
	} {
		got, _ := ask(t, new(pole), line)
		if want, _ := ask(t, new(pole), same); got != want || got == "" {
			t.Errorf("%q answers %q, %q answers %q", line, got, same, want)
		}
	}
}
