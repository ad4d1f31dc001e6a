package lunar

import (
	"math/rand/v2"
	"testing"
	"time"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.ParseInLocation(time.DateOnly, s, time.FixedZone("", 7*3600))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The first day of the year as it was kept in Vietnam, or is announced.
func TestNewYear(t *testing.T) {
	for _, c := range []struct{ day, name string }{
		{"1968-01-29", "Mậu Thân"}, // China: 30 January
		{"1969-02-16", "Kỷ Dậu"},   // China: 17 February
		{"1970-02-06", "Canh Tuất"}, {"1972-02-15", "Nhâm Tý"}, {"1975-02-11", "Ất Mão"},
		{"1976-01-31", "Bính Thìn"}, {"1979-01-28", "Kỷ Mùi"}, {"1980-02-16", "Canh Thân"},
		{"1984-02-02", "Giáp Tý"},
		{"1985-01-21", "Ất Sửu"}, // China: 20 February
		{"1986-02-09", "Bính Dần"}, {"1990-01-27", "Canh Ngọ"}, {"1995-01-31", "Ất Hợi"},
		{"1999-02-16", "Kỷ Mão"}, {"2000-02-05", "Canh Thìn"}, {"2004-01-22", "Giáp Thân"},
		{"2005-02-09", "Ất Dậu"}, {"2006-01-29", "Bính Tuất"},
		{"2007-02-17", "Đinh Hợi"}, // China: 18 February
		{"2008-02-07", "Mậu Tý"}, {"2010-02-14", "Canh Dần"}, {"2012-01-23", "Nhâm Thìn"},
		{"2014-01-31", "Giáp Ngọ"}, {"2015-02-19", "Ất Mùi"}, {"2016-02-08", "Bính Thân"},
		{"2017-01-28", "Đinh Dậu"}, {"2018-02-16", "Mậu Tuất"}, {"2019-02-05", "Kỷ Hợi"},
		{"2020-01-25", "Canh Tý"}, {"2021-02-12", "Tân Sửu"}, {"2022-02-01", "Nhâm Dần"},
		{"2023-01-22", "Quý Mão"}, {"2024-02-10", "Giáp Thìn"}, {"2025-01-29", "Ất Tỵ"},
		{"2026-02-17", "Bính Ngọ"}, {"2027-02-06", "Đinh Mùi"}, {"2028-01-26", "Mậu Thân"},
		{"2029-02-13", "Kỷ Dậu"},
		{"2030-02-02", "Canh Tuất"}, // China: 3 February
		{"2031-01-23", "Tân Hợi"}, {"2033-01-31", "Quý Sửu"}, {"2034-02-19", "Giáp Dần"},
		{"2040-02-12", "Canh Thân"}, {"2050-01-23", "Canh Ngọ"},
		{"2053-02-18", "Quý Dậu"}, // China: 19 February
	} {
		at := day(t, c.day)
		want := Date{Day: 1, Month: 1, Year: at.Year()}
		if got := Of(at); got != want || got.YearName() != c.name {
			t.Errorf("Of(%s) = %+v %s, want %+v %s", c.day, got, got.YearName(), want, c.name)
		}
		if got := Of(at.Add(-time.Second)); got.Month != 12 || got.Year != at.Year()-1 || got.Day < 29 {
			t.Errorf("the evening before %s is %+v", c.day, got)
		}
	}
}

func TestOtherDays(t *testing.T) {
	for _, c := range []struct {
		day         string
		want        Date
		text, short string
	}{
		{"2026-07-18", Date{5, 6, false, 2026}, "mùng 5 tháng 6 Bính Ngọ", "5/6 ÂL"},
		{"2026-09-25", Date{15, 8, false, 2026}, "rằm tháng 8 Bính Ngọ", "15/8 ÂL"},
		{"2026-04-26", Date{10, 3, false, 2026}, "mùng 10 tháng 3 Bính Ngọ", "10/3 ÂL"}, // the Hùng kings
		{"2025-05-12", Date{15, 4, false, 2025}, "rằm tháng 4 Ất Tỵ", "15/4 ÂL"},        // Vesak
		{"2024-09-17", Date{15, 8, false, 2024}, "rằm tháng 8 Giáp Thìn", "15/8 ÂL"},
		{"2024-12-31", Date{1, 12, false, 2024}, "mùng 1 tháng Chạp Giáp Thìn", "1/12 ÂL"},
		{"2025-01-28", Date{29, 12, false, 2024}, "29 tháng Chạp Giáp Thìn", "29/12 ÂL"}, // no 30th that year
		{"2026-03-03", Date{15, 1, false, 2026}, "rằm tháng Giêng Bính Ngọ", "15/1 ÂL"},
		{"2020-06-08", Date{17, 4, true, 2020}, "17 tháng 4 nhuận Canh Tý", "17/4N ÂL"},
		{"2023-03-22", Date{1, 2, true, 2023}, "mùng 1 tháng 2 nhuận Quý Mão", "1/2N ÂL"},
		{"2025-07-25", Date{1, 6, true, 2025}, "mùng 1 tháng 6 nhuận Ất Tỵ", "1/6N ÂL"},
		{"1954-05-07", Date{5, 4, false, 1954}, "mùng 5 tháng 4 Giáp Ngọ", "5/4 ÂL"},
		{"1975-04-30", Date{20, 3, false, 1975}, "20 tháng 3 Ất Mão", "20/3 ÂL"}, // printed in Saigon, at UTC+8: the 19th
	} {
		got := Of(day(t, c.day))
		if got != c.want || got.String() != c.text || got.Short() != c.short {
			t.Errorf("Of(%s) = %+v, %q, %q; want %+v, %q, %q", c.day, got, got.String(), got.Short(), c.want, c.text, c.short)
		}
	}
}

// The day is that of Vietnam, wherever the clock stands.
func TestMidnight(t *testing.T) {
	at := time.Date(2026, 2, 16, 17, 0, 0, 0, time.UTC)
	if got := Of(at); got.Day != 1 || got.Month != 1 {
		t.Errorf("midnight of the new year is %v", got)
	}
	if got := Of(at.Add(-time.Nanosecond)); got.Day != 29 || got.Month != 12 {
		t.Errorf("just before midnight it is %v", got)
	}
}

func TestLeapMonths(t *testing.T) {
	want := map[int]int{ // 1985 and 1987 are other months in China
		1971: 5, 1974: 4, 1976: 8, 1979: 6, 1982: 4, 1985: 2, 1987: 7, 1990: 5, 1993: 3, 1995: 8, 1998: 5,
		2001: 4, 2004: 2, 2006: 7, 2009: 5, 2012: 4, 2014: 9, 2017: 6, 2020: 4, 2023: 2, 2025: 6, 2028: 5,
		2031: 3, 2033: 11, 2036: 6, 2039: 5, 2042: 2, 2044: 7, 2047: 5, 2050: 3,
	}
	got := map[int]int{}
	for y := 1969; y <= 2050; y++ {
		if r := span(y); r.leap > 0 {
			d := r.date(r.first[r.leap])
			if !d.Leap || d.Day != 1 {
				t.Errorf("the leap month of %d begins with %+v", d.Year, d)
			}
			got[d.Year] = d.Month
		}
	}
	for y := 1970; y <= 2050; y++ {
		if got[y] != want[y] {
			t.Errorf("%d: leap month %d, want %d", y, got[y], want[y])
		}
	}
}

// Every day follows the one before it, and months and years have their lengths.
func TestEveryDay(t *testing.T) {
	last, days, months := Date{}, 0, 0
	leaps := 0
	for y := First - 1; y <= Last; y++ {
		r := span(y)
		if y > First-1 && r.first[0] != span(y - 1).first[len(span(y-1).first)-1] {
			t.Fatalf("the run of %d does not begin where the one before it ends", y)
		}
		for n := r.first[0]; n < r.first[len(r.first)-1]; n++ {
			d := r.date(n)
			switch {
			case last == Date{}:
			case d.Day == last.Day+1 && d.Month == last.Month && d.Leap == last.Leap && d.Year == last.Year:
			case d.Day == 1 && (last.Day == 29 || last.Day == 30):
				switch {
				case d.Leap && !last.Leap && d.Month == last.Month && d.Year == last.Year:
					leaps++
				case !d.Leap && d.Month == last.Month+1 && d.Year == last.Year:
				case !d.Leap && d.Month == 1 && last.Month == 12 && d.Year == last.Year+1:
					if months != 12 && months != 13 && y > First {
						t.Errorf("%d had %d months", last.Year, months)
					}
					months = 0
				default:
					t.Fatalf("%+v comes after %+v", d, last)
				}
				months++
			default:
				t.Fatalf("%+v comes after %+v", d, last)
			}
			last, days = d, days+1
		}
	}
	if days < 300*365 || leaps < 108 || leaps > 112 { // seven leap months in nineteen years
		t.Errorf("%d days, %d leap months", days, leaps)
	}
}

func TestOfIsTheDayOfItsRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		at := time.Date(First, 1, 1+rng.IntN(300*365), rng.IntN(24), rng.IntN(60), 0, 0, time.FixedZone("", 7*3600))
		d, next := Of(at), Of(at.AddDate(0, 0, 1))
		if d.Day < 1 || d.Month < 1 || d.Month > 12 || next.Day != d.Day+1 && (next.Day != 1 || d.Day < 29) {
			t.Fatalf("%v is %+v, the day after %+v", at, d, next)
		}
	}
}

func TestOutside(t *testing.T) {
	for _, s := range []string{"1899-12-31", "2200-01-01", "0001-01-01"} {
		if got := Of(day(t, s)); got != (Date{}) || got.String() != "" || got.Short() != "" {
			t.Errorf("Of(%s) = %+v, want none", s, got)
		}
	}
	for _, s := range []string{"1900-01-01", "2199-12-31"} {
		if got := Of(day(t, s)); got.Day == 0 {
			t.Errorf("Of(%s) is none", s)
		}
	}
}
