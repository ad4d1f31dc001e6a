package plan

import (
	"slices"
	"strings"
)

// Triggers says what may start a standing alert at the boxes of a place that nobody
// reaches: a switch that is wired to them, or a code that comes by SMS. Two sign it, since
// it is an alarm that has been decided about before.
type Triggers struct {
	Head
	Validity
	Lines   []TriggerLine `json:"lines,omitempty"`
	Codes   []TriggerCode `json:"codes,omitempty"`
	Box     string        `json:"box,omitempty"`     // at which alone it counts; codes are one box's
	Senders []string      `json:"senders,omitempty"` // numbers from which codes count, such as +84912345678; none: any

	ForS   int `json:"for_s"`            // how long an alert that is started stands, 60…7200
	Repeat int `json:"repeat,omitempty"` // how often it sounds in that time, default 3
	GapS   int `json:"gap_s,omitempty"`
}

// A TriggerLine is an input of the board file that starts an alert when it is on for
// HoldS without a break, having been off before.
type TriggerLine struct {
	Line   string `json:"line"`
	Alert  string `json:"alert"`
	HoldS  int    `json:"hold_s"`  // 3…60: a hand that slips or a contact that bounces starts nothing
	PerDay int    `json:"per_day"` // how often in 24 hours, 1…24
}

// A TriggerCode starts an alert once, at one box: which is in the sum.
type TriggerCode struct {
	Alert string `json:"alert"`
	Sum   string `json:"sum"` // of the code, see trigger.Sum: 32 hexadecimal digits
}

// TriggerOffice begins the name of the office under which a box keeps the alerts that
// were started at it. No office may be called so.
const TriggerOffice = "trigger-"

// Triggered reports the key of alerts that were started at the box itself.
func (k Key) Triggered() bool {
	return k.Kind == KindAlert && strings.HasPrefix(k.ID, TriggerOffice)
}

const maxTriggerCodes = 128 // of a document, that a box of 256 MB looks through in no time

// Validate says what is wrong with the triggers.
func (t Triggers) Validate() error {
	var c check
	c.broadcast(t.Head, KindTrigger)
	c.id("id", TriggerOffice+t.ID) // the office has to be a name as well
	c.validity(t.Head, t.Validity)
	c.count("lines", len(t.Lines), 0, 16)
	for i, l := range t.Lines {
		at := index("lines", i)
		c.id(at+".line", l.Line)
		c.id(at+".alert", l.Alert)
		c.between(at+".hold_s", int64(l.HoldS), 3, 60)
		c.between(at+".per_day", int64(l.PerDay), 1, 24)
		if slices.ContainsFunc(t.Lines[:i], func(o TriggerLine) bool { return o.Line == l.Line }) {
			c.fail(at+".line", "%q stands here twice", l.Line)
		}
	}
	c.count("codes", len(t.Codes), 0, maxTriggerCodes)
	for i, code := range t.Codes {
		at := index("codes", i)
		c.id(at+".alert", code.Alert)
		if len(code.Sum) != 32 || strings.Trim(code.Sum, "0123456789abcdef") != "" {
			c.fail(at+".sum", "%q is no sum: 32 hexadecimal digits", code.Sum)
		}
	}
	if t.Box != "" || len(t.Codes) > 0 {
		c.id("box", t.Box)
	}
	c.count("senders", len(t.Senders), 0, 16)
	for i, n := range t.Senders {
		if len(n) < 4 || len(n) > 16 || n[0] != '+' || strings.Trim(n[1:], "0123456789") != "" {
			c.fail(index("senders", i), "%q is no telephone number such as +84912345678", n)
		}
	}
	c.between("for_s", int64(t.ForS), 60, 7200)
	c.between("repeat", int64(t.Repeat), 0, 20)
	c.between("gap_s", int64(t.GapS), 0, 3600)
	return c.result()
}
