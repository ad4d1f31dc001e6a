package console

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"loa/agent/plan"
	"loa/agent/sound"
)

// builtIn are the chimes a technician may play. The siren and the drill's sign
// are not among them: a commune must be able to believe them.
var builtIn = []string{"gong", "two-tone", "test"}

// maxAmp is how long the amplifier may be held by hand.
const maxAmp = time.Minute

func (c *call) tone() (answer, error) {
	volume, ok := c.percent(0, 1)
	if !ok {
		return answer{}, c.misused()
	}
	return c.playChime("test", volume)
}

func (c *call) play() (answer, error) {
	if len(c.args) == 0 {
		return answer{}, c.misused()
	}
	name := c.args[0]
	if slices.Contains(sound.Chimes(), name) && !slices.Contains(builtIn, name) {
		return answer{}, refusedHere{plan.WrongClass, c.say("play.signed", name)}
	}
	volume, ok := c.percent(1, 1)
	if !ok || !slices.Contains(builtIn, name) {
		return answer{}, c.misused()
	}
	return c.playChime(name, volume)
}

// percent reads a number from at least to 100 at args[i], the last word; 0 if
// it is not there.
func (c *call) percent(i, least int) (int, bool) {
	if len(c.args) <= i {
		return 0, true
	}
	n, err := strconv.Atoi(strings.TrimSuffix(c.args[i], "%"))
	return n, err == nil && n >= least && n <= 100 && len(c.args) == i+1
}

// silent is the no of a board that has no speaker.
func (c *call) silent() error {
	if c.box.View != nil && c.box.View.Status().Silent {
		return refusedHere{plan.Unsupported, c.say("status.nospeaker")}
	}
	return nil
}

// sounds plays something that is the box's own. If the hour forbids it the technician is
// asked once more: a typing error must not wake a commune.
func (c *call) sounds(part plan.Part, title string, volume int) error {
	if c.box.Sound == nil {
		return c.absent()
	}
	if err := c.silent(); err != nil {
		return err
	}
	if err := c.touch(); err != nil {
		return err
	}
	err := c.box.Sound.PlayLocal(c.ctx, part, title, volume, c.yes)
	var refusal *plan.Error
	if c.yes || !errors.As(err, &refusal) || refusal.Code != plan.QuietHours && refusal.Code != plan.ClockCode {
		return err
	}
	if c.ask == nil {
		return &plan.Error{Code: refusal.Code, Msg: c.say("confirm.flag")}
	}
	if !yes(c.ask(c.say("confirm", c.sentence(refusal.Code)))) {
		return errDeclined
	}
	return c.box.Sound.PlayLocal(c.ctx, part, title, volume, true)
}

// reset lets the box forget what it was sent. Who it is, whom it believes and how late it
// is at the least stay: otherwise an old document would be new to it.
func (c *call) reset() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.Reset == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.cutsOff("reset.emergency"); err != nil {
		return answer{}, err
	}
	if !c.yes && (c.ask == nil || !yes(c.ask(c.say("reset.confirm")))) {
		return answer{}, refusedHere{text: c.say("reset.declined")}
	}
	c.box.Reset()
	return answer{text: c.say("reset.done")}, nil
}

// yes reads a confirmation; everything that is not clearly a yes is a no.
func yes(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "có", "co", "yes", "y":
		return true
	}
	return false
}

func (c *call) stop() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.Sound == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	stopped, err := c.box.Sound.StopLocal(c.ctx)
	if err != nil {
		return answer{}, err
	}
	type stop struct {
		Stopped bool       `json:"stopped"`
		ID      string     `json:"id,omitempty"`
		Title   string     `json:"title,omitempty"`
		Class   plan.Class `json:"class,omitempty"`
	}
	if stopped == nil {
		return answer{data: stop{}, text: c.say("stop.nothing")}, nil
	}
	text := c.say("stop.done", or(stopped.Title, stopped.ID))
	if stopped.By.Kind == plan.KindAlert {
		text = c.say("stop.alert", or(stopped.Title, stopped.ID))
	}
	return answer{data: stop{true, stopped.ID, stopped.Title, stopped.Class}, text: text}, nil
}

// maxLocal is the longest local mode. It may be begun again before it ends.
const maxLocal = 30 * time.Minute

// maxWhy is how many letters a reason has.
const maxWhy = 80

// inLocal reports local mode, in which a switch that is tried starts nothing.
func (c *call) inLocal() bool {
	return c.box.View != nil && c.box.View.Status().LocalUntil.After(c.box.View.Clock().Time)
}

func (c *call) local() (answer, error) {
	type local struct {
		Until time.Time `json:"local_until,omitzero"`
	}
	if len(c.args) == 0 {
		if c.box.View == nil {
			return answer{}, c.absent()
		}
		st, f := c.box.View.Status(), c.box.View.Clock()
		if !st.LocalUntil.After(f.Time) {
			return answer{data: local{}, text: c.say("local.off")}, nil
		}
		return answer{data: local{st.LocalUntil}, text: c.say("local.on", c.hourOf(st.LocalUntil))}, nil
	}
	d, why := maxLocal, ""
	switch {
	case len(c.args) == 1 && c.args[0] == "off":
		d = 0
	case len(c.args) == 1 && c.args[0] == "on":
	case len(c.args) >= 2 && c.args[0] == "on":
		n, err := strconv.Atoi(strings.TrimSuffix(c.args[1], "m"))
		if err != nil || n < 1 || n > int(maxLocal/time.Minute) {
			return answer{}, usageError{c.say("local.bound", int(maxLocal/time.Minute))}
		}
		d, why = time.Duration(n)*time.Minute, strings.Join(c.args[2:], " ")
		if len(c.args) > 2 && !strings.ContainsFunc(why, unicode.IsLetter) {
			return answer{}, c.misused()
		}
		if utf8.RuneCountInString(why) > maxWhy {
			return answer{}, usageError{c.say("local.why", maxWhy)}
		}
	default:
		return answer{}, c.misused()
	}
	if c.box.Sound == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	until, err := c.box.Sound.LocalMode(c.ctx, d, why)
	if err != nil {
		return answer{}, err
	}
	c.attends = d
	if until.IsZero() {
		return answer{data: local{}, text: c.say("local.off")}, nil
	}
	return answer{data: local{until}, text: c.say("local.on", c.hourOf(until))}, nil
}

func (c *call) amp() (answer, error) {
	var d time.Duration
	switch {
	case len(c.args) == 1 && c.args[0] == "off":
	case len(c.args) >= 2 && c.args[0] == "on":
		n, err := strconv.Atoi(strings.TrimSuffix(c.args[1], "s"))
		if err != nil || n < 1 || n > int(maxAmp/time.Second) {
			return answer{}, usageError{c.say("amp.bound", int(maxAmp/time.Second))}
		}
		d = time.Duration(n) * time.Second
	default:
		return answer{}, c.misused()
	}
	if c.box.Sound == nil {
		return answer{}, c.absent()
	}
	if err := c.silent(); err != nil {
		return answer{}, err
	}
	if c.box.View != nil && !c.box.View.Status().Keyed {
		return answer{}, refusedHere{plan.Unsupported, c.say("commission.noamp")}
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.box.Sound.HoldAmp(d); err != nil {
		return answer{}, err
	}
	text := c.say("amp.off")
	if d > 0 {
		text = c.say("amp.on", int(d/time.Second))
	}
	return answer{data: map[string]float64{"held_s": d.Seconds()}, text: text}, nil
}

func (c *call) volume() (answer, error) {
	percent, ok := c.percent(0, 0)
	if !ok {
		return answer{}, c.misused()
	}
	type volume struct {
		Percent int `json:"volume_percent"`
	}
	if len(c.args) == 0 {
		if c.box.View == nil {
			return answer{}, c.absent()
		}
		v := c.box.View.Status().Volume
		return answer{data: volume{v}, text: c.say("volume.is", v)}, nil
	}
	if c.box.Sound == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.box.Sound.Volume(c.ctx, percent); err != nil {
		return answer{}, err
	}
	percent = max(1, percent) // as soft as can be: what nobody has set is full volume
	return answer{data: volume{percent}, text: c.say("volume.set", percent)}, nil
}
