package layout

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
)

// fields puts values in place of fields. A value stands where its field stood. A field
// whose value nobody knows is left out, and with it a line that has nothing else on it.
func (s *setter) fields(text []letter, f Fields) []letter {
	var filled []letter
	unknown := map[int]bool{} // lines that lost a field
	for len(text) > 0 {
		first := text[0]
		name, rest, ok := cutField(text)
		if !ok {
			filled, text = append(filled, first), text[1:]
			continue
		}
		value, fresh, known := f.value(name)
		if !known {
			s.find(Finding{Code: plan.Malformed, Warning: true, Line: first.line, Column: first.column,
				EN: sprintf("{%s} is no field; write {clock}, {date}, {lunar}, {temperature} or {countdown 2026-12-31T00:00:00+07:00}.", name),
				VI: sprintf("{%s} không phải là trường dữ liệu; hãy viết {clock}, {date}, {lunar}, {temperature} hoặc {countdown 2026-12-31T00:00:00+07:00}.", name)})
			filled, text = append(filled, first), text[1:]
			continue
		}
		if value == "" {
			unknown[first.line] = true
		}
		for _, r := range norm.NFC.String(value) {
			filled = append(filled, letter{r, first.line, first.column})
		}
		if s.page.Fresh == 0 || fresh < s.page.Fresh {
			s.page.Fresh = fresh
		}
		text = rest
	}
	if len(unknown) == 0 {
		return filled
	}
	written := map[int]bool{}
	for _, l := range filled {
		written[l.line] = written[l.line] || !unicode.IsSpace(l.r)
	}
	return slices.DeleteFunc(filled, func(l letter) bool { return unknown[l.line] && !written[l.line] })
}

// cutField takes a field off the front of a text.
func cutField(text []letter) (name string, rest []letter, ok bool) {
	if text[0].r != '{' {
		return "", nil, false
	}
	const longest = 64
	var b strings.Builder
	for i, l := range text[1:min(len(text), longest)] {
		switch l.r {
		case '}':
			return b.String(), text[i+2:], true
		case '{', '\n':
			return "", nil, false
		}
		b.WriteRune(l.r)
	}
	return "", nil, false
}

// value is what a field shows now, "" where nobody knows, and how long that stays right.
func (f Fields) value(field string) (value string, fresh time.Duration, known bool) {
	name, argument, _ := strings.Cut(field, " ")
	minute := f.Now.Truncate(time.Minute).Add(time.Minute).Sub(f.Now)
	second := f.Now.Truncate(time.Second).Add(time.Second).Sub(f.Now)
	y, m, d := f.Now.Date()
	midnight := time.Date(y, m, d+1, 0, 0, 0, 0, f.Now.Location()).Sub(f.Now)
	switch name {
	case "clock":
		return f.Now.Format("15:04"), minute, argument == ""
	case "clock:seconds":
		return f.Now.Format("15:04:05"), second, argument == ""
	case "date":
		return weekdays[f.Now.Weekday()] + f.Now.Format(", 02/01/2006"), midnight, argument == ""
	case "lunar":
		if f.Lunar == "" {
			return "", minute, argument == ""
		}
		return f.Lunar, midnight, argument == ""
	case "temperature":
		if f.TempC == nil {
			return "", minute, argument == ""
		}
		return sprintf("%.0f°C", *f.TempC), minute, argument == ""
	case "countdown":
		end, err := time.Parse(time.RFC3339, argument)
		left := max(end.Sub(f.Now), 0)
		fresh := time.Minute // it is rounded up to minutes, and changes at those of the end
		if part := left % time.Minute; part > 0 {
			fresh = part
		}
		return remaining(left), fresh, err == nil
	}
	return "", 0, false
}

var weekdays = [...]string{"Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"}

// remaining says a time in its two largest units.
func remaining(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	days, hours := minutes/(24*60), minutes/60%24
	switch {
	case days > 0:
		return sprintf("%d ngày %d giờ", days, hours)
	case hours > 0:
		return sprintf("%d giờ %02d phút", hours, minutes%60)
	}
	return sprintf("%d phút", minutes)
}
