package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Wirer tests pins besides the amplifier's.
type Wirer interface {
	Wires() []Wire
	// Read says whether an input is on.
	Read(name string) (bool, error)
	// Pulse switches an output on for d and off again, whatever becomes of the agent.
	Pulse(ctx context.Context, name string, d time.Duration) error
}

// A Wire is a pin that the board file names.
type Wire struct {
	Name   string `json:"name"`
	Title  string `json:"title,omitempty"`
	Where  string `json:"where"` // chip and offset
	Output bool   `json:"output"`
	On     *bool  `json:"on,omitempty"`     // of an input
	Starts bool   `json:"starts,omitempty"` // an alarm, when it is on: signed triggers say so
	Error  string `json:"error,omitempty"`
}

// How long an output is switched on, and an input looked at, in seconds.
const (
	pulseFor  = 2
	pulseMost = 10
	watchFor  = 10
	watchMost = 15 // a command may take 20
)

func (c *call) gpio() (answer, error) {
	verb := "list"
	if len(c.args) > 0 {
		verb = c.args[0]
	}
	switch {
	case verb == "list" && len(c.args) <= 1, verb == "map" && len(c.args) == 1:
		return c.gpioList(verb == "map")
	case verb == "test" && len(c.args) >= 2 && len(c.args) <= 3:
		return c.gpioTest(c.args[1], c.args[2:])
	}
	return answer{}, c.misused()
}

// wire is a command of one pin's own: lamp, relay, door.
func (c *call) wire() (answer, error) {
	if len(c.args) > 1 {
		return answer{}, c.misused()
	}
	return c.gpioTest(c.cmd.name, c.args)
}

func (c *call) gpioList(where bool) (answer, error) {
	if c.box.Wires == nil {
		return answer{}, c.absent()
	}
	all := slices.Clone(c.box.Wires.Wires())
	var b strings.Builder
	for i, w := range all {
		if !where && !w.Output {
			on, err := c.box.Wires.Read(w.Name)
			if err != nil {
				all[i].Error = err.Error()
			} else {
				all[i].On = &on
			}
		}
		state := c.say("gpio.output")
		switch {
		case all[i].Error != "":
			state = c.driver(all[i].Error)
		case all[i].On != nil:
			state = c.say("gpio.input") + ", " + c.stateOf(w, *all[i].On)
		case !w.Output:
			state = c.say("gpio.input")
		}
		if where {
			state = w.Where + ", " + state
		}
		title := c.titled(w)
		if title == w.Name {
			title = ""
		}
		b.WriteString(fold(pad(w.Name, 10)+" "+join(", ", title, state), 11))
	}
	if len(all) == 0 {
		b.WriteString(c.say("gpio.none"))
	}
	return answer{data: all, text: b.String()}, nil
}

func (c *call) gpioTest(name string, words []string) (answer, error) {
	if c.box.Wires == nil {
		return answer{}, c.absent()
	}
	all := c.box.Wires.Wires()
	i := slices.IndexFunc(all, func(w Wire) bool { return w.Name == name })
	if i < 0 {
		var names []string
		for _, w := range all {
			names = append(names, w.Name)
		}
		if len(names) == 0 {
			return answer{}, usageError{c.say("gpio.none")}
		}
		return answer{}, usageError{c.say("gpio.unknown", short(name, 32), strings.Join(names, ", "))}
	}
	w := all[i]
	seconds, most := pulseFor, pulseMost
	if !w.Output {
		seconds, most = watchFor, watchMost
		if c.cmd.name == name {
			seconds = 0 // only how it is now
		}
	}
	if len(words) == 1 {
		n, err := strconv.Atoi(strings.TrimSuffix(words[0], "s"))
		if err != nil || n < 1 || n > most {
			return answer{}, usageError{c.say("gpio.bound", most)}
		}
		seconds = n
	}
	if w.Starts && !w.Output && seconds > 0 && !c.inLocal() {
		return answer{code: Refused, text: c.say("gpio.alarm", w.Name)}, nil
	}
	if !w.Output {
		return c.watchInput(w, time.Duration(seconds)*time.Second)
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.box.Wires.Pulse(c.ctx, w.Name, time.Duration(seconds)*time.Second); err != nil {
		return answer{}, err
	}
	data := map[string]any{"name": w.Name, "for_s": seconds}
	text := c.say("gpio.pulsed", or(w.Title, w.Name), seconds)
	if c.ask == nil {
		return answer{data: data, text: text}, nil
	}
	seen := yes(c.ask(text + " " + c.say("gpio.seen")))
	data["seen"] = seen
	if !seen {
		return answer{data: data, text: fold(c.say("gpio.unseen", w.Where), 0), code: Failed}, nil
	}
	return answer{data: data, text: c.say("mark.pass")}, nil
}

// titled is what people call a pin.
func (c *call) titled(w Wire) string {
	if w.Name == "door" {
		return c.say("sensors.door")
	}
	return or(w.Title, w.Name)
}

// stateOf is how an input is.
func (c *call) stateOf(w Wire, on bool) string {
	if w.Name == "door" {
		return c.say("sensors.door." + onOff(on))
	}
	return c.say("gpio." + onOff(on))
}

// watchInput reads a pin until it changes, or for d.
func (c *call) watchInput(w Wire, d time.Duration) (answer, error) {
	at, err := c.box.Wires.Read(w.Name)
	if err != nil {
		return answer{}, err
	}
	first, changes := at, 0
	for range d / (100 * time.Millisecond) {
		if !c.pause(100 * time.Millisecond) {
			break
		}
		now, err := c.box.Wires.Read(w.Name)
		if err != nil {
			return answer{}, err
		}
		if now != at {
			at = now
			changes++
		}
	}
	data := map[string]any{"name": w.Name, "first": first, "on": at, "changes": changes, "for_s": d.Seconds()}
	text := fmt.Sprintf("%s: %s", c.titled(w), c.stateOf(w, at))
	if d > 0 {
		text += ", " + c.say("gpio.changes", changes, int(d/time.Second))
	}
	return answer{data: data, text: text}, nil
}

// ErrNoWire is a pin that the board does not have.
var ErrNoWire = errors.New("no such line")
