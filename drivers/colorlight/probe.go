package colorlight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

const (
	tries = 3                      // of a discover
	wait  = 300 * time.Millisecond // for the first answer to one
	more  = 30 * time.Millisecond  // for the answers of the other cards
)

// Probe asks the cards for themselves.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("colorlight: %w", err)
	}
	if err := p.connect(); err != nil {
		return nil, fmt.Errorf("colorlight: cannot probe %s: %w", p.name, err)
	}
	for range tries {
		cards, err := p.discover(ctx)
		p.drop(err)
		if err == nil && len(cards) == 0 {
			err = over(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("colorlight: cannot probe %s: %w", p.name, err)
		}
		if len(cards) > 0 {
			return p.facts(cards), nil
		}
	}
	return nil, fmt.Errorf("colorlight: no answer from a card on %s after %d tries, though the link is up", p.name, tries)
}

// discover asks once.
func (p *Panel) discover(ctx context.Context) (cards []answer, err error) {
	end := until(ctx, wait)
	if err := p.link.SetDeadline(end); err != nil {
		return nil, err
	}
	if _, err := p.link.Write(newFrame(typeDiscover, 271)); err != nil {
		return nil, err
	}
	for b := make([]byte, 2048); len(cards) < 256; {
		n, err := p.link.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return nil, err
		}
		a, ok := parseAnswer(b[:n])
		if !ok {
			continue
		}
		if cards = append(cards, a); len(cards) == 1 {
			if err := p.link.SetDeadline(until(ctx, more)); err != nil {
				return nil, err
			}
		}
	}
	return cards, nil
}

// facts says what the cards said, and learns from it.
func (p *Panel) facts(cards []answer) map[string]string {
	first := cards[0]
	facts := map[string]string{
		"model":              "Colorlight 5A-75",
		"cards":              strconv.Itoa(len(cards)),
		"firmware":           fmt.Sprintf("%d.%02d", first.major, first.minor),
		"packets":            strconv.FormatUint(uint64(first.packets), 10),
		"uptime":             first.up.String(),
		"on":                 "true",
		"brightness_percent": strconv.Itoa(p.percent),
	}
	if first.kind != 4 {
		facts["model"] = fmt.Sprintf("Colorlight receiving card, type %d", first.kind)
	}
	if len(cards) == 1 { // each of several has a part of the wall
		facts["width"], facts["height"] = strconv.Itoa(first.width), strconv.Itoa(first.height)
	}
	for _, a := range cards {
		p.twice = p.twice || a.major >= 13
		// Switched on after its picture came. The clocks may differ: at worst the
		// picture is sent once more.
		if !p.shown.IsZero() && time.Now().Add(-a.up).After(p.shown) {
			facts["lost"] = "true"
		}
	}
	return facts
}

// over is ctx.Err, also in the moment before the context itself notices.
func over(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
