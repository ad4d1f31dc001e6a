package plan

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // boxes carry no zone files; the binary knows them
)

var zones sync.Map // name → *time.Location; there are some 600 names, so it stays small

// Zone is the zone called name: an IANA name such as Asia/Ho_Chi_Minh, or a
// fixed offset such as +07:00.
func Zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	z, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, z)
	return z, nil
}

func loadZone(name string) (*time.Location, error) {
	if len(name) == len("+07:00") && (name[0] == '+' || name[0] == '-') {
		offset, err := ParseClock(name[1:])
		if err != nil || offset > 14*time.Hour {
			return nil, say("%q is no offset from UTC: write +07:00", name)
		}
		if name[0] == '-' {
			offset = -offset
		}
		return time.FixedZone(name, int(offset/time.Second)), nil
	}
	// "Local" would make the answer depend on the machine.
	if name == "" || name == "Local" {
		return nil, say("%q is no zone: write +07:00 or Asia/Ho_Chi_Minh", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, say("%q is no zone: write +07:00 or Asia/Ho_Chi_Minh", name)
	}
	return z, nil
}

// ParseClock reads a time of day, 05:30 or 05:30:15, as the time since
// midnight. 24:00 is the end of the day.
func ParseClock(s string) (time.Duration, error) {
	bad := func() (time.Duration, error) {
		return 0, say("%q is no time of day: write 05:30 or 05:30:15", s)
	}
	if len(s) != len("05:30") && len(s) != len("05:30:15") {
		return bad()
	}
	var f [3]int
	for i := range f {
		at := 3 * i
		if at >= len(s) {
			break
		}
		tens, ones := s[at]-'0', s[at+1]-'0'
		if tens > 9 || ones > 9 || i > 0 && (s[at-1] != ':' || tens > 5) {
			return bad()
		}
		f[i] = 10*int(tens) + int(ones)
	}
	d := time.Duration(f[0])*time.Hour + time.Duration(f[1])*time.Minute + time.Duration(f[2])*time.Second
	if d > 24*time.Hour {
		return bad()
	}
	return d, nil
}

// Moment writes t as people here read it, whatever zone it came in, such as
// "05:30 23/11/2026 +07".
func Moment(t time.Time) string { return t.In(here).Format("15:04 02/01/2006 -07") }

var here = time.FixedZone("+07", 7*3600)

// A Date is a day of the calendar, counted from 1970-01-01.
type Date int

// DateOf is the date in zone at t.
func DateOf(t time.Time, zone *time.Location) Date {
	t = t.In(zone)
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	if seconds < 0 {
		seconds -= 86399
	}
	return Date(seconds / 86400)
}

// ParseDate reads 2026-02-17.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, say("%q is no date: write 2026-02-17", s)
	}
	return Date(t.Unix() / 86400), nil
}

func (d Date) String() string {
	t := time.Unix(int64(d)*86400, 0).UTC()
	y, m, day := t.Date()
	b := make([]byte, 0, len(time.DateOnly))
	if y < 1000 || y > 9999 {
		return t.Format(time.DateOnly)
	}
	b = strconv.AppendInt(b, int64(y), 10)
	b = append(b, '-', byte('0'+int(m)/10), byte('0'+int(m)%10), '-', byte('0'+day/10), byte('0'+day%10))
	return string(b)
}

// Weekday is the day of the week: 1970-01-01 was a Thursday.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// At is the moment at which clocks in zone show the time of day clock on d;
// 24:30 is half past midnight of the next day. A time that the zone leaves out
// when its clocks go forward comes as much later as they jump; of a time that
// comes twice it is the first.
func (d Date) At(clock time.Duration, zone *time.Location) time.Time {
	wall := time.Unix(int64(d)*86400, 0).Add(clock)
	// No zone is a day away from UTC, and none changes twice in two days.
	before, after := offset(wall.Add(-24*time.Hour), zone), offset(wall.Add(24*time.Hour), zone)
	first := wall.Add(-before)
	if before == after || offset(first, zone) == before {
		return first
	}
	if second := wall.Add(-after); offset(second, zone) == after {
		return second
	}
	return first
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, s := t.In(zone).Zone()
	return time.Duration(s) * time.Second
}

// weekdays are the names of days in documents.
var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// On reports whether days, named mon…sun, hold d; none named is every day.
func (d Date) On(days []string) bool {
	return len(days) == 0 || slices.Contains(days, weekdays[d.Weekday()])
}

// ParseWeekday reads mon…sun.
func ParseWeekday(s string) (time.Weekday, error) {
	if i := slices.Index(weekdays[:], s); i >= 0 {
		return time.Weekday(i), nil
	}
	return 0, say("%q is no day: write one of %s", s, strings.Join(weekdays[:], " "))
}
