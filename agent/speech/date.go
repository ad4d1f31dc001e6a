package speech

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	dayMonthYear = regexp.MustCompile(`^(\d{1,2})\s?([/.-])\s?(\d{1,2})\s?([/.-])\s?(\d{4}|\d{2})`)
	yearMonthDay = regexp.MustCompile(`^((?:19|20)\d{2})-(\d{2})-(\d{2})`)
	monthYear    = regexp.MustCompile(`^(\d{1,2})\s?([/-])\s?((?:19|20)\d{2})`)
	dayMonth     = regexp.MustCompile(`^(\d{1,2})\s?([/.-])\s?(\d{1,2})`)
	tMonthYear   = regexp.MustCompile(`^T(\d{1,2})/((?:19|20)\d{2})`)
)

// Words that say what a/b behind them is.
var (
	// parts of a day, and what days are called: no "ngày" is said between.
	dayNames = strings.Split("ngày mùng mồng sáng trưa chiều tối đêm khuya hôm nay mai", " ")
	weekdays = []string{"thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật", "thứ 2", "thứ 3", "thứ 4", "thứ 5", "thứ 6", "thứ 7", "cn"}
	// between two days
	dayLinks = strings.Split("từ đến tới trước sau hết và hay hoặc vào", " ")
	// what holidays follow, besides their names
	holidays = strings.Split("1/1 3/2 27/2 8/3 26/3 30/4 1/5 7/5 15/5 19/5 1/6 5/6 21/6 28/6 27/7 19/8 2/9 10/10 20/10 9/11 20/11 22/12 24/12 25/12", " ")
	// shares of something
	shareBefore = []string{"hơn", "gần", "khoảng", "quá", "ít nhất", "tối thiểu", "trên", "dưới", "được", "đạt", "bằng", "giảm", "tăng", "chiếm", "còn", "có", "đã"}
	shareAfter  = strings.Split("số tổng dân diện hộ thành đại cử phiếu lượng quân chặng chiều quãng giá suất mức thời hành gian phòng trường lớp nhà cơ mẫu công ngày tháng giờ lít mũi cốc thìa viên muỗng khẩu chỉ tiêu tiêu hội ủy đảng học thôn ấp khu xã quân cổ kinh", " ")
	// where figures are not days
	houses  = []string{"số nhà", "nhà số", "nhà", "hẻm", "ngõ", "ngách", "kiệt", "số", "địa chỉ", "căn hộ", "lô", "thửa"}
	streets = []string{"đường", "phố", "đại lộ", "công viên", "quảng trường"}
	ratios  = []string{"tỷ lệ", "tỉ lệ", "tỷ số", "tỉ số", "bản đồ"}
	// 1/2026 of what is counted within a year
	turns = []string{"quý", "kỳ", "đợt", "lần", "khóa", "khoá", "học kỳ", "vòng", "số"}
)

// date reads days and months: 27/11/2026, 27-11, 11/2026, 2026-11-27.
func (r *reader) date(rest string) bool {
	if m := find(tMonthYear, rest); m != nil && month(m[1]) {
		return r.took(len(m[0]), Token{Kind: Date, Say: "tháng " + r.c.monthName(m[1]) + " năm " + r.c.plain(m[2])})
	}
	if !digitAt(rest) || r.follows(ratios) {
		return false
	}
	if m := find(yearMonthDay, rest); m != nil && day(m[3], m[2]) {
		return r.took(len(m[0]), Token{Kind: Date, Say: r.dayWord(false) + r.c.dayName(m[3], m[2]) + " năm " + r.c.plain(m[1])})
	}
	if m := find(dayMonthYear, rest); m != nil && m[2] == m[4] && day(m[1], m[3]) && (len(m[5]) == 4 || m[2] == "/") && !r.follows(houses) && !more(rest[len(m[0]):]) {
		t := Token{Kind: Date, Say: r.dayWord(false) + r.c.dayName(m[1], m[3]) + " năm " + r.c.plain(m[5])}
		if len(m[5]) == 2 {
			t.Doubt = DayOrShare
		}
		return r.took(len(m[0]), t)
	}
	if m := find(monthYear, rest); m != nil && month(m[1]) && !r.follows(turns) && (m[2] == "/" || r.follows([]string{"tháng"})) && !more(rest[len(m[0]):]) {
		say := r.c.monthName(m[1]) + " năm " + r.c.plain(m[3])
		if !r.follows([]string{"tháng"}) {
			say = "tháng " + say
		}
		return r.took(len(m[0]), Token{Kind: Date, Say: say})
	}
	m := find(dayMonth, rest)
	if m == nil || more(rest[len(m[0]):]) {
		return false
	}
	return r.dayOrShare(m, rest[len(m[0]):])
}

// dayOrShare reads a/b: a day, or a part of something.
func (r *reader) dayOrShare(m []string, rest string) bool {
	key := strings.TrimLeft(m[1], "0") + "/" + strings.TrimLeft(m[3], "0")
	holiday := slices.Contains(holidays, key)
	after := nextWord(rest)
	valid := day(m[1], m[3])
	asDay := r.follows(dayNames) || r.follows(weekdays) || r.last(0).Kind == Clock || after == "âm" || after == "dương" || after == "hằng" || after == "hàng" || strings.HasPrefix(strings.TrimSpace(rest), "ÂL")
	if m[2] != "/" {
		// 27-11 and 27.11 are days only where a day is expected; 1.5 and 10-15 are more often not.
		first, _ := strconv.Atoi(m[1])
		second, _ := strconv.Atoi(m[3])
		if !valid || !(asDay && r.last(0).Kind != Clock) || m[2] == "." && len(m[3]) < 2 || rangeAfter(after) {
			return false
		}
		t := Token{Kind: Date, Say: r.c.dayName(m[1], m[3])}
		if first < second && m[2] == "-" {
			t.Doubt = DayOrShare // it could be from the 10th to the 11th
		}
		return r.took(len(m[0]), t)
	}
	share := slices.Contains(shareAfter, after) || r.follows(shareBefore)
	switch {
	case r.follows(houses), key == "24/7" && !asDay:
		return false
	case r.follows(streets) && !holiday, m[1] == m[3] && !asDay && after != "":
		return false
	case valid && (asDay || r.follows(dayLinks) || r.last(0).Say == "đến"):
		return r.took(len(m[0]), Token{Kind: Date, Say: r.dayWord(false) + r.c.dayName(m[1], m[3])})
	case valid && holiday && !slices.Contains(shareAfter, after):
		return r.took(len(m[0]), Token{Kind: Date, Say: r.dayWord(true) + r.c.dayName(m[1], m[3])})
	case valid && !share:
		t := Token{Kind: Date, Say: r.dayWord(false) + r.c.dayName(m[1], m[3])}
		first, _ := strconv.Atoi(m[1])
		second, _ := strconv.Atoi(m[3])
		if first <= second && m[1][0] != '0' && m[3][0] != '0' {
			t.Doubt = DayOrShare
		}
		return r.took(len(m[0]), t)
	case share && m[1] < m[3] && len(m[3]) == 1 || m[1] == "1" && len(m[3]) <= 2 && share:
		return r.took(len(m[0]), Token{Kind: Number, Say: r.c.plain(m[1]) + " phần " + r.c.part(m[3])})
	}
	return false // the rule for slashes says "trên"
}

// rangeAfter reports whether what is counted follows: ngày 10-15 ngày is none, 10-15 ngày is.
func rangeAfter(word string) bool {
	return slices.Contains([]string{"ngày", "giờ", "phút", "tháng", "năm", "người", "hộ", "lần"}, word)
}

// more reports whether a figure goes on behind what looked like a date.
func more(s string) bool {
	if to := strings.TrimPrefix(s, "-"); to != s && dayMonth.MatchString(to) {
		return false // 30/4-1/5
	}
	return len(s) > 1 && strings.ContainsRune("/-.:,", rune(s[0])) && digitAt(s[1:]) || strings.HasPrefix(s, "/") || strings.HasPrefix(strings.TrimLeft(s, " "), "%")
}

// took is emit for a rule that has found what it looked for.
func (r *reader) took(n int, t Token) bool {
	r.emit(n, t)
	if t.Kind == Number {
		r.series = ""
	}
	return true
}

// dayWord is the "ngày " that is said before a day where it is not written.
func (r *reader) dayWord(holiday bool) string {
	switch {
	case r.last(0).Say == "đến" && r.last(0).Kind == Sign:
		if strings.HasPrefix(r.last(1).Say, "ngày ") {
			return "ngày "
		}
		return "" // 27-29/11
	case r.goesOn():
		return ""
	case r.follows(dayLinks), r.last(0).Kind == Clock:
		return "ngày "
	case holiday, r.follows(dayNames):
		return ""
	}
	return "ngày "
}

func (c Choices) dayName(d, m string) string { return c.plain(d) + " tháng " + c.monthName(m) }

// monthName is the number of a month: the fourth is tháng tư everywhere.
func (c Choices) monthName(m string) string {
	if strings.TrimLeft(m, "0") == "4" {
		return "tư"
	}
	return c.plain(m)
}

// part is the lower number of a fraction.
func (c Choices) part(s string) string {
	if s == "4" {
		return "tư"
	}
	return c.plain(s)
}

func month(m string) bool {
	n, err := strconv.Atoi(m)
	return err == nil && n >= 1 && n <= 12
}

func day(d, m string) bool {
	n, err := strconv.Atoi(d)
	if err != nil || !month(m) || n < 1 {
		return false
	}
	mm, _ := strconv.Atoi(m)
	return n <= [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[mm-1]
}
