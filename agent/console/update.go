package console

import (
	"context"
	"errors"
	"strings"

	"loa/agent/plan"
	"loa/agent/update"
)

// An Updater says how the box is with its software; *update.Room is one.
type Updater interface {
	Status() update.Status
	// RollBack brings the release back that ran before, and reboots the machine. What
	// refuses it comes as a *plan.Error.
	RollBack(ctx context.Context) error
}

// update shows which software runs and what becomes of the next, or goes back by one.
func (c *call) update() (answer, error) {
	if c.box.Update == nil {
		return answer{}, c.absent()
	}
	st := c.box.Update.Status()
	switch {
	case len(c.args) == 0, len(c.args) == 1 && c.args[0] == "status":
		return answer{data: st, text: c.software(st)}, nil
	case len(c.args) == 1 && c.args[0] == "rollback":
	default:
		return answer{}, c.misused()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if st.Before == "" {
		return answer{}, refusedHere{plan.Unsupported, c.say("update.no-before")}
	}
	if !c.yes && (c.ask == nil || !yes(c.ask(c.say("update.confirm", st.Before, st.Version)))) {
		return answer{}, refusedHere{text: c.say("update.declined")}
	}
	if err := c.box.Update.RollBack(c.ctx); err != nil {
		var no *plan.Error
		if errors.As(err, &no) && no.Code == plan.Priority {
			return answer{}, refusedHere{plan.Priority, c.say("update.sounds")}
		}
		return answer{}, err
	}
	return answer{data: map[string]string{"version": st.Before}, text: c.say("update.back", st.Before)}, nil
}

// comingSoftware is what becomes of the next release, in one line.
func (c *call) comingSoftware(st update.Status) string {
	state := c.say("update.is." + string(st.State))
	if st.Hold != "" {
		state += " " + c.say("update.for."+string(st.Hold))
	}
	if st.Wanted == "" || st.Wanted == st.Version {
		return state
	}
	return st.Wanted + ": " + state
}

// software is the answer to update status.
func (c *call) software(st update.Status) string {
	var b rows
	b.row(c.say("update.version"), or(st.Version, "—"))
	if st.Slot != "" {
		b.row(c.say("update.slot"), c.say("update.slots", st.Slot, or(st.Before, "—"), st.Other))
	}
	b.row(c.say("update.wanted"), or(st.Wanted, c.say("update.nobody")))
	state := c.say("update.is." + string(st.State))
	if st.Hold != "" {
		state += ": " + c.say("update.for."+string(st.Hold))
	}
	b.row(c.say("update.state"), state)
	if len(st.Lacks) > 0 {
		var lacks []string
		for _, l := range st.Lacks {
			lacks = append(lacks, c.say("update.lacks."+l))
		}
		b.row(c.say("update.lack"), strings.Join(lacks, ", "))
	}
	if st.Code != "" {
		b.row(c.say("update.code"), c.sentence(st.Code))
	}
	if st.Why != "" {
		b.row(c.say("update.detail"), c.driver(st.Why))
	}
	return b.String()
}
