package layout

import (
	"strings"
	"unicode"
)

// A bond is how firmly a word holds to the one before it. Lines break at bonds only
// where what they hold together is wider than a line, and pages only where it does not
// fit on one.
type bond int

// The bonds, from the first that breaks to the last.
const (
	loose  bond = iota // any two words
	weak               // giờ|30, 2|tháng 9, 0274|3|123|456
	strong             // 30|phút, ngày|2
)

func setOf(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}

var (
	units = setOf(`giờ phút giây ngày đêm tuần tháng quý năm tuổi trăm nghìn ngàn triệu tỷ tỉ đồng đ vnđ vnd usd
		mm cm dm m km mét m2 m² m3 m³ ha g kg lạng yến tạ tấn ml l lít v kv w kw kwh % độ ° °c km/h m/s h
		người hộ khẩu suất liều lần`)
	calendar  = setOf("thứ mùng mồng ngày tháng quý năm") // and a number make a date
	before    = setOf("lúc giờ số")                       // stand before a number
	thousands = setOf("trăm nghìn ngàn triệu tỷ tỉ")      // stand before a unit
)

// bind finds what a reader of Vietnamese reads as one: times, dates, quantities and
// telephone numbers.
func bind(line []word) {
	at := func(i int) string {
		if i < 0 || i >= len(line) {
			return ""
		}
		return strings.ToLower(line[i].String())
	}
	for i := 1; i < len(line); i++ {
		a := strings.TrimLeft(at(i-1), `("“'‘[`)
		b, after := closed(at(i)), closed(at(i+1))
		switch {
		case calendar[a] && numeral(b):
			line[i].bond = strong
		case count(a) && calendar[b] && numeral(after):
			if at(i-2) != "giờ" { // 7 giờ 30 | ngày 2
				line[i].bond = weak
			}
		case count(a) && units[b]:
			line[i].bond = strong
		case before[a] && numeral(b), thousands[a] && units[b], a == "độ" && b == "c", group(a) && group(b):
			line[i].bond = weak
		}
	}
}

// closed is a word without what ends a sentence or a bracket.
func closed(word string) string { return strings.TrimRight(word, `.,;:!?…)"”'’]`) }

// numeral reports a number of any kind: 30, 02/9, 19:30, 7h30.
func numeral(s string) bool {
	s = strings.TrimLeft(s, "+-−±~")
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

// count reports a number of something: 30, 2,5, 1.500.000, 20-25.
func count(s string) bool {
	return numeral(s) && unicode.IsDigit(rune(s[len(s)-1])) && !strings.ContainsAny(s, ":/h")
}

// group reports a part of a number that spaces divide: (0274), 123.
func group(s string) bool {
	if in, ok := strings.CutPrefix(strings.TrimSuffix(s, ")"), "+"); ok {
		s = in
	}
	s = strings.Trim(s, "()")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// chain is the words that hold to the first at all.
func chain(words []setWord) []setWord {
	n := 1
	for n < len(words) && words[n].bond > loose {
		n++
	}
	return words[:n]
}

// breaks is at how many places a chain breaks that begins behind so much of a line.
func breaks(c []setWord, space, width, used int) (n int) {
	for len(c) > 0 {
		held := together(c, space, width)
		if used > 0 && used+space+held.width > width {
			n, used = n+1, 0
		}
		if used > 0 {
			used += space
		}
		used += held.width
		c = c[len(held.words):]
	}
	return n
}

// together is the words that stay on one line with the first: as many as hold to it,
// and fewer where these are too many for a line or a page.
func together(words []setWord, space, width int) row {
	for hold := weak; hold <= strong; hold++ {
		var r row
		r.add(words[0], space)
		for _, w := range words[1:] {
			if w.bond < hold || r.width > width {
				break
			}
			r.add(w, space)
		}
		if r.width <= width && r.weight() <= maxWords {
			return r
		}
	}
	var one row
	one.add(words[0], space)
	return one
}
