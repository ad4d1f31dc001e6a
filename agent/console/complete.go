package console

import (
	"slices"
	"strings"

	"loa/agent/config"
)

// aliasWords are other words for commands, as whole words.
var aliasWords = map[string][]string{
	"commit":   {"config", "commit"},
	"rollback": {"config", "rollback"},
	"logout":   {"exit"},
	"quit":     {"exit"},
}

// expand puts a command in place of its alias, which may be shortened, and asks for help
// where a line ends in a question mark.
func expand(words []string) []string {
	if len(words) == 0 {
		return words
	}
	name := strings.ToLower(words[0])
	if found := candidates(name); len(found) == 1 {
		name = found[0].name
	}
	if is, ok := aliasWords[name]; ok {
		words = append(slices.Clone(is), words[1:]...)
	}
	if last := len(words) - 1; last > 0 && words[last] == "?" {
		words = []string{"help", words[0]}
	}
	return words
}

// A Listed is a command and how it is called, as help --json has it.
type Listed struct {
	Name  string `json:"name"`
	Usage string `json:"usage"`
}

// usages are the commands that this console has.
func usages() []Listed {
	var all []Listed
	for _, cmd := range table() {
		all = append(all, Listed{cmd.name, strings.TrimSpace(cmd.name + " " + cmd.usage)})
	}
	return all
}

// Complete ends a word at the press of Tab, as far as it is certain; it is what
// [golang.org/x/term.Terminal] calls.
func Complete(table []Listed, line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	words := strings.Fields(line[:pos])
	if len(words) == 0 || strings.HasSuffix(line[:pos], " ") {
		words = append(words, "")
	}
	begun := words[len(words)-1]
	var found []string
	for _, w := range nextWords(table, words[:len(words)-1]) {
		if strings.HasPrefix(w, strings.ToLower(begun)) {
			found = append(found, w)
		}
	}
	if len(found) == 0 {
		return line, pos, true
	}
	whole := common(found)
	if len(found) == 1 {
		whole += " "
	}
	whole = line[:pos-len(begun)] + whole
	return whole + strings.TrimLeft(line[pos:], " "), len(whole), true
}

// common is the beginning that all words have.
func common(words []string) string {
	begin := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, begin) {
			begin = begin[:len(begin)-1]
		}
	}
	return begin
}

// nextWords are those that may follow.
func nextWords(table []Listed, before []string) []string {
	if len(before) == 0 {
		var names []string
		for _, u := range table {
			names = append(names, u.Name)
		}
		for alias := range aliasWords {
			names = append(names, alias)
		}
		slices.Sort(names)
		return names
	}
	before = expand(before)
	name := strings.ToLower(before[0])
	i := slices.IndexFunc(table, func(u Listed) bool { return u.Name == name })
	switch {
	case i < 0:
		return nil
	case name == "config" && len(before) == 2 && (before[1] == "edit" || before[1] == "show"):
		return config.Keys()
	case name == "help" && len(before) == 1:
		return append(nextWords(table, nil), "all")
	}
	words := following(strings.TrimSpace(strings.TrimPrefix(table[i].Usage, name)), before[1:])
	slices.Sort(words)
	return slices.Compact(words)
}
