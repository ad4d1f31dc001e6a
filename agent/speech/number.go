package speech

import (
	"regexp"
	"strconv"
	"strings"
)

var ones = [...]string{"không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"}

// cardinal says a whole number below 10^18.
func (c Choices) cardinal(n uint64) string {
	if n == 0 {
		return ones[0]
	}
	return strings.Join(c.whole(n, false), " ")
}

const billion = 1_000_000_000

// whole says n; led, what stands before it has a place value, so that hundreds are said
// even if there are none.
func (c Choices) whole(n uint64, led bool) (words []string) {
	if n >= billion {
		words = append(c.whole(n/billion, led), "tỷ")
		n, led = n%billion, true
	}
	for _, place := range []struct {
		value uint64
		name  string
	}{{1_000_000, "triệu"}, {1000, c.thousand()}, {1, ""}} {
		group := int(n / place.value % 1000)
		if group == 0 {
			continue
		}
		words = append(words, c.hundreds(group, led)...)
		if place.name != "" {
			words = append(words, place.name)
		}
		led = true
	}
	return words
}

// hundreds says a number from 1 to 999.
func (c Choices) hundreds(n int, led bool) (words []string) {
	h, t, u := n/100, n/10%10, n%10
	if h > 0 || led {
		words = append(words, ones[h], "trăm")
		if t == 0 && u > 0 {
			return append(words, c.odd(), ones[u])
		}
	}
	switch {
	case t == 0:
		if u > 0 {
			words = append(words, ones[u])
		}
		return words
	case t == 1:
		words = append(words, "mười")
	default:
		words = append(words, ones[t], "mươi")
	}
	switch {
	case u == 0:
	case u == 5:
		words = append(words, "lăm")
	case u == 1 && t > 1:
		words = append(words, "mốt")
	case u == 4 && t > 1:
		words = append(words, c.four())
	default:
		words = append(words, ones[u])
	}
	return words
}

// oneByOne says the digits in s, and nothing of what stands between them.
func oneByOne(s string) string {
	var words []string
	for _, r := range s {
		if '0' <= r && r <= '9' {
			words = append(words, ones[r-'0'])
		}
	}
	return strings.Join(words, " ")
}

// plain says a run of digits. A single zero in front, as in "05 hộ", is how offices
// write a figure of one digit; more of them, or a long run, are no quantity.
func (c Choices) plain(s string) string {
	const most = 15 // digits of a quantity that anybody says
	if len(s) > most || len(s) > 2 && s[0] == '0' {
		return oneByOne(s)
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return oneByOne(s)
	}
	return c.cardinal(n)
}

var (
	grouped    = regexp.MustCompile(`^[1-9]\d{0,2}(\.\d{3})+$`)
	groupedEN  = regexp.MustCompile(`^[1-9]\d{0,2}(,\d{3}){2,}$`)
	couldBeEN  = regexp.MustCompile(`^[1-9]\d{0,2},\d{3}$`)
	justDigits = regexp.MustCompile(`^\d+$`)
)

// figure says a number as it is written here: points between thousands, a comma before
// decimals. A point that is followed by anything but three digits is said: 4.0.
func (c Choices) figure(s string) (say string, doubt Doubt) {
	switch {
	case justDigits.MatchString(s):
		return c.plain(s), Sure
	case grouped.MatchString(s):
		return c.plain(strings.ReplaceAll(s, ".", "")), Sure
	case groupedEN.MatchString(s):
		return c.plain(strings.ReplaceAll(s, ",", "")), Decimal
	}
	if head, tail, ok := strings.Cut(s, ","); ok && justDigits.MatchString(tail) {
		say, _ := c.figure(head)
		if couldBeEN.MatchString(s) {
			doubt = Decimal
		}
		return say + " phẩy " + c.decimals(tail), doubt
	}
	var parts []string
	for _, p := range strings.Split(s, ".") {
		parts = append(parts, c.plain(p))
	}
	return strings.Join(parts, " chấm "), Sure
}

// decimals says what stands behind the comma: 25 is hai mươi lăm, 05 and 125 go one by one.
func (c Choices) decimals(s string) string {
	if len(s) <= 2 && s[0] != '0' {
		return c.plain(s)
	}
	return oneByOne(s)
}
