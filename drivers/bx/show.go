package bx

import (
	"context"
	"errors"
	"image"
	"math"
	"time"
)

// Show puts a picture on the panel. A card with dynamic areas keeps it in RAM;
// any other writes it into its flash, if it is not there already.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if err := fits(picture, p.size); err != nil {
		return p.talk.errorf("%w", err)
	}
	pages := p.still(picture)
	if !p.series.dynamic {
		pages[0].stay = keptStay
		return p.showKept(ctx, pages)
	}
	return p.showArea(ctx, modeLoop, 0, pages)
}

// An AreaPanel is a card that has dynamic areas, with what only these can.
type AreaPanel struct{ *Panel }

// Areas is the panel of a card with dynamic areas; false for one that has none.
func (p *Panel) Areas() (AreaPanel, bool) { return AreaPanel{p}, p.series.dynamic }

// ShowFor puts a picture on the panel that the card itself takes away when no
// other has come for d, from 1 s to 18 h.
func (p AreaPanel) ShowFor(ctx context.Context, picture image.Image, d time.Duration) error {
	if err := fits(picture, p.size); err != nil {
		return p.talk.errorf("%w", err)
	}
	seconds, err := deadMan(d)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	return p.showArea(ctx, modeDeadMan, seconds, p.still(picture))
}

// Scroll lets the card move a strip to the left, without end. The card has a few
// speeds only; the nearest is taken. A card without dynamic areas keeps the strip
// in its flash, as it does with pictures.
func (p *Panel) Scroll(ctx context.Context, strip image.Image, pxPerSecond int) error {
	r := strip.Bounds()
	if r.Min != (image.Point{}) || r.Dy() != p.size.Y || r.Dx() < 1 {
		return p.talk.errorf("a strip of %v on a panel of %v", r, p.size)
	}
	return p.move(ctx, strip, shownLeft, pxPerSecond)
}

// Roll lets the card move a column upwards, as Scroll does a strip to the left. Its
// height is filled up with dark rows to a multiple of the panel's: no document tells
// of another way to end in the middle of a page.
func (p *Panel) Roll(ctx context.Context, column image.Image, pxPerSecond int) error {
	r := column.Bounds()
	if r.Min != (image.Point{}) || r.Dx() != p.size.X || r.Dy() < 1 {
		return p.talk.errorf("a column of %v on a panel of %v", r, p.size)
	}
	return p.move(ctx, column, shownUp, pxPerSecond)
}

// longest is how long a strip may be on a serial line.
const longest = 25 * time.Second

// move shows what is longer than the panel, in pages of its size. What an area does
// not hold, or the line does not bring in time, is errors.ErrUnsupported.
func (p *Panel) move(ctx context.Context, strip image.Image, way byte, pxPerSecond int) error {
	size := strip.Bounds().Size()
	var pages []page
	for y := 0; y < size.Y; y += p.size.Y {
		for x := 0; x < size.X; x += p.size.X {
			pages = append(pages, page{
				way: way, speed: p.speed(pxPerSecond), valid: min(p.size.X, size.X-x),
				bits: p.pack.pack(strip, image.Rectangle{Max: p.size}.Add(image.Pt(x, y)), p.opts.GreenFirst),
			})
		}
	}
	n := len(pages) * len(pages[0].bits)
	if n > maxArea {
		return p.talk.errorf("a strip of %d bytes, and an area holds %d: %w", n, maxArea, errors.ErrUnsupported)
	}
	if !p.series.dynamic {
		return p.showKept(ctx, pages)
	}
	if took := time.Duration(n) * p.talk.line.perByte; took > longest {
		return p.talk.errorf("a strip of %d bytes takes %v at %d baud: %w", n, took.Round(time.Second), p.opts.Baud, errors.ErrUnsupported)
	}
	return p.showArea(ctx, modeLoop, 0, pages)
}

// speed is the level of the card that comes nearest: each adds ScrollStep a pixel.
func (p *Panel) speed(pxPerSecond int) byte {
	step := p.opts.ScrollStep
	if step <= 0 {
		step = 10 * time.Millisecond
	}
	if pxPerSecond < 1 {
		return slowestSpeed
	}
	level := math.Round(float64(time.Second) / float64(step) / float64(pxPerSecond))
	return byte(min(max(level, 1), slowestSpeed))
}

// still is a picture as the one page of an area.
func (p *Panel) still(picture image.Image) []page {
	r := image.Rectangle{Max: p.size}
	return []page{{
		way: shownStill, speed: usualSpeed, stay: usualStay, valid: p.size.X,
		bits: p.pack.pack(picture, r, p.opts.GreenFirst),
	}}
}

func (p *Panel) showArea(ctx context.Context, mode byte, timeoutSeconds int, pages []page) error {
	p.shown = false
	data := dynamicArea(p.series.dialect, mode, timeoutSeconds, image.Rectangle{Max: p.size}, pages)
	if _, err := p.talk.ask(ctx, question{dialect: dynamic, group: 0xA7, data: data}); err != nil {
		return err
	}
	p.shown, p.talk.away = true, false
	if p.opts.Witness && !p.witness {
		err := p.setWitness(ctx)
		if err != nil && !p.blind {
			p.log("%v; short power cuts will go unseen", err)
		}
		p.blind = err != nil
	}
	return nil
}

// setWitness locks the card on the program that plays, until the next power cut:
// the lock does not disturb an area that plays alone, and is gone when RAM is gone.
func (p *Panel) setWitness(ctx context.Context) error {
	s, err := p.status(ctx)
	if err != nil {
		return err
	}
	if s.programs == 0 || len(s.current) != 4 {
		return p.talk.errorf("has no program to lock")
	}
	if !s.locked {
		if err := p.lock(ctx, s.current, false); err != nil {
			return err
		}
	}
	p.witness = true
	return nil
}

// lock makes the card play one of its programs only, lasting: over a power cut, too.
func (p *Panel) lock(ctx context.Context, name string, lasting bool) error {
	data := []byte{0, 1}
	if lasting {
		data[0] = 1
	}
	data = append(data, name...)
	data = append(data, 0, 0xFF, 0xFF, 0xFF, 0xFF) // mode, and for ever
	_, err := p.talk.ask(ctx, p.common(0xA2, 0x0E, data, 0))
	return err
}
