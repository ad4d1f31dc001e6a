package bx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
)

const (
	ownPage  = "000" // what Show writes on a card without dynamic areas
	mostKept = 99
	keptStay = 1000 // × 10 ms: how long a kept page stands before the next
)

// Keep writes a page into the card's flash, as one of the programs that the card
// plays in turns when no dynamic area does. A page that is there already is not
// written again for a week: then it is, for nobody can ask the card whether somebody has
// overwritten it. In a day no more than Opts.FlashWrites are.
func (p *Panel) Keep(ctx context.Context, slot int, picture image.Image) error {
	if err := fits(picture, p.size); err != nil {
		return p.talk.errorf("%w", err)
	}
	digits, err := p.digits(slot)
	if err != nil {
		return err
	}
	pages := p.still(picture)
	pages[0].stay = keptStay
	return p.keep(ctx, digits, pages, false)
}

// Drop deletes a page that Keep has written.
func (p *Panel) Drop(ctx context.Context, slot int) error {
	digits, err := p.digits(slot)
	if err != nil {
		return err
	}
	p.flash.lost(digits)
	_, err = p.talk.ask(ctx, p.common(0xA1, 0x01, append([]byte{1, 0}, "P"+digits...), 0))
	return err
}

// digits name a slot's program. Where Show needs a program, too, that is the first.
func (p *Panel) digits(slot int) (string, error) {
	if slot < 0 || slot >= mostKept {
		return "", p.talk.errorf("slot %d; there are 0 to %d", slot, mostKept-1)
	}
	if !p.series.dynamic {
		slot++
	}
	return fmt.Sprintf("%03d", slot), nil
}

// Urgent says whether what Show and Scroll bring from now on is an alarm. Where they
// write flash, an alarm may have 16 writes more than Opts.FlashWrites in a day, of which
// the last is for the page that takes it off.
func (p *Panel) Urgent(on bool) { p.urgent = on }

// showKept is Show where there is nothing but flash.
func (p *Panel) showKept(ctx context.Context, pages []page) error {
	p.shown = false
	if err := p.keep(ctx, ownPage, pages, p.urgent); err != nil {
		return err
	}
	s, err := p.status(ctx)
	if err != nil {
		return err
	}
	if s.programs > 1 && !(s.locked && s.current == "P"+ownPage) {
		if err := p.lock(ctx, "P"+ownPage, true); err != nil { // or others would take turns
			return err
		}
	}
	p.shown, p.talk.away = true, false
	return nil
}

// playsOurs reports whether a card without dynamic areas shows what Show wrote.
func (p *Panel) playsOurs(s status) bool {
	return s.programs > 0 && s.current == "P"+ownPage
}

func (p *Panel) keep(ctx context.Context, digits string, pages []page, alarm bool) error {
	s, err := p.status(ctx)
	if err != nil {
		return err
	}
	p.flash.card(fmt.Sprintf("%04X %s %s", p.card.device, p.card.firmware, s.barcode), s.programs)
	files := program(p.series.dialect, digits, image.Rectangle{Max: p.size}, pages)
	sum := sha256.New()
	for _, f := range files {
		sum.Write(f.data)
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	shown := digits == ownPage && !p.series.dynamic
	if p.flash.holds(digits, hash) && (shown || !p.flash.old(digits)) {
		return nil
	}
	if err := p.flash.begin(digits, alarm); err != nil {
		return p.talk.errorf("%w", err)
	}
	if err := p.upload(ctx, files); err != nil {
		return err
	}
	if err := p.flash.done(digits, hash, alarm); err != nil {
		p.log("%v", p.talk.errorf("the flash log cannot be written: %w", err))
	}
	return nil
}
