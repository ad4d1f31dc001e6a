package box

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/survey"
	"loa/agent/trigger"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A card is what lies on a SIM card.
type card struct{ all []trigger.Message }

func (c *card) messages(_ context.Context, take func(from, text string, sent time.Time) bool) error {
	c.all = slices.DeleteFunc(c.all, func(m trigger.Message) bool {
		return take(m.From, m.Text, m.Sent.In(time.FixedZone("", 7*3600))) // another Location each time
	})
	return nil
}

// trigger lets the box have triggers: lines, and the code K7QX-39MP-AT5C.
func (p *pole) trigger(change func(*plan.Triggers)) {
	p.Helper()
	doc := p.w.Triggers(trusttest.Commune, "keys", trigger.Sum("K7QX39MPAT5C", trusttest.Commune, "keys", trusttest.Device))
	change(&doc)
	m := trusttest.Seal(doc, trusttest.Warner1, trusttest.Warner2)
	beat := p.beat(0)
	p.b.station.Receive(p.Context(), beat.Topic, beat.Raw)
	p.b.station.Receive(p.Context(), m.Topic, m.Raw)
	time.Sleep(5 * time.Second)
	if len(p.b.plan.Load().Triggers) == 0 {
		p.Fatal("no triggers")
	}
}

// refused is how often the ledger counts that an SMS was refused.
func (p *pole) refused(code plan.Code) (n int) {
	all, err := p.b.ledger.Last(1000)
	if err != nil {
		p.Error(err)
	}
	for _, e := range all {
		if e.Kind == ledger.Refused && e.Code == code && strings.Contains(e.Detail, "SMS") {
			n += e.Count
		}
	}
	return n
}

// A right code waits for a box that does not know the time yet, and is counted once.
func TestACodeWaitsForTheTime(t *testing.T) {
	var c card
	state := t.TempDir()
	onAPole(t, func(p *pole) { p.trigger(func(*plan.Triggers) {}) }, func(o *Opts) { o.State = state })
	onAPole(t, func(p *pole) { // after a power cut, without a battery
		if _, level := p.b.clock.Now(); level >= clock.NTP {
			p.Fatal("it knows the time: ", level)
		}
		c.all = []trigger.Message{{From: "+84912345678", Text: "K7QX39MPAT5C", Sent: time.Now()}}
		time.Sleep(5 * time.Minute)
		if len(c.all) != 1 || p.refused(plan.ClockCode) != 1 {
			p.Fatalf("%d lie there, %d counted", len(c.all), p.refused(plan.ClockCode))
		}
		time.Sleep(2 * time.Hour) // counts are written once an hour
		if len(c.all) != 0 || p.refused(plan.ClockCode) != 1 {
			p.Errorf("after a quarter of an hour %d lie there, %d counted", len(c.all), p.refused(plan.ClockCode))
		}
	}, func(o *Opts) { o.State, o.Messages, o.Board.Clock.Trust = state, c.messages, "" })
}

// What keeps a switch or a code from starting anything is told while whoever caused it may
// still be there.
func TestFaultsOfTriggersAreToldSoon(t *testing.T) {
	onAPole(t, func(p *pole) {
		p.trigger(func(*plan.Triggers) {})
		time.Sleep(2 * time.Minute)
		for _, code := range []string{TriggerLine, TriggerSMS} {
			if !p.b.complains(code) {
				p.Errorf("%s is not told after two minutes", code)
			}
		}
	}, func(o *Opts) {
		o.Wires = []Wire{{Name: "key", Read: func() (bool, error) { return true, nil }}}
		o.Messages = func(context.Context, func(from, text string, sent time.Time) bool) error { return survey.ErrNone }
	})
}

// A line that triggers name and the board does not have is told where it must be there.
func TestALineThatIsNotThere(t *testing.T) {
	quiet := Wire{Name: "sorry", Read: func() (bool, error) { return false, nil }}
	for what, c := range map[string]struct {
		box  string
		with func(*Opts)
		told bool
	}{
		"a typo in what is for this box":   {trusttest.Device, func(o *Opts) { o.Wires = []Wire{quiet} }, true},
		"another box of the place has it":  {"", func(o *Opts) { o.Wires = []Wire{quiet} }, false},
		"an output":                        {"", func(o *Opts) { o.Wires = []Wire{quiet, {Name: "key", Output: true}} }, true},
		"on the board, and not opened":     {"", func(o *Opts) { o.Board.Lines = map[string]boards.Line{"key": {}} }, true},
		"it is there, and so is the other": {trusttest.Device, func(o *Opts) { o.Wires = []Wire{quiet, {Name: "key", Read: quiet.Read}} }, false},
	} {
		onAPole(t, func(p *pole) {
			p.trigger(func(d *plan.Triggers) { d.Box, d.Codes = c.box, nil })
			time.Sleep(time.Minute)
			if got := p.b.complains(TriggerLine); got != c.told {
				p.Errorf("%s: told: %v", what, got)
			}
		}, c.with)
	}
}
