package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"loa/agent/plan"
)

// An Importer takes in what somebody has brought on a stick, and gives the box's
// ledger back on it.
type Importer interface {
	// Import uses the folder loa in dir; empty: that of the one stick that is mounted.
	Import(ctx context.Context, dir string) (Imported, error)
}

// longestImport bounds the reading of a stick: 8 GB from a slow one.
const longestImport = time.Hour

// What an Importer may answer instead.
var (
	ErrNoStick       = errors.New("no stick with a folder loa is mounted")
	ErrSeveralSticks = errors.New("several sticks with a folder loa are mounted")
	ErrStickInUse    = errors.New("a stick is being read already")
)

// Imported is what came of a visit with a stick.
type Imported struct {
	Dir       string    `json:"dir"`
	Documents []Carried `json:"documents"` // taken and refused
	Taken     int       `json:"taken"`
	Known     int       `json:"known"` // already
	Refused   int       `json:"refused"`
	Others    int       `json:"others"` // for other boxes
	Copied    int       `json:"files_copied"`
	Present   int       `json:"files_present"` // needed, and on the box before
	Missing   int       `json:"files_missing"` // needed, and not on the stick
	Bad       []Carried `json:"files_refused,omitempty"`
	Segments  int       `json:"segments"` // given back
	From      int64     `json:"from,omitempty"`
	To        int64     `json:"to,omitempty"`     // entries of the ledger
	Broken    string    `json:"broken,omitempty"` // why it ended early
}

// Carried is one thing on a stick.
type Carried struct {
	Name string    `json:"name"` // place/kind/id, or a hash
	Code plan.Code `json:"code,omitempty"`
	Why  string    `json:"why,omitempty"`
	Old  bool      `json:"old,omitempty"` // a sign of life, without which nothing new counts
}

// mostRows bounds what is told by name.
const mostRows = 60

func (c *call) importStick() (answer, error) {
	if c.box.Stick == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	is, err := c.box.Stick.Import(c.ctx, strings.Join(c.args, " "))
	switch {
	case errors.Is(err, ErrNoStick):
		return answer{}, errors.New(c.say("import.none", "import"))
	case errors.Is(err, ErrSeveralSticks):
		return answer{}, errors.New(c.say("import.several", "import"))
	case errors.Is(err, ErrStickInUse):
		return answer{}, errors.New(c.say("import.busy"))
	case err != nil:
		return answer{}, err
	}
	a := answer{data: is, text: c.imported(is)}
	switch {
	case is.Broken != "":
		a.code = Failed
	case is.Refused+len(is.Bad) > 0:
		a.code = Refused
	}
	return a, nil
}

func (c *call) imported(is Imported) string {
	var b strings.Builder
	line := func(key string, args ...any) { fmt.Fprintln(&b, c.say(key, args...)) }
	line("import.stick", is.Dir)
	rows := append(append([]Carried{}, is.Documents...), is.Bad...)
	for i, d := range rows {
		if i == mostRows {
			line("more", len(rows)-i)
			break
		}
		switch {
		case d.Code == plan.Accepted:
			line("import.taken", d.Name)
		case d.Old:
			line("import.old")
		default:
			line("import.refused", d.Name, d.Code, c.sentence(d.Code))
			if d.Why != "" {
				line("detail", d.Why)
			}
		}
		if d.Code == plan.ClockCode {
			line("import.clock")
		}
	}
	line("import.documents", is.Taken, is.Known, is.Refused)
	if is.Others > 0 {
		line("import.others", is.Others)
	}
	line("import.files", is.Copied, is.Present, is.Missing)
	if is.Broken != "" {
		line("import.broken", c.driver(is.Broken))
	}
	if is.Segments > 0 {
		line("import.back", is.From, is.To)
	} else if is.Broken == "" {
		line("import.nothing-back")
	}
	return b.String()
}
