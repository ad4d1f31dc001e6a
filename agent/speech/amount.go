package speech

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	numeral = regexp.MustCompile(`^\d+(?:[.,]\d+)*`)
	spaced  = regexp.MustCompile(`^[1-9]\d{0,2}(?:[ \x{00A0}]\d{3})+`)
	formula = regexp.MustCompile(`^\d{1,3}(?:-\d{1,3}){2,}`)
	height  = regexp.MustCompile(`^(\d{1,2})m(\d{1,2})`)
	houseNo = regexp.MustCompile(`^\d+[A-Za-z]?\d?(?:/\d+[A-Za-z]?\d?)+`)
)

// number reads a quantity, and the unit that is written to it.
func (r *reader) number(rest string) bool {
	if m := find(formula, rest); m != nil {
		words := strings.Split(m[0], "-")
		for i, w := range words {
			words[i] = r.c.plain(w)
		}
		return r.took(len(m[0]), Token{Kind: Number, Say: strings.Join(words, ", ")}) // NPK 20-20-15
	}
	if m := find(height, rest); m != nil {
		return r.took(len(m[0]), Token{Kind: Number, Say: r.c.plain(m[1]) + " mét " + r.c.plain(m[2])})
	}
	s, n := numeral.FindString(rest), 0
	if m := spaced.FindString(rest); m != "" && len(m) > len(s) && !digitAt(rest[len(m):]) && r.isMoney(rest[len(m):], m) {
		s, n = strings.ReplaceAll(m, " ", "."), len(m)
	}
	if s == "" {
		return false
	}
	if n == 0 {
		n = len(s)
	}
	if !apart(rest[n:]) && r.unit(rest[n:], true) == nil && !multiplied.MatchString(rest[n:]) {
		return false // letters go on: a code
	}
	series := r.series
	switch {
	case r.follows([]string{"thứ"}):
		series = "thứ"
	case r.follows([]string{"tháng"}):
		series = "tháng"
	case !r.goesOn() || !endsSeries(rest[n:]) && !(value(s) == r.value+1 && (r.listed > 1 || r.last(0).Text == "và")):
		series = ""
	}
	say, doubt := r.c.figure(s)
	if series != "" && len(strings.TrimLeft(s, "0")) <= 2 {
		say = r.ordinal(s, series)
	} else {
		series = ""
	}
	r.listed++
	if series != r.series || !r.goesOn() {
		r.listed = 1
	}
	r.value, r.series = value(s), series
	r.emit(n, Token{Kind: Number, Say: say, Doubt: doubt})
	if u := r.unit(r.text[r.at:], false); u != nil {
		if u.blank {
			r.blank()
		}
		r.emit(len(u.text), Token{Kind: Unit, Say: u.say})
	}
	return true
}

// value is a numeral's, to compare it with another.
func value(s string) float64 {
	if grouped.MatchString(s) {
		s = strings.ReplaceAll(s, ".", "")
	}
	v, _ := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64) // 0 is as good as any for what is none
	return v
}

// isMoney reports whether groups divided by spaces are one number: a sum, or three
// groups and more.
func (r *reader) isMoney(after, s string) bool {
	u := r.unit(after, false)
	return u != nil || nextWord(after) == "đồng" || strings.Count(s, " ") > 1
}

// ordinal says a number behind "thứ" or "tháng". In a list the word is said again:
// thứ 2, 4 is thứ hai, thứ tư.
func (r *reader) ordinal(s, series string) string {
	say := r.c.plain(s)
	switch strings.TrimLeft(s, "0") {
	case "4":
		say = "tư"
	case "1":
		if series == "thứ" {
			say = "nhất"
		}
	}
	if !r.follows([]string{series}) {
		say = series + " " + say
	}
	return say
}

// endsSeries reports whether a list of weekdays or months may go on with the figure
// before s: no noun follows that it would count.
func endsSeries(s string) bool {
	switch nextWord(s) {
	case "", "và", "hàng", "hằng", "năm", "tới", "này", "mỗi", "tuần", "từ", "lúc", "vào", "hoặc":
		return true
	}
	return false
}

// A measure is a unit that stands behind a number.
type measure struct {
	text, say string
	blank     bool // a space stands before it
}

// unit is the unit at the beginning of s, or nil. glued: only what may be written
// without a space.
func (r *reader) unit(s string, glued bool) *measure {
	bare := strings.TrimLeft(s, " ")
	blank := len(bare) < len(s)
	if glued && blank {
		return nil
	}
	best := ""
	for u := range units {
		if len(u) > len(best) && strings.HasPrefix(bare, u) && apart(bare[len(u):]) {
			best = u
		}
	}
	if best == "" || blank && gluedOnly[best] {
		return nil
	}
	say := units[best]
	if best == "k" || best == "K" {
		say = r.c.thousand()
	}
	return &measure{best, say, blank}
}

// house reads the numbers of houses: 12/3A.
func (r *reader) house(rest string) bool {
	m := find(houseNo, rest)
	if m == nil || strings.Contains(rest[len(m[0]):min(len(rest), len(m[0])+2)], "/") {
		return false
	}
	named := r.follows([]string{"số nhà", "nhà số", "hẻm", "ngõ", "ngách", "kiệt", "căn hộ", "địa chỉ"})
	if !named && !(r.follows([]string{"số", "nhà", "tại", "đường"}) && inStreet(rest[len(m[0]):])) {
		return false
	}
	var words []string
	for _, part := range strings.Split(m[0], "/") {
		words = append(words, r.c.spellCode(part))
	}
	return r.took(len(m[0]), Token{Kind: Number, Say: strings.Join(words, " "+r.c.slash()+" ")})
}

// inStreet reports whether what follows is where the house stands.
func inStreet(s string) bool {
	switch nextWord(strings.TrimLeft(s, ", ")) {
	case "đường", "phố", "tổ", "ấp", "khu", "thôn", "hẻm", "ngõ", "quốc", "ql", "kp":
		return true
	}
	return false
}
