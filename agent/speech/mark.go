package speech

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	degrees    = regexp.MustCompile(`^(?:[°º˚]\s?([CcFf])|℃)`)
	arrow      = regexp.MustCompile(`^(?:[-=]{1,2}>|[→⇒➔➡⟶])\x{FE0F}?`)
	dots       = regexp.MustCompile(`^(?:\.{2,}|…+)[.…]*`)
	line       = regexp.MustCompile(`^(?:-{3,}|={3,}|\*{3,}|~{3,}|#{3,}|–{3,}|—{2,})`)
	lowline    = regexp.MustCompile(`^_{2,}`)
	multiplied = regexp.MustCompile(`^[xX]\s?\d`)
	etc        = regexp.MustCompile(`^[vV]\s?\.\s?[vV]\s?(?:\.{1,3}|…)?`)
)

// space takes white space. The end of a line ends a sentence, unless the line was only
// broken because it was full.
func (r *reader) space(rest string) bool {
	n := strings.IndexFunc(rest, func(x rune) bool { return !unicode.IsSpace(x) })
	if n < 0 {
		n = len(rest)
	}
	if n == 0 {
		return false
	}
	t := Token{Kind: Space}
	if ends := strings.Count(rest[:n], "\n"); ends > 0 {
		const full = 60 // letters: a line as long as that may have been broken by a machine
		line := r.text[strings.LastIndexByte(r.text[:r.at], '\n')+1 : r.at]
		next, _ := utf8.DecodeRuneInString(rest[n:])
		if ends > 1 || utf8.RuneCountInString(line) < full && !unicode.IsLower(next) || strings.ContainsRune("-+*•–", next) {
			t.Pause, t.Tone = Long, '.'
		}
	}
	r.emit(n, t)
	return true
}

// run takes rows of the same mark: a line across the page, dots to be written on.
func (r *reader) run(rest string) bool {
	if m := etc.FindString(rest); m != "" && apart(rest[len(m):]) && r.last(0).Kind != Number {
		if t := strings.TrimRight(m, ".…"); strings.HasSuffix(m, ".") && len(m)-len(t) == 1 {
			m = t // a full stop ends the sentence
			if next := strings.TrimLeft(rest[len(m)+1:], " "); next != "" && !startsUpper(next) {
				m += "."
			}
		}
		return r.took(len(m), Token{Kind: Abbreviation, Say: "vân vân"})
	}
	if m := line.FindString(rest); m != "" {
		return r.took(len(m), Token{Kind: Mark, Pause: Long, Tone: '.'})
	}
	if m := lowline.FindString(rest); m != "" {
		return r.took(len(m), Token{Kind: Mark, Pause: Short, Doubt: Blank})
	}
	if m := dots.FindString(rest); m != "" {
		t := Token{Kind: Mark, Pause: Short}
		if utf8.RuneCountInString(m) > 3 || strings.Count(m, "…") > 1 {
			t.Doubt = Blank
		}
		return r.took(len(m), t)
	}
	return false
}

func startsUpper(s string) bool {
	x, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(x)
}

// slash reads "/": of a year, a part, a price for each, or between two words.
func (r *reader) slash(rest string) bool {
	if rest[0] != '/' {
		return false
	}
	prev, next := r.last(0), strings.TrimLeft(rest[1:], " ")
	t := Token{Kind: Sign}
	switch {
	case digitAt(next) && (prev.Kind == Number || prev.Kind == Date || prev.Kind == Letters):
		t.Say = "trên"
		if y := numeral.FindString(next); r.value < 1000 && len(y) == 4 && (y[:2] == "19" || y[:2] == "20") {
			t.Say = "năm"
		}
	case digitAt(next) && prev.Kind == Word && r.counted():
		t = Token{Kind: Mark, Pause: Short} // 17 hộ/62 khẩu
	case prev.Kind == Unit && physical(prev.Text):
		if u := r.unit(next, false); u != nil && physical(u.text) || slices.Contains([]string{"lít", "giờ", "giây", "phút", "mét"}, nextWord(next)) {
			return r.per(rest, next, "trên")
		}
		return r.per(rest, next, "một")
	case prev.Kind == Unit, prev.Kind == Word && r.counted():
		if u := r.unit(next, false); u != nil && strings.ContainsAny(u.text, "23²³") {
			return r.per(rest, next, "trên một") // 120 người/km²
		}
		return r.per(rest, next, "một")
	case prev.Kind == Digits:
		t = Token{Kind: Mark, Pause: Short}
	case prev.Kind == Letters && utf8.RuneCountInString(prev.Text) == 1 && mixed.MatchString(next):
		t = Token{Kind: Mark} // A/H5N1
	case strings.HasPrefix(next, "hoặc"), strings.EqualFold(prev.Text, "hoặc"), next == "", strings.ContainsRune("\n.…", rune(next[0])), prev.Kind == "", prev.Kind == Mark:
		t = Token{Kind: Mark, Pause: Short}
	case letterRun.MatchString(next) && (prev.Kind == Word || prev.Kind == Abbreviation):
		t.Say, t.Doubt = "hoặc", SlashWord
	default:
		t.Say = r.c.slash()
	}
	r.emit(1, t)
	return true
}

// per reads "/kg" and the like.
func (r *reader) per(rest, next, link string) bool {
	r.emit(1, Token{Kind: Sign, Say: link})
	r.blank()
	if u := r.unit(next, false); u != nil {
		r.emit(len(u.text), Token{Kind: Unit, Say: u.say})
	}
	return true
}

// counted reports whether the word before is what is counted: 3 lần, 5.000 đồng một người.
func (r *reader) counted() bool {
	for back := 1; back <= 4; back++ {
		switch t := r.last(back); {
		case t.Kind == Number, t.Kind == Unit, t.Kind == Sign && t.Say == "một":
			return true
		case t.Kind != Word:
			return false
		}
	}
	return false
}

// dash reads "-": to, minus, or a mark.
func (r *reader) dash(rest string) bool {
	if m := arrow.FindString(rest); m != "" {
		return r.took(len(m), Token{Kind: Sign, Say: "sang"})
	}
	x, n := utf8.DecodeRuneInString(rest)
	if !strings.ContainsRune("-–—−‑", x) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(r.text[:r.at])
	glued := r.at > 0 && !unicode.IsSpace(before) && before != '('
	next := strings.TrimLeft(rest[n:], " ")
	gluedNext := next == rest[n:]
	prev := r.last(0)
	m := numeral.FindString(next)
	warm := m != "" && (degrees.MatchString(strings.TrimLeft(next[len(m):], " ")) || strings.HasPrefix(strings.TrimLeft(next[len(m):], " "), "độ"))
	switch {
	case r.lineStart() && !(gluedNext && warm):
		r.emit(n, Token{Kind: Mark})
	case r.from(prev) && r.to(next):
		return r.between(n, prev, next)
	case gluedNext && digitAt(next) && !glued:
		r.emit(n, Token{Kind: Sign, Say: "âm"})
	case glued && gluedNext && !startsUpper(next):
		r.emit(n, Token{Kind: Mark})
	default:
		r.emit(n, Token{Kind: Mark, Pause: Short})
	}
	return true
}

// from and to report whether a range may begin before a dash, and end behind it.
func (r *reader) from(t Token) bool {
	switch t.Kind {
	case Number, Date, Clock, Unit:
		return true
	}
	return t.Kind == Abbreviation && strings.HasPrefix(t.Say, "thứ ") || t.Kind == Letters && digitAt(t.Text[len(t.Text)-1:]) && len(t.Text) < 5
}

func (r *reader) to(next string) bool {
	if r.last(0).Kind == Letters {
		return false
	}
	switch nextWord(next) {
	case "thứ", "ngày", "tháng", "cấp", "chủ", "cn":
		return true
	}
	return digitAt(next) || weekdayT.MatchString(next) || romans.MatchString(next) && r.last(0).Kind == Number && find(romans, next) != nil
}

// between reads a range; what does not rise is none.
func (r *reader) between(n int, prev Token, next string) bool {
	t := Token{Kind: Sign, Say: "đến"}
	m := numeral.FindString(next)
	if prev.Kind == Number && m != "" && find(dayMonth, next) == nil && find(hourOnly, next) == nil && find(hourMinute, next) == nil {
		if value(m) <= r.value && !r.fromMinus() || r.routed() {
			t = Token{Kind: Mark, Pause: Short}
			if !r.scored() && !r.routed() {
				t.Doubt = Series
			}
		}
	}
	r.emit(n, t)
	return true
}

// fromMinus reports whether the number before is below zero, and scored whether goals
// are counted.
func (r *reader) fromMinus() bool { return r.last(1).Say == "âm" }

func (r *reader) scored() bool {
	s := r.before()
	return strings.Contains(s, "tỷ số") || strings.Contains(s, "tỉ số")
}

// routed reports whether the number before is that of a route: tuyến 61-70.
func (r *reader) routed() bool {
	s := strings.TrimRight(r.before(), "0123456789")
	return endsIn(strings.TrimSpace(s), "tuyến") || endsIn(strings.TrimSpace(s), "xe số")
}

// stop reads what ends a sentence or parts of it.
func (r *reader) stop(rest string) bool {
	x, n := utf8.DecodeRuneInString(rest)
	t := Token{Kind: Mark}
	switch x {
	case '.', '?', '!':
		t.Pause, t.Tone = Long, byte(x)
		if next, _ := utf8.DecodeRuneInString(rest[n:]); x == '.' && (unicode.IsLower(next) || r.initial(rest[n:]) || strings.ContainsRune(",;:", next)) {
			t.Pause, t.Tone = Short, 0 // no sentence begins so
		}
	case ',', ';', ':', '(', ')', '[', ']', '{', '}', '|', '¦':
		t.Pause = Short
		if digitAt(rest[n:]) && x == ':' && r.last(0).Kind == Number && r.at > 0 && digitAt(r.text[r.at-1:]) {
			t = Token{Kind: Sign, Say: "trên"} // 1:500
		}
	default:
		return false
	}
	r.emit(n, t)
	return true
}

// times reads the x between two measures: 3x4m.
func (r *reader) times(rest string) bool {
	if !multiplied.MatchString(rest) || r.last(0).Kind != Number && r.last(0).Kind != Unit {
		return false
	}
	r.emit(1, Token{Kind: Sign, Say: "nhân"})
	return true
}

// initial reports whether the point belongs to a letter that stands for a name: "ông B.
// khiếu nại".
func (r *reader) initial(after string) bool {
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, " "))
	t := r.last(0)
	return t.Kind == Letters && utf8.RuneCountInString(t.Text) == 1 && unicode.IsLower(next)
}

// sign reads symbols, and takes the marks that nobody speaks.
func (r *reader) sign(rest string) bool {
	if m := degrees.FindStringSubmatch(rest); m != nil && apart(rest[len(m[0]):]) {
		say := "độ xê"
		if strings.EqualFold(m[1], "f") {
			say = "độ ép"
		}
		return r.took(len(m[0]), Token{Kind: Unit, Say: say})
	}
	x, n := utf8.DecodeRuneInString(rest)
	if n < len(rest) && strings.HasPrefix(rest[n:], "\uFE0F") {
		n += len("\uFE0F") // as a picture
	}
	switch say, ok := signs[x]; {
	case x == '*' && (r.lineStart() || !digitAt(rest[1:]) && (r.at == 0 || !digitAt(r.text[r.at-1:]))):
		r.emit(n, Token{Kind: Mark}) // a bullet, or stress
	case x == '+' && r.lineStart() && !digitAt(rest[1:]):
		r.emit(n, Token{Kind: Mark})
	case x == '~' && !digitAt(strings.TrimLeft(rest[1:], " ")):
		r.emit(n, Token{Kind: Mark, Pause: Short})
	case ok:
		kind := Sign
		if x == '%' || x == '‰' {
			kind = Unit
		}
		if x == '‰' {
			say = "phần " + r.c.thousand()
		}
		r.emit(n, Token{Kind: kind, Say: say})
	case strings.ContainsRune(silent, x):
		t := Token{Kind: Mark}
		if strings.ContainsRune("•●▪■◆", x) && !r.lineStart() {
			t.Pause = Short
		}
		r.emit(n, t)
	case unicode.In(x, unicode.So, unicode.Sk, unicode.Cf, unicode.Variation_Selector) || unicode.IsMark(x):
		r.emit(n, Token{Kind: Mark, Doubt: Ornament})
	default:
		return false
	}
	return true
}
