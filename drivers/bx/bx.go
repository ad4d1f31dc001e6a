package bx

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"time"
)

// Opts are the settings of a card. Zero is right where the comment does not say
// what one sees.
type Opts struct {
	// Card is the model as it is printed on it, such as BX-5E2 or BX-6M. Empty:
	// whoever answers is asked. Naming it makes opening a silent line faster, and
	// another card an error.
	Card string
	// Size is the part of the screen to use, from its top left corner. Zero: all
	// of it, as the card is set up. Pictures cut off? The card is set up for more.
	Size image.Point
	// Address is the card's number on an RS-485 line that it shares. Zero: any.
	// Noise instead of answers? Several cards answer at once; set it.
	Address uint16
	// Colours is 1 or 2, zero as the card says. Two-colour cards on one-colour
	// panels show every other column of eight? Set 1.
	Colours int
	// GreenFirst is for two-colour panels that show red for green.
	GreenFirst bool
	// Baud is the speed of a serial line, by which writes are paced. Zero: none,
	// as for TCP. "no answer" on long pages only? It is set too high here.
	Baud int
	// Timeout is how long the card may take to answer; zero: 2 s. Radio and 4G
	// links need more.
	Timeout time.Duration
	// ScrollStep is by how much one level of speed slows a moving strip down, per
	// pixel; zero: 10 ms. Strips run too fast? Raise it.
	ScrollStep time.Duration
	// Witness lets Probe see short power cuts: see the package comment. Needs a
	// program on the card, such as one that Keep wrote. Without it a cut shorter than
	// the time between two probes goes unseen on a serial line.
	Witness bool
	// FlashLog is a file that remembers what the card's flash holds and how often
	// it was written today. Empty: that is forgotten with the agent, and each
	// start of it may write once more.
	FlashLog string
	// FlashWrites is how many pages may go into the flash in a day; zero: 48. Alarms
	// have 16 more.
	FlashWrites int
	// Negative is for K cards that show dark for lit.
	Negative bool
	// Name is what errors call the card: its line or address.
	Name string
	// Log hears what does not stop a picture but should be known. Nil: nobody.
	Log func(format string, args ...any)
}

// A Panel is a BX-5 or BX-6 graphics card and its LED panel.
type Panel struct {
	talk   *talk
	opts   Opts
	series series
	card   ping
	size   image.Point
	pack   packing
	flash  flash

	urgent  bool // what Show brings is an alarm
	shown   bool // since New, and nothing says that it is lost
	witness bool // the lock that a power cut opens is set
	blind   bool // that there is none was said
}

// New asks who is there and returns the panel. On an error, which says what was
// heard on the line, conn stays open and the caller's.
func New(conn Conn, o Opts) (*Panel, error) {
	dialects := []dialect{sixth, fifth}
	if o.Card != "" {
		d, err := wanted(o.Card)
		if err != nil {
			return nil, err
		}
		dialects = []dialect{d}
	}
	p := &Panel{talk: newTalk(conn, o), opts: o}
	if err := p.find(context.Background(), dialects); err != nil {
		return nil, err
	}
	if got := model(p.card.device); !strings.HasPrefix(got, o.Card) {
		return nil, p.talk.errorf("this is a %s, not a %s", got, o.Card)
	}
	s, ok := allSeries[byte(p.card.device)]
	if !ok {
		return nil, p.talk.errorf("a %s is not known here", model(p.card.device))
	}
	p.series = s
	reported := p.card.colour
	if o.Colours != 0 {
		reported = byte(o.Colours)
	}
	var err error
	if p.pack, err = s.colour(reported); err != nil {
		return nil, p.talk.errorf("%w", err)
	}
	p.size = o.Size
	if p.size == (image.Point{}) {
		p.size = image.Pt(p.card.width, p.card.height)
	}
	if p.size.X < 1 || p.size.Y < 1 || p.size.X > p.card.width || p.size.Y > p.card.height {
		return nil, p.talk.errorf("%v does not fit into the %d×%d that the card is set up for", p.size, p.card.width, p.card.height)
	}
	if n := p.pack.bytes(p.size); n > maxArea {
		return nil, p.talk.errorf("a page of %v has %d bytes, and an area holds %d", p.size, n, maxArea)
	}
	p.flash = flash{path: o.FlashLog, limit: o.FlashWrites, now: time.Now}
	return p, nil
}

// find pings in these dialects until a card answers, and learns its type and address.
func (p *Panel) find(ctx context.Context, dialects []dialect) error {
	t := p.talk
	last := &silence{name: t.name, tries: tries}
	for round := range tries {
		for _, d := range dialects {
			t.fence = question{dialect: d, group: 0xA2, answer: 0x80}
			answer, err := t.try(ctx, t.fence, 1)
			if err == nil {
				return p.meet(answer)
			}
			var s *silence
			var f fault
			switch {
			case errors.As(err, &s) && s.heard != "":
				last.heard = s.heard
			case errors.As(err, &f) && f != faultBusy: // it may like the other dialect
				last.heard = f.Error()
			case s == nil:
				return err
			}
		}
		if round > 0 || p.opts.Card != "" {
			continue
		}
		// Only for the error: a K card answers nothing else.
		if _, err := t.try(ctx, question{dialect: fonts, group: 0xA2}, 1); err == nil {
			return t.errorf("%s answers, and no graphics card", fonts)
		}
	}
	return last
}

// meet learns who has answered a ping.
func (p *Panel) meet(answer []byte) error {
	var err error
	if p.card, err = parsePing(answer); err != nil {
		return p.talk.errorf("%w", err)
	}
	p.talk.device = p.card.device
	p.talk.dirty = false // this answer is the fence
	if a := p.card.address; p.talk.to == anyCard && a > 0 && a < ourself {
		p.talk.to = a
	}
	return nil
}

// Size is fixed when the panel is opened.
func (p *Panel) Size() image.Point { return p.size }

// Close leaves on the panel what it shows.
func (p *Panel) Close() error { return p.talk.close() }

func (p *Panel) log(format string, args ...any) {
	if p.opts.Log != nil {
		p.opts.Log(format, args...)
	}
}

// common is a command of the card's generation.
func (p *Panel) common(group, cmd byte, data []byte, answer byte) question {
	return question{dialect: p.series.dialect, group: group, cmd: cmd, data: data, answer: answer}
}

func (p *Panel) status(ctx context.Context) (status, error) {
	b, err := p.talk.ask(ctx, p.common(0xA2, 0x0F, nil, 0x8F))
	if err != nil {
		return status{}, err
	}
	s, err := parseStatus(b)
	if err != nil {
		return s, p.talk.errorf("%w", err)
	}
	return s, nil
}

// fits checks a picture's bounds.
func fits(m image.Image, size image.Point) error {
	if got := m.Bounds(); got != (image.Rectangle{Max: size}) {
		return fmt.Errorf("a picture of %v on a panel of %v", got, size)
	}
	return nil
}
