package console

import (
	"fmt"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/plan"
)

// look is what the box itself finds at a step, and what it would call that; nothing where
// only a person can tell. At act it sounds, or shows, what the person is asked about.
func (c *call) look(step commission.Step, act bool) (found string, proposal commission.Result) {
	pass := func(is bool) commission.Result {
		if is {
			return commission.Pass
		}
		return commission.Fail
	}
	if c.box.View == nil {
		return "", ""
	}
	st, f := c.box.View.Status(), c.box.View.Clock()
	switch step {
	case commission.Identity:
		return join(", ", st.Device, named(st), or(st.Place, c.say("status.unassigned")), st.Board), pass(st.Place != "" && st.Code == "")
	case commission.Clock:
		return c.time(f.Time) + ", " + c.trusted(f), pass(f.Level >= clock.RTC)
	case commission.Network:
		return c.lookNetwork()
	case commission.Broker:
		if st.Broker == "" {
			return c.say("status.nobroker"), commission.NA
		}
		return c.link(st, f.Time, c.box.View.Faults()), pass(st.Connected)
	case commission.Sound:
		if st.Silent {
			return c.say("status.nospeaker"), commission.NA
		}
		return or(c.driver(st.Sink), "OK") + ", " + c.say("status.volume", st.Volume), pass(st.Sink == "")
	case commission.Amp:
		return c.lookAmp(st, act)
	case commission.Speaker:
		return c.lookSpeaker(st, act)
	case commission.Board:
		return c.lookBoard(act)
	case commission.Sensors:
		return c.lookSensors()
	case commission.Programme:
		return c.lookProgramme()
	case commission.Ledger:
		if c.box.Ledger == nil {
			return "", ""
		}
		is := c.box.Ledger.Status()
		if err := c.box.Ledger.Verify(); err != nil {
			return err.Error(), commission.Fail
		}
		return c.say("commission.ledger", is.Last, is.Acked), commission.Pass
	}
	return c.say("commission.label", st.Device), ""
}

// lookNetwork is whether a way out is there.
func (c *call) lookNetwork() (string, commission.Result) {
	if c.box.Survey == nil {
		return c.say("commission.unseen"), ""
	}
	n := c.box.Survey.Net(c.ctx)
	for _, i := range n.Interfaces {
		if i.Name == n.Via && len(i.Addresses) > 0 {
			return join(", ", i.Name, i.Addresses[0], c.say("survey.gateway.of", n.Gateway)), commission.Pass
		}
	}
	return c.say("survey.noway"), commission.Fail
}

// lookAmp holds the amplifier for a second and looks whether its line follows.
func (c *call) lookAmp(st Status, act bool) (string, commission.Result) {
	switch {
	case st.Silent:
		return c.say("status.nospeaker"), commission.NA
	case !st.Keyed:
		return c.say("commission.noamp"), commission.NA
	case !act || c.box.Sound == nil:
		return c.say("status.amp." + onOff(st.Amp)), ""
	}
	if err := c.box.Sound.HoldAmp(2 * time.Second); err != nil {
		return c.driver(err.Error()), commission.Fail
	}
	on := false
	for range 10 { // the speaker's loop is woken at once
		if on = c.box.View.Status().Amp; on || !c.pause(100*time.Millisecond) {
			break
		}
	}
	c.box.Sound.HoldAmp(0)
	if !on {
		return c.say("commission.ampstays"), commission.Fail
	}
	return c.say("commission.ampfollows"), commission.Pass
}

// lookSpeaker plays the test tone. Who is asked has heard it, or not.
func (c *call) lookSpeaker(st Status, act bool) (string, commission.Result) {
	if st.Silent {
		return c.say("status.nospeaker"), commission.NA
	}
	if !act || c.box.Sound == nil {
		return c.say("status.volume", st.Volume), ""
	}
	a, err := c.playChime("test", 0)
	if err != nil {
		text, _, _ := c.explain(err)
		return text, ""
	}
	return strings.TrimSpace(a.text) + " " + c.say("status.volume", st.Volume), ""
}

// lookBoard shows the frame. Who is asked has seen all four edges, or not.
func (c *call) lookBoard(act bool) (string, commission.Result) {
	if c.box.Board == nil {
		return c.say("commission.noboard"), commission.NA
	}
	st := c.box.Board.Board()
	found := fmt.Sprintf("%s, %d × %d", st.Driver, st.Width, st.Height)
	if st.Fault != "" {
		return found + ", " + c.driver(st.Fault), commission.Fail
	}
	if act {
		if err := c.box.Board.Pattern("frame", patternFor); err != nil {
			return found + ", " + c.driver(err.Error()), commission.Fail
		}
	}
	return found, ""
}

// lookSensors is what the box measures, and whether anything of that is out of order.
func (c *call) lookSensors() (string, commission.Result) {
	var found []string
	if c.box.Board != nil {
		st := c.box.Board.Board()
		if st.TempC != nil {
			found = append(found, c.decimal(*st.TempC)+" °C")
		}
		if st.Light != nil {
			found = append(found, c.say("board.light")+" "+c.decimal(st.Light.Reading))
		}
	}
	var bad []string
	for _, a := range c.box.View.Faults() {
		if strings.HasSuffix(a.Code, "-sensor") {
			bad = append(bad, c.told(append(c.box.View.Faults()[:0:0], a))[0].What)
		}
	}
	switch {
	case len(bad) > 0:
		return join("; ", append(found, bad...)...), commission.Fail
	case len(found) == 0:
		return c.say("commission.nosensor"), commission.NA
	}
	return strings.Join(found, ", "), commission.Pass
}

// lookProgramme is what the next day holds.
func (c *call) lookProgramme() (string, commission.Result) {
	if c.box.Plan == nil {
		return "", ""
	}
	lines, err := c.box.Plan.Ahead(c.ctx, 24*time.Hour)
	if err != nil {
		return err.Error(), commission.Fail
	}
	sounds, shows, refused := 0, 0, 0
	for _, l := range lines {
		switch {
		case l.Sounds:
			sounds++
		case l.Shows:
			shows++
		case l.Code != plan.Accepted:
			refused++
		}
	}
	result := commission.Pass
	if sounds+shows == 0 {
		result = commission.Fail
	}
	return c.say("commission.programme", sounds, shows, refused), result
}
