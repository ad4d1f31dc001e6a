package bx

import (
	"context"
	"fmt"
	"strconv"
)

// Probe asks for the card's type and state, some 500 bytes. Beside the usual
// facts it tells firmware, address, programs (how many are in flash), program
// (which plays), clock, clock_good and flash_writes (today), and once Keep has written
// a page strangers: how many programs beside ours take turns with it.
//
// lost is true when the card was out of reach in between, when its connection
// broke, when the witness is gone, and on a card without dynamic areas when its
// flash holds another program.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	away := p.talk.away
	answer, err := p.talk.ask(ctx, p.talk.fence)
	if err != nil {
		return nil, err
	}
	now, err := parsePing(answer)
	if err != nil {
		return nil, p.talk.errorf("%w", err)
	}
	s, err := p.status(ctx)
	if err != nil {
		return nil, err
	}
	lost := away || p.talk.away || now.device != p.card.device
	if p.series.dynamic {
		lost = lost || p.witness && !s.locked
	} else {
		lost = !p.playsOurs(s)
	}
	lost = lost && p.shown
	if lost {
		p.forget()
	}
	facts := map[string]string{
		"model":              model(now.device),
		"firmware":           now.firmware,
		"address":            strconv.Itoa(int(now.address)),
		"width":              strconv.Itoa(now.width),
		"height":             strconv.Itoa(now.height),
		"on":                 strconv.FormatBool(s.on),
		"brightness_percent": strconv.Itoa(s.brightness * 100 / 15),
		"programs":           strconv.Itoa(s.programs),
		"program":            s.current,
		"clock":              readClock(s.clock),
		"clock_good":         strconv.FormatBool(s.clockGood),
		"flash_writes":       strconv.Itoa(p.flash.today()),
		"lost":               strconv.FormatBool(lost),
	}
	if n := s.programs - p.flash.pages(); p.series.dynamic && p.flash.pages() > 0 && n > 0 {
		facts["strangers"] = strconv.Itoa(n)
	}
	if door := p.card.door(); door != "" {
		facts["open_door"] = door
	}
	return facts, nil
}

// door is a way past the line that a card of this kind has; "": none that its type
// tells of.
func (p ping) door() string {
	if byte(p.device) == 0x64 {
		return "the card's own Wi-Fi: give it another password, or take its antenna off"
	}
	return ""
}

func (s screen) door() string {
	if s.device == 0x67 || s.device == 0x68 {
		return "the card's own 4G modem: take its SIM card out, and switch its server mode off"
	}
	return ""
}

// forget believes nothing any more about what the card holds.
func (p *Panel) forget() {
	p.witness = false
	if !p.series.dynamic {
		p.flash.lost(ownPage)
	}
}

// readClock writes BCD digits out as they are, good or not.
func readClock(b [8]byte) string {
	return fmt.Sprintf("%02X%02X-%02X-%02X %02X:%02X:%02X", b[1], b[0], b[2], b[3], b[4], b[5], b[6])
}
