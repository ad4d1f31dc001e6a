package console

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// A Setting is a value and where it comes from.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`            // one of the From constants
	Where string `json:"where,omitempty"` // file and line, document, command
}

// Where a value comes from.
const (
	FromDefault = "default"
	FromFile    = "file"
	FromTrial   = "trial" // until the trial is over, or somebody commits it
	FromCentre  = "centre"
	FromConsole = "console" // a technician, until the box starts anew
)

// A reason is why nothing sounds.
type reason struct {
	Code plan.Code `json:"code,omitempty"` // of a refusal
	Why  string    `json:"why"`
}

// whyNotPlaying says why nothing sounds now, the strongest reason first.
func (c *call) whyNotPlaying() (answer, error) {
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	st, f := c.box.View.Status(), c.box.View.Clock()
	data := struct {
		Playing *Item    `json:"playing,omitempty"`
		Reasons []reason `json:"reasons"`
	}{Playing: st.Now, Reasons: []reason{}}
	say := func(code plan.Code, key string, args ...any) {
		data.Reasons = append(data.Reasons, reason{code, c.say(key, args...)})
	}
	switch {
	case st.Silent:
		say("", "whynot.nospeaker")
	case st.Sink != "":
		say("", "whynot.sink", c.driver(st.Sink))
	}
	if st.Now != nil {
		c.whyNotHeard(st, say)
		text := fold(c.say("whynot.plays", c.sounding(st.Now)), 2) + c.say("whynot.unheard") + "\n"
		return answer{data: data, text: text + bullets(data.Reasons)}, nil
	}
	if st.Place == "" {
		say("", "whynot.place")
	}
	if f.Level < clock.RTC {
		say(plan.ClockCode, "whynot.clock", c.trusted(f))
	}
	if st.LocalUntil.After(f.Time) {
		say(plan.LocalMode, "whynot.local", c.clockTime(st.LocalUntil, f.Time))
	}
	if st.MutedUntil.After(f.Time) {
		say(plan.Muted, "whynot.muted", c.clockTime(st.MutedUntil, f.Time))
	}
	if st.MediaPresent < st.MediaWanted {
		say(plan.MediaMissing, "whynot.media", st.MediaWanted-st.MediaPresent)
	}
	if c.box.Plan != nil {
		lines, err := c.box.Plan.Ahead(c.ctx, 24*time.Hour)
		if err != nil {
			return answer{}, err
		}
		due := false
		for _, l := range lines {
			if l.At.After(f.Time) || !l.Until.After(f.Time) || l.Sounds || l.Shows {
				continue
			}
			due = true
			p := c.planned(l)
			say(l.Code, "whynot.refused", or(p.Title, p.ID), p.Why)
		}
		i := slices.IndexFunc(lines, func(l ahead.Line) bool { return l.Sounds && l.At.After(f.Time) })
		switch {
		case i >= 0 && !due:
			say("", "whynot.next", c.clockTime(lines[i].At, f.Time), or(lines[i].Occurrence.Title, lines[i].Occurrence.ID))
		case !due:
			say("", "whynot.nothing")
		}
	}
	if c.box.Ledger != nil {
		ended, err := c.box.Ledger.Query(ledger.Query{Kind: ledger.End, Limit: 1})
		if err != nil {
			return answer{}, err
		}
		for _, e := range ended {
			if e.Code == plan.LocalMode && f.Time.Sub(e.Time) < 24*time.Hour {
				say(e.Code, "whynot.stopped", c.clockTime(e.Time, f.Time), or(e.Title, e.ID))
			}
		}
		last, err := c.box.Ledger.Query(ledger.Query{Kind: ledger.Refused, Limit: 1})
		if err != nil {
			return answer{}, err
		}
		for _, e := range last {
			if f.Time.Sub(e.Time) < 24*time.Hour {
				say(e.Code, "whynot.last", c.clockTime(e.Time, f.Time), or(or(e.Title, e.ID), "—"), c.sentence(e.Code))
			}
		}
	}
	return answer{data: data, text: c.say("whynot.head") + "\n" + bullets(data.Reasons)}, nil
}

// bullets are reasons, each on a line of its own.
func bullets(reasons []reason) string {
	text := ""
	for _, r := range reasons {
		text += fold("- "+r.Why, 2)
	}
	return text
}

// whyNotHeard says why nobody may hear what plays: for whoever asks the horn is silent.
func (c *call) whyNotHeard(st Status, say func(code plan.Code, key string, args ...any)) {
	switch {
	case st.Silent || st.Sink != "": // said already
	case st.RMSDBFS <= -100:
		say("", "whynot.quiet")
	case st.Keyed && !st.Amp:
		say("", "whynot.amp")
	default:
		say("", "whynot.horn", st.RMSDBFS)
	}
	if c.box.Commission != nil && !st.Silent {
		if k := c.box.Commission.Commission(); !k.Free && !k.Centre && (k.Record == nil || !k.Record.Passed()) {
			say("", "whynot.uncommissioned", k.QuieterDB)
		}
	}
}

// whySetting says where a value comes from; ok is false where there is no such value.
func (c *call) whySetting(key string) (a answer, ok bool) {
	if c.box.Settings == nil {
		return a, false
	}
	key = strings.ToLower(key)
	all := c.box.Settings()
	found := []Setting{}
	for _, match := range []func(Setting) bool{
		func(s Setting) bool { return s.Key == key },
		func(s Setting) bool { return strings.HasSuffix(s.Key, "."+key) },
		func(s Setting) bool { return strings.HasPrefix(s.Key, key+".") },
		func(s Setting) bool { return len(key) > 2 && strings.Contains(s.Key, key) },
	} {
		for _, s := range all {
			if match(s) && !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	var b strings.Builder
	for _, s := range found {
		from := c.say("from." + s.From)
		if s.Where != "" {
			from += ": " + s.Where
		}
		b.WriteString(fold(s.Key+" = "+s.Value, 4))
		b.WriteString("    " + c.fit(from, screen-4) + "\n")
	}
	return answer{data: found, text: b.String()}, len(found) > 0
}

// screen is the width of a technician's terminal, but for its last column: terminals
// differ in what they do after a letter in it.
const screen = 79

// fold breaks text at words so that no line is wider than the screen; all but the first
// begin with so many blanks. It ends with a newline.
func fold(text string, indent int) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > screen:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			width = indent
		default:
			b.WriteByte(' ')
			width++
		}
		for rest := screen - width; n > rest && rest > 0; rest = screen - indent { // a word as long as an address
			head := string([]rune(word)[:rest])
			b.WriteString(head + "\n" + strings.Repeat(" ", indent))
			word, width = strings.TrimPrefix(word, head), indent
			n -= rest
		}
		b.WriteString(word)
		width += n
	}
	return b.String() + "\n"
}

// looked is whether somebody looked the box over, in one line.
func (c *call) looked(k Commission, now time.Time) string {
	switch r := k.Record; {
	case k.Free:
		return c.say("commission.free")
	case r != nil && r.Passed():
		return c.say("commission.by", r.By, c.hourOrDay(r.At, now))
	case k.Centre:
		return c.say("commission.centre")
	case r != nil:
		_, fail, _ := r.Count()
		return c.say("commission.failed", fail, k.QuieterDB)
	case len(k.Draft) > 0:
		return c.say("commission.begun", len(k.Draft), len(commission.Steps()), k.QuieterDB)
	}
	return c.say("commission.not", k.QuieterDB)
}
