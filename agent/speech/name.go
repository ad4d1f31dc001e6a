package speech

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"loa/agent/viet"
)

var (
	roads      = regexp.MustCompile(`^(QL|TL|ĐT|DT|HL|ĐH|ĐX|CT|ĐL|KP|Km|KM|km)[.\s-]?\s?(\d{1,4})([A-Z]?)`)
	titles     = regexp.MustCompile(`^(\pL(?:/c|\pL{0,4}))\.\s?`)
	roomNo     = regexp.MustCompile(`^P\.\s?\d{3}`)
	romans     = regexp.MustCompile(`^[IVXLCDM]+`)
	canonical  = regexp.MustCompile(`^M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})$`)
	mixed      = regexp.MustCompile(`^(?:\pL+\d[\pL\d]*|\d+[\pL][\pL\d]*)(?:[.-](?:\pL{0,3}\d[\pL\d]*))*`)
	letterRun  = regexp.MustCompile(`^\pL[\pL\pM]*`)
	longName   = regexp.MustCompile(`^\pL+(?:[.&/-]\s?\pL+)*`)
	weekdayT   = regexp.MustCompile(`^T([2-7])`)
	inBrackets = regexp.MustCompile(`^\(([^()\n]{2,16})\)`)
)

// road reads the names of roads and quarters: QL1A, ĐT.741, KP3.
func (r *reader) road(rest string) bool {
	m := find(roads, rest)
	if m == nil || len(m[2]) > 2 && m[2][0] == '0' { // ĐT 0908…: a telephone
		return false
	}
	name := roadNames[m[1]]
	if r.follows([]string{name}) {
		name = ""
	}
	say := strings.TrimSpace(name + " " + r.c.codeFigure(m[2]))
	if m[3] != "" {
		say += " " + letterName(rune(m[3][0]))
	}
	if first, rest, _ := strings.Cut(say, " "); name != "" && r.follows([]string{first}) {
		say = rest // đường ĐT.741
	}
	return r.took(len(m[0]), Token{Kind: Abbreviation, Say: say})
}

// titled reads abbreviations with a point behind them that stand before a name or a
// figure: TP. Thủ Dầu Một, P.5, BS. Lan.
func (r *reader) titled(rest string) bool {
	m := titles.FindStringSubmatch(rest)
	if m == nil {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[len(m[0]):])
	t, ok := dotted[m[1]]
	if m[1] == "P" && roomNo.MatchString(rest) {
		if t = "phòng"; r.follows([]string{"biển", "biển báo", "biển số"}) {
			t = letterName('p')
		}
	}
	if !ok || !unicode.IsUpper(next) && !unicode.IsDigit(next) {
		return false
	}
	n := len(strings.TrimRight(m[0], " "))
	tok := Token{Kind: Abbreviation, Say: t}
	if utf8.RuneCountInString(m[1]) == 1 && !unicode.IsDigit(next) && m[1] != "P" && m[1] != "Q" {
		tok.Doubt = Ambiguous // it may be somebody's initial
	}
	return r.took(n, tok)
}

// known reads what stands in the table of abbreviations, the longest first.
func (r *reader) known(rest string) bool {
	run := longName.FindString(rest)
	for run != "" {
		a, ok := abbreviations[run]
		if run == "CP" && r.follows([]string{"cty", "công ty"}) {
			a = "cổ phần"
		}
		if ok && apart(rest[len(run):]) && !r.isWord(run, rest) {
			doubt := Sure
			if slices.Contains(ambiguous, run) {
				doubt = Ambiguous
			}
			return r.took(len(run), Token{Kind: Abbreviation, Say: a, Doubt: doubt})
		}
		cut := strings.LastIndexAny(run, ".&/-")
		if cut < 0 {
			break
		}
		run = run[:cut]
	}
	return false
}

// isWord reports whether an abbreviation is a word here: CA in a line of capitals.
func (r *reader) isWord(run, rest string) bool {
	return viet.Syllable(run) && r.shouting(rest[len(run):])
}

// shouting reports whether the words around are in capitals.
func (r *reader) shouting(after string) bool {
	before := letterRun.FindString(strings.TrimLeft(after, " "))
	if capitals(before) && viet.Syllable(before) {
		return true
	}
	t := r.last(0)
	return t.Kind == Word && capitals(t.Text)
}

// capitals reports whether s has two letters or more, all of them capitals.
func capitals(s string) bool {
	return utf8.RuneCountInString(s) >= 2 && strings.ToUpper(s) == s && strings.ToLower(s) != s
}

// Words that a Roman numeral follows.
var romanAfter = strings.Split("chương phần mục quý khóa khoá kỷ kỉ thứ kỳ đợt hạng cấp nhóm vùng khu loại lục tập quyển đoạn hội bậc họp bảng phụ chiến giai lần", " ")

// roman reads Roman numerals where there is reason to see one.
func (r *reader) roman(rest string) bool {
	m := find(romans, rest)
	if m == nil || !canonical.MatchString(m[0]) {
		return false
	}
	s := m[0]
	after := rest[len(s):]
	expected := r.follows(romanAfter) && !(viet.Syllable(s) && r.shouting(after))
	heading := r.lineStart() && after != "" && strings.ContainsRune(".)-:/", rune(after[0]))
	small := strings.Trim(s, "IVX") == ""
	switch {
	case len(s) == 1 && !small: // C, D, L, M are letters
		return false
	case expected, heading && small:
	case len(s) > 1 && small && !viet.Syllable(s):
	default:
		return false
	}
	n := romanValue(s)
	say := r.c.cardinal(uint64(n))
	if r.follows([]string{"thứ"}) {
		switch n {
		case 1:
			say = "nhất"
		case 4:
			say = "tư"
		}
	}
	r.value = float64(n)
	return r.took(len(s), Token{Kind: Number, Say: say})
}

func romanValue(s string) (n int) {
	value := map[byte]int{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100, 'D': 500, 'M': 1000}
	for i := range len(s) {
		v := value[s[i]]
		if i+1 < len(s) && v < value[s[i+1]] {
			v = -v
		}
		n += v
	}
	return n
}

// code reads letters and figures that are written together: H5N1, lô B12, 9A.
func (r *reader) code(rest string) bool {
	if m := find(weekdayT, rest); m != nil && r.weekday(rest[len(m[0]):]) {
		r.took(len(m[0]), Token{Kind: Abbreviation, Say: "thứ " + map[string]string{"4": "tư"}[m[1]] + strings.TrimPrefix(r.c.plain(m[1]), "bốn"), Doubt: Ambiguous})
		return true
	}
	m := mixed.FindString(rest)
	if m == "" || !apart(rest[len(m):]) {
		return false
	}
	t := Token{Kind: Letters, Say: r.codeWords(m)}
	if utf8.RuneCountInString(m) > 5 {
		t.Doubt = Code
	}
	return r.took(len(m), t)
}

// weekday reports whether T2 is a day here, and no canal.
func (r *reader) weekday(after string) bool {
	t := r.last(1)
	listed := t.Kind == Abbreviation && strings.HasPrefix(t.Say, "thứ ")
	return listed || r.follows(dayNames) || r.follows([]string{"các", "vào", "từ", "đến"}) || len(after) > 1 && weekdayT.MatchString(strings.TrimLeft(after, " -–,"))
}

// codeWords is spellCode where the letters may be a word: Covid19.
func (r *reader) codeWords(m string) string {
	var words []string
	for m != "" {
		switch w := letterRun.FindString(m); {
		case w != "" && loans[strings.ToLower(w)] != "":
			words, m = append(words, loans[strings.ToLower(w)]), m[len(w):]
		case w != "" && utf8.RuneCountInString(w) > 3 && viet.Syllable(w):
			words, m = append(words, strings.ToLower(w)), m[len(w):]
		case w != "":
			words, m = append(words, spell(w)), m[len(w):]
		case m[0] == '.':
			words, m = append(words, "chấm"), m[1:]
		case m[0] == '-':
			words, m = append(words, "gạch"), m[1:]
		default:
			n := len(m) - len(strings.TrimLeft(m, "0123456789"))
			if n == 0 {
				return strings.Join(words, " ")
			}
			words, m = append(words, r.c.codeFigure(m[:n])), m[n:]
		}
	}
	return strings.Join(words, " ")
}

// repeated passes over an abbreviation in brackets behind what it stands for: "Ủy ban
// nhân dân (UBND)".
func (r *reader) repeated(rest string) bool {
	m := inBrackets.FindStringSubmatch(rest)
	if m == nil || abbreviations[m[1]] == "" {
		return false
	}
	var said []string
	for _, t := range r.out[max(0, len(r.out)-40):] {
		if t.Say != "" {
			said = append(said, t.Say)
		}
	}
	if !endsIn(strings.ToLower(strings.Join(said, " ")), strings.ToLower(abbreviations[m[1]])) {
		return false
	}
	return r.took(len(m[0]), Token{Kind: Repeated, Pause: Short})
}
