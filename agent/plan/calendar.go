package plan

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultPolicy is local law at a place that has no policy of its own yet:
// quiet from 21:00 to 05:30.
func DefaultPolicy(place string) Policy {
	return Policy{
		Head:       Head{Format: Format, Kind: KindPolicy, Place: place, ID: "default"},
		Zone:       "+07:00",
		QuietHours: []Span{{From: "21:00", Until: "05:30"}},
	}
}

func (c *check) zone(field, s string) {
	if _, err := Zone(s); err != nil {
		c.fail(field, "%v", err)
	}
}

func (c *check) clock(field, s string) time.Duration {
	d, err := ParseClock(s)
	if err != nil {
		c.fail(field, "%v", err)
	}
	return d
}

func (c *check) days(field string, list []string) {
	for i, s := range list {
		if _, err := ParseWeekday(s); err != nil {
			c.fail(index(field, i), "%v", err)
		}
		if slices.Contains(list[:i], s) {
			c.fail(index(field, i), "%q stands here twice", s)
		}
	}
}

func (c *check) dates(field string, list []string, most int) {
	c.count(field, len(list), 0, most)
	for i, s := range list {
		if _, err := ParseDate(s); err != nil {
			c.fail(index(field, i), "%v", err)
		}
		if slices.Contains(list[:min(i, most)], s) {
			c.fail(index(field, i), "%q stands here twice", s)
		}
	}
}

func (c *check) span(field string, s Span) {
	c.days(field+".days", s.Days)
	from, until := c.clock(field+".from", s.From), c.clock(field+".until", s.Until)
	if from == 24*time.Hour {
		c.fail(field+".from", "a day begins at 00:00")
	}
	if from == until {
		c.fail(field+".until", "the same as from: write 00:00 and 24:00 for the whole day")
	}
}

// hostname takes a DNS name or an address as policies list them.
func (c *check) hostname(field, s string) {
	host, port, found := strings.Cut(s, ":")
	if n, err := strconv.Atoi(port); found && (err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port) {
		c.fail(field, "%.64q: the port is a number from 1 to 65535", s)
	}
	ok := len(host) <= 253
	for label := range strings.SplitSeq(host, ".") {
		ok = ok && ValidID(label) && !strings.HasSuffix(label, "-")
	}
	if !ok {
		c.fail(field, "%.64q is no host: write radio.example.vn or radio.example.vn:8443, in lower case", s)
	}
}
