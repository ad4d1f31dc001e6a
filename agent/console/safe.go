package console

import "time"

// A Safer is a box that runs only what an emergency needs while it does not trust itself.
type Safer interface {
	SafeMode() (until time.Time) // by the box's clock; zero: it is not in safe mode
	LeaveSafeMode()              // as soon as nothing sounds; it returns at once
}

func (c *call) safe() (answer, error) {
	off := len(c.args) == 1 && c.args[0] == "off"
	if len(c.args) > 0 && !off {
		return answer{}, c.misused()
	}
	if c.box.Safe == nil {
		return answer{}, c.absent()
	}
	type safe struct {
		Safe  bool       `json:"safe"`
		Until *time.Time `json:"until,omitempty"`
	}
	until := c.box.Safe.SafeMode()
	switch {
	case until.IsZero():
		return answer{data: safe{}, text: c.say("safe.off")}, nil
	case !off:
		return answer{data: safe{true, &until}, text: c.say("safe.on", c.time(until))}, nil
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	c.box.Safe.LeaveSafeMode()
	return answer{data: safe{true, &until}, text: c.say("safe.leaving")}, nil
}
