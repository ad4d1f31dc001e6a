package speech

import (
	"regexp"
	"strconv"
)

var (
	hourMinute = regexp.MustCompile(`^(\d{1,2})(?:\s?(?:h|H|giờ)\s?|g)(\d{2})(?:\s?(?:phút|ph|p|'|’|′))?`)
	hourOnly   = regexp.MustCompile(`^(\d{1,3})\s?[hH]`)
	colons     = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2}))?`)
)

// clock reads times of day: 7h30, 07:30, 15 giờ 30, 7h.
func (r *reader) clock(rest string) bool {
	if !digitAt(rest) {
		return false
	}
	if m := find(hourMinute, rest); m != nil && hours(m[1]) && minutes(m[2]) {
		return r.took(len(m[0]), Token{Kind: Clock, Say: r.c.time(m[1], m[2], "")})
	}
	if m := find(colons, rest); m != nil && hours(m[1]) && minutes(m[2]) && (m[3] == "" || minutes(m[3])) && !r.follows(ratios) {
		n := len(m[0])
		if h := regexp.MustCompile(`^\s?(?:h|giờ)`).FindString(rest[n:]); h != "" && apart(rest[n+len(h):]) {
			n += len(h) // 07:30 giờ
		}
		return r.took(n, Token{Kind: Clock, Say: r.c.time(m[1], m[2], m[3])})
	}
	if m := find(hourOnly, rest); m != nil {
		return r.took(len(m[0]), Token{Kind: Clock, Say: r.c.plain(m[1]) + " giờ"})
	}
	return false
}

// time says hours, minutes and seconds; those that are none are not said.
func (c Choices) time(h, m, s string) string {
	say := c.plain(h) + " giờ"
	if m != "00" || s != "" && s != "00" {
		say += " " + c.plain(m) + " phút"
	}
	if s != "" && s != "00" {
		say += " " + c.plain(s) + " giây"
	}
	return say
}

func hours(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n <= 24
}

func minutes(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n < 60
}
