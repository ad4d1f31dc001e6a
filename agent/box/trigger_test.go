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

// Whoever sends a code hears what it did, or why it did nothing; whoever has none hears
// nothing, and a flood in a name that is known costs a few messages.
func TestWhoeverSendsACodeIsAnswered(t *testing.T) {
	const known, stranger = "+84912345678", "+84999999999"
	var c card
	var sent []string
	with := func(o *Opts) {
		o.Messages = c.messages
		o.Answer = func(_ context.Context, to, text string) error {
			sent = append(sent, to+" "+text)
			return nil
		}
	}
	comes := func(from, text string, ago time.Duration) {
		c.all = append(c.all, trigger.Message{From: from, Text: text, Sent: time.Now().Add(-ago)})
		time.Sleep(15 * time.Second)
	}
	onAPole(t, func(p *pole) {
		p.trigger(func(d *plan.Triggers) {})
		comes(stranger, "AAAAAAAAAAAA", 0)
		comes("VIETTEL", "Quý khách còn 12.000đ", 0)
		if len(sent) != 0 {
			t.Errorf("to strangers: %q", sent)
		}
		comes(known, "K7QX39MPAT5C", 24*time.Hour)
		comes(known, "K7QX39MPAT5C", 0)
		var until string
		if h := p.b.have(); len(h.Started) == 1 {
			until = plan.Moment(h.Started[0].Until)[:len("13:10 23/11")]
		}
		comes(known, "K7QX39MPAT5C", 0)
		want := []string{
			known + " Loa " + trusttest.Device + ": KHÔNG PHÁT báo động Bão: tin gửi quá 15 phút",
			known + " Loa " + trusttest.Device + ": ĐANG PHÁT báo động Bão, đến " + until,
			known + " Loa " + trusttest.Device + ": KHÔNG PHÁT báo động Bão: mã đã dùng rồi",
		}
		if until == "" || !slices.Equal(sent, want) {
			t.Errorf("answers: %q, want %q", sent, want)
		}
	}, with)
	c, sent = card{}, nil
	onAPole(t, func(p *pole) {
		p.trigger(func(d *plan.Triggers) { d.Senders = []string{known} })
		for range 60 { // in the name of who is known
			comes(known, "AAAAAAAAAAAA", 0)
		}
		if n := len(sent); n < 1 || n > 5 {
			t.Errorf("%d answers to a flood of a quarter of an hour", n)
		}
		if len(sent) > 0 && !strings.Contains(sent[0], "sai mã") {
			t.Errorf("%q", sent[0])
		}
		n := len(sent)
		comes(known, "K7QX39MPAT5C", 0)
		if len(sent) != n+1 || !strings.Contains(sent[n], "ĐANG PHÁT") {
			t.Errorf("what starts an alarm is always told: %q", sent[n:])
		}
		h := p.b.have()
		if len(h.Started) != 1 || h.Started[0].Alert != "storm" || h.Started[0].From != known || h.Started[0].Line != "" {
			t.Errorf("what the centre is told: %+v", h.Started)
		}
		if _, err := p.b.station.LocalMode(p.Context(), 5*time.Minute, "thay loa"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if h := p.b.have(); h.LocalUntil.IsZero() || h.LocalWhy != "thay loa" {
			t.Errorf("local mode at the centre: %v %q", h.LocalUntil, h.LocalWhy)
		}
		time.Sleep(time.Hour)
		if h := p.b.have(); len(h.Started) != 0 {
			t.Errorf("it is over and still told: %+v", h.Started)
		}
	}, with)
}

// An alarm that may not sound is not said to.
func TestAnAnswerDoesNotClaimWhatIsNotHeard(t *testing.T) {
	var c card
	var sent []string
	onAPole(t, func(p *pole) {
		p.trigger(func(d *plan.Triggers) {})
		if _, err := p.b.station.LocalMode(p.Context(), 20*time.Minute, ""); err != nil {
			t.Error(err)
		}
		c.all = []trigger.Message{{From: "+84912345678", Text: "K7QX39MPAT5C", Sent: time.Now()}}
		time.Sleep(20 * time.Second)
		if len(sent) != 1 || !strings.Contains(sent[0], "KHÔNG PHÁT báo động Bão: kỹ thuật viên ở loa") {
			t.Errorf("%q", sent)
		}
	}, func(o *Opts) {
		o.Messages = c.messages
		o.Answer = func(_ context.Context, _, text string) error { sent = append(sent, text); return nil }
	})
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
