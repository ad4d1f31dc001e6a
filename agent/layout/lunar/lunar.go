// Package lunar tells the day of the Vietnamese lunar calendar.
//
// People plan by it: the first and fifteenth of the month, anniversaries of deaths,
// Tết. The calendar follows the sky as it is seen at UTC+7:
//
//   - a month begins with the day on which the new moon falls;
//   - the month in which the sun reaches 270° (the winter solstice) is month 11;
//   - when thirteen months lie between two such months, the first one in which the sun
//     reaches no multiple of 30° is a leap month, and takes the number of the one before.
//
// China counts by the same rules at UTC+8, so that now and then its new year is another
// day: 1985 by a month, 2007 by a day. The North of Vietnam counts at UTC+7 since the new
// year of 1968, the South since reunification; for the time before, the days here are what
// UTC+7 gives, not what was printed. (The autumn equinox of 1938 fell within seconds of
// midnight, and with it the leap month of that year.) Of the months to come, a handful
// after 2050 begin with a new moon within a minute of midnight; how the earth turns
// until then will decide about those.
package lunar

import (
	"fmt"
	"strings"
	"time"
)

// A Date is a day of the lunar calendar. Its zero value is none.
type Date struct {
	Day   int  // 1 to 30
	Month int  // 1 to 12
	Leap  bool // the second month of this number in the year
	Year  int  // the year of the common calendar in which this lunar year began
}

// First and Last are the years of the common calendar that Of knows.
const (
	First = 1900
	Last  = 2199
)

// Of is the lunar date of the day that it is in Vietnam at t. It is the zero Date
// outside the years First to Last, because nobody has checked them.
func Of(t time.Time) Date {
	y, m, d := t.UTC().Add(zone).Date()
	if y < First || y > Last {
		return Date{}
	}
	day := dayNumber(y, m, d)
	if day < eleventh(y) {
		return span(y - 1).date(day)
	}
	return span(y).date(day)
}

// A run of months from month 11 of one year up to that of the next.
type run struct {
	year  int   // of the first month
	first []int // the day on which each month begins, and the day behind the last
	leap  int   // which month repeats the number of the one before; 0: none does
}

func span(year int) run {
	r := run{year: year}
	end := eleventh(year + 1)
	k := moonOf(eleventh(year))
	for d := 0; d < end; k++ {
		d = localDay(newMoon(k))
		r.first = append(r.first, d)
	}
	for i := 1; len(r.first) == 14 && r.leap == 0 && i < 13; i++ {
		if sign(r.first[i]) == sign(r.first[i+1]) {
			r.leap = i
		}
	}
	return r
}

// date names a day that lies in r.
func (r run) date(day int) Date {
	n := 0
	for r.first[n+1] <= day {
		n++
	}
	out := Date{Day: day - r.first[n] + 1, Month: 11 + n, Year: r.year}
	if r.leap > 0 && n >= r.leap {
		out.Month, out.Leap = out.Month-1, n == r.leap
	}
	if out.Month > 12 {
		out.Month, out.Year = out.Month-12, r.year+1
	}
	return out
}

var (
	stems    = strings.Fields("Giáp Ất Bính Đinh Mậu Kỷ Canh Tân Nhâm Quý")
	branches = strings.Fields("Tý Sửu Dần Mão Thìn Tỵ Ngọ Mùi Thân Dậu Tuất Hợi")
)

// YearName is the name of the year by the cycle of sixty, such as "Bính Ngọ" for 2026.
func (d Date) YearName() string {
	n := ((d.Year-4)%60 + 60) % 60 // the year 4 was Giáp Tý
	return stems[n%10] + " " + branches[n%12]
}

// String says the date as people do: "mùng 5 tháng 6 Bính Ngọ", "17 tháng 4 nhuận Canh
// Tý", "rằm tháng 8 Ất Tỵ". It is empty for the zero Date.
func (d Date) String() string {
	if d.Day == 0 {
		return ""
	}
	day := fmt.Sprint(d.Day)
	switch {
	case d.Day <= 10:
		day = "mùng " + day
	case d.Day == 15:
		day = "rằm"
	}
	leap := ""
	if d.Leap {
		leap = " nhuận"
	}
	return fmt.Sprintf("%s tháng %s%s %s", day, d.monthName(), leap, d.YearName())
}

// monthName is the number, but the first and the last month have names.
func (d Date) monthName() string {
	switch d.Month {
	case 1:
		return "Giêng"
	case 12:
		return "Chạp"
	}
	return fmt.Sprint(d.Month)
}

// Short is the date where room is scarce: "17/10 ÂL", "17/4N ÂL" in a leap month. It is
// empty for the zero Date.
func (d Date) Short() string {
	if d.Day == 0 {
		return ""
	}
	leap := ""
	if d.Leap {
		leap = "N"
	}
	return fmt.Sprintf("%d/%d%s ÂL", d.Day, d.Month, leap)
}
