package console

import (
	"fmt"
	"strings"
)

// help is made of the table, so that it cannot name what does not exist.
func (c *call) help() (answer, error) {
	type entry struct {
		Name  string `json:"name"`
		Usage string `json:"usage"`
		Text  string `json:"text"`
	}
	list := table()
	switch len(c.args) {
	case 0:
	case 1:
		found := candidates(strings.ToLower(c.args[0]))
		if len(found) != 1 {
			return answer{}, usageError{c.unknown(c.args[0], found)}
		}
		list = found
	default:
		return answer{}, c.misused()
	}
	var data []entry
	var b strings.Builder
	for _, cmd := range list {
		e := entry{cmd.name, strings.TrimSpace(cmd.name + " " + cmd.usage), c.say("help." + cmd.name)}
		data = append(data, e)
		fmt.Fprintf(&b, "%s  %s\n", pad(e.Usage, 34), e.Text)
	}
	if len(c.args) == 0 {
		fmt.Fprintln(&b, c.say("help.flags"))
	}
	return answer{data: data, text: b.String()}, nil
}

func (c *call) lang() (answer, error) {
	type lang struct {
		Lang string `json:"lang"`
	}
	switch {
	case len(c.args) == 0:
	case len(c.args) == 1 && spoken(c.args[0]):
		c.speak(c.args[0])
	default:
		return answer{}, c.misused()
	}
	text := c.say("lang.is")
	if len(c.args) == 1 && c.ask == nil {
		text += "\n" + c.say("lang.once")
	}
	return answer{data: lang{c.say("lang.code")}, text: text}, nil
}

func (c *call) exit() (answer, error) {
	c.over = true
	return answer{text: c.say("bye")}, nil
}
