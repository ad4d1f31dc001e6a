package console

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/plan"
)

// Status is how the box is now. Zero values are things that are not known or
// not there.
type Status struct {
	Device  string    `json:"device"`
	Name    string    `json:"name,omitempty"`
	Place   string    `json:"place,omitempty"` // empty: not assigned
	Board   string    `json:"board,omitempty"`
	Code    string    `json:"enrol_code,omitempty"` // the box waits for its name, and whoever gives it one types this
	Asks    time.Time `json:"asks_at,omitzero"`     // such a box asks again
	Version string    `json:"version"`
	Built   time.Time `json:"built,omitzero"`
	Started time.Time `json:"started"`

	Broker    string    `json:"broker,omitempty"`
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since,omitzero"` // of Connected, either way

	Silent    bool    `json:"no_speaker,omitempty"` // the board has none
	Amp       bool    `json:"amp"`
	Keyed     bool    `json:"amp_keyed,omitempty"`  // a line keys it
	Sink      string  `json:"sink_fault,omitempty"` // empty: the sound device works
	RMSDBFS   float64 `json:"rms_dbfs"`
	PeakDBFS  float64 `json:"peak_dbfs"`
	Xruns     int64   `json:"xruns"`
	Underruns int64   `json:"underruns"`

	Volume     int       `json:"volume_percent"`
	MutedUntil time.Time `json:"muted_until,omitzero"`
	LocalUntil time.Time `json:"local_until,omitzero"` // nothing from afar sounds until then
	LocalWhy   string    `json:"local_reason,omitempty"`

	Now     *Item  `json:"now,omitempty"`
	Waiting []Item `json:"waiting,omitempty"`
	Next    *Item  `json:"next,omitempty"`

	MediaWanted  int   `json:"media_wanted"`
	MediaPresent int   `json:"media_present"`
	DiskFree     int64 `json:"disk_free_bytes"`
}

// An Item is something that sounds, waits or is to come.
type Item struct {
	Title  string     `json:"title"`
	Class  plan.Class `json:"class"`
	From   time.Time  `json:"from"`
	Until  time.Time  `json:"until,omitzero"`
	Volume int        `json:"volume_percent,omitempty"`
	Relay  string     `json:"relay,omitempty"` // the address that is heard
	Voice  string     `json:"voice,omitempty"` // of a machine that has read the text
}

// A Document is something signed that the box holds.
type Document struct {
	Place   string     `json:"place"`
	Kind    plan.Kind  `json:"kind"`
	ID      string     `json:"id"`
	Title   string     `json:"title,omitempty"`
	Class   plan.Class `json:"class,omitempty"`
	Issued  time.Time  `json:"issued"`
	Until   time.Time  `json:"until,omitzero"`
	State   string     `json:"state"`             // one of the State constants
	Missing int        `json:"missing,omitempty"` // recordings and pictures that are not here yet
}

// The states of a document.
const (
	InForce   = "in-force"
	Later     = "later" // it is not valid yet
	Expired   = "expired"
	Withdrawn = "withdrawn"
	AllClear  = "all-clear" // an office's alerts are over
)

func (c *call) status() (answer, error) {
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	st, f, faults := c.box.View.Status(), c.box.View.Clock(), c.box.View.Faults()
	var b rows
	row := func(name, value string) { b.row(c.say("status."+name), c.fit(clean(value), screen-15)) }
	row("box", join(", ", st.Device, named(st), st.Board, st.Version))
	if st.Code != "" {
		row("code", st.Code)
	}
	row("place", or(st.Place, c.say("status.unassigned")))
	row("clock", c.time(f.Time)+", "+c.trusted(f))
	row("up", c.span(f.Time.Sub(st.Started)))
	b.WriteString(fold(pad(c.say("status.link"), 14)+" "+clean(c.link(st, f.Time, slices.Concat(faults, c.box.View.Fresh()))), 15))
	if st.Silent {
		row("sound", c.say("status.nospeaker"))
	} else {
		row("sound", or(c.driver(st.Sink), "OK")+", "+c.say("status.amp."+onOff(st.Amp))+", "+c.say("status.volume", st.Volume))
	}
	row("level", meter(st.RMSDBFS, st.PeakDBFS))
	row("now", c.sounding(st.Now))
	for i := range st.Waiting {
		if i == mostWaiting {
			row("waiting", c.say("status.more", len(st.Waiting)-i))
			break
		}
		row("waiting", c.sounding(&st.Waiting[i]))
	}
	if st.Next != nil {
		row("next", c.clockTime(st.Next.From, f.Time)+"  "+c.sounding(st.Next))
	}
	if st.MutedUntil.After(f.Time) {
		row("muted", c.say("until", c.clockTime(st.MutedUntil, f.Time)))
	}
	if st.LocalUntil.After(f.Time) {
		row("local", strings.TrimSpace(c.say("until", c.clockTime(st.LocalUntil, f.Time))+"  "+st.LocalWhy))
	}
	if c.box.Board != nil {
		row("board", c.onBoard(c.box.Board.Board()))
	}
	row("media", c.say("status.have", st.MediaPresent, st.MediaWanted, c.size(st.DiskFree)))
	if c.box.Update != nil {
		row("update", c.comingSoftware(c.box.Update.Status()))
	}
	var looked *Commission
	if c.box.Commission != nil && !st.Silent {
		k := c.box.Commission.Commission()
		looked = &k
		row("commission", c.looked(k, f.Time))
	}
	row("faults", c.worst(faults))
	return answer{data: struct {
		Status
		Faults     []fault     `json:"faults"`
		Commission *Commission `json:"commission,omitempty"`
	}{st, c.told(faults), looked}, text: b.String()}, nil
}

// mostWaiting bounds what is told of what waits: the answer is to fit one screen.
const mostWaiting = 3

// onBoard is what the board shows, in one line.
func (c *call) onBoard(st BoardStatus) string {
	switch {
	case st.Fault != "":
		return c.say("board.fault", c.driver(st.Fault))
	case st.Pattern:
		return c.say("board.test")
	case st.Title != "":
		return st.Title
	}
	return c.say("board.default")
}

// troubles are what keeps a box from its broker, the most telling first.
var troubles = []string{"tls-ca", "tls-name", "tls-expired", "broker-refused", "broker-unreachable"}

// link says how the box stands with its broker: without one why, and since when,
// of all that holds.
func (c *call) link(st Status, now time.Time, holds []health.Active) string {
	if st.Connected {
		link := c.say("status.online", st.Broker)
		if !st.Since.IsZero() {
			link += ", " + c.say("status.since", c.span(now.Sub(st.Since)))
		}
		return link
	}
	why, since := "", time.Time{}
	for _, code := range troubles {
		i := slices.IndexFunc(holds, func(a health.Active) bool { return a.Code == code })
		if i < 0 {
			continue
		}
		if why == "" {
			why = c.told(holds[i : i+1])[0].What
		}
		if since.IsZero() || holds[i].Since.Before(since) {
			since = holds[i].Since
		}
	}
	switch {
	case why != "":
		return c.say("status.offline.why", c.hourOrDay(since, now), small(why))
	case st.Code != "" && st.Asks.After(now): // it has visited and comes again
		return c.say("status.asks", c.span(st.Asks.Sub(now)))
	case st.Broker != "":
		return c.say("status.offline") + ", " + st.Broker
	}
	return c.say("status.nobroker")
}

// small is a sentence in the middle of another.
func small(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func (c *call) sounding(it *Item) string {
	if it == nil {
		return c.say("status.nothing")
	}
	s := or(it.Title, "—") + " (" + c.class(it.Class)
	if it.Voice != "" {
		s += ", " + c.say("status.voice")
	}
	if !it.Until.IsZero() {
		s += ", " + c.say("until", c.hourOf(it.Until))
	}
	if it.Volume > 0 {
		s += fmt.Sprintf(", %d %%", it.Volume)
	}
	if it.Relay != "" {
		s += ", " + it.Relay
	}
	return s + ")"
}

// meter draws a level from −60 to 0 dBFS.
func meter(rms, peak float64) string {
	const width = 20
	at := func(db float64) int { return int(math.Round(width * (max(-60, min(0, db)) + 60) / 60)) }
	bar := []byte(strings.Repeat("=", at(rms)) + strings.Repeat(".", width-at(rms)))
	if p := at(peak); p > 0 {
		bar[p-1] = '|'
	}
	if rms <= -100 {
		return "[" + string(bar) + "]"
	}
	return fmt.Sprintf("[%s] %.0f dBFS", bar, rms)
}

func (c *call) clock() (answer, error) {
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	f := c.box.View.Clock()
	var b rows
	b.row(c.say("clock.time"), c.time(f.Time))
	level := c.trusted(f)
	if f.Error > 0 {
		level += ", ± " + c.brief(f.Error)
	}
	b.row(c.say("clock.level"), level)
	b.row(c.say("clock.allows"), c.say("allows."+f.Level.String()))
	b.row(c.say("clock.host"), c.time(f.Host)+", NTP "+c.say("yesno."+onOff(f.Synced)))
	rtc := c.say("yesno." + onOff(f.RTC))
	if f.RTC && f.Tainted {
		rtc += ", " + c.say("clock.tainted")
	}
	b.row(c.say("clock.rtc"), rtc)
	b.row(c.say("clock.floor"), c.time(f.Floor))
	data := struct {
		clock.Facts
		Together *Together `json:"together,omitempty"`
	}{Facts: f}
	if c.box.Together != nil {
		t := c.box.Together()
		data.Together = &t
		c.together(&b, t)
	}
	return answer{data: data, text: b.String()}, nil
}

// together says how well the box keeps time with its neighbours.
func (c *call) together(b *rows, t Together) {
	if t.PPM != 0 || t.Slips > 0 {
		b.row(c.say("clock.card"), c.say("clock.ppm", t.PPM, t.Slips))
	}
	switch {
	case !t.Asked:
		b.row(c.say("clock.together"), c.say("clock.unasked"))
		return
	case t.Why != "":
		b.row(c.say("clock.together"), c.say("clock.alone", t.Why))
		return
	case !t.Begun:
		b.row(c.say("clock.together"), c.say("clock.waits"))
		return
	}
	b.row(c.say("clock.together"), c.say("clock.off", t.Off.Round(time.Microsecond), t.Worst.Round(time.Microsecond)))
	if t.Jumps > 0 {
		b.row(c.say("clock.jumps"), c.say("clock.jumped", t.Jumps, c.time(t.Jumped)))
	}
}

// trusted says how far the time can be trusted, and why.
func (c *call) trusted(f clock.Facts) string {
	if f.OfHost {
		return c.say("level.host")
	}
	return c.say("level." + f.Level.String())
}

func (c *call) documents() (answer, error) {
	if len(c.args) > 1 || len(c.args) == 1 && c.args[0] != "list" {
		return answer{}, c.misused()
	}
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	docs := slices.Clone(c.box.View.Documents())
	if len(docs) == 0 {
		return answer{data: []Document{}, text: c.say("doc.none")}, nil
	}
	var b strings.Builder
	for i, d := range docs {
		if i == maxLines {
			fmt.Fprintln(&b, c.say("more", len(docs)-i))
			break
		}
		fmt.Fprintf(&b, "%s %s %s", pad(c.say("state."+d.State), 12), pad(string(d.Kind), 9), join("  ", d.Place+"/"+d.ID, d.Title))
		if d.Class != "" {
			fmt.Fprintf(&b, " (%s)", c.class(d.Class))
		}
		if !d.Until.IsZero() {
			fmt.Fprintf(&b, ", %s", c.say("until", c.time(d.Until)))
		}
		if d.Missing > 0 {
			fmt.Fprintf(&b, ", %s", c.say("doc.missing", d.Missing))
		}
		b.WriteByte('\n')
	}
	return answer{data: docs, text: b.String()}, nil
}

func (c *call) version() (answer, error) {
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	st := c.box.View.Status()
	data := struct {
		Version string    `json:"version"`
		Built   time.Time `json:"built,omitzero"`
		Board   string    `json:"board,omitempty"`
		Device  string    `json:"device"`
	}{st.Version, st.Built, st.Board, st.Device}
	text := "loa " + st.Version
	if !st.Built.IsZero() {
		text += ", " + c.time(st.Built)
	}
	return answer{data: data, text: join(", ", text, st.Board, st.Device)}, nil
}

// rows are lines of a name and a value.
type rows struct{ strings.Builder }

func (r *rows) row(name, value string) { fmt.Fprintf(r, "%s %s\n", pad(name, 14), value) }

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// join puts together what is not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
