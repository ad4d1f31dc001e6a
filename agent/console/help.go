package console

import "strings"

// help is made of the table, so that it cannot name what does not exist: all names on
// one screen, every command with a line of its own, or one with all that may follow it.
func (c *call) help() (answer, error) {
	type entry struct {
		Name  string `json:"name"`
		Usage string `json:"usage"`
		Group string `json:"group"`
		Text  string `json:"text"`
	}
	list, text := table(), ""
	switch {
	case len(c.args) == 0:
		text = c.overview()
	case len(c.args) > 1:
		return answer{}, c.misused()
	case strings.EqualFold(c.args[0], "all"):
		for _, cmd := range list {
			text += fold(pad(cmd.name, 11)+c.say("help."+cmd.name), 11)
		}
	default:
		found := candidates(strings.ToLower(expand(c.args)[0]))
		if len(found) != 1 {
			return answer{}, usageError{c.unknown(c.args[0], found)}
		}
		list = found
		for _, way := range ways(found[0]) {
			text += fold(way, 4)
		}
		text += fold("    "+c.say("help."+found[0].name), 4)
	}
	var data []entry
	group := ""
	for _, cmd := range list {
		group = or(cmd.group, group)
		data = append(data, entry{cmd.name, strings.TrimSpace(cmd.name + " " + cmd.usage), group, c.say("help." + cmd.name)})
	}
	return answer{data: data, text: text}, nil
}

// overview is the names of all commands, on less than a screen.
func (c *call) overview() string {
	var b, row strings.Builder
	end := func() {
		if row.Len() > 0 {
			b.WriteString(fold(row.String(), 15))
		}
		row.Reset()
	}
	for _, cmd := range table() {
		if cmd.group != "" {
			end()
			row.WriteString(pad(c.say("group."+cmd.group), 14))
		}
		row.WriteString(" " + cmd.name)
	}
	end()
	return b.String() + fold(c.say("help.more"), 0) + fold(c.say("help.flags"), 0)
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
