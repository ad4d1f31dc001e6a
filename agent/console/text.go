package console

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"loa/agent/plan"
)

// catalogues hold every text that people read, by language and key.
var catalogues = map[string]map[string]string{"vi": vietnamese, "en": english}

// say is a text in the session's language.
func (s *session) say(key string, args ...any) string {
	text, ok := s.words[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// driver is what a driver, a room or the kernel says, in the session's language. They know
// English only: what the English catalogue has as driver.… or said.… is found in it and
// said by the session's.
func (s *session) driver(said string) string {
	if s.english() {
		return said
	}
	for _, d := range driverSaid() {
		said = d.said.ReplaceAllStringFunc(said, func(part string) string {
			var holes []any
			for _, h := range d.said.FindStringSubmatch(part)[1:] {
				holes = append(holes, h)
			}
			return s.say(d.key, holes...)
		})
	}
	return said
}

// A driverText is what drivers say in English, each hole a group, and its key.
type driverText struct {
	key  string
	said *regexp.Regexp
}

// driverSaid is what the English catalogue has of drivers, made when first asked for.
var driverSaid = sync.OnceValue(func() (all []driverText) {
	for _, key := range slices.Sorted(maps.Keys(english)) {
		if strings.HasPrefix(key, "driver.") || strings.HasPrefix(key, "said.") {
			text := strings.ReplaceAll(regexp.QuoteMeta(strings.ReplaceAll(english[key], "%%", "%"))+"$", "%s$", `(\S+)`)
			all = append(all, driverText{key, regexp.MustCompile(strings.ReplaceAll(strings.TrimSuffix(text, "$"), "%s", `(.+?)`))})
		}
	}
	return all
})

func (s *session) english() bool { return s.words["lang.code"] == "en" }

// sentence says a refusal code.
func (s *session) sentence(code plan.Code) string {
	if s.english() {
		return code.Sentence().EN
	}
	return code.Sentence().VI
}

func (s *session) class(c plan.Class) string {
	if text, ok := s.words["class."+string(c)]; ok {
		return text
	}
	return string(c)
}

// name is the box's own, for the greeting.
func (s *session) name() string {
	if s.box.View == nil {
		return "loa"
	}
	st := s.box.View.Status()
	return join(", ", "loa "+st.Version, st.Device, named(st))
}

// named is the name that people gave a box; empty: none but the device's.
func named(st Status) string {
	if st.Name == st.Device {
		return ""
	}
	return st.Name
}

// time is a moment in full.
func (s *session) time(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(s.o.Zone).Format(s.say("format.time"))
}

// clockTime is the time of day alone when t is on the day that now is.
func (s *session) clockTime(t, now time.Time) string {
	t, now = t.In(s.o.Zone), now.In(s.o.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return s.time(t)
}

// hourOf is the hour and minute of a moment that is near.
func (s *session) hourOf(t time.Time) string { return t.In(s.o.Zone).Format("15:04") }

// byBox is what the box's clock says when the machine's says t: a technician sees only the
// first, and without a battery the other may be days behind.
func (s *session) byBox(t time.Time) time.Time {
	if s.box.View == nil {
		return t
	}
	f := s.box.View.Clock()
	return t.Add(f.Time.Sub(f.Host))
}

// hourOrDay is hourOf, or the moment in full where that is not of this day.
func (s *session) hourOrDay(t, now time.Time) string {
	if d := now.Sub(t); d < 0 || d >= 24*time.Hour {
		return s.time(t)
	}
	return s.hourOf(t)
}

// day is a heading of a list by days.
func (s *session) day(t time.Time) string {
	t = t.In(s.o.Zone)
	return s.say(fmt.Sprintf("day.%d", t.Weekday())) + " " + t.Format(s.say("format.day"))
}

// span is how long something lasts, in its two largest units.
func (s *session) span(d time.Duration) string {
	d = max(0, d.Round(time.Second))
	units := []struct {
		key string
		d   time.Duration
	}{{"unit.d", 24 * time.Hour}, {"unit.h", time.Hour}, {"unit.m", time.Minute}, {"unit.s", time.Second}}
	var parts []string
	for _, u := range units {
		n := d / u.d
		d -= n * u.d
		if n > 0 || u.d == time.Second && len(parts) == 0 {
			parts = append(parts, s.say(u.key, int64(n)))
		}
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}

// brief is how long something short lasts.
func (s *session) brief(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs >= time.Minute:
		return s.span(abs)
	case abs >= time.Second && abs%time.Second == 0:
		return fmt.Sprintf("%d s", abs/time.Second)
	case abs >= time.Second:
		return s.decimal(abs.Seconds()) + " s"
	}
	return fmt.Sprintf("%d ms", d.Abs().Milliseconds())
}

// off is a clock that shows t and is wrong by d.
func (s *session) off(t time.Time, d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d == 0:
		return s.say("off.none", s.time(t))
	case d < 0:
		return s.say("off.slow", s.time(t), s.brief(d))
	}
	return s.say("off.fast", s.time(t), s.brief(d))
}

// decimal is x with one place behind the point, or the comma.
func (s *session) decimal(x float64) string {
	if s.english() {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return plan.Decimal(x)
}

// size is a number of bytes for people.
func (s *session) size(n int64) string {
	switch {
	case n >= 1<<30:
		return s.decimal(float64(n)/(1<<30)) + " GB"
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d kB", n>>10)
}
