package quiet

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	for _, c := range []struct {
		hours, clock string
		within       bool
	}{
		{"21:00-06:00", "20:59", false}, {"21:00-06:00", "21:00", true}, {"21:00-06:00", "00:00", true}, {"21:00-06:00", "05:59", true}, {"21:00-06:00", "06:00", false},
		{"11:30-13:00", "11:29", false}, {"11:30-13:00", "12:00", true}, {"11:30-13:00", "13:00", false},
		{"08:00-08:00", "08:00", false}, {"", "00:00", false},
	} {
		h, ok := Parse(c.hours)
		at, err := time.ParseInLocation("15:04", c.clock, Vietnam)
		if !ok || err != nil || h.At(at.UTC()) != c.within {
			t.Errorf("%q at %s: %v, %v", c.hours, c.clock, h.At(at), ok)
		}
	}
	for _, text := range []string{"21:00", "25:00-06:00", "21:60-06:00", "-1:00-06:00", "21:00-06:00x", "21:00-06:00 ", "night"} {
		if _, ok := Parse(text); ok {
			t.Errorf("%q is taken", text)
		}
	}
}
