package main

import (
	"strings"
	"testing"
	"time"
)

// A schedule that boxes will refuse is not signed by oversight: the quiet hours
// are the box's, and it would be silent without anybody having been told.
func TestQuietHoursAreForeseen(t *testing.T) {
	w := newWorld(t)
	w.now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, vietnam) } // a Monday
	w.sample()
	file := func(at, days string) string {
		return w.file("s.toml", `id = "dem"
place = "26734"
valid_until = 2027-01-01T00:00:00+07:00
[[slots]]
id = "s1"
at = ["05:30", "`+at+`"]
days = [`+days+`]
for_s = 600
items = [{ chime = "gong" }, { chime = "two-tone" }]
`)
	}
	night := file("22:30", `"mon", "tue"`)
	w.must("schedule", "check", night)
	for _, want := range []string{"schedule dem, An Sơn (26734)", "22:30 Monday 2026-11-23", "quiet hours", "[quiet-hours]", "on 2 days"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("%q is missing in %q", want, w.err.String())
		}
	}
	if strings.Contains(w.err.String(), "\n  05:30") {
		t.Errorf("the slot in the morning is warned of: %q", w.err.String())
	}
	var r struct {
		Unheard map[string][]foreseen
	}
	w.json(&r, "schedule", "check", night)
	if u := r.Unheard["26734/schedule/dem"]; len(u) == 0 || u[0].Code != "quiet-hours" || u[0].Days != 2 || w.err.Len() > 0 {
		t.Errorf("for a program: %+v %q", r, w.err.String())
	}
	w.fails(exitFailed, "22:30 Thứ hai 23/11/2026", "schedule", "sign", night, "--as", "26734-1", "--lang", "vi")
	w.fails(exitFailed, "chưa ký", "schedule", "sign", night, "--as", "26734-1", "--lang", "vi")
	if out := w.must("schedule", "list"); out != "There is nothing yet.\n" {
		t.Errorf("signed all the same: %q", out)
	}
	w.must("schedule", "sign", night, "--as", "26734-1", "--yes")
	w.must("schedule", "sign", file("20:30", ""), "--as", "26734-1")
	if w.err.Len() > 0 {
		t.Errorf("warned of %q", w.err.String())
	}
}

// What is only to be seen is nothing where no box has a board, and that is said
// before it is signed; where one has, it is in order.
func TestABoardIsNeededForWhatIsSeen(t *testing.T) {
	w := newWorld(t).sample()
	w.must("box", "set", "box-1", "--board", "orangepi-zero", "--as", "74-1,74-2")
	w.must("bulletin", "sign", w.file("b.toml", "id = \"hop\"\nplace = \"26734\"\ntitle = \"Họp dân\"\ntext = \"Họp dân\"\nvalid_until = "+until), "--as", "26734-1")
	day := w.file("s.toml", `id = "day"
place = "26734"
valid_until = `+until+`
[[slots]]
id = "s"
at = ["08:00"]
for_s = 60
items = [{ chime = "gong" }, { bulletin = "hop" }]
`)
	w.must("schedule", "check", day, "--lang", "vi")
	if said := w.err.String(); strings.Count(said, "chưa có thiết bị nào có bảng") != 1 || !strings.Contains(said, "Họp dân") || strings.Contains(said, "media-missing") {
		t.Errorf("%q", said)
	}
	w.fails(exitFailed, "no box there has a board", "schedule", "sign", day, "--as", "26734-1")
	w.must("box", "add", "board-1", "--place", "26734", "--board", "commune-led-128x32", "--as", "74-1,74-2")
	w.must("schedule", "sign", day, "--as", "26734-1")
	if w.err.Len() > 0 {
		t.Errorf("warned of %q", w.err.String())
	}
}

// How far ahead can look is bounded, and every day has its name and its year.
func TestAheadByDays(t *testing.T) {
	w := newWorld(t)
	w.now = func() time.Time { return time.Date(2026, 12, 31, 12, 0, 0, 0, vietnam) }
	w.sample()
	w.must("schedule", "sign", w.file("s.toml", `id = "s"
place = "26734"
valid_until = 2027-10-01T00:00:00+07:00
[[slots]]
id = "s1"
at = ["05:30"]
for_s = 60
items = [{ chime = "gong" }]
`), "--as", "26734-1")
	out := w.must("ahead", "26734", "--days", "2", "--lang", "vi")
	if !strings.Contains(out, "Thứ sáu 01/01/2027\n  05:30:00") || !strings.Contains(out, "Thứ bảy 02/01/2027\n") || !strings.Contains(out, "gong") {
		t.Errorf("%s", out)
	}
	for _, span := range [][]string{{"--days", "900"}, {"--days", "-1"}, {"--hours", "0"}, {"--hours", "9000"}} {
		w.fails(exitUsage, "366", append([]string{"ahead", "26734"}, span...)...)
	}
	w.must("ahead", "26734", "--days", "366")
}

// What was sent is called by its name, not by its topic.
func TestDocumentsAreCalledByName(t *testing.T) {
	w := newWorld(t).sample().online()
	w.env["LOA_LANG"] = "vi"
	for _, c := range []struct{ want, args string }{
		{"Đã gửi danh sách quyền gốc.", "send"},
		{"Máy chủ đã có đủ 3 văn bản", "send"},
		{"Đã gửi cài đặt của thiết bị box-1.", "send --all"},
		{"tới An Sơn (26734).", "play 26734 --chime gong --as 26734-1 --wait 1ms"},
		{"Có phát thật hay không", "play box-1 --chime gong --as 26734-1 --wait 1ms"},
		{"0 trong 1 thiết bị đã nhận.\n  box-1 ch", "stop 26734 --as 26734-1 --wait 1ms"},
	} {
		w.run(strings.Fields(c.args)...) // what nobody takes ends with its own code
		if out := w.out.String(); !strings.Contains(out, c.want) {
			t.Errorf("%s: %q is missing in %q", c.args, c.want, out)
		}
	}
	w.fails(exitFailed, "thiết bị sẽ từ chối bản tin x, Bình Dương (74) nên không gửi", "bulletin", "sign",
		w.file("b.toml", "id = \"x\"\nplace = \"74\"\ntitle = \"X\"\ntext = \"a\"\nvalid_until = "+until), "--as", "26734-1")
}
