package speech

import (
	"regexp"
	"slices"
	"strings"
)

var (
	subscriber = regexp.MustCompile(`^(?:\(?\+84\)?[ .-]?\d{1,4}|\(0\d{2,3}\)|0[1-9]\d{1,3})(?:[ .-]?\d{1,4}){1,4}`)
	service    = regexp.MustCompile(`^1[89]00[ .-]?\d{2,4}(?:[ .-]?\d{2,4})?`)
	shortCode  = regexp.MustCompile(`^(?:\d{3,6})`)
	longRun    = regexp.MustCompile(`^\d{5,}`)
	plates     = regexp.MustCompile(`^(\d{2}[A-ZĐ]{1,2}\d?)(\s?[-–]\s?|\s)(\d{3}\.?\d{2}|\d{4})`)
)

// Words before a number that one dials, and before one that names something.
var (
	callWords = []string{
		"gọi", "gọi số", "gọi ngay", "gọi đến", "gọi tới", "gọi cho", "gọi điện", "tổng đài", "hotline", "đường dây nóng", "điện thoại",
		"điện thoại số", "số điện thoại", "đt", "sđt", "đtdđ", "số máy", "đầu số", "bấm", "bấm số", "nhấn", "nhấn số", "cấp cứu", "cứu hỏa", "cứu hoả", "chữa cháy", "cứu nạn", "cảnh sát",
		"zalo", "fax", "số khẩn cấp", "liên hệ số", "liên hệ", "tin nhắn", "gửi", "soạn tin", "số nóng", "máy bàn", "tổng đài số",
	}
	nameWords = []string{
		"cccd", "cmnd", "căn cước", "cước công dân", "tài khoản", "số tài khoản", "stk", "mã", "mã số", "số thẻ", "thẻ", "hồ sơ", "mã hồ sơ", "mã bưu chính", "bưu chính",
		"mã định danh", "định danh", "mã đơn", "mã số thuế", "mst", "số bhxh", "mã khách hàng", "mã pe", "cccd số", "khách hàng", "số hiệu", "số seri", "seri", "mật khẩu", "mã otp", "otp",
	}
	services = strings.Split("111 112 113 114 115 1022 1080 1081", " ")
)

// phone reads what is dialled, and what names a person or a thing, digit by digit.
func (r *reader) phone(rest string) bool {
	if !digitAt(rest) && !strings.HasPrefix(rest, "+84") && !strings.HasPrefix(rest, "(") {
		return false
	}
	if m := find(subscriber, rest); m != nil {
		if n := countDigits(m[0]); n >= 9 && n <= 12 {
			return r.took(len(m[0]), Token{Kind: Digits, Say: dialled(m[0])})
		}
	}
	if m := find(service, rest); m != nil && (len(m[0]) > 6 && countDigits(m[0]) >= 8 || r.follows(callWords)) {
		return r.took(len(m[0]), Token{Kind: Digits, Say: dialled(m[0])})
	}
	if m := find(longRun, rest); m != nil && !more(rest[len(m[0]):]) && (len(m[0]) >= 9 || r.follows(nameWords) || r.follows(callWords)) {
		return r.took(len(m[0]), Token{Kind: Digits, Say: dialled(m[0])})
	}
	m := find(shortCode, rest)
	if m == nil || more(rest[len(m[0]):]) {
		return false
	}
	number := slices.Contains(services, m[0])
	after := strings.TrimLeft(rest[len(m[0]):], " ")
	switch {
	case r.follows(callWords), r.follows(nameWords), r.goesOn() && r.last(1).Kind == Digits && (number || len(m[0]) >= 5):
	case number && r.called(after), r.at > 0 && r.text[r.at-1] == '*':
	case number && r.follows([]string{"số", "qua", "đài", "tới", "đến"}) && apart(after):
	default:
		return false
	}
	return r.took(len(m[0]), Token{Kind: Digits, Say: dialled(m[0])})
}

// called reports whether the sentence speaks of calling, and nothing is counted behind.
func (r *reader) called(after string) bool {
	if slices.Contains([]string{"hộ", "người", "nhà", "đồng", "triệu", "tấn", "con", "ca", "em", "cháu", "suất", "căn", "cuộc", "lần", "cụ", "phần", "đại", "cây", "lượt", "m", "km", "ha"}, nextWord(after)) {
		return false
	}
	s := r.before()
	return slices.ContainsFunc([]string{"gọi", "tổng đài", "đường dây nóng", "hotline", "điện thoại"}, func(w string) bool { return strings.Contains(s, w) })
}

// plate reads what stands on a vehicle.
func (r *reader) plate(rest string) bool {
	m := find(plates, rest)
	if m == nil {
		return false
	}
	return r.took(len(m[0]), Token{Kind: Digits, Say: r.c.spellCode(m[1]) + ", " + oneByOne(m[3])})
}

// goesOn reports whether a list goes on here, or a pair: behind a comma, a dash or "và".
func (r *reader) goesOn() bool {
	t := r.last(0)
	switch strings.ToLower(strings.TrimSpace(t.Text)) {
	case ",", ";", "/", "-", "–", "và", "hoặc", "hay":
		k := r.last(1).Kind
		return k == Digits || k == Number || k == Date
	}
	return false
}

// dialled says digits in groups that can be remembered, as they are written, or as
// numbers of that length usually are.
func dialled(s string) string {
	plus := ""
	if strings.Contains(s, "+") {
		plus = "cộng "
	}
	groups := strings.FieldsFunc(s, func(x rune) bool { return x < '0' || x > '9' })
	if len(groups) == 1 {
		groups = usual(groups[0])
	}
	for i, g := range groups {
		groups[i] = oneByOne(g)
	}
	return plus + strings.Join(groups, ", ")
}

// usual divides the digits of a number that was written in one piece.
func usual(s string) (groups []string) {
	take := func(n int) { groups, s = append(groups, s[:n]), s[n:] }
	switch {
	case len(s) == 11 && (strings.HasPrefix(s, "024") || strings.HasPrefix(s, "028")):
		take(3)
	case len(s) == 11 && s[0] == '0':
		take(4)
		take(3)
	}
	for len(s) > 4 { // threes, and as many fours in front as it takes
		take(3 + min(1, len(s)%3))
	}
	return append(groups, s)
}

func countDigits(s string) (n int) {
	for i := range len(s) {
		if digitAt(s[i:]) {
			n++
		}
	}
	return n
}
