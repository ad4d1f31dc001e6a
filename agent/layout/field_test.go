package layout

import (
	"image"
	"testing"
	"time"
)

func TestFields(t *testing.T) {
	vietnam := time.FixedZone("+07", 7*3600)
	now := time.Date(2026, 11, 26, 19, 5, 30, 0, vietnam)
	warm, cold := 31.4, -0.6
	full := Fields{Now: now, TempC: &warm, Lunar: "18/10 Bính Ngọ"}
	for _, c := range []struct {
		text, want string
		fresh      time.Duration
		f          Fields
		codes      string
	}{
		{"{clock}", "19:05", 30 * time.Second, full, ""},
		{"{clock:seconds}", "19:05:30", time.Second, full, ""},
		{"{date}", "Thứ năm, 26/11/2026", 4*time.Hour + 54*time.Minute + 30*time.Second, full, ""},
		{"{lunar}", "18/10 Bính Ngọ", 4*time.Hour + 54*time.Minute + 30*time.Second, full, ""},
		{"{clock}\n{lunar}", "19:05", 30 * time.Second, Fields{Now: now}, ""},
		{"{temperature} {clock}", "31°C 19:05", 30 * time.Second, full, ""},
		{"{temperature}", "-1°C", 30 * time.Second, Fields{Now: now, TempC: &cold}, ""},
		{"{clock} {temperature}", "19:05", 30 * time.Second, Fields{Now: now}, ""},
		{"Họp dân\n\n{temperature}", "Họp dân", 30 * time.Second, Fields{Now: now}, ""},
		{"Nhiệt độ: {temperature}", "Nhiệt độ:", 30 * time.Second, Fields{Now: now}, ""},
		{"Tết {countdown 2027-02-06T00:00:00+07:00}", "Tết 71 ngày 4 giờ", 30 * time.Second, full, ""},
		{"{countdown 2026-11-26T22:00:00+07:00}", "2 giờ 55 phút", 30 * time.Second, full, ""},
		{"{countdown 2026-11-26T12:07:00Z}", "2 phút", 30 * time.Second, full, ""},
		{"{countdown 2026-11-26T19:06:30+07:00}", "1 phút", time.Minute, full, ""},
		{"{countdown 2020-01-01T00:00:00+07:00}", "0 phút", time.Minute, full, ""},
		{"a {weather} b", "a {weather} b", 0, full, "malformed?@1:3"},
		{"{clock x}", "{clock x}", 0, full, "malformed?@1:1"},
		{"{countdown soon}", "{countdown soon}", 0, full, "malformed?@1:1"},
		{"{ {clock} }", "{ 19:05 }", 30 * time.Second, full, ""},
		{"{", "{", 0, full, ""},
	} {
		pages, findings := Set(c.text, Look{}, Board{Size: image.Pt(400, 16)}, c.f)
		if len(pages) != 1 || pages[0].Text != c.want || pages[0].Fresh != c.fresh {
			t.Errorf("%s: %q for %v, not %q for %v", c.text, pages[0].Text, pages[0].Fresh, c.want, c.fresh)
		}
		if got := codes(findings); got != c.codes {
			t.Errorf("%s: findings are %q, not %q", c.text, got, c.codes)
		}
	}
}

// A line that has lost all that was on it does not part the page in two.
func TestALineOfUnknownsIsGone(t *testing.T) {
	set := func(text string) []Page {
		pages, _ := Set(text, Look{}, Board{Size: image.Pt(400, 64)}, Fields{Now: time.Now()})
		return pages
	}
	got, want := set("Một\n{temperature} {lunar}\nHai"), set("Một\nHai")
	if len(want) != 1 || len(got) != 1 || got[0].Text != want[0].Text {
		t.Errorf("%d pages, the first %q; want %q", len(got), got[0].Text, want[0].Text)
	}
	if parted := set("Một\n\nHai"); len(parted) != 2 {
		t.Errorf("an empty line makes %d pages", len(parted))
	}
}

// A page with nothing on it but what nobody knows is no page.
func TestNothingIsKnown(t *testing.T) {
	for _, text := range []string{"{temperature}", " {lunar} \n{temperature}"} {
		pages, findings := Set(text, Look{}, Board{Size: image.Pt(400, 32)}, Fields{Now: time.Now()})
		if len(pages) != 0 || len(findings) != 0 {
			t.Errorf("%q: %d pages, findings %v", text, len(pages), findings)
		}
	}
}

// After Fresh the field shows something else, and not a moment sooner.
func TestFresh(t *testing.T) {
	now := time.Date(2026, 11, 26, 23, 58, 59, 500, time.UTC)
	for _, field := range []string{"clock", "clock:seconds", "date", "countdown 2026-11-27T00:03:00Z"} {
		value, fresh, _ := Fields{Now: now}.value(field)
		sooner, _, _ := Fields{Now: now.Add(fresh - 1)}.value(field)
		then, _, _ := Fields{Now: now.Add(fresh)}.value(field)
		if sooner != value || then == value {
			t.Errorf("%s: %q, %q just before %v, then %q", field, value, sooner, fresh, then)
		}
	}
}
