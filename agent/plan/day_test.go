package plan

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"00:00": 0, "05:30": 5*time.Hour + 30*time.Minute, "23:59:59": 24*time.Hour - time.Second, "24:00": 24 * time.Hour,
	} {
		if got, err := ParseClock(s); got != want || err != nil {
			t.Errorf("ParseClock(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "5:30", "05.30", "05:60", "24:01", "05:30:", "05:30:60", "ab:cd", "05:3o", "-5:30", "05:30:15+"} {
		if got, err := ParseClock(s); err == nil {
			t.Errorf("ParseClock(%q) = %v; want an error", s, got)
		}
	}
}

func TestZone(t *testing.T) {
	for s, want := range map[string]int{"+07:00": 7 * 3600, "-03:30": -12600, "UTC": 0, "Asia/Ho_Chi_Minh": 7 * 3600} {
		z, err := Zone(s)
		if err != nil {
			t.Errorf("Zone(%q): %v", s, err)
			continue
		}
		if _, off := time.Unix(1_800_000_000, 0).In(z).Zone(); off != want {
			t.Errorf("Zone(%q) is %d s east; want %d", s, off, want)
		}
	}
	for _, s := range []string{"", "Local", "+7:00", "+15:00", "+07:60", "Asia/Nowhere", "../etc/passwd"} {
		if z, err := Zone(s); err == nil {
			t.Errorf("Zone(%q) = %v; want an error", s, z)
		}
	}
}

func TestDateAt(t *testing.T) {
	for _, tt := range []struct{ zone, date, clock, want string }{
		{"+07:00", "2026-11-23", "05:30", "2026-11-22T22:30:00Z"},
		{"+07:00", "2026-12-31", "24:00", "2026-12-31T17:00:00Z"},
		{"Asia/Ho_Chi_Minh", "2027-02-06", "00:00", "2027-02-05T17:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59:00Z"},
		{"Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30:00Z"}, // left out: 03:30
		{"Europe/Berlin", "2026-03-29", "03:30", "2026-03-29T01:30:00Z"},
		{"Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00Z"}, // twice: the first
		{"Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00:00Z"},
		{"America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z"},
		{"America/New_York", "2026-11-01", "12:00", "2026-11-01T17:00:00Z"},
	} {
		zone, err := Zone(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		date, err := ParseDate(tt.date)
		if err != nil {
			t.Fatal(err)
		}
		clock, err := ParseClock(tt.clock)
		if err != nil {
			t.Fatal(err)
		}
		if got := date.At(clock, zone).UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%s %s in %s is %s; want %s", tt.date, tt.clock, tt.zone, got, tt.want)
		}
	}
}

// A date must come back from every moment of its day, and know its weekday.
func TestDateOf(t *testing.T) {
	for _, name := range []string{"+07:00", "-11:00", "+14:00", "America/St_Johns", "Europe/Berlin"} {
		zone, err := Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2025, 12, 30, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(7 * time.Hour) {
			d := DateOf(at, zone)
			local := at.In(zone)
			if d.String() != local.Format(time.DateOnly) || d.Weekday() != local.Weekday() {
				t.Fatalf("%v in %s: got %v %v", at, name, d, d.Weekday())
			}
			if back, err := ParseDate(d.String()); back != d || err != nil {
				t.Fatalf("ParseDate(%v) = %v, %v", d, back, err)
			}
		}
	}
	if got := DateOf(time.Unix(-1, 0), time.UTC); got != -1 {
		t.Errorf("the second before 1970 lies on day %d; want -1", got)
	}
}

func TestOn(t *testing.T) {
	d, _ := ParseDate("2026-11-23") // a Monday
	if !d.On(nil) || !d.On([]string{"sun", "mon"}) || d.On([]string{"tue"}) {
		t.Error("2026-11-23 is a Monday")
	}
	if wd, err := ParseWeekday("mon"); wd != time.Monday || err != nil {
		t.Errorf("mon is %v, %v", wd, err)
	}
	if _, err := ParseWeekday("Mon"); err == nil {
		t.Error("Mon is no name of a day")
	}
}

func TestMoment(t *testing.T) {
	if got := Moment(time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC)); got != "05:30 23/11/2026 +07" {
		t.Errorf("%q", got)
	}
}
