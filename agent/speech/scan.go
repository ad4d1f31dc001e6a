package speech

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A reader goes through a text, token by token. What a figure means hangs on the words
// around it, so it looks both ways; it never goes back.
type reader struct {
	text string
	at   int
	c    Choices
	out  []Token

	value  float64 // of the last number
	listed int     // how many of a series have been read
	series string  // "thứ" or "tháng" stood before the last number, or before those in front of it
}

// rules are tried one after another where a token begins; the first that knows what
// stands there takes it. The order matters: a date is also a fraction and a number.
var rules = []func(*reader, string) bool{
	(*reader).space, (*reader).web, (*reader).run, (*reader).repeated,
	(*reader).times, (*reader).plate, (*reader).house, (*reader).date, (*reader).clock, (*reader).document, (*reader).phone, (*reader).number,
	(*reader).road, (*reader).titled, (*reader).kindOfDocument, (*reader).known, (*reader).roman, (*reader).code, (*reader).word,
	(*reader).slash, (*reader).dash, (*reader).stop, (*reader).sign,
}

func (r *reader) next() {
	rest := r.text[r.at:]
	for _, rule := range rules {
		if rule(r, rest) {
			return
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	r.emit(n, Token{Kind: Unreadable, Doubt: NotReadable})
}

// emit takes n bytes of the text as a token.
func (r *reader) emit(n int, t Token) {
	t.Text = r.text[r.at : r.at+n]
	r.at += n
	r.out = append(r.out, t)
}

// blank takes the spaces in front of the next token, if there are any.
func (r *reader) blank() {
	rest := r.text[r.at:]
	if n := len(rest) - len(strings.TrimLeft(rest, " \t")); n > 0 {
		r.emit(n, Token{Kind: Space})
	}
}

// before is what has been read of the last words, in small letters, with one space
// between them; empty behind anything but a word or a colon.
func (r *reader) before() string {
	const enough = 96
	s := r.text[max(0, r.at-enough):r.at]
	if i := strings.LastIndexAny(s, "\n;!?()"); i >= 0 {
		s = s[i+1:]
	}
	s = strings.ToLower(strings.ReplaceAll(s, ":", " "))
	return strings.Join(strings.Fields(s), " ")
}

// follows reports whether one of words stands right before.
func (r *reader) follows(words []string) bool {
	s := r.before()
	return slices.ContainsFunc(words, func(w string) bool { return endsIn(s, w) })
}

func endsIn(s, word string) bool {
	head, ok := strings.CutSuffix(s, word)
	if !ok {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(head)
	return head == "" || !unicode.IsLetter(last) && !unicode.IsDigit(last)
}

// last is the token before, spaces aside; back counts how far.
func (r *reader) last(back int) Token {
	for _, t := range slices.Backward(r.out) {
		if t.Kind == Space && !strings.Contains(t.Text, "\n") {
			continue
		}
		if back == 0 {
			return t
		}
		back--
	}
	return Token{}
}

// lineStart reports whether nothing but spaces stands before on this line.
func (r *reader) lineStart() bool {
	line := r.text[strings.LastIndexByte(r.text[:r.at], '\n')+1 : r.at]
	return strings.TrimSpace(line) == ""
}

// nextWord is the word at the beginning of s, in small letters.
func nextWord(s string) string {
	s = strings.TrimLeft(s, " ")
	n := strings.IndexFunc(s, func(x rune) bool { return !unicode.IsLetter(x) })
	if n < 0 {
		n = len(s)
	}
	return strings.ToLower(s[:n])
}

// apart reports whether a word or figure cannot go on in s.
func apart(s string) bool {
	x, _ := utf8.DecodeRuneInString(s)
	return s == "" || !unicode.IsLetter(x) && !unicode.IsDigit(x) && !unicode.IsMark(x)
}

// find is re at the beginning of s, with its groups; nil, too, where a word goes on
// behind it.
func find(re *regexp.Regexp, s string) []string {
	m := re.FindStringSubmatch(s)
	if m == nil || !apart(s[len(m[0]):]) {
		return nil
	}
	return m
}

// digitAt reports whether s begins with a digit.
func digitAt(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }
