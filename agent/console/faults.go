package console

import (
	"fmt"
	"strings"
	"time"

	"loa/agent/health"
)

// A fault is a condition as programs see it.
type fault struct {
	Code     string          `json:"code"`
	Severity health.Severity `json:"severity"`
	Since    time.Time       `json:"since"`
	Count    int             `json:"count"`
	What     string          `json:"what"`
	Detail   string          `json:"detail,omitempty"`
	Do       string          `json:"do,omitempty"`
	Part     string          `json:"part,omitempty"`
	Fresh    bool            `json:"fresh,omitempty"` // it may yet mend itself
}

func (c *call) told(faults []health.Active) []fault {
	told := make([]fault, 0, len(faults))
	for _, a := range faults {
		f := fault{Code: a.Code, Severity: a.Severity, Since: a.Since, Count: a.Count, What: a.VI, Detail: a.Detail, Do: a.DoVI, Part: a.PartVI}
		if c.english() {
			f.What, f.Do, f.Part = a.EN, a.DoEN, a.PartEN
		}
		told = append(told, f)
	}
	return told
}

// worst is the faults in one line.
func (c *call) worst(faults []health.Active) string {
	told := c.told(faults)
	if len(told) == 0 {
		return c.say("faults.none")
	}
	s := told[0].What
	if n := len(told) - 1; n > 0 {
		s += " " + c.say("faults.more", n)
	}
	return s
}

func (c *call) faults() (answer, error) {
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	told, fresh := c.told(c.box.View.Faults()), c.told(c.box.View.Fresh())
	now := c.box.View.Clock().Time
	var b strings.Builder
	if len(told) == 0 {
		fmt.Fprintln(&b, c.say("faults.none"))
	}
	for i := range fresh {
		fresh[i].Fresh = true
	}
	told = append(told, fresh...)
	for _, f := range told {
		severity := c.say("severity." + f.Severity.String())
		if f.Fresh {
			severity = c.say("severity.fresh")
		}
		fmt.Fprintf(&b, "%s  %s (%s)\n", severity, f.What, f.Code)
		since := c.say("status.since", c.span(now.Sub(f.Since)))
		if f.Count > 1 {
			since += ", " + c.say("times", f.Count)
		}
		fmt.Fprintf(&b, "    %s\n", since)
		if f.Do != "" {
			fmt.Fprintf(&b, "    %s\n", f.Do)
		}
		if f.Part != "" {
			fmt.Fprintf(&b, "    %s\n", c.say("faults.part", f.Part))
		}
		if f.Detail != "" {
			fmt.Fprintf(&b, "    %s\n", c.say("detail", c.driver(f.Detail)))
		}
	}
	return answer{data: told, text: b.String()}, nil
}
