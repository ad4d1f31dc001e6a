package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/commission"
)

// A Commissioner keeps who looked the box over, and what came of it.
type Commissioner interface {
	Commission() Commission
	// Mark notes what came of a step; it survives a power cut.
	Mark(commission.Mark) error
	// Sign makes the marks of all steps the record, signed by the box's key.
	Sign(ctx context.Context, by string) (commission.Record, error)
	// Restart forgets the marks since the last record.
	Restart() error
}

// Commission is how far the looking over has come.
type Commission struct {
	Free   bool               `json:"free,omitempty"`   // this kind of board needs none
	Centre bool               `json:"centre,omitempty"` // the centre says that it is done
	Draft  []commission.Mark  `json:"draft,omitempty"`
	Record *commission.Record `json:"record,omitempty"` // the last that was signed
	SHA256 string             `json:"sha256,omitempty"` // of it

	// QuieterDB is by how much its own volume is lowered until the record passes.
	QuieterDB int `json:"quieter_db"`
}

// longestCommission is how long a technician may take over the twelve steps.
const longestCommission = 2 * time.Hour

// commission goes through the steps with whoever is at the box. One line asks for the
// next step, or says what came of one.
func (c *call) commission() (answer, error) {
	if c.box.Commission == nil {
		return answer{}, c.absent()
	}
	verb := ""
	if len(c.args) > 0 {
		verb = c.args[0]
	}
	switch {
	case verb == "show" && len(c.args) == 1:
		return c.commissionShow(), nil
	case verb == "restart" && len(c.args) == 1:
		return c.commissionRestart()
	case verb == "sign" && len(c.args) > 1:
		return c.commissionSign(strings.Join(c.args[1:], " "), true)
	case len(c.args) >= 2:
		return c.commissionMark()
	case len(c.args) == 0 && c.ask != nil:
		return c.wizard()
	case len(c.args) <= 1:
		return c.commissionStep(verb)
	}
	return answer{}, c.misused()
}

// stepOf reads a step as people name it: its number or its name.
func stepOf(s string) (commission.Step, bool) {
	all := commission.Steps()
	if n, err := strconv.Atoi(s); err == nil {
		if n < 1 || n > len(all) {
			return "", false
		}
		return all[n-1], true
	}
	step := commission.Step(strings.ToLower(s))
	return step, slices.Contains(all, step)
}

// resultOf reads a result as people type it, in either language. "Có" and "không" are
// none: "có lẽ" is perhaps, and "không có" is that there is no such thing.
func resultOf(s string) (commission.Result, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "đạt", "dat", "đ", "d", "pass", "p":
		return commission.Pass, true
	case "hỏng", "hong", "h", "fail", "f":
		return commission.Fail, true
	case "kc", "na", "n/a", "-":
		return commission.NA, true
	}
	return "", false
}

// wizard asks step after step, from the first that nobody has looked at. An empty
// answer takes what the box proposes; q stops, and the next time it goes on there.
func (c *call) wizard() (answer, error) {
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	all := commission.Steps()
	for i, step := range all {
		if slices.ContainsFunc(c.box.Commission.Commission().Draft, func(m commission.Mark) bool { return m.Step == step }) {
			continue
		}
		found, proposal := c.look(step, true)
		for {
			said := strings.TrimSpace(c.ask(c.question(i, step, found, proposal)))
			head, value, _ := strings.Cut(said, " ")
			result, ok := resultOf(head)
			switch {
			case strings.EqualFold(head, "q") || c.ctx.Err() != nil || c.gone || said == "" && proposal == "":
				return answer{data: c.box.Commission.Commission(), text: c.say("commission.paused", i, len(all))}, nil
			case said == "":
				result, ok = proposal, true
			}
			if !ok {
				continue
			}
			if err := c.box.Commission.Mark(commission.Mark{Step: step, Result: result, Value: join("; ", found, value)}); err != nil {
				return answer{}, err
			}
			break
		}
	}
	by := strings.TrimSpace(c.ask(c.summary(c.box.Commission.Commission().Draft) + c.say("commission.name")))
	if by == "" || strings.EqualFold(by, "q") {
		return answer{data: c.box.Commission.Commission(), text: c.say("commission.unsigned")}, nil
	}
	return c.commissionSign(by, false) // the marks stand above the question
}

// question is what is asked of the person at a step.
func (c *call) question(i int, step commission.Step, found string, proposal commission.Result) string {
	text := fold(fmt.Sprintf("%d/%d %s: %s", i+1, len(commission.Steps()), c.say("step."+string(step)), found), 5)
	if hint := c.say("step.do." + string(step)); hint != "-" {
		text += fold("     "+hint, 5)
	}
	if proposal == "" {
		return text + c.say("commission.choose")
	}
	return text + c.say("commission.propose", c.say("mark."+string(proposal)))
}

// commissionStep looks at one step and says what to type, for who is asked line by line.
func (c *call) commissionStep(name string) (answer, error) {
	draft := c.box.Commission.Commission().Draft
	step, ok := stepOf(name)
	if name == "" {
		for _, s := range commission.Steps() {
			if !slices.ContainsFunc(draft, func(m commission.Mark) bool { return m.Step == s }) {
				step, ok = s, true
				break
			}
		}
		if !ok {
			return answer{data: draft, text: c.summary(draft) + c.say("commission.tosign")}, nil
		}
	}
	if !ok {
		return answer{}, c.misused()
	}
	if err := c.touch(); err != nil { // a step may sound, or be seen
		return answer{}, err
	}
	found, proposal := c.look(step, true)
	n := slices.Index(commission.Steps(), step)
	data := struct {
		Step     commission.Step   `json:"step"`
		Found    string            `json:"found"`
		Proposal commission.Result `json:"proposal,omitempty"`
	}{step, found, proposal}
	text := fold(fmt.Sprintf("%d/%d %s: %s", n+1, len(commission.Steps()), c.say("step."+string(step)), found), 5)
	if hint := c.say("step.do." + string(step)); hint != "-" {
		text += fold("     "+hint, 5)
	}
	return answer{data: data, text: text + c.say("commission.line", n+1)}, nil
}

// commissionMark takes what came of a step.
func (c *call) commissionMark() (answer, error) {
	step, ok := stepOf(c.args[0])
	result, ok2 := resultOf(c.args[1])
	if !ok || !ok2 {
		return answer{}, c.misused()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	found, _ := c.look(step, false)
	m := commission.Mark{Step: step, Result: result, Value: join("; ", found, strings.Join(c.args[2:], " "))}
	if err := c.box.Commission.Mark(m); err != nil {
		return answer{}, err
	}
	draft := c.box.Commission.Commission().Draft
	text := c.say("commission.marked", c.say("step."+string(step)), c.say("mark."+string(result)), len(draft), len(commission.Steps()))
	return answer{data: draft, text: text}, nil
}

// commissionSign signs the marks, and lists them at list.
func (c *call) commissionSign(by string, list bool) (answer, error) {
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	r, err := c.box.Commission.Sign(c.ctx, by)
	if errors.Is(err, commission.ErrOpen) {
		draft := c.box.Commission.Commission().Draft
		return answer{}, errors.New(c.say("commission.open", len(commission.Steps())-len(draft)))
	}
	if err != nil {
		return answer{}, err
	}
	text := ""
	if list {
		text = c.summary(r.Marks)
	}
	if r.Passed() {
		text += c.say("commission.done", r.By)
	} else {
		_, fail, _ := r.Count()
		text += c.say("commission.notyet", r.By, fail)
	}
	return answer{data: c.box.Commission.Commission(), text: text}, nil
}

func (c *call) commissionRestart() (answer, error) {
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if !c.yes && (c.ask == nil || !yes(c.ask(c.say("commission.restart")))) {
		return answer{}, refusedHere{text: c.say("commission.kept")}
	}
	if err := c.box.Commission.Restart(); err != nil {
		return answer{}, err
	}
	return answer{text: c.say("commission.restarted")}, nil
}

func (c *call) commissionShow() answer {
	k := c.box.Commission.Commission()
	now := c.o.Now()
	if c.box.View != nil {
		now = c.box.View.Clock().Time
	}
	text := fold(c.looked(k, now), 0)
	if r := k.Record; r != nil {
		text += c.say("commission.record", c.time(r.At), r.By, r.Device, r.Board, r.Version) + "\n" + c.summary(r.Marks)
		text += fmt.Sprintf("SHA-256 %s\n", k.SHA256)
	}
	if len(k.Draft) > 0 {
		text += c.say("commission.draft", len(k.Draft), len(commission.Steps())) + "\n" + c.summary(k.Draft)
	}
	return answer{data: k, text: text}
}

// summary is a line for each mark.
func (c *call) summary(marks []commission.Mark) string {
	var b strings.Builder
	for _, m := range marks {
		n := slices.Index(commission.Steps(), m.Step) + 1
		b.WriteString(fold(fmt.Sprintf("%2d %s %s %s", n, pad(c.say("step."+string(m.Step)), 20), pad(c.say("mark."+string(m.Result)), 5), m.Value), 30))
	}
	return b.String()
}

// pause waits for d; false: the call is over.
func (c *call) pause(d time.Duration) bool {
	select {
	case <-c.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
