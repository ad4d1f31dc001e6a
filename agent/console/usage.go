package console

import "strings"

// A usage is the words after a command's name: [a|b] may be left out, (a|b) may not,
// capitals and numbers stand for what is typed in their place.

// choices are the ways to go on that a usage has, and whether all may be left out.
func choices(usage string) (all []string, optional bool) {
	if inner, rest := cutWord(usage); rest == "" && strings.HasPrefix(inner, "[") {
		usage, optional = inner[1:len(inner)-1], true
	} else if rest == "" && strings.HasPrefix(inner, "(") {
		usage = inner[1 : len(inner)-1]
	}
	depth, from := 0, 0
	for i, r := range usage {
		switch r {
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		case '|':
			if depth == 0 {
				all, from = append(all, usage[from:i]), i+1
			}
		}
	}
	return append(all, usage[from:]), optional
}

// cutWord is the first word of a usage, whole where it is in brackets, and what follows.
func cutWord(usage string) (word, rest string) {
	depth := 0
	for i, r := range usage {
		switch r {
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		case ' ':
			if depth == 0 {
				return usage[:i], usage[i+1:]
			}
		}
	}
	return usage, ""
}

// ways are the ways to type a command, each a line.
func ways(cmd command) []string {
	all, optional := choices(cmd.usage)
	if len(all) < 2 {
		return []string{strings.TrimSpace(cmd.name + " " + cmd.usage)}
	}
	var lines []string
	if optional {
		lines = append(lines, cmd.name)
	}
	for _, way := range all {
		lines = append(lines, cmd.name+" "+way)
	}
	return lines
}

// following are the words that a usage lets follow those typed, which may have begun
// anywhere in it; what stands for something else is none.
func following(usage string, typed []string) (words []string) {
	all, _ := choices(usage)
	if len(all) == 1 && strings.ContainsAny(usage, "[(") {
		if head, rest := cutWord(usage); rest != "" && strings.ContainsAny(head, "[(") {
			if len(typed) == 0 {
				return following(head, nil)
			}
			return following(rest, typed[1:])
		}
	}
	for _, way := range all {
		head, rest := cutWord(way)
		switch {
		case len(typed) == 0 && strings.HasPrefix(head, "["), len(typed) == 0 && strings.HasPrefix(head, "("):
			words = append(words, following(head, nil)...)
		case len(typed) == 0 && isWord(head):
			words = append(words, head)
		case len(typed) > 0 && rest != "" && (head == typed[0] || !isWord(head)):
			words = append(words, following(rest, typed[1:])...)
		}
	}
	return words
}

// isWord reports whether part of a usage is typed as it stands.
func isWord(part string) bool { return part != "" && 'a' <= part[0] && part[0] <= 'z' }
