package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/plan"
)

// A Board is the board that people read.
type Board interface {
	Board() BoardStatus
	// Picture is what it was last given, drawn in lines of text; PNG is the same as a
	// file, nil before the first.
	Picture() []string
	PNG() []byte
	// Pattern shows a test picture for a while; without a name it ends it.
	Pattern(name string, d time.Duration) error
	Bright(percent int, d time.Duration) error
	// Sweep looks for the card at every speed and address, and says what was heard;
	// nil: this kind of board has no such thing.
	Sweep(ctx context.Context) ([]string, error)
}

// BoardStatus is how the board is.
type BoardStatus struct {
	Driver     string            `json:"driver"`
	Width      int               `json:"width"`
	Height     int               `json:"height"`
	Fault      string            `json:"fault,omitempty"` // empty: it takes pages
	Facts      map[string]string `json:"facts,omitempty"` // what it last said of itself
	Probed     time.Time         `json:"probed,omitzero"`
	Brightness int               `json:"brightness_percent"` // -1: its own

	Light *LightStatus `json:"light,omitempty"`         // nil: it has no light sensor
	TempC *float64     `json:"temperature_c,omitempty"` // nil: nobody knows

	Title string    `json:"title,omitempty"` // empty: a default page
	Page  int       `json:"page"`
	Pages int       `json:"pages"`
	Since time.Time `json:"since,omitzero"`
	Taken bool      `json:"taken"` // it has what it should show
	// Pattern: a technician's test picture hides that for a while.
	Pattern bool `json:"pattern,omitempty"`
	// Agrees: what the board says of itself fits what it was given: yes, no, or unknown
	// for boards that never answer.
	Agrees string `json:"agrees"`
	// Undimmed is why it does not take its brightness; empty: it does, or has none.
	Undimmed string `json:"undimmed,omitempty"`

	Refused []BoardRefusal `json:"refused,omitempty"` // of the last day, the newest last, at most 3
}

// A BoardRefusal is something that the board was to show and did not, or not as it was
// signed.
type BoardRefusal struct {
	At     time.Time `json:"at"`
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Code   plan.Code `json:"code"`
	Detail string    `json:"detail,omitempty"`
}

// LightStatus is what the light sensor says.
type LightStatus struct {
	Reading float64 `json:"reading"`         // in the unit of the board file: lux, or mV of a photocell
	Percent int     `json:"percent"`         // the brightness that this asks for
	Fault   string  `json:"fault,omitempty"` // why the default holds instead
}

// How long what a technician does at the board lasts.
const (
	patternFor = 30 * time.Second
	patternMax = 600 // s
	brightFor  = 10 * time.Minute
)

// boardPatterns are the names that Board.Pattern takes, as the usage shows them.
const boardPatterns = "all|red|green|blue|grid|frame"

func (c *call) board() (answer, error) {
	if c.box.Board == nil {
		return answer{}, c.absent()
	}
	verb := "show"
	if len(c.args) > 0 {
		verb = c.args[0]
	}
	switch rest := c.args[min(1, len(c.args)):]; {
	case verb == "show" && len(rest) == 0:
		return c.boardShow(), nil
	case verb == "render" && len(rest) == 0:
		lines := c.box.Board.Picture()
		return answer{data: map[string]any{"lines": lines}, text: strings.Join(smaller(lines, screen, 20), "\n") + "\n"}, nil
	case verb == "shot" && len(rest) == 0:
		return c.boardShot()
	case verb == "probe" && len(rest) == 0:
		return c.boardProbe()
	case verb == "pattern" && len(rest) >= 1 && len(rest) <= 2:
		return c.boardPattern(rest)
	case verb == "bright" && len(rest) == 1:
		return c.boardBright(rest[0])
	}
	return answer{}, c.misused()
}

func (c *call) boardShow() answer {
	st := c.box.Board.Board()
	var b rows
	b.row(c.say("board.panel"), fmt.Sprintf("%s, %d × %d", st.Driver, st.Width, st.Height))
	state := c.say("board.ok")
	switch {
	case st.Fault != "":
		state = c.say("board.fault", c.driver(st.Fault))
	case !st.Taken:
		state = c.say("board.waits")
	}
	b.row(c.say("board.state"), state)
	shows := c.say("board.default")
	if st.Title != "" {
		shows = st.Title
	}
	if st.Pages > 1 {
		shows += ", " + c.say("board.page", st.Page, st.Pages)
	}
	if !st.Since.IsZero() {
		shows += ", " + c.say("board.since", c.hourOf(st.Since))
	}
	if st.Pattern {
		shows = c.say("board.test") + " (" + shows + ")"
	}
	b.row(c.say("board.shows"), shows)
	b.row(c.say("board.agrees"), c.say("board.agrees."+st.Agrees))
	if st.Brightness >= 0 {
		b.row(c.say("board.bright"), fmt.Sprintf("%d %%", st.Brightness))
	}
	if st.Undimmed != "" {
		b.row(c.say("board.bright"), c.say("board.undimmed", c.driver(st.Undimmed)))
	}
	for _, r := range st.Refused {
		b.row(c.say("board.refused"), fmt.Sprintf("%s  %s: %s [%s]", c.hourOf(r.At), or(r.Title, r.ID), c.sentence(r.Code), r.Code))
	}
	if l := st.Light; l != nil {
		reading := strconv.FormatFloat(l.Reading, 'g', 6, 64) // lux are few by night and many by day
		if !c.english() {
			reading = strings.Replace(reading, ".", ",", 1)
		}
		said := c.say("board.light.says", reading, l.Percent)
		if l.Fault != "" {
			said = c.say("board.light.fault", l.Percent, c.driver(l.Fault))
		}
		b.row(c.say("board.light"), said)
	}
	if st.TempC != nil {
		b.row(c.say("board.temperature"), c.decimal(*st.TempC)+" °C")
	}
	if door := st.Facts["open_door"]; door != "" {
		b.row(c.say("board.door"), c.driver(door))
	}
	if !st.Probed.IsZero() {
		b.row(c.say("board.said"), c.hourOf(st.Probed))
		for _, k := range slices.Sorted(maps.Keys(st.Facts)) {
			if v := st.Facts[k]; v != "" && k != "open_door" {
				b.row("  "+k, v)
			}
		}
	}
	return answer{data: st, text: b.String()}
}

// boardShot is boardShow with the picture, for a program that asks from afar.
func (c *call) boardShot() (answer, error) {
	a, picture := c.boardShow(), c.box.Board.PNG()
	if len(picture) > maxShot {
		return answer{}, usageError{c.say("board.shot.large", len(picture), maxShot)}
	}
	a.data = struct {
		BoardStatus
		PNG []byte `json:"png,omitempty"`
	}{a.data.(BoardStatus), picture}
	return a, nil
}

// maxShot bounds the picture of an answer from afar, in bytes.
const maxShot = 1 << 20

func (c *call) boardProbe() (answer, error) {
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	heard, err := c.box.Board.Sweep(c.ctx)
	if err != nil {
		return answer{}, err
	}
	if heard == nil {
		a := c.boardShow()
		about := c.say("board.nosweep") + "\n"
		if st := c.box.Board.Board(); len(st.Facts) > 0 && st.Facts["width"] == "" {
			about += c.say("board.unsized") + "\n"
		}
		a.text = about + a.text
		return a, nil
	}
	data, text := map[string]any{"heard": heard}, ""
	for _, line := range heard {
		text += c.driver(line) + "\n"
	}
	if door := c.box.Board.Board().Facts["open_door"]; door != "" {
		data["open_door"] = door
		text += c.say("board.door") + ": " + c.driver(door) + "\n"
	}
	return answer{data: data, text: text}, nil
}

func (c *call) boardPattern(words []string) (answer, error) {
	name, d := words[0], patternFor
	if len(words) == 2 {
		n, err := strconv.Atoi(strings.TrimSuffix(words[1], "s"))
		if err != nil || n < 1 || n > patternMax {
			return answer{}, usageError{c.say("board.bound", patternMax)}
		}
		d = time.Duration(n) * time.Second
	}
	if name == "off" {
		name = ""
	} else if !slices.Contains(strings.Split(boardPatterns, "|"), name) {
		return answer{}, c.misused()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.box.Board.Pattern(name, d); err != nil {
		return answer{}, err
	}
	text := c.say("board.pattern.off")
	if name != "" {
		text = c.say("board.pattern", name, int(d/time.Second))
	}
	return answer{data: map[string]any{"pattern": name, "for_s": d.Seconds()}, text: text}, nil
}

func (c *call) boardBright(word string) (answer, error) {
	percent, err := strconv.Atoi(strings.TrimSuffix(word, "%"))
	if word == "auto" {
		percent, err = 0, nil
	} else if err != nil || percent < 1 || percent > 100 {
		return answer{}, c.misused()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.box.Board.Bright(percent, brightFor); err != nil {
		return answer{}, err
	}
	text := c.say("board.bright.auto")
	if percent > 0 {
		text = c.say("board.bright.set", percent, int(brightFor/time.Minute))
	}
	return answer{data: map[string]int{"brightness_percent": percent}, text: text}, nil
}
