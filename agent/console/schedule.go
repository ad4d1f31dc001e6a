package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"loa/agent/ahead"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// maxLines bounds every list that people read; programs get maxRows.
const (
	maxLines = 100
	maxRows  = 500
)

// A planned is a line of the dry run as programs see it.
type planned struct {
	At     time.Time  `json:"at"`
	Until  time.Time  `json:"until"`
	ID     string     `json:"id"`
	Title  string     `json:"title"`
	Class  plan.Class `json:"class"`
	Sounds bool       `json:"sounds"`
	Shows  bool       `json:"shows"`           // on the board
	Times  int        `json:"times,omitempty"` // that it comes on there
	Volume int        `json:"volume_percent,omitempty"`
	Code   plan.Code  `json:"code,omitempty"`
	LeftS  float64    `json:"left_s,omitempty"` // of it that will not be heard
	Why    string     `json:"why,omitempty"`
}

// next is what will sound and be seen and what will be refused, by the code that
// decides.
func (c *call) next() (answer, error) {
	d := 24 * time.Hour
	if len(c.args) > 0 {
		var ok bool
		if d, ok = horizon(c.args[0]); !ok || len(c.args) > 1 {
			return answer{}, c.misused()
		}
	}
	if c.box.Plan == nil {
		return answer{}, c.absent()
	}
	lines, err := c.box.Plan.Ahead(c.ctx, d)
	if err != nil {
		return answer{}, err
	}
	data := make([]planned, 0, min(len(lines), maxRows))
	for _, l := range lines[:min(len(lines), maxRows)] {
		data = append(data, c.planned(l))
	}
	if len(lines) == 0 {
		return answer{data: data, text: c.say("next.nothing")}, nil
	}
	var b strings.Builder
	day := ""
	for i, p := range data[:min(len(data), maxLines)] {
		if d := c.day(p.At); d != day {
			day = d
			fmt.Fprintln(&b, d)
		}
		span := p.At.In(c.o.Zone).Format("15:04:05")
		if p.Until.After(p.At) {
			span += "-" + p.Until.In(c.o.Zone).Format("15:04:05")
		}
		what := "next.refused"
		switch {
		case p.Sounds:
			what = "next.sounds"
		case p.Shows:
			what = "next.shows"
		}
		fmt.Fprintf(&b, "  %s %s %s", pad(span, 17), pad(c.say(what), 6), or(p.Title, p.ID))
		fmt.Fprintf(&b, " (%s", c.class(p.Class))
		if p.Sounds {
			fmt.Fprintf(&b, ", %d %%", p.Volume)
		}
		if p.Times > 1 {
			fmt.Fprintf(&b, ", %s", c.say("times", p.Times))
		}
		b.WriteString(")")
		if p.Why != "" {
			fmt.Fprintf(&b, ": %s", p.Why)
		}
		b.WriteByte('\n')
		if i == maxLines-1 && len(lines) > maxLines {
			fmt.Fprintln(&b, c.say("more", len(lines)-maxLines))
		}
	}
	return answer{data: data, text: b.String()}, nil
}

func (c *call) planned(l ahead.Line) planned {
	p := planned{
		At: l.At, Until: l.Until, ID: l.Occurrence.ID, Title: l.Occurrence.Title, Class: l.Occurrence.Class,
		Sounds: l.Sounds, Shows: l.Shows, Times: l.Times, Volume: l.Volume, Code: l.Code, LeftS: l.Left.Seconds(), Why: l.VI,
	}
	if c.english() {
		p.Why = l.Why
	}
	if p.Why == "" && l.Code != plan.Accepted {
		p.Why = c.sentence(l.Code)
	}
	return p
}

// horizon reads 24h, 90m or 7d; at least a minute, at most 31 days.
func horizon(s string) (time.Duration, bool) {
	unit := time.Hour
	switch {
	case strings.HasSuffix(s, "d"):
		unit = 24 * time.Hour
	case strings.HasSuffix(s, "m"):
		unit = time.Minute
	case !strings.HasSuffix(s, "h"):
		return 0, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 1 || n > 60*24*31 {
		return 0, false
	}
	d := time.Duration(n) * unit
	return d, d <= 31*24*time.Hour
}

// why explains why nothing sounds, where a value comes from, the last refusals, or those
// of one thing.
func (c *call) why() (answer, error) {
	if strings.EqualFold(strings.Join(c.args, " "), "not playing") {
		return c.whyNotPlaying()
	}
	words, refused := c.args, len(c.args) > 0 && c.args[0] == "refused"
	if refused {
		words = words[1:]
	} else if len(words) == 1 {
		if a, ok := c.whySetting(words[0]); ok {
			return a, nil
		}
	}
	q := ledger.Query{Kind: ledger.Refused, Limit: 5}
	switch {
	case len(words) > 1:
		return answer{}, c.misused()
	case len(words) == 1:
		if n, err := strconv.Atoi(words[0]); err == nil {
			if n < 1 || n > maxLines {
				return answer{}, c.misused()
			}
			q.Limit = n
		} else {
			q.ID = words[0]
		}
	}
	if c.box.Ledger == nil {
		return answer{}, c.absent()
	}
	found, err := c.box.Ledger.Query(q)
	if err != nil {
		return answer{}, err
	}
	if len(found) == 0 && q.ID != "" && !refused {
		return answer{}, usageError{c.say("why.unknown", short(q.ID, 32))}
	}
	type refusal struct {
		ledger.Entry
		Why string `json:"why"`
	}
	data := make([]refusal, 0, len(found))
	var b strings.Builder
	for _, e := range found {
		data = append(data, refusal{e, c.sentence(e.Code)})
		what := string(e.Code)
		if e.Board {
			what = c.say("why.board") + ", " + what
		}
		fmt.Fprintf(&b, "%s  %s (%s)\n    %s\n", c.time(e.Time), or(or(e.Title, e.ID), "—"), what, c.sentence(e.Code))
		if e.Detail != "" {
			fmt.Fprintf(&b, "    %s\n", c.say("detail", c.detail(e)))
		}
		if e.Count > 1 {
			fmt.Fprintf(&b, "    %s\n", c.say("times", e.Count))
		}
	}
	if len(found) == 0 {
		b.WriteString(c.say("why.none"))
	}
	return answer{data: data, text: b.String()}, nil
}

func (c *call) ledger() (answer, error) {
	if c.box.Ledger == nil {
		return answer{}, c.absent()
	}
	verb := "last"
	if len(c.args) > 0 {
		verb = c.args[0]
	}
	switch {
	case verb == "verify" && len(c.args) == 1:
		return c.verify()
	case verb == "last" && len(c.args) <= 2:
	default:
		return answer{}, c.misused()
	}
	n := 10
	if len(c.args) == 2 {
		var err error
		if n, err = strconv.Atoi(c.args[1]); err != nil || n < 1 || n > maxRows {
			return answer{}, c.misused()
		}
	}
	entries, err := c.box.Ledger.Query(ledger.Query{Limit: n})
	if err != nil {
		return answer{}, err
	}
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%d %s %s %s", e.Seq, c.time(e.Time), pad(c.say("kind."+string(e.Kind)), 9), or(e.Title, e.ID))
		if e.Class != "" {
			fmt.Fprintf(&b, " (%s)", c.class(e.Class))
		}
		if e.Result != "" {
			fmt.Fprintf(&b, ", %s", c.say("result."+string(e.Result)))
		}
		if e.HeardS > 0 {
			fmt.Fprintf(&b, " %s s", c.decimal(e.HeardS))
		}
		if e.Code != "" {
			fmt.Fprintf(&b, ": %s", c.sentence(e.Code))
		}
		if e.Count > 1 {
			fmt.Fprintf(&b, ", %s", c.say("times", e.Count))
		}
		// What follows in brackets is for technicians, in the words of the code.
		if technical := join(": ", string(e.Code), short(c.detail(e), 80)); technical != "" {
			fmt.Fprintf(&b, " [%s]", technical)
		}
		b.WriteByte('\n')
	}
	if len(entries) == 0 {
		b.WriteString(c.say("ledger.empty"))
	}
	if entries == nil {
		entries = []ledger.Entry{}
	}
	return answer{data: entries, text: b.String()}, nil
}

// detail is the detail of an entry, in the session's language as far as it is known.
func (c *call) detail(e ledger.Entry) string {
	if c.english() {
		return e.Says().EN
	}
	return c.driver(e.Says().VI)
}

func (c *call) verify() (answer, error) {
	st := c.box.Ledger.Status()
	if err := c.box.Ledger.Verify(); err != nil {
		return answer{}, err
	}
	type verified struct {
		First  int64 `json:"first"`
		Last   int64 `json:"last"`
		Synced int64 `json:"synced"`
		Acked  int64 `json:"acked"`
		Bytes  int64 `json:"bytes"`
		Lost   int   `json:"lost"`
	}
	return answer{
		data: verified{st.First, st.Last, st.Synced, st.Acked, st.Bytes, st.Lost},
		text: c.say("ledger.whole", max(0, st.Last-st.First+1), st.First, st.Last, st.Acked, c.size(st.Bytes)),
	}, nil
}

func (c *call) log() (answer, error) {
	n := 20
	if len(c.args) > 0 {
		var err error
		if n, err = strconv.Atoi(c.args[0]); err != nil || n < 1 || n > maxRows || len(c.args) > 1 {
			return answer{}, c.misused()
		}
	}
	if c.box.Log == nil {
		return answer{}, c.absent()
	}
	lines := c.box.Log(n)
	if lines == nil {
		lines = []string{}
	}
	now := c.o.Now()
	told := make([]string, len(lines))
	for i, line := range lines {
		told[i] = c.logged(line, now)
	}
	return answer{data: lines, text: strings.Join(told, "\n")}, nil
}

// logged is a line of the log for people, with the time on the wall; what is no such line
// stays as it is.
func (s *session) logged(line string, now time.Time) string {
	at, rest, _ := strings.Cut(strings.TrimPrefix(line, "time="), " level=")
	level, rest, ok := strings.Cut(rest, " msg=")
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || !ok {
		return line
	}
	msg, more, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(rest, `"`) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return line
		}
		msg, _ = strconv.Unquote(quoted)
		more = strings.TrimSpace(rest[len(quoted):])
	}
	return join(" ", s.clockTime(t, now), level, strings.ReplaceAll(msg, "\n", " "), more)
}
