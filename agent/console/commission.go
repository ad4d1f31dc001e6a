package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/plan"
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
		return c.commissionSign(strings.Join(c.args[1:], " "))
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
	return c.commissionSign(by)
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

func (c *call) commissionSign(by string) (answer, error) {
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
	text := c.summary(r.Marks)
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
		return or(st.Sink, "OK") + ", " + c.say("status.volume", st.Volume), pass(st.Sink == "")
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
	case !st.Keyed:
		return c.say("commission.noamp"), commission.NA
	case !act || c.box.Sound == nil:
		return c.say("status.amp." + onOff(st.Amp)), ""
	}
	if err := c.box.Sound.HoldAmp(2 * time.Second); err != nil {
		return err.Error(), commission.Fail
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
			return found + ", " + err.Error(), commission.Fail
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

// pause waits for d; false: the call is over.
func (c *call) pause(d time.Duration) bool {
	select {
	case <-c.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
