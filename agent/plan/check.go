package plan

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds that more than one document has.
const (
	MaxLife           = 400 * 24 * time.Hour // of a kept document: a year with its Tết, and a month to spare
	MaxActLife        = 15 * time.Minute
	MaxMute           = 24 * time.Hour
	MaxAlertLife      = 72 * time.Hour
	MaxRetractionLife = 24 * time.Hour
	MaxGrantLife      = 90 * 24 * time.Hour // of grants that speak

	mostErrors = 9 // beside the first
)

// check collects what is wrong with a document, so that validation reads as a
// list of demands. The first thing is the error, and one of each other field stands
// in its More.
type check struct {
	err  *Error
	late *Error // a life that is too long: judged after everything else, because it is well formed
}

func (c *check) fail(field, format string, args ...any) {
	c.failAs(Malformed, field, format, args...)
}

func (c *check) failAs(code Code, field, format string, args ...any) {
	first := &c.err
	if code == Lifetime {
		first = &c.late
	}
	e := &Error{Code: code, Field: field, Msg: fmt.Sprintf(format, args...), VI: InVietnamese(vietnamese, format, args...)}
	switch {
	case *first == nil:
		*first = e
	case len((*first).More) < mostErrors && field != (*first).Field &&
		!slices.ContainsFunc((*first).More, func(o *Error) bool { return o.Field == field }):
		(*first).More = append((*first).More, e)
	}
}

// result is the error as an error: a nil *Error must not become a non-nil interface.
func (c *check) result() error {
	switch {
	case c.err != nil:
		return c.err
	case c.late != nil:
		return c.late
	}
	return nil
}

func (c *check) head(h Head, kinds ...Kind) {
	if h.Format != Format {
		if h.Format > Format {
			c.failAs(Unsupported, "format", "%d is newer than this box; it understands %d", h.Format, Format)
		}
		c.fail("format", "%d; write %d", h.Format, Format)
	}
	if !slices.Contains(kinds, h.Kind) {
		c.fail("kind", "%q; write %s", h.Kind, oneOf(kinds))
	}
	switch {
	case h.Place != "" && h.Device != "":
		c.fail("device", "both a place and a device: write one of them")
	case h.Place == "" && h.Device == "":
		c.fail("place", "neither a place nor a device: write one of them")
	case h.Place != "":
		c.id("place", h.Place)
	default:
		c.id("device", h.Device)
	}
	c.id("id", h.ID)
	c.when("issued", h.Issued)
}

// broadcast is the head of what is said to a place that has boxes.
func (c *check) broadcast(h Head, kinds ...Kind) {
	c.head(h, kinds...)
	if h.Place == "" {
		c.fail("place", "missing: a %s is said to a place", h.Kind)
	}
	if h.Place == RootPlace || h.Place == ClockPlace {
		c.fail("place", "%q is reserved and no place", h.Place)
	}
}

func (c *check) validity(h Head, v Validity) {
	if !v.ValidFrom.IsZero() {
		c.when("valid_from", v.ValidFrom)
	}
	c.when("valid_until", v.ValidUntil)
	if !v.ValidUntil.After(h.Issued) || !v.ValidUntil.After(v.ValidFrom) {
		c.fail("valid_until", "it ends before it begins")
	}
	c.life("valid_until", h.Issued, v.ValidUntil, MaxLife)
}

func (c *check) life(field string, from, until time.Time, most time.Duration) {
	if d := until.Sub(from); d > most {
		c.failAs(Lifetime, field, "%s after it was issued; at most %s", span(d), span(most))
	}
}

// when takes the times of this system's life: years whose Unix ms stay plain integers everywhere.
func (c *check) when(field string, t time.Time) {
	if t.IsZero() {
		c.fail(field, "missing: write a time such as 2026-11-23T05:30:00+07:00")
	} else if y := t.UTC().Year(); y < 2020 || y > 2200 {
		c.fail(field, "the year %d; write one from 2020 to 2200", y)
	}
}

func (c *check) id(field, s string) {
	if !ValidID(s) {
		c.fail(field, "%.64q is no id: write 1 to 64 of a-z, 0-9 and -, not beginning with -", s)
	}
}

func (c *check) ids(field string, list []string, most int) {
	c.count(field, len(list), 0, most)
	for i, s := range list {
		c.id(index(field, i), s)
		if slices.Contains(list[:i], s) {
			c.fail(index(field, i), "%q stands here twice", s)
		}
	}
}

// line is text on one line, at most most letters; text may have line feeds.
func (c *check) line(field, s string, most int) {
	if strings.Contains(s, "\n") {
		c.fail(field, "a line feed: write it on one line")
	}
	c.text(field, s, most)
}

func (c *check) text(field, s string, most int) {
	if n := utf8.RuneCountInString(s); n > most {
		c.fail(field, "%d letters; at most %d", n, most)
	}
	if s != strings.TrimSpace(s) {
		c.fail(field, "space at the beginning or the end")
	}
}

func (c *check) required(field, s string, most int) {
	if s == "" {
		c.fail(field, "missing")
	}
	c.line(field, s, most)
}

func (c *check) between(field string, n, least, most int64) {
	if n < least || n > most {
		c.fail(field, "%d; write %d to %d", n, least, most)
	}
}

func (c *check) percent(field string, n int) { c.between(field, int64(n), 0, 100) }

func (c *check) count(field string, n, least, most int) {
	if n < least || n > most {
		c.fail(field, "%d entries; write %d to %d", n, least, most)
	}
}

func (c *check) sha(field, s string) {
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 || s != strings.ToLower(s) {
		c.fail(field, "not a SHA-256: write 64 lower-case hex digits")
	}
}

func (c *check) bytes(field, s string, n int) {
	if b, err := base64.StdEncoding.Strict().DecodeString(s); err != nil || len(b) != n || strings.ContainsAny(s, "\r\n") {
		c.fail(field, "write the padded base64 of %d bytes", n)
	}
}

func (c *check) key(field, s string) {
	if _, err := ParseKey(s); err != nil {
		c.fail(field, "%v", err)
	}
}

func (c *check) lang(field, s string) {
	tag, rest, _ := strings.Cut(s, "-")
	ok := len(tag) >= 2 && len(tag) <= 3 && letters(tag) && len(s) <= 35
	for rest != "" && ok {
		tag, rest, _ = strings.Cut(rest, "-")
		ok = len(tag) >= 2 && len(tag) <= 8 && alphanumeric(tag)
	}
	if !ok || strings.HasSuffix(s, "-") {
		c.fail(field, "%.40q is no language: write a BCP 47 tag such as vi, en or khm", s)
	}
}

func letters(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

func alphanumeric(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// address takes scheme://host[:port][/path] without a user, a query's secrets or a fragment.
func (c *check) address(field, s string, schemes ...string) {
	u, err := url.Parse(s)
	if err != nil || len(s) > 512 || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		c.fail(field, "%.64q: write %s://host/…, without a user name or fragment", s, strings.Join(schemes, ":// or "))
	}
	if strings.ContainsAny(s, " \n") {
		c.fail(field, "space in an address")
	}
}

func enum[T ~string](c *check, field string, v T, allowed ...T) {
	if !slices.Contains(allowed, v) {
		c.fail(field, "%.40q; write %s", v, oneOf(allowed))
	}
}

func oneOf[T ~string](list []T) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = string(v)
	}
	return strings.Join(s, ", ")
}

func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// span writes a duration in the unit that a reader expects.
func span(d time.Duration) any {
	if day := 24 * time.Hour; d >= 2*day {
		return say("%d days", d/day)
	}
	return d.Round(time.Second)
}
