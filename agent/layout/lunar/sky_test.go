package lunar

import (
	"math"
	"testing"
	"time"
)

// Moments in universal time as almanacs give them, to the minute.
func TestSky(t *testing.T) {
	jd := func(s string) float64 {
		m, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return float64(m.Unix())/86400 + 2440587.5
	}
	for _, c := range []struct {
		at     string
		degree float64
	}{
		{"2000-03-20 07:35", 0}, {"2000-06-21 01:48", 90}, {"2000-09-22 17:27", 180}, {"2000-12-21 13:37", 270},
		{"2015-03-20 22:45", 0}, {"2019-06-21 15:54", 90}, {"2020-09-22 13:31", 180}, {"2020-12-21 10:02", 270},
		{"2024-03-20 03:06", 0}, {"2024-06-20 20:51", 90}, {"2024-09-22 12:44", 180}, {"2023-12-22 03:27", 270},
		{"2025-03-20 09:01", 0}, {"2025-06-21 02:42", 90}, {"2025-09-22 18:19", 180}, {"2025-12-21 15:03", 270},
	} {
		ut := jd(c.at)
		off := math.Mod(longitude(ut+deltaT(ut))-c.degree+540, 360) - 180
		if minutes := off / 360 * 365.2422 * 1440; math.Abs(minutes) > 1.5 {
			t.Errorf("%s: the sun is %.1f minutes from %v°", c.at, minutes, c.degree)
		}
	}
	for _, at := range []string{
		"2000-01-06 18:14", "2000-07-01 19:20", "2017-08-21 18:30", "2019-07-02 19:16", "2020-06-21 06:41",
		"2023-04-20 04:13", "2024-01-11 11:57", "2024-04-08 18:21", "2024-10-02 18:49", "2025-01-29 12:36",
		"2025-09-21 19:54", "1999-08-11 11:09", "1977-02-18 03:37", // the last is example 49.a of the book
	} {
		ut := jd(at)
		jde := newMoon(moonOf(int(math.Round(ut))))
		if minutes := (jde - deltaT(jde) - ut) * 1440; math.Abs(minutes) > 1 {
			t.Errorf("%s: the new moon is %.1f minutes off", at, minutes)
		}
	}
}
