package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/settings"
)

// maxLine is the longest line that is looked at, in bytes.
const maxLine = 256

// A command is one row of the table. Its help stands in the catalogues under
// "help." and its name.
type command struct {
	name  string
	usage string // the words after the name
	run   func(*call) (answer, error)
	limit time.Duration // 0: the console's
	flags []string      // besides --json and --yes
	group string        // of the overview; empty: that of the row above
}

// table is all that can be asked; help is made of it.
func table() []command {
	return []command{
		{group: "look", name: "status", run: (*call).status},
		{name: "faults", run: (*call).faults},
		{name: "next", usage: "[24h|7d]", run: (*call).next},
		{name: "why", usage: "[not playing|refused [N|ID]|SETTING]", run: (*call).why},
		{group: "commission", name: "commission", usage: "[show|STEP [pass|fail|na [TEXT]]|sign NAME|restart]", run: (*call).commission, limit: longestCommission},
		{group: "way", name: "survey", usage: "net [1..300]", run: (*call).survey, limit: (listenMost + 30) * time.Second},
		{name: "ping", usage: "broker", run: (*call).ping, limit: time.Minute},
		{name: "sim", run: (*call).sim},
		{name: "net", usage: netUsage, run: (*call).net},
		{group: "sound", name: "tone", usage: "[1..100]", run: (*call).tone},
		{name: "sweep", usage: "[1..100]", run: (*call).sweep},
		{name: "chime", usage: "(gong|two-tone|test) [1..100]", run: (*call).play},
		{name: "say", usage: "ip [1..100]", run: (*call).sayAddress},
		{name: "level", usage: "[1..15]", run: (*call).level},
		{name: "speaker", usage: "test [1..100]", run: (*call).speaker, limit: time.Hour},
		{name: "play", usage: "(gong|two-tone|test) [1..100]", run: (*call).play},
		{name: "stop", run: (*call).stop},
		{name: "local", usage: "[on [1..30 [TEXT]]|off]", run: (*call).local},
		{name: "volume", usage: "[0..100]", run: (*call).volume},
		{name: "amp", usage: "on 1..60|off", run: (*call).amp},
		{group: "wires", name: "gpio", usage: "[list|map|test NAME [S]]", run: (*call).gpio, limit: time.Hour},
		{name: "lamp", usage: "[1..10]", run: (*call).wire, limit: time.Hour},
		{name: "relay", usage: "[1..10]", run: (*call).wire, limit: time.Hour},
		{name: "door", run: (*call).wire},
		{name: "sensors", run: (*call).sensors},
		{group: "board", name: "board", usage: "[show|render|shot|probe|pattern (" + boardPatterns + "|off) [S]|bright (1..100|auto)]", run: (*call).board},
		{group: "records", name: "ledger", usage: "[last N|verify]", run: (*call).ledger},
		{name: "doc", usage: "[list]", run: (*call).documents},
		{name: "import", usage: "[DIR]", run: (*call).importStick, limit: longestImport},
		{name: "log", usage: "[N]", run: (*call).log},
		{group: "config", name: "config", usage: configUsage, run: (*call).config},
		{group: "clock", name: "clock", run: (*call).clock},
		{name: "time", run: (*call).clock},
		{name: "rtc", usage: "[test]", run: (*call).rtc},
		{name: "ntp", run: (*call).ntp},
		{group: "care", name: "update", usage: "[status|rollback]", run: (*call).update, limit: time.Hour},
		{name: "crash", usage: "[last]", run: (*call).crash},
		{name: "bundle", usage: "[DIR]", run: (*call).bundle, limit: time.Minute},
		{name: "safe", usage: "[off]", run: (*call).safe},
		{name: "reboot", usage: "--reason TEXT", run: (*call).reboot, limit: time.Hour, flags: []string{"--reason"}},
		{name: "reset", run: (*call).reset},
		{name: "factory", usage: "reset [everything DEVICE]", run: (*call).factory, limit: time.Hour},
		{group: "who", name: "id", run: (*call).id},
		{name: "enrol", usage: "[now]", run: (*call).enrol},
		{name: "label", run: (*call).label},
		{name: "cert", run: (*call).cert},
		{group: "session", name: "lang", usage: "[vi|en|ascii]", run: (*call).lang},
		{name: "version", run: (*call).version},
		{name: "help", usage: "[COMMAND|all]", run: (*call).help},
		{name: "exit", run: (*call).exit},
	}
}

// A session is one technician at one line.
type session struct {
	*Console
	words  map[string]string
	plain  bool // letters without marks, for terminals that have no others
	remote bool
	over   bool
	gone   bool // nobody answered the last question: the line is closed
	seat   *settings.Seat

	attends time.Duration                                   // local mode was asked for so long, and goes on while somebody types
	ask     func(question string) string                    // nil: nobody can be asked
	lines   func(question string) (text string, whole bool) // lines up to a dot; nil: nobody can be asked
}

// A call is one command being carried out.
type call struct {
	*session
	ctx  context.Context
	line string
	cmd  *command
	args []string
	yes  bool // --yes was given
	acts bool // it touches the box

	touched string // for the ledger, besides the line
}

// An answer is what a command has found: data for programs, text for people.
type answer struct {
	data any
	text string
	code int // with which it ends all the same
}

// usageError is a command with the wrong words.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// refusedHere is a no of the console's own. The sentence of its code speaks of
// whoever signed, and nobody has.
type refusedHere struct {
	code plan.Code
	text string
}

func (e refusedHere) Error() string { return string(e.code) + ": " + e.text }

// errDeclined is a confirmation that was not given.
var errDeclined = errors.New("declined")

// reply is an answer to a program: one line of JSON.
type reply struct {
	Command string    `json:"command"`
	Code    int       `json:"code"`
	Error   string    `json:"error,omitempty"`
	Refusal plan.Code `json:"refusal,omitempty"`
	Data    any       `json:"data,omitempty"`
}

// answer carries out a line. Whatever the line holds, it gives an answer.
func (s *session) answer(ctx context.Context, line string) (text string, code int) {
	if len(line) > maxLine || !utf8.ValidString(line) {
		return s.say("line.long", maxLine), Usage
	}
	line = norm.NFC.String(line) // some keyboards send marks by themselves
	c := &call{session: s, line: line}
	words := expand(strings.Fields(line))
	asJSON := c.flag(&words, "--json")
	c.yes = c.flag(&words, "--yes")
	if len(words) == 0 {
		return "", OK
	}
	name := words[0]
	c.args = words[1:]
	limit := s.o.Limit
	if found := candidates(strings.ToLower(name)); len(found) == 1 && found[0].limit > 0 {
		limit = found[0].limit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c.ctx = ctx
	a, err := c.perform(name)
	code = a.code
	r := reply{Data: a.data}
	if err != nil {
		a.text, code, r.Refusal = c.explain(err)
		r.Error, r.Data = clean(a.text), nil
	}
	if !asJSON {
		return s.shown(a.text), code
	}
	r.Command, r.Code = clean(short(name, 32)), code
	if c.cmd != nil {
		r.Command = c.cmd.name
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Sprintf(`{"command":%q,"code":%d}`, r.Command, Failed), Failed
	}
	return escaped(string(b)), code
}

// flag takes a flag out of words, wherever it stands.
func (c *call) flag(words *[]string, flag string) bool {
	n := len(*words)
	*words = slices.DeleteFunc(*words, func(w string) bool { return w == flag })
	return len(*words) < n
}

func (c *call) perform(name string) (answer, error) {
	found := candidates(strings.ToLower(name))
	if len(found) != 1 {
		return answer{}, usageError{c.unknown(name, found)}
	}
	c.cmd = &found[0]
	for _, a := range c.args {
		if strings.HasPrefix(a, "-") && len(a) > 1 && !isDigit(a[1]) && !slices.Contains(c.cmd.flags, a) {
			return answer{}, usageError{c.say("flag.unknown", short(a, 32))}
		}
	}
	c.stay(c.ctx)
	a, err := c.cmd.run(c)
	if c.acts {
		c.record(err)
	}
	return a, err
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// here is asked before a command changes anything. Who asks from afar may not: the way
// to command a box is a signed act.
func (c *call) here() error {
	if c.remote {
		return refusedHere{plan.Scope, c.say("remote", c.cmd.name)}
	}
	return nil
}

// touch is here for what is written in the ledger.
func (c *call) touch() error {
	if err := c.here(); err != nil {
		return err
	}
	c.acts = true
	return nil
}

// record writes what a technician did, and what came of it.
func (c *call) record(err error) {
	if c.box.Ledger == nil {
		return
	}
	e := ledger.Entry{Kind: ledger.Console, ID: "console/" + c.cmd.name, Detail: join(": ", strings.Join(strings.Fields(c.line), " "), c.touched)}
	if c.box.View != nil {
		f := c.box.View.Clock()
		e.Time, e.Clock = f.Time, f.Level
	} else {
		e.Time = c.o.Now()
	}
	var refusal *plan.Error
	switch {
	case errors.As(err, &refusal):
		e.Code = refusal.Code
	case err != nil:
		e.Detail += ": " + err.Error()
	}
	// A ledger that cannot be written is a condition of its own, and no reason
	// to keep a technician from the horn.
	_, _ = c.box.Ledger.Append(e)
}

// explain says an error to people.
func (c *call) explain(err error) (text string, code int, refusal plan.Code) {
	var u usageError
	var p *plan.Error
	var own refusedHere
	switch {
	case errors.As(err, &own):
		return c.say("refused.here", own.text), Refused, own.code
	case errors.As(err, &u):
		return u.text, Usage, ""
	case errors.Is(err, errDeclined):
		return c.say("declined"), Refused, ""
	case errors.As(err, &p):
		return c.say("refused", c.sentence(p.Code), p.Msg), Refused, p.Code
	case errors.Is(err, context.DeadlineExceeded):
		return c.say("slow"), Failed, ""
	}
	return c.say("failed", c.driver(err.Error())), Failed, ""
}

// candidates are the commands that name may mean: the one it is, or those it begins. An
// alias counts as well: what is left of "commit" must not begin a commission.
func candidates(name string) []command {
	var found []command
	for _, cmd := range table() {
		if cmd.name == name {
			return []command{cmd}
		}
		if name != "" && strings.HasPrefix(cmd.name, name) {
			found = append(found, cmd)
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(aliasWords)) {
		if len(name) > 1 && strings.HasPrefix(alias, name) { // q ends a page, and no session
			found = append(found, command{name: alias}) // expand leaves none alone
		}
	}
	if name == "?" {
		return candidates("help")
	}
	return found
}

// unknown says that name is no command, and which may be meant.
func (c *call) unknown(name string, found []command) string {
	if len(found) > 1 {
		var names []string
		for _, f := range found {
			names = append(names, f.name)
		}
		return c.say("command.ambiguous", short(name, 32), strings.Join(names, ", "))
	}
	best, distance := "", 3
	for _, cmd := range table() {
		if d := edits(strings.ToLower(short(name, 16)), cmd.name); d < distance {
			best, distance = cmd.name, d
		}
	}
	if best == "" {
		return c.say("command.unknown", short(name, 32))
	}
	return c.say("command.near", short(name, 32), best)
}

// edits is how many letters must be changed, added or left out to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// misused is the error of a command with the wrong words.
func (c *call) misused() error {
	all := ways(*c.cmd)
	if len(all) == 1 {
		return usageError{c.say("usage", " "+all[0])}
	}
	return usageError{c.say("usage", "\n  "+strings.Join(all, "\n  "))}
}

// absent is the error of a part that this box does not have.
func (c *call) absent() error { return usageError{c.say("absent", c.cmd.name)} }
